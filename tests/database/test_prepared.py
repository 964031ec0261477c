"""Prepared statements of a connection: still right when the server, its tables or the statements are no longer the same."""

import asyncio

import pytest

from provisor.database import DatabaseError, Writer, open_database
from provisor.database.postgresql_connection import PREPARED

EVERYTHING = "SELECT * FROM thing WHERE id > ?"


@pytest.fixture
def database(postgresql):
    opened = open_database(postgresql.url(postgresql.new_database()))
    with opened.transaction() as connection:
        connection.define("CREATE TABLE thing (id INTEGER PRIMARY KEY)")
        connection.execute("INSERT INTO thing VALUES (1)")
    yield opened
    opened.close()


@pytest.fixture
def reader(database):
    """A connection that has prepared what it asks."""
    reader = database.reader()
    for _ in range(3):
        reader.all(EVERYTHING, (0,))
    assert reader.one("SELECT count(*) FROM pg_prepared_statements WHERE statement LIKE '%FROM thing%'") == (1,)
    return reader


def widen(database):
    with database.transaction() as connection:
        connection.define("ALTER TABLE thing ADD COLUMN name TEXT")


def test_they_are_made_again_on_another_connection(database, reader):
    asking = database.connect()
    asking.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid()")

    assert [reader.all(EVERYTHING, (0,)) for _ in range(3)] == [[(1,)]] * 3


def test_a_migration_changes_what_they_answer(database, reader):
    widen(database)

    assert [reader.all(EVERYTHING, (0,)) for _ in range(3)] == [[(1, None)]] * 3


def test_a_migration_between_two_reads_of_one_moment_fails_these_only(database, reader):
    reader.execute("BEGIN")
    reader.one("SELECT 1")
    widen(database)

    with pytest.raises(DatabaseError):
        reader.all(EVERYTHING, (0,))
    reader.execute("COMMIT")

    assert reader.all(EVERYTHING, (0,)) == [(1, None)]


def test_a_migration_between_two_writes_is_not_noticed(database):
    async def run():
        writer = Writer(database)
        for _ in range(3):
            await writer.write(lambda connection: connection.all(EVERYTHING, (0,)))
        widen(database)
        rows = await writer.write(lambda connection: connection.all(EVERYTHING, (0,)))
        await writer.close()
        return rows

    assert asyncio.run(run()) == [(1, None)]


def test_somebody_else_may_forget_them(reader):
    reader.execute("DEALLOCATE ALL")

    assert reader.all(EVERYTHING, (0,)) == [(1,)]


def test_they_are_not_kept_without_end(reader):
    for number in range(PREPARED + 10):
        for _ in range(2):
            assert reader.one(f"SELECT {number} + id FROM thing WHERE id = ?", (1,)) == (number + 1,)

    assert (
        reader.one("SELECT count(*) FROM pg_prepared_statements")[0] <= PREPARED + 1
    )  # one is let go of with the next statement


def test_more_than_a_socket_takes_at_once_is_written_and_read(database):
    with database.transaction() as connection:
        connection.define("CREATE TABLE paper (id INTEGER PRIMARY KEY, text TEXT)")
        connection.many("INSERT INTO paper VALUES (?, ?)", [(number, "x" * 50_000) for number in range(600)])

    assert sum(len(text) for (text,) in database.reader().all("SELECT text FROM paper")) == 600 * 50_000
