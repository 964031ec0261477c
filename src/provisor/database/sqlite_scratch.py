"""A scratch database: some tables of another as copies to be written to, all others as they are there, read-only.

SQL does not notice: a name means the table of the scratch file where there is one, else that of the other database,
which is attached read-only. So nothing that is done here can change it, and others read and write it meanwhile.
"""

import os
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

from provisor.database.passing_folder import passing_folder
from provisor.database.ports import DatabaseError
from provisor.database.refusals import why
from provisor.database.sqlite import SqliteConnection, SqliteDatabase
from provisor.database.sqlite_files import read_only_uri
from provisor.folders import make_file

_FILE = "scratch"


class SqliteScratch(SqliteDatabase):
    """One scratch file beside the database it belongs to."""

    def __init__(self, path: Path, other: Path) -> None:
        super().__init__(path)
        self._other = other

    def _open(self, busy_seconds: float) -> SqliteConnection:
        connection = super()._open(busy_seconds)
        connection.execute("PRAGMA synchronous=OFF")  # whatever happens, the file goes
        connection.execute("ATTACH DATABASE ? AS other", (read_only_uri(self._other),))
        return connection


@contextmanager
def scratch(database: Path, copies: Sequence[tuple[str, str, Sequence[object]]]) -> Iterator[SqliteScratch]:
    """A scratch database for the block: of each (table, condition, values) a copy of the rows that meet the condition.

    All copies are of one moment. The file lies beside the database, where there is room for it, readable by its owner
    only; what a killed process left of one goes with the next. Raises DatabaseError when there is no room.
    """
    with _folder(database) as folder:
        made = SqliteScratch(folder / _FILE, database)
        try:
            _fill(made, copies)
            yield made
        finally:
            made.close()


@contextmanager
def _folder(database: Path) -> Iterator[Path]:
    with ExitStack() as held:
        try:
            folder = held.enter_context(passing_folder(database.parent, f".{database.name}.scratch-"))
            os.close(make_file(folder / _FILE))
        except OSError as error:
            raise DatabaseError(f"A copy of {database} cannot be made beside it: {why(error)}.") from error
        yield folder


def _fill(made: SqliteScratch, copies: Sequence[tuple[str, str, Sequence[object]]]) -> None:
    # A connection that was opened before the tables were there would go on taking those of the other database.
    first = made.connect()
    try:
        first.settle()
        first.begin()
        for table, condition, values in copies:
            _copy(first, table, condition, values)
        first.commit()
    except sqlite3.OperationalError as error:
        raise DatabaseError(f"{made.path} could not be written: {why(error)}.") from error
    finally:
        made.disconnect(first)


def _copy(connection: SqliteConnection, table: str, condition: str, values: Sequence[object]) -> None:
    """Rows first, their indexes afterwards: made in one piece they cost a fraction."""
    definitions = connection.all(
        "SELECT sql FROM other.sqlite_master WHERE tbl_name = ? AND sql IS NOT NULL ORDER BY type = 'index'", (table,)
    )
    create, *indexes = (sql for (sql,) in definitions)
    connection.execute(create)
    connection.execute(f"INSERT INTO main.{table} SELECT * FROM other.{table} WHERE {condition}", values)
    for index in indexes:
        connection.execute(index)
