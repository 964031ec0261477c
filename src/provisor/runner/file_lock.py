"""Kernel file locks beside a database, which a killed process loses at once.

The file stays when the lock is released (removing it would race with the next one); it is empty and means nothing. It
lies beside the file that the database's name leads to, so that all names of one database share it; a database without
one definite place is refused when it is opened (database.sqlite_files).

A lock belongs to an open file description, not to the process: two holders in one process exclude each other, closing
another descriptor does not drop it, and one can ask whether it is held without taking it.
"""

import fcntl
import os
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_FLOCK = "hhqqi0q"  # struct flock of 64-bit Linux: type, whence, start, length (0: all), process id; padded
_ALONE = struct.pack(_FLOCK, fcntl.F_WRLCK, os.SEEK_SET, 0, 0, 0)
_SHARED = struct.pack(_FLOCK, fcntl.F_RDLCK, os.SEEK_SET, 0, 0, 0)


def beside(database: Path, name: str) -> Path:
    """The file of the lock of this name."""
    real = Path(os.path.realpath(database))
    return real.with_name(f"{real.name}.{name}.lock")


@contextmanager
def locked(file: Path, *, shared: bool = False) -> Iterator[None]:
    """Hold the lock for the block, alone or with others who share it. Raises BlockingIOError when it is held."""
    descriptor = os.open(file, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        try:
            fcntl.fcntl(descriptor, fcntl.F_OFD_SETLK, _SHARED if shared else _ALONE)
        except PermissionError as held:  # EAGAIN or EACCES: POSIX allows either
            raise BlockingIOError(*held.args) from None
        yield
    finally:
        os.close(descriptor)


def is_locked(file: Path) -> bool:
    """Whether some process or thread holds it now. Does not take it: whoever wants it meanwhile gets it."""
    try:
        descriptor = os.open(file, os.O_RDONLY)
    except FileNotFoundError:  # nobody ever did
        return False
    try:
        in_the_way = fcntl.fcntl(descriptor, fcntl.F_OFD_GETLK, _ALONE)
    finally:
        os.close(descriptor)
    kind: int = struct.unpack(_FLOCK, in_the_way)[0]
    return kind != fcntl.F_UNLCK
