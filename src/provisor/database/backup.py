"""A copy of a database while others read and write it (SQLite's backup API).

The copy is of one moment, whole or not there at all. PostgreSQL has better tools of its own for that.
"""

import os
import sqlite3
from contextlib import closing
from pathlib import Path

from provisor.database import Database, DatabaseError
from provisor.database.passing_folder import passing_folder
from provisor.database.refusals import why
from provisor.folders import make_file

_PREFIX = ".provisor-backup-"  # whatever the backup is called: what a killed one left goes with the next
_PAGES_AT_ONCE = 1_024  # writers get a turn between two steps
_PAUSE_SECONDS = 0.01


def back_up(database: Database, file: Path) -> int:
    """Copy the database to a new file with mode 0600; returns its size in bytes.

    Raises DatabaseError for a file that exists, one that cannot be written, and for PostgreSQL.
    """
    source_path = database.path
    if file.exists():
        raise DatabaseError(f"{file} exists already; a backup never replaces a file. Choose another name.")
    try:
        # In a folder of our own nobody can put a link or file in the way of the copy, or of SQLite's files beside it.
        with passing_folder(file.parent, _PREFIX) as folder:
            unfinished = folder / "copy"
            os.close(make_file(unfinished))
            _copy(source_path, unfinished)
            os.link(unfinished, file)  # fails if the file has been created meanwhile; replacing would not
        return file.stat().st_size
    except (OSError, sqlite3.Error) as error:
        raise DatabaseError(
            f"{source_path} could not be copied to {file}: {why(error)}. The incomplete copy was removed."
        ) from error


def _copy(source_path: Path, unfinished: Path) -> None:
    with closing(sqlite3.connect(source_path)) as source, closing(sqlite3.connect(unfinished)) as copy:
        # Every step sees what was committed since: in WAL mode the API begins anew then, so it ends in one step
        # whenever writers are faster than we are.
        source.execute("BEGIN")
        source.execute("SELECT count(*) FROM sqlite_master").fetchone()
        source.backup(copy, pages=_PAGES_AT_ONCE, sleep=_PAUSE_SECONDS)
        source.execute("COMMIT")
        copy.execute("PRAGMA journal_mode=DELETE")  # one file, to be carried anywhere
        verdict = copy.execute("PRAGMA quick_check").fetchone()
        if verdict != ("ok",):
            raise DatabaseError(f"The backup of {source_path} is damaged: {verdict}. Check the disk.")
    with unfinished.open("rb") as written:
        os.fsync(written.fileno())
