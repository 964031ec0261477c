"""What SQLite means when it cannot write: a full disk, a broken one, a file that may not be written, in words.

Knows no connection. Other errors are left as they are: they are bugs of ours.
"""

import errno
import sqlite3
from pathlib import Path

from provisor.database.ports import DatabaseError

_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
_PRIMARY = 0xFF  # the low byte of an extended result code


def why(error: BaseException) -> str:
    """Why a file could not be written or read, as the rest of a sentence."""
    match getattr(error, "sqlite_errorcode", 0) & _PRIMARY:
        case sqlite3.SQLITE_FULL:
            return "the disk that holds it is full"
        case sqlite3.SQLITE_IOERR:
            return f"{error}; the disk that holds it is full, over its quota, or failing"
        case sqlite3.SQLITE_READONLY:
            return "it is read-only"
        case _:
            pass
    if isinstance(error, OSError):
        return "the disk that holds it is full" if error.errno in _FULL else error.strerror or str(error)
    return str(error)


def told(path: Path, error: BaseException) -> BaseException:
    """The error of a write as a DatabaseError, where the disk is to blame; otherwise the same error."""
    code = getattr(error, "sqlite_errorcode", 0) & _PRIMARY
    if code not in (sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_READONLY):
        return error
    return DatabaseError(
        f"{path} could not be written: {why(error)}. What was under way was not kept; what was written before it is "
        "there. Make room, or mend the disk, and try again."
    )
