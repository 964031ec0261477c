"""One run of a job at a time, by a lock beside the database (runner.file_lock)."""

import asyncio
import hashlib
from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack, asynccontextmanager, contextmanager
from pathlib import Path

from provisor.runner.file_lock import beside, is_locked, locked

ASKED_EVERY_SECONDS = 0.1


class JobBusy(Exception):
    """Another run of the job holds the lock; the message is for an administrator."""


@contextmanager
def job_lock(database: Path, job: str) -> Iterator[None]:
    """Hold the job's lock for the block. Raises JobBusy at once when another process or thread holds it."""
    with ExitStack() as held:
        try:
            held.enter_context(locked(_file(database, job)))
        except BlockingIOError:
            raise JobBusy(
                f"The job {job} is running already, in this or another process. Wait until that cycle has ended."
            ) from None
        yield


@asynccontextmanager
async def lock_within(database: Path, job: str, seconds: float) -> AsyncIterator[None]:
    """The same, asked for again and again for so many seconds. Raises JobBusy when they are over."""
    clock = asyncio.get_running_loop().time
    deadline = clock() + seconds
    with ExitStack() as held:
        while True:
            try:
                held.enter_context(job_lock(database, job))
                break
            except JobBusy:
                if clock() >= deadline:
                    raise
            await asyncio.sleep(ASKED_EVERY_SECONDS)
        yield


def is_held(database: Path, job: str) -> bool:
    """Whether some process or thread runs the job now. Does not take it: a cycle that begins meanwhile does."""
    return is_locked(_file(database, job))


def _file(database: Path, job: str) -> Path:
    # A job id is safe as a file name; the hash only shortens an unusually long one.
    return beside(database, job if len(job) <= 128 else hashlib.blake2b(job.encode(), digest_size=16).hexdigest())
