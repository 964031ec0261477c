"""Follows what another process does with a job: a run that was asked for, and a cycle that is to end.

Only reads, and waits by looking again. Order: a run that `provisor serve` does, until nothing runs.
"""

import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

from provisor.admin.context import Context
from provisor.admin.errors import AdminError
from provisor.admin.status import PHASES, done_and_left
from provisor.engine.progress import Progress
from provisor.rules.failure import Failure
from provisor.runner.job_lock import is_held
from provisor.runner.recording.summary import CycleSummary, summary
from provisor.runner.serving import is_served
from provisor.storage import cycles, run_requests
from provisor.storage.cycles import Cycle
from provisor.storage.jobs import Job
from provisor.storage.run_requests import RunAnswer
from provisor.storage.times import from_microseconds

LOOKED_EVERY_SECONDS = 0.1
LONGEST_END_SECONDS = 10.0  # of a cycle that was aborted


@dataclass(slots=True)
class Following:
    """Follows one request to run a job until it is answered."""

    context: Context
    job: Job
    request: str
    report: Callable[[Progress], None] | None = None

    def to_its_end(self) -> CycleSummary | None:
        """What came of it; None when nobody serves the jobs any more and it was taken back.

        Raises AdminError with what kept the job from running. Who follows no longer does not end the cycle.
        """
        try:
            answer = self._awaited()
        except KeyboardInterrupt:
            self._taken_back()
            raise AdminError(
                "not-followed",
                "The cycle is no longer followed, and goes on in `provisor serve`.",
                "`provisor job abort` ends it.",
            ) from None
        if answer is None:
            return None
        if answer.refusal is not None:
            raise AdminError(*answer.refusal)
        return self._summary(answer)

    def _awaited(self) -> RunAnswer | None:
        while (answer := self._answer()) is None:
            path = self.context.database.path
            if not is_served(path) and not is_held(path, self.job.id) and self._taken_back():
                return None
            self._tell()
            time.sleep(LOOKED_EVERY_SECONDS)
        return answer

    def _answer(self) -> RunAnswer | None:
        try:
            return run_requests.answered(self.context.database.reader(), self.job.number, self.request)
        except LookupError:
            raise AdminError(
                "not-found", "The job was deleted meanwhile.", "`provisor job list` shows the jobs."
            ) from None

    def _taken_back(self) -> bool:
        with self.context.database.transaction() as connection:
            return run_requests.withdraw(connection, self.job.number, self.request)

    def _tell(self) -> None:
        reader = self.context.database.reader()
        newest = next(iter(cycles.newest(reader, self.job.number, 1)), None)
        if self.report is None or newest is None or newest.ended_at is not None:
            return
        done: dict[str, int] = {}
        total: dict[str, int] = {}
        for kind, (through, left) in done_and_left(reader, self.job, newest).items():
            done[kind], total[kind] = through, through + left
        phase = PHASES.get(newest.phase, newest.phase)
        self.report(
            Progress(
                phase=phase,
                began_at=from_microseconds(newest.began_at),
                at=self.context.now(),
                total=total,
                completed=done,
            )
        )

    def _summary(self, answer: RunAnswer) -> CycleSummary:
        newest = cycles.newest(self.context.database.reader(), self.job.number, 50)
        ran = [_summary(cycle) for cycle in reversed(newest) if cycle.n in answer.cycles]
        if not ran:
            raise AdminError("job-busy", "The job has run since.", "`provisor job status` shows how it is.")
        whole = ran[0]
        for later in ran[1:]:
            whole = later.following(whole)
        return whole


def _summary(cycle: Cycle) -> CycleSummary:
    error = cycle.error
    failure = None if error is None else Failure(code=error["code"], message=error["message"], hint=error["hint"])
    seconds = ((cycle.ended_at or cycle.began_at) - cycle.began_at) / 1_000_000
    return summary(cycle, cycle.state, Counter(cycle.counters), failure, seconds)


def until_idle(context: Context, job: Job) -> bool:
    """Wait until no process runs the job, as after an abort; False when one does not let go of it."""
    deadline = time.monotonic() + LONGEST_END_SECONDS
    while is_held(context.database.path, job.id):
        if time.monotonic() > deadline:
            return False
        time.sleep(LOOKED_EVERY_SECONDS / 2)
    return True
