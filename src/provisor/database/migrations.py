"""Brings a database to the tables of this version: numbered SQL files, each applied once and whole.

A folder holds files such as 0001.sql or 0001_service.sql, written as for SQLite (`Connection.define` puts right what
PostgreSQL calls otherwise). What was applied is in the table `migration`. A released file must not change:
its hash is kept and compared. Knows no table but that one. Order: migrate, what is there, what is refused, the files.
"""

import re
import time
from collections.abc import Callable, Mapping, Sequence
from hashlib import sha256
from pathlib import Path
from typing import NamedTuple

from provisor.database.ports import Connection, Database, DatabaseError

_TABLE = """CREATE TABLE migration (
    number INTEGER PRIMARY KEY, owner TEXT NOT NULL, hash TEXT NOT NULL, applied_at INTEGER NOT NULL
)"""
_COLUMNS = {"number", "owner", "hash", "applied_at"}
_TABLES_IN_DEVELOPMENT = {"alembic_version", "tenant"}
_COLUMNS_IN_DEVELOPMENT = {"number", "at"}
_FILE = re.compile(r"(\d{4})(_\w+)?\.sql")
_PIECES = re.compile(r"'(?:[^']|'')*'|--[^\n]*|;|[^';-]+|[-']")
_SHOWN = 3  # names of tables in a refusal
_WAY_OUT = "Name another database, or move this one away."


class Migration(NamedTuple):
    """One file: its number, its name without `.sql`, and what it runs."""

    number: int
    name: str
    statements: tuple[str, ...]

    @property
    def hash(self) -> str:
        """Of the statements, so that a comment may be corrected later."""
        return sha256("\0".join(" ".join(statement.split()) for statement in self.statements).encode()).hexdigest()


def migrate(
    database: Database,
    folder: Path,
    *,
    owner: str,
    after: Mapping[int, Callable[[Connection], None]] | None = None,
) -> None:
    """Apply the folder's files that the database lacks, in order, each in a transaction of its own.

    `owner` is whose tables they are, in the words of a refusal. `after` holds what SQL cannot do, by the number of the
    file whose transaction it ends. A ready database is only read. Raises DatabaseError, with nothing changed, for one
    that a newer version, another owner or another program has made, and for one whose files differ from ours; it is
    then closed, so that nothing is left beside its file.
    """
    files = read_files(folder)
    try:
        applied = _applied(database.reader(), database.name, files, owner)
    except DatabaseError:
        database.close()
        raise
    database.reader().settle()
    for file in files:
        if file.number in applied:
            continue
        with database.transaction() as connection:
            # Under the lock, because another process may have started at the same time.
            if file.number in _applied(connection, database.name, files, owner):
                continue
            if "migration" not in connection.tables():
                connection.define(_TABLE)
            for statement in file.statements:
                connection.define(statement)
            if after and file.number in after:
                after[file.number](connection)
            connection.execute(
                "INSERT INTO migration (number, owner, hash, applied_at) VALUES (?, ?, ?, ?)",
                (file.number, owner, file.hash, time.time_ns() // 1_000),
            )


def _applied(connection: Connection, name: str, files: Sequence[Migration], owner: str) -> set[int]:
    """The numbers of the files that were applied. Raises DatabaseError for a database that is not ours to use."""
    tables = connection.tables()
    if "migration" not in tables:
        if tables:
            raise DatabaseError(_not_ours(name, tables, developed=tables >= _TABLES_IN_DEVELOPMENT))
        return set()
    columns = connection.columns("migration")
    if columns != _COLUMNS:
        raise DatabaseError(_not_ours(name, tables, developed=columns == _COLUMNS_IN_DEVELOPMENT))
    rows = connection.all("SELECT number, owner, hash FROM migration ORDER BY number")
    applied = {number: (whose, hashed) for number, whose, hashed in rows}
    _refuse_other(name, applied, files, owner)
    if list(applied) != [file.number for file in files[: len(applied)]] or (not applied and tables != {"migration"}):
        raise DatabaseError(
            f"{name} does not know any more which of Provisor's tables it has: rows of its table migration are gone. "
            "Restore it from a backup, or name another database."
        )
    return set(applied)


def _not_ours(name: str, tables: set[str], *, developed: bool) -> str:
    if developed:
        return f"{name} was made by a development version of Provisor and cannot be brought up to date. {_WAY_OUT}"
    some = ", ".join(sorted(tables)[:_SHOWN]) + (", …" if len(tables) > _SHOWN else "")
    return f"{name} holds the tables of another program ({some}). {_WAY_OUT}"


def _refuse_other(name: str, applied: Mapping[int, tuple[str, str]], files: Sequence[Migration], owner: str) -> None:
    known = {file.number: file for file in files}
    for number, (whose, hashed) in applied.items():
        if whose != owner:
            raise DatabaseError(f"{name} is the database of {whose}, not of {owner}. Each needs one of its own.")
        if number not in known:
            raise DatabaseError(
                f"{name} was made by a newer version of Provisor: it has migration {number:04}, and this version knows "
                f"those up to {files[-1].number:04}. Use that version, or name another database."
            )
        if hashed != known[number].hash:
            raise DatabaseError(
                f"{name} was made by a development version of Provisor, in which {known[number].name}.sql was "
                f"another one. {_WAY_OUT}"
            )


def read_files(folder: Path) -> list[Migration]:
    """The migrations in a folder, in the order of their numbers. Raises ValueError when two have one number."""
    found: dict[int, Migration] = {}
    for path in sorted(folder.iterdir()):
        named = _FILE.fullmatch(path.name)
        if named is None:
            continue
        number = int(named[1])
        if number in found:
            raise ValueError(f"{path} has the number of {found[number].name}.sql.")
        found[number] = Migration(number, path.stem, tuple(statements(path.read_text(encoding="utf-8"))))
    return list(found.values())


def statements(script: str) -> list[str]:
    """The statements of a file without its comments; a semicolon or `--` in a text between quotes is left alone."""
    found = [""]
    for piece in _PIECES.findall(script):
        if piece == ";":
            found.append("")
        elif not piece.startswith("--"):
            found[-1] += piece
    return [statement.strip() for statement in found if statement.strip()]
