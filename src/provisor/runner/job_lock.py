"""One run of a job at a time: a kernel file lock beside the database, which a killed process loses at once.

The file stays when the lock goes (removing it would race with the next run); it is empty and means nothing by itself.
It lies beside the file that the database's name leads to, so that all names of one database share it; a database that
cannot have one place is refused when it is opened (database.sqlite_files).

The lock belongs to an open file description, not to the process: two runs in one process keep each other out, closing
another descriptor drops nothing, and the kernel tells whether it is held without anybody taking it.
"""

import fcntl
import hashlib
import os
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_FLOCK = "hhqqi0q"  # struct flock of 64-bit Linux: type, whence, start, length (0: all), process id; padded
_ALL_OF_IT = struct.pack(_FLOCK, fcntl.F_WRLCK, os.SEEK_SET, 0, 0, 0)


class JobBusy(Exception):
    """Another run of the job holds the lock; the message is for an administrator."""


@contextmanager
def job_lock(database: Path, job: str) -> Iterator[None]:
    """Hold the job's lock for the block. Raises JobBusy at once when another process or thread holds it."""
    descriptor = os.open(_file(database, job), os.O_RDWR | os.O_CREAT, 0o600)
    try:
        try:
            fcntl.fcntl(descriptor, fcntl.F_OFD_SETLK, _ALL_OF_IT)
        except (BlockingIOError, PermissionError):  # EAGAIN or EACCES: POSIX leaves it to the kernel which
            raise JobBusy(
                f"The job {job} is running already, in this or another process. Wait until that cycle has ended."
            ) from None
        yield
    finally:
        os.close(descriptor)


def is_held(database: Path, job: str) -> bool:
    """Whether some process or thread runs the job now. Takes nothing: a cycle that begins meanwhile gets its lock."""
    try:
        descriptor = os.open(_file(database, job), os.O_RDONLY)
    except FileNotFoundError:  # no cycle ever ran
        return False
    try:
        in_the_way = fcntl.fcntl(descriptor, fcntl.F_OFD_GETLK, _ALL_OF_IT)
    finally:
        os.close(descriptor)
    kind: int = struct.unpack(_FLOCK, in_the_way)[0]
    return kind != fcntl.F_UNLCK


def _file(database: Path, job: str) -> Path:
    # A job id holds nothing a file name must not; the hash only keeps an unusually long one short.
    name = job if len(job) <= 128 else hashlib.blake2b(job.encode(), digest_size=16).hexdigest()
    real = Path(os.path.realpath(database))
    return real.with_name(f"{real.name}.{name}.lock")
