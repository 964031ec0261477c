"""Runs of sources in words: their phases, how they ended, what they counted."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal, get_args

from provisor.admin.errors import AdminError
from provisor.admin.source_runs import Phase, SourceProgress, SourceRun, progress_of
from provisor.admin.source_told import SourceTrouble
from provisor.portal.errors import said
from provisor.portal.provisioning.words import short_span

RunTone = Literal["good", "warn", "bad", "plain"]
PHASES: Final[Mapping[Phase, str]] = {
    "reading": "The source is read",
    "judging": "What it told is judged",
    "deleting": "Who left is deleted",
    "joining": "People and groups are matched, created and updated",
    "following": "Memberships, managers and assignments follow",
}
READS: Final = {"full": "Full read", "delta": "What has changed"}
_STATES: Final[Mapping[str, tuple[str, RunTone]]] = {
    "running": ("Running", "plain"),
    "succeeded": ("Succeeded", "good"),
    "held": ("Deletions held", "bad"),
    "failed": ("Failed", "bad"),
    "stopped": ("Stopped", "warn"),
}
# What has a column of its own, and what it is called there; the rest is said below.
COLUMNS: Final[Mapping[str, tuple[str, ...]]] = {
    "Read": ("read",),
    "Created": ("created", "restored"),
    "Updated": ("updated",),
    "Deleted": ("deleted",),
    "Members": ("members added", "members removed"),
    "Left out": ("left out",),
    "Refused": ("refused", "unreadable"),
}
# What else runs count, in other words than the runner's where those say little.
_COUNTED: Final[Mapping[str, str]] = {
    "read": "records read",
    "changed": "records changed",
    "left": "left the source",
    "absent": "missing from a full read",
    "found after all": "found there after all",
    "held": "deletions held",
    "moved": "moved with their container",
    "hard match": "joined by hard match",
    "soft match": "joined by soft match",
    "managers": "managers changed",
    "members waiting": "members who are not here",
    "cursor lost": "place in the changes lost",
}
_TOLD: Final = {"changed", *(name for names in COLUMNS.values() for name in names)}


@dataclass(frozen=True, slots=True, kw_only=True)
class RunRow:
    """One run in a list."""

    run: SourceRun
    read: str
    state: str
    tone: RunTone
    took: str
    counts: tuple[int, ...]  # in the order of the columns
    more: str
    error: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RunProgress:
    """How far a run is: in which of its steps, and there how many of how many, 0 where nobody knows."""

    step: int
    steps: int
    phase: str
    done: int
    of: int

    @property
    def percent(self) -> int:
        """Of the step, rounded down."""
        return min(100 * self.done // self.of, 100) if self.of else 0


def run_rows(runs: Sequence[SourceRun]) -> list[RunRow]:
    """Runs as the tables of them have them."""
    return [_row(run) for run in runs]


def _row(run: SourceRun) -> RunRow:
    word, tone = _STATES[run.state]
    ended = run.state != "running"
    counters = run.counters if ended else {}
    more = ", ".join(
        f"{counter_words(name)}: {number:,}" for name, number in counters.items() if name not in _TOLD and number
    )
    return RunRow(
        run=run,
        read=READS[run.kind],
        state=word,
        tone=tone,
        took="" if run.ended_at is None else short_span((run.ended_at - run.began_at) / 1e6),
        counts=tuple(sum(counters.get(name, 0) for name in names) for names in COLUMNS.values()),
        more=more,
        error=trouble_said(run.error),
    )


def counter_words(name: str) -> str:
    """What a counter of a run is called."""
    return _COUNTED.get(name, name)


def run_progress(run: SourceRun) -> RunProgress:
    """How far a run under way is."""
    return progress_in_words(progress_of(run))


def progress_in_words(progress: SourceProgress) -> RunProgress:
    """The same of what a run reports."""
    phases = get_args(Phase)
    return RunProgress(
        step=phases.index(progress.phase) + 1,
        steps=len(phases),
        phase=PHASES[progress.phase],
        done=progress.done,
        of=progress.expected or 0,
    )


def trouble_said(trouble: SourceTrouble | None) -> str:
    """What is wrong and what to do; empty where nothing is."""
    return "" if trouble is None else said(AdminError(trouble.code, trouble.message, trouble.hint))
