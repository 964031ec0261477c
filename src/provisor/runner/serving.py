"""Whether some `provisor serve` runs the jobs of a database: each holds a kernel lock, which a killed process loses.

Every serve locks the first free of a few files beside the database. Looking takes a shared lock for a moment, so that
observers do not take one another for a serve. The files stay, are empty, and mean nothing by themselves.
"""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

MOST = 16  # serves of one database at once; one more is not seen, but works


@contextmanager
def serving(database: Path) -> Iterator[None]:
    """Count as a serve of this database for the block."""
    held: int | None = None
    for number in range(MOST):
        descriptor = os.open(_file(database, number), os.O_RDWR | os.O_CREAT, 0o600)
        if _locked(descriptor, fcntl.LOCK_EX):
            held = descriptor
            break
        os.close(descriptor)
    try:
        yield
    finally:
        if held is not None:
            os.close(held)


def is_served(database: Path) -> bool:
    """Whether a living process serves this database now."""
    for number in range(MOST):
        try:
            descriptor = os.open(_file(database, number), os.O_RDWR)
        except OSError:
            continue
        try:
            if not _locked(descriptor, fcntl.LOCK_SH):
                return True
        finally:
            os.close(descriptor)
    return False


def _locked(descriptor: int, how: int) -> bool:
    try:
        fcntl.flock(descriptor, how | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _file(database: Path, number: int) -> Path:
    path = database.resolve()  # through a link it is the same database
    return path.with_name(f"{path.name}.serve-{number}.lock")
