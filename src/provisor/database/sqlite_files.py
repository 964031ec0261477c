"""Which file the name of a SQLite database means, and whether it may be opened under that name.

SQLite keeps its write-ahead log beside the name, and its locks on the file. A file with two names would have two logs,
neither read by the connections of the other name: rows would be lost. And POSIX drops every lock of a process on a file
as soon as the process closes any descriptor of it: here no descriptor of a file that is in use is ever opened.
"""

import os
import stat
import threading
from pathlib import Path
from urllib.parse import quote

from provisor.database.ports import DatabaseError
from provisor.folders import make_folder

FileIdentity = tuple[int, int]  # device and inode

_making = threading.Lock()
MOUNTS = Path("/proc/self/mountinfo")  # of Linux
_MOUNT_POINT = 4  # the field that says where


def made(name: Path) -> Path:
    """The absolute path without links that the name leads to; an empty file with mode 0600 is made there when absent.

    What is returned stays the same file when the program goes to another folder, or a link comes to point elsewhere.
    """
    path = Path(os.path.realpath(name))
    make_folder(path.parent)
    with _making:  # until it is closed nobody in this process may open it, or closing it would drop their locks
        try:
            os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600))
        except FileExistsError:
            pass
    return path


def only_name(path: Path, mounts: Path = MOUNTS) -> None:
    """Raises DatabaseError when the file has another name too, or is not a file."""
    found = path.stat()
    if not stat.S_ISREG(found.st_mode):
        what = "Is a directory" if stat.S_ISDIR(found.st_mode) else "It is not a file"
        raise DatabaseError(f"Cannot open the database {path}: {what}.")
    if found.st_nlink > 1:
        raise DatabaseError(
            f"{path} is one file with {found.st_nlink} names (hard links), and what is written under one of them can "
            f"be lost under another. Remove the other names (`find FOLDER -samefile {path}` shows them); a symbolic "
            "link may be used instead."
        )
    if _is_mounted(path, mounts):
        raise DatabaseError(
            f"{path} is mounted as a single file; the files that SQLite keeps beside it would stay outside. Mount its "
            "folder instead."
        )


def identity(path: Path) -> FileIdentity:
    """What the file is, whatever it is called. Raises DatabaseError when it is gone."""
    try:
        found = path.stat()
    except FileNotFoundError:
        raise DatabaseError(f"The database {path} is gone: it was removed or renamed.") from None
    return found.st_dev, found.st_ino


def uri(path: Path) -> str:
    """The URI with which SQLite opens the file but does not create one, which everybody could read."""
    return f"file:{quote(os.fsencode(path))}?mode=rw"


def read_only_uri(path: Path) -> str:
    """How to have SQLite open the file so that nothing can be written to it."""
    return f"file:{quote(os.fsencode(path))}?mode=ro"


def _is_mounted(path: Path, mounts: Path) -> bool:
    """Whether the file itself was mounted there, as containers do with single files."""
    try:
        lines = mounts.read_bytes().splitlines()
    except OSError:
        return False  # another system; it has no mounts of files
    return any(_unescaped(line.split(b" ")[_MOUNT_POINT]) == os.fsencode(path) for line in lines)


def _unescaped(field: bytes) -> bytes:
    for escape, byte in ((b"\\040", b" "), (b"\\011", b"\t"), (b"\\012", b"\n"), (b"\\134", b"\\")):
        field = field.replace(escape, byte)
    return field
