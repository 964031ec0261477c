"""A folder for files that nobody needs once a block is over, locked for as long as it is in use.

What a killed process left of one is told by its lock, and goes when the next is made in the same place.
"""

import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def passing_folder(parent: Path, prefix: str) -> Iterator[Path]:
    """A new folder in `parent`, ours alone; others of this prefix that are in use no more are removed.

    Raises OSError.
    """
    for left in [one for one in parent.iterdir() if one.name.startswith(prefix)]:
        _remove_unless_used(left)
    folder, descriptor = _locked(parent, prefix)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        os.close(descriptor)


def _locked(parent: Path, prefix: str) -> tuple[Path, int]:
    """Somebody else may find it before it is locked, and take it for one that was left."""
    while True:
        folder = Path(tempfile.mkdtemp(prefix=prefix, dir=parent))
        try:
            descriptor = _opened(folder)
        except FileNotFoundError:
            continue
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        if folder.exists():
            return folder, descriptor
        os.close(descriptor)


def _remove_unless_used(folder: Path) -> None:
    try:
        descriptor = _opened(folder)
    except OSError:
        return  # it is gone, or is no folder
    try:
        if os.fstat(descriptor).st_uid == os.geteuid():
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            shutil.rmtree(folder, ignore_errors=True)
    except BlockingIOError:
        pass
    finally:
        os.close(descriptor)


def _opened(folder: Path) -> int:
    return os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
