"""Keeps every process from running certain jobs for a block, for what no cycle under way may go on after.

A cycle that runs is ended as by an abort, but its job is not paused: it goes on, or begins anew, afterwards.
"""

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager

from provisor.admin.context import Context
from provisor.admin.errors import AdminError
from provisor.admin.following import until_idle
from provisor.runner.job_lock import JobBusy, job_lock
from provisor.storage import jobs
from provisor.storage.jobs import Job

_TRIES = 5  # a job that is served may begin another run as soon as one has ended


@contextmanager
def alone(context: Context, doomed: Sequence[Job]) -> Iterator[None]:
    """The locks of these jobs: nothing of them is under way, and nothing begins. Raises AdminError when one stays
    busy."""
    with ExitStack() as stack:
        for job in doomed:
            _take(context, job, stack)
        yield


def _take(context: Context, job: Job, stack: ExitStack) -> None:
    for _ in range(_TRIES):
        try:
            stack.enter_context(job_lock(context.database.path, job.id))
            return
        except JobBusy:
            with context.database.transaction() as connection:
                jobs.note_abort(connection, job.number)
            if not until_idle(context, job):
                break
    raise AdminError(
        "job-busy", f"A cycle of the job {job.id} does not end.", "Pause the job, and try again when it has ended."
    )
