"""Reports how far a cycle has got, in objects; it does not go back, and not more often than useful."""

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import replace

from provisor.engine.operation import PHASES
from provisor.engine.progress import Progress, advance
from provisor.runner.run import Run
from provisor.storage.operations import StoredOperation

ReportProgress = Callable[[Progress], None]

SECONDS_BETWEEN = 0.1


class Reporter:
    """Counts what is done, by kind of object and by kind of change."""

    def __init__(self, run: Run, report: ReportProgress | None) -> None:
        self._run = run
        self._report = report
        moment = run.now()
        self._progress = Progress(phase="planning", began_at=moment, at=moment)
        self._completed: Counter[str] = Counter()

    def planning(self, what: str) -> None:
        """The cycle is planning; how much there is to do is not known yet."""
        self._progress = replace(self._progress, phase=f"planning {what}", at=self._run.now())
        self._tell()

    def begin(self, total: Mapping[str, int]) -> None:
        """The total is known, and nothing has been written yet."""
        moment = self._run.now()
        self._progress = Progress(phase="executing", began_at=moment, at=moment, total=total)
        self._tell()

    def entered(self, phase: int) -> None:
        """A phase of the execution begins."""
        self._progress = advance(self._progress, self._run.now(), phase=PHASES[phase])
        self._tell()

    def through(self, operation: StoredOperation) -> None:
        """One operation is over."""
        self._completed[part_of(operation.object_kind, operation.kind)] += 1

    def advanced(self) -> None:
        """Some operations have been recorded."""
        moment = self._run.now()
        if self._report is None or (moment - self._progress.at).total_seconds() < SECONDS_BETWEEN:
            return
        self._progress = advance(self._progress, moment, completed=self._completed)
        self._tell()

    def end(self) -> None:
        """Nothing is left."""
        self._progress = advance(self._progress, self._run.now(), completed=self._completed)
        self._tell()

    def _tell(self) -> None:
        if self._report is not None:
            self._report(self._progress)


def part_of(object_kind: str, operation_kind: str) -> str:
    """What an operation counts as: user, group, members or reference."""
    return operation_kind if operation_kind in ("members", "reference") else object_kind
