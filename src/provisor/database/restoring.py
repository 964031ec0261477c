"""Puts a backup in the place of a database: checked and made ready beside it first, then in one step.

At any moment the name leads to the whole old database or to the whole new one. Nobody may have the old one open: its
write-ahead log would be lost, and what he writes later too.
"""

import os
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing, suppress
from pathlib import Path

from provisor.database.opening import open_database
from provisor.database.passing_folder import passing_folder
from provisor.database.ports import Database, DatabaseError
from provisor.database.refusals import why
from provisor.folders import make_file, make_folder

_PATIENCE_SECONDS = 1.0  # for somebody who only looked in
_BESIDE = ("-wal", "-shm", "-journal")


def restore(backup: Path, path: Path, *, prepare: Callable[[Database], None], aside: Path) -> bool:
    """Make `path` the database of this backup, once `prepare` has accepted and changed a copy of it.

    A database that was there is copied to `aside` first; returns whether there was one. Raises DatabaseError, with
    nothing changed, for a backup that is damaged or in use, and for a database that somebody has open.
    """
    path = Path(os.path.realpath(path))
    if path.exists() and aside.exists():
        raise DatabaseError(f"{aside} is there already, which the present database is to be kept as. Move it away.")
    try:
        make_folder(path.parent)
        with passing_folder(path.parent, f".{path.name}.restore-") as folder:
            ready = folder / "restored"
            _copy_checked(backup, ready)
            _prepared(ready, prepare)
            there = path.exists()
            if there:
                _replace(path, ready, aside)
            else:
                _remove_beside(path)
                ready.replace(path)
            _sync(path.parent)
            return there
    except (OSError, sqlite3.Error) as error:
        raise DatabaseError(f"{backup} could not be restored to {path}: {why(error)}. Nothing was replaced.") from error


def _copy_checked(backup: Path, ready: Path) -> None:
    if backup.with_name(backup.name + "-wal").exists():
        raise DatabaseError(f"{backup} has a write-ahead log beside it: it is a database in use, and no backup of one.")
    with backup.open("rb") as source, os.fdopen(make_file(ready), "wb") as copy:
        shutil.copyfileobj(source, copy)
    try:
        with closing(sqlite3.connect(ready)) as connection:
            verdict = connection.execute("PRAGMA integrity_check(1)").fetchone()
    except sqlite3.DatabaseError as error:
        raise DatabaseError(f"{backup} is no database: {error}. Take another backup.") from error
    if verdict != ("ok",):
        raise DatabaseError(f"{backup} is damaged: {verdict[0]}. Take another backup.")


def _prepared(ready: Path, prepare: Callable[[Database], None]) -> None:
    database = open_database(f"sqlite:///{ready}")
    try:
        prepare(database)
    finally:
        database.close()
    with closing(sqlite3.connect(ready)) as connection:
        connection.execute("PRAGMA journal_mode=DELETE")  # one file, moved as one
    with ready.open("rb") as written:
        os.fsync(written.fileno())


def _replace(path: Path, ready: Path, aside: Path) -> None:
    """Under a lock that nobody else can have while the old one is open to anybody."""
    with closing(sqlite3.connect(path, timeout=_PATIENCE_SECONDS, isolation_level=None)) as old:
        try:
            mode = old.execute("PRAGMA journal_mode=DELETE").fetchone()
            if mode != ("delete",):
                raise _in_use(path)
            old.execute("PRAGMA locking_mode=EXCLUSIVE")  # a transaction's lock then stays when it ends:
            old.execute("BEGIN EXCLUSIVE")  # within one that may write, nothing can be copied
            old.execute("COMMIT")
            _keep(old, aside)
        except sqlite3.DatabaseError as error:
            if isinstance(error, sqlite3.OperationalError) and error.sqlite_errorcode & 0xFF == sqlite3.SQLITE_BUSY:
                raise _in_use(path) from None
            if error.sqlite_errorcode & 0xFF not in (sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_CORRUPT):
                raise
            shutil.copyfile(path, aside)  # damaged: as it is, without what no program can read any more
            aside.chmod(0o600)
            _remove_beside(path)
        ready.replace(path)


def _keep(old: sqlite3.Connection, aside: Path) -> None:
    os.close(make_file(aside))
    try:
        with closing(sqlite3.connect(aside)) as copy:
            old.backup(copy)
    except BaseException:
        aside.unlink()
        raise


def _in_use(path: Path) -> DatabaseError:
    return DatabaseError(f"{path} is in use: end every `provisor` that has it open, `provisor serve` first.")


def _remove_beside(path: Path) -> None:
    for ending in _BESIDE:
        path.with_name(path.name + ending).unlink(missing_ok=True)


def _sync(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    with suppress(OSError):  # some file systems cannot
        os.fsync(descriptor)
    os.close(descriptor)
