"""One run of a job at a time: a kernel file lock beside the database, which a killed process loses at once.

The file stays when the lock goes (removing it would race with the next run); it is empty and means nothing by itself.
"""

import fcntl
import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


class JobBusy(Exception):
    """Another run of the job holds the lock; the message is for an administrator."""


@contextmanager
def job_lock(database: Path, job: str) -> Iterator[None]:
    """Hold the job's lock for the block. Raises JobBusy at once when another process or thread holds it."""
    descriptor = os.open(_file(database, job), os.O_RDWR | os.O_CREAT, 0o600)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise JobBusy(
                f"The job {job} is running already, in this or another process. Wait until that cycle has ended."
            ) from None
        yield
    finally:
        os.close(descriptor)


def _file(database: Path, job: str) -> Path:
    # A job id holds nothing a file name must not; the hash only keeps an unusually long one short.
    name = job if len(job) <= 128 else hashlib.blake2b(job.encode(), digest_size=16).hexdigest()
    return database.with_name(f"{database.name}.{name}.lock")
