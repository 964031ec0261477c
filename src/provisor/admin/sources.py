"""Verbs on sources: add, list, show, change, start, pause, staging, delete. Running them is in admin.source_runs.

A source is named by its name or id. It begins paused: it is tested and previewed before it is started. Facts:
spec/entra-connect.md sections 1 and 9.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from provisor.admin.actor import SOURCE_READ, SOURCE_WRITE, Actor
from provisor.admin.context import Change, Context
from provisor.admin.errors import AdminError, acceptable_name
from provisor.admin.source_registering import register_chosen
from provisor.admin.source_settings import (
    accepted_interval,
    accepted_precedence,
    accepted_secrets,
    check,
    document_of,
    edited,
    is_signed_in,
    needs_full_read,
    read_settings,
    refuse_known_secrets,
)
from provisor.database import Connection
from provisor.engine.ports import Secret
from provisor.rules.source_settings import DEFAULT_DELETION_THRESHOLD, SourceSettings
from provisor.runner.source_due import next_run
from provisor.runner.source_lock import SourceBusy, is_read, source_lock
from provisor.scim.values import Json
from provisor.storage import connected_sources, mirrored_assignments, outbox, secrets, source_records, sources
from provisor.storage.connected_sources import ConnectedSource
from provisor.storage.secrets import SecretError, SecretOwner
from provisor.storage.times import to_microseconds

__all__ = ["DEFAULT_DELETION_THRESHOLD", "SourceChanged", "SourceShown", "Sources"]

ADDING: Final = "Add source"
CHANGING: Final = "Update source"
STARTING: Final = "Start source"
PAUSING: Final = "Pause source"
STAGING: Final = "Set staging mode of source"
DELETING: Final = "Delete source"


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceShown:
    """A source with which secrets it has (never their values), how many objects it feeds, and whether it runs.

    `next_at`: when it is due, in UTC microseconds, 0 at once; None while it does not start by itself.
    """

    source: ConnectedSource
    secrets: tuple[str, ...]
    feeds: Mapping[str, int]
    running: bool
    next_at: int | None

    @property
    def health(self) -> str:
        """How it is, in a word or two."""
        source = self.source
        if source.error is not None:
            return "failing"
        if source.held is not None:
            return "deletions held"
        return "healthy" if source.last_ended_at is not None else "not read yet"


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceChanged:
    """A source after a change. `full_read_follows`: what was changed holds once everything was read once more."""

    shown: SourceShown
    full_read_follows: bool


@dataclass(frozen=True, slots=True)
class Sources:
    """Where the directory's people and groups come from."""

    context: Context

    def add(
        self,
        actor: Actor,
        name: str,
        document: Mapping[str, object],
        *,
        given_secrets: Mapping[str, str] | None = None,
        precedence: int | None = None,
        interval_seconds: int | None = None,
        staging: bool = False,
        deletion_threshold: int | None = DEFAULT_DELETION_THRESHOLD,
    ) -> SourceShown:
        """A new source, paused; nothing is asked of it yet. `deletion_threshold` None: as many as like may leave."""
        self.context.needs(actor, SOURCE_WRITE, ADDING)
        acceptable_name(name, "the name of a source")
        settings = read_settings(document)
        given = accepted_secrets(settings, given_secrets or {})
        with self.context.change(actor, SOURCE_WRITE, ADDING) as change:
            self._refuse_taken(change.connection, name)
            made = connected_sources.add(
                change.connection,
                self.context.tenant,
                name,
                settings,
                precedence=accepted_precedence(precedence),
                interval_seconds=accepted_interval(interval_seconds),
                staging=staging,
                deletion_threshold=accepted_threshold(deletion_threshold),
                now=change.now,
            )
            self._keep(change, made, given)
            register_chosen(change, self.context.tenant, settings)
            change.target, change.detail = made.id, {"name": name, "settings": document_of(settings)}
            return self._shown(change.connection, made)

    def all(self, actor: Actor) -> Sequence[SourceShown]:
        """Every source, by precedence and name."""
        connection = self.context.read(actor, SOURCE_READ)
        return [self._shown(connection, one) for one in connected_sources.every(connection, self.context.tenant)]

    def show(self, actor: Actor, key: str) -> SourceShown:
        """One source."""
        connection = self.context.read(actor, SOURCE_READ)
        return self._shown(connection, self.find(connection, key))

    def change(
        self,
        actor: Actor,
        key: str,
        *,
        document: Mapping[str, object] | None = None,
        changes: Mapping[str, str] | None = None,
        given_secrets: Mapping[str, str] | None = None,
        precedence: int | None = None,
        interval_seconds: int | None = None,
        deletion_threshold: int | None = -1,
    ) -> SourceChanged:
        """Change what is given; the rest stays. `document` replaces the settings, `changes` single ones by their paths;
        a `deletion_threshold` of -1 stays, None is none at all.

        Changed filters or attributes hold once everything was read once more, which the next run does.
        """
        with self.context.change(actor, SOURCE_WRITE, CHANGING) as change:
            source = self.find(change.connection, key)
            after = source.settings if document is None else self._same_kind(source, read_settings(document))
            after = edited(after, changes) if changes else after
            given = accepted_secrets(after, given_secrets or {})
            if not given:
                refuse_known_secrets(source.settings, after, self._secrets(change.connection, source))
            full = after != source.settings and needs_full_read(source.settings, after)
            detail = self._store(change, source, after, precedence, interval_seconds, deletion_threshold)
            self._keep(change, source, given)
            register_chosen(change, self.context.tenant, after)
            if given:
                detail["secrets"] = [*given]
            if full:
                connected_sources.forget_cursor(change.connection, source.id)
            if source.schedule_state == "Active" and (given or detail.keys() & {"settings", "precedence"}):
                connected_sources.want_run(change.connection, source.id, "full" if full else "delta")
            change.target, change.detail = source.id, detail
            if not detail:
                change.nothing()
            found = self.find(change.connection, source.id)
            return SourceChanged(shown=self._shown(change.connection, found), full_read_follows=full)

    def start(self, actor: Actor, key: str) -> SourceShown:
        """Read it at once and on its interval from now on. Raises AdminError where it has no secret to sign in with."""
        with self.context.change(actor, SOURCE_WRITE, STARTING) as change:
            source = self.find(change.connection, key)
            self.needs_secret(change.connection, source)
            check(source.settings)
            change.target = source.id
            if source.schedule_state == "Active":
                change.nothing()
                return self._shown(change.connection, source)
            connected_sources.change(change.connection, source.id, schedule_state="Active")
            connected_sources.want_run(change.connection, source.id, source.next_read)
            return self._shown(change.connection, self.find(change.connection, source.id))

    def pause(self, actor: Actor, key: str) -> SourceShown:
        """Start no more runs of it; one under way ends where the next goes on."""
        with self.context.change(actor, SOURCE_WRITE, PAUSING) as change:
            source = self.find(change.connection, key)
            change.target = source.id
            if source.schedule_state == "Paused":
                change.nothing()
            connected_sources.change(change.connection, source.id, schedule_state="Paused")
            connected_sources.withdraw_run(change.connection, source.id)
            return self._shown(change.connection, self.find(change.connection, source.id))

    def stage(self, actor: Actor, key: str, *, staging: bool) -> SourceShown:
        """In staging mode it is read, and what it tells is kept and judged by nobody; switched off, the next run takes
        it all over.
        """
        with self.context.change(actor, SOURCE_WRITE, STAGING) as change:
            source = self.find(change.connection, key)
            change.target, change.detail = source.id, {"staging": staging}
            if source.staging == staging:
                change.nothing()
            connected_sources.change(change.connection, source.id, staging=staging)
            if source.staging != staging and source.schedule_state == "Active":
                connected_sources.want_run(change.connection, source.id, "delta")
            return self._shown(change.connection, self.find(change.connection, source.id))

    def delete(self, actor: Actor, key: str, *, keep: bool = False) -> SourceShown:
        """Forget a source with everything it told. `keep`: people and groups that it feeds stay as they are, and
        nothing of them is mastered by it any more; without that it is refused while it feeds anybody.
        """
        self.context.needs(actor, SOURCE_WRITE, DELETING)
        known = self.find(self.context.database.reader(), key)
        try:
            with (
                source_lock(self.context.database.path, known.id),
                self.context.change(actor, SOURCE_WRITE, DELETING) as change,
            ):
                source = self.find(change.connection, known.id)
                shown = self._shown(change.connection, source)
                fed = sum(shown.feeds.values())
                if fed and not keep:
                    raise AdminError(
                        "source-feeds",
                        f"The source {source.name} feeds {_told(shown.feeds)}.",
                        "`--keep` leaves them in the directory as they are, where they can be changed by hand from then"
                        " on. Who is to go has to leave at the source first.",
                    )
                connected_sources.remove(change.connection, source.id)
                mirrored_assignments.leave_to_hand(change.connection, source.id)
                sources.retire(change.connection, source.id, now=change.now)
                secrets.forget(change.connection, self.owner(source))
                for trouble in ("source", "deletions"):
                    outbox.forget_trouble(change.connection, self.context.tenant, trouble, source.id)
                change.target, change.detail = source.id, {"name": source.name, "kept": fed}
                return shown
        except SourceBusy as error:
            raise AdminError(
                "source-busy", str(error), f"Pause it first: `provisor source pause {known.name}`."
            ) from error

    def find(self, connection: Connection, key: str) -> ConnectedSource:
        """The source of this name or id. Raises AdminError when there is none."""
        tenant = self.context.tenant
        found = connected_sources.find(connection, tenant, key) or connected_sources.read(connection, tenant, key)
        if found is None:
            raise AdminError(
                "not-found",
                f"There is no source {key!r}.",
                "`provisor source list` shows the sources.",
                ("source", key),
            )
        return found

    def needs_secret(self, connection: Connection, source: ConnectedSource) -> None:
        """Raise AdminError unless there is what it takes to sign in."""
        if not is_signed_in(source.settings, self._secrets(connection, source)):
            raise AdminError(
                "no-credentials",
                f"The source {source.name} has no secret to sign in with yet.",
                f"Save it with `provisor source set {source.name}`.",
            )

    def owner(self, source: ConnectedSource) -> SecretOwner:
        """Whose the secrets of a source are."""
        return SecretOwner(tenant=self.context.tenant, kind="source", id=source.id)

    def _refuse_taken(self, connection: Connection, name: str) -> None:
        found = sources.find(connection, self.context.tenant, name)
        if found is not None:
            what = "objects that are made by hand" if found.kind == "local" else f"a source of the kind {found.kind}"
            raise AdminError("name-taken", f"{name} is the name of {what} already.", "Choose another name.")

    def _same_kind(self, source: ConnectedSource, after: SourceSettings) -> SourceSettings:
        if type(after) is not type(source.settings):
            raise AdminError(
                "source-settings",
                f"The source {source.name} is of the kind {source.kind}, and cannot become another.",
                "Add a new source for it.",
            )
        return after

    def _store(
        self,
        change: Change,
        source: ConnectedSource,
        settings: SourceSettings,
        precedence: int | None,
        interval_seconds: int | None,
        threshold: int | None,
    ) -> dict[str, Json]:
        """Store what is given; what the audit log says of it."""
        connected_sources.change(
            change.connection,
            source.id,
            settings=settings,
            precedence=None if precedence is None else accepted_precedence(precedence),
            interval_seconds=None if interval_seconds is None else accepted_interval(interval_seconds),
        )
        if threshold != -1:
            connected_sources.set_threshold(change.connection, source.id, accepted_threshold(threshold))
        if settings != source.settings or precedence not in (None, source.precedence):
            source_records.mark_all(change.connection, source.id)  # what was told before may mean something else now
        before, after = _plain(source), _plain(self.find(change.connection, source.id))
        return {name: {"old": before[name], "new": after[name]} for name in after if before[name] != after[name]}

    def _keep(self, change: Change, source: ConnectedSource, given: Mapping[str, str]) -> None:
        """Keep the secrets, in the place of all that were there."""
        if not given:
            return
        owner, ring = self.owner(source), self.context.key()
        secrets.forget(change.connection, owner)
        for name, value in given.items():
            try:
                secrets.save(change.connection, ring, owner=owner, name=name, secret=Secret(value), now=change.now)
            except SecretError as error:
                raise AdminError("secret-key", str(error)) from error

    def _secrets(self, connection: Connection, source: ConnectedSource) -> tuple[str, ...]:
        return tuple(secrets.names(connection, self.owner(source)))

    def _shown(self, connection: Connection, source: ConnectedSource) -> SourceShown:
        return SourceShown(
            source=source,
            secrets=self._secrets(connection, source),
            feeds=source_records.count_here(connection, source.id),
            running=is_read(self.context.database.path, source.id),
            next_at=next_run(source, to_microseconds(self.context.now())),
        )


def accepted_threshold(most: int | None) -> int | None:
    """How many may leave in a run, None for any number. Raises AdminError for what it cannot be."""
    if most is not None and most < 0:
        raise AdminError("invalid-value", f"{most} is no number of deletions.", "Choose 0 or more, or off.")
    return most


def _plain(source: ConnectedSource) -> dict[str, Json]:
    return {
        "settings": document_of(source.settings),
        "precedence": source.precedence,
        "intervalSeconds": source.interval_seconds,
        "deletionThreshold": source.deletion_threshold,
    }


def _told(feeds: Mapping[str, int]) -> str:
    return " and ".join(
        f"{number:,} {kind}{'s' * (number != 1)}" for kind, number in sorted(feeds.items(), reverse=True)
    )
