"""What the steps of one run of a source share, and what it tells of its progress."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal, TypeAlias

from provisor.database import Database
from provisor.engine.ports import ConnectorError
from provisor.engine.source_outcome import source_failure
from provisor.storage.connected_sources import ConnectedSource, SourceTrouble
from provisor.storage.times import to_microseconds

Phase: TypeAlias = Literal["reading", "judging", "deleting", "joining", "following"]


@dataclass(frozen=True, slots=True)
class SourceProgress:
    """How far a run has come: in a phase, how many records of how many, where that is known."""

    phase: Phase
    done: int
    expected: int | None = None

    # What terminal.progress_bar shows: where nobody knows how many there are, those that are done are all.

    @property
    def completed_objects(self) -> int:
        """How many records are done."""
        return self.done

    @property
    def all_objects(self) -> int:
        """How many there are."""
        return max(self.expected or 0, self.done)

    @property
    def seconds_left(self) -> float | None:
        """Nobody knows."""
        return None


@dataclass(slots=True, kw_only=True)
class SourcingRun:
    """One running run. `counters` are those of storage.source_runs, by the words that people read.

    `full` is the number of the full read under way, or of the last one.
    """

    database: Database
    tenant: str
    source: ConnectedSource
    app_id: str
    now: Callable[[], datetime]
    stop: Callable[[], bool]
    report: Callable[[SourceProgress], None]
    full: int = 0
    within_full: bool = False
    was_full: bool | None = None  # whether it read anything of a full read; None: it read nothing
    pilot: str | None = None  # the anchor of the only group whose members are taken; "" while it is not known
    registered: set[tuple[str, str]] = field(default_factory=set)  # extensions that are known to be, by kind and name
    no_strangers_up_to: dict[str, str] = field(default_factory=dict)  # by kind: storage.object_lookup.first_stranger
    counters: Counter[str] = field(default_factory=Counter)
    troubles: list[SourceTrouble] = field(default_factory=list)
    paused: bool = False  # by somebody, since it began

    @property
    def at(self) -> int:
        """The time, as rows have it."""
        return to_microseconds(self.now())

    def ends(self) -> bool:
        """Whether it is to end where the next one goes on."""
        return self.stop() or self.paused

    def halts(self) -> bool:
        """Whether the directory is to follow no further: it ends, or the source is in staging mode by now."""
        return self.ends() or self.source.staging

    def tell(self, phase: Phase, done: int, expected: int | None = None) -> None:
        """Report progress."""
        self.report(SourceProgress(phase, done, expected))


def trouble_of(error: ConnectorError, source: str) -> SourceTrouble:
    """What a source of this name did not answer, as it is kept with the run and the source."""
    failure = source_failure(error, source)
    return SourceTrouble(code=failure.code, message=failure.message, hint=failure.hint)
