"""Verbs on what sources told: how each is, what could not be taken over, and deletions that are held back.

Held deletions wait for a person, as in spec/entra-connect.md section 9. Order: values, verbs.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final, Literal, TypeAlias

from provisor.admin.actor import SOURCE_READ, SOURCE_WRITE, Actor
from provisor.admin.context import Change, Context
from provisor.admin.errors import AdminError
from provisor.admin.source_settings import document_of
from provisor.admin.sources import Sources, SourceShown
from provisor.runner.serving import is_served
from provisor.runner.source_notices import tell_of_held
from provisor.scim.values import Json
from provisor.storage import connected_sources, source_records, source_runs
from provisor.storage.connected_sources import ConnectedSource, HeldDeletions, SourceTrouble
from provisor.storage.source_records import KeptRecord
from provisor.storage.source_runs import SourceRun
from provisor.storage.times import from_microseconds

__all__ = ["Fate", "HeldDeletions", "SourceProblem", "SourceReports", "SourceRun", "SourceStatus", "SourceTrouble"]

Fate: TypeAlias = Literal["left out", "not taken over", "taken over in part", "held back"]
DECIDING: Final = "Decide about held deletions of source"
RUNS_SHOWN: Final = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceProblem:
    """A record that is not in the directory as it is at the source, and why."""

    anchor: str
    kind: str
    name: str
    fate: Fate
    trouble: SourceTrouble


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceStatus:
    """How a source is: its state, its newest runs, one under way, and what is held. `served`: it starts by itself
    when it is due.
    """

    shown: SourceShown
    runs: Sequence[SourceRun]
    running: SourceRun | None
    served: bool

    def to_json(self) -> dict[str, Json]:
        """For another program; times are UTC in ISO 8601, or null."""
        source = self.shown.source
        return {
            **shown_to_json(self.shown),
            "failures": source.failures,
            "failingSince": iso(source.failing_since),
            "error": trouble_to_json(source.error),
            "held": None if source.held is None else held_to_json(source.held),
            "allowed": source.allowed,
            "served": self.served,
            "running": None if self.running is None else run_to_json(self.running),
            "runs": [run_to_json(run) for run in self.runs],
        }


@dataclass(frozen=True, slots=True)
class SourceReports:
    """What sources told."""

    context: Context
    sources: Sources

    def status(self, actor: Actor, key: str) -> SourceStatus:
        """How a source is."""
        shown = self.sources.show(actor, key)
        connection = self.context.read(actor, SOURCE_READ)
        runs = source_runs.newest(connection, shown.source.id, limit=RUNS_SHOWN)
        newest = next(iter(runs), None)
        running = newest if newest is not None and newest.state == "running" and shown.running else None
        return SourceStatus(shown=shown, runs=runs, running=running, served=is_served(self.context.database.path))

    def problems(
        self, actor: Actor, key: str, *, after: str = "", limit: int = 50, left_out: bool = True
    ) -> Sequence[SourceProblem]:
        """Records that are not in the directory as they are at the source, by anchor, after this one; with those that
        are left out as the rules or the settings have it, or without.
        """
        connection = self.context.read(actor, SOURCE_READ)
        source, found = self.sources.find(connection, key), list[SourceProblem]()
        while len(found) < limit:
            rows = source_records.page(connection, source.id, after=after, limit=limit, with_reason=True)
            if not rows:
                break
            after = rows[-1].anchor
            some = [problem_of(row) for row in rows if row.presence == "here"]
            found += [one for one in some if left_out or one.fate != "left out"]
        return found[:limit]

    def leaving(self, actor: Actor, key: str, *, after: str = "", limit: int = 50) -> Sequence[SourceProblem]:
        """Whose deletion is held back, by anchor."""
        connection = self.context.read(actor, SOURCE_READ)
        source = self.sources.find(connection, key)
        rows = source_records.leaving_page(connection, source.id, after=after, limit=limit)
        return [replace(problem_of(row), fate="held back") for row in rows]

    def allow(self, actor: Actor, key: str, *, shown: int | None = None) -> int:
        """Let as many leave with the next run as are held now; how many. It follows at once where the source is
        started.

        Raises AdminError where nothing is held, or not as many by now as were `shown`.
        """
        with self.context.change(actor, SOURCE_WRITE, DECIDING) as change:
            source = self.sources.find(change.connection, key)
            held = _held(source)
            if shown is not None and held.total != shown:
                raise AdminError(
                    "held-meanwhile", f"{held.total:,} are held back by now, and {shown:,} were shown.", "Look again."
                )
            connected_sources.allow(change.connection, source.id, held.total)
            self._decided(change, source, "allowed", held)
            return held.total

    def reject(self, actor: Actor, key: str) -> int:
        """Nobody of them leaves: the read was wrong. Everything is read once more, and who is missing then is judged
        anew; how many were held.
        """
        with self.context.change(actor, SOURCE_WRITE, DECIDING) as change:
            source = self.sources.find(change.connection, key)
            held = _held(source)
            source_records.stay(change.connection, source.id)
            connected_sources.hold(change.connection, source.id, None)
            connected_sources.forget_cursor(change.connection, source.id)
            self._decided(change, source, "rejected", held)
            now = self.sources.find(change.connection, source.id)
            tell_of_held(change.connection, self.context.tenant, now, now=change.now)
            return held.total

    def _decided(self, change: Change, source: ConnectedSource, decision: str, held: HeldDeletions) -> None:
        change.target, change.detail = source.id, {"heldDeletions": decision, "number": held.total}
        if source.schedule_state == "Active":
            connected_sources.want_run(change.connection, source.id, "delta" if decision == "allowed" else "full")


def _held(source: ConnectedSource) -> HeldDeletions:
    if source.held is None:
        raise AdminError(
            "nothing-held",
            f"The source {source.name} holds nothing back.",
            f"`provisor source status {source.name}` shows how it is.",
        )
    return source.held


def problem_of(row: KeptRecord) -> SourceProblem:
    """A record with why it is not, or not whole, in the directory."""
    reason = row.reason or SourceTrouble(code="", message="")
    fate: Fate = "taken over in part" if row.object is not None else "left out"
    if reason.again and row.object is None:
        fate = "not taken over"
    return SourceProblem(
        anchor=row.anchor,
        kind=row.kind,
        name=row.name,
        fate=fate,
        trouble=reason,
    )


def shown_to_json(shown: SourceShown) -> dict[str, Json]:
    """A source for another program, with its secrets by name only."""
    source = shown.source
    return {
        "id": source.id,
        "name": source.name,
        "kind": source.kind,
        "state": source.schedule_state,
        "staging": source.staging,
        "health": shown.health,
        "precedence": source.precedence,
        "intervalSeconds": source.interval_seconds,
        "deletionThreshold": source.deletion_threshold,
        "settings": document_of(source.settings),
        "secrets": [*shown.secrets],
        "feeds": dict(shown.feeds),
        "nextRead": source.next_read,
        "nextRunDateTime": iso(shown.next_at),
        "lastRunBeganDateTime": iso(source.last_began_at),
        "lastRunEndedDateTime": iso(source.last_ended_at),
        "lastFullReadDateTime": iso(source.last_full_at),
    }


def run_to_json(run: SourceRun) -> dict[str, Json]:
    """A run for another program."""
    return {
        "run": run.n,
        "read": run.kind,
        "state": run.state,
        "staging": run.staging,
        "counts": dict(run.counters),
        "error": trouble_to_json(run.error),
        "beganDateTime": iso(run.began_at),
        "endedDateTime": iso(run.ended_at),
    }


def held_to_json(held: HeldDeletions) -> dict[str, Json]:
    """Held deletions for another program."""
    return {
        "users": held.users,
        "groups": held.groups,
        "ofUsers": held.of_users,
        "ofGroups": held.of_groups,
        "code": held.code,
        "message": held.message,
        "hint": held.hint,
        "since": iso(held.since),
    }


def trouble_to_json(trouble: SourceTrouble | None) -> dict[str, Json] | None:
    """What is wrong, for another program."""
    return None if trouble is None else {"code": trouble.code, "message": trouble.message, "hint": trouble.hint}


def iso(at: int | None) -> str | None:
    """UTC microseconds in ISO 8601; null stays, and 0 (at once) is null too."""
    return from_microseconds(at).strftime("%Y-%m-%dT%H:%M:%SZ") if at else None
