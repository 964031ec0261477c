"""A disk that is full, or a file that may grow no further, is told in words; what was written before stays."""

import asyncio
import resource
from contextlib import contextmanager

import pytest

from provisor.database import DatabaseError, Writer, open_database
from provisor.database.backup import back_up

ROW = "x" * 4_000


@contextmanager
def no_file_longer_than(size):
    """As under `ulimit -f`: a write beyond that fails, as it does on a disk that is full."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@pytest.fixture
def store(tmp_path):
    database = open_database(f"sqlite:///{tmp_path / 'full.db'}")
    with database.transaction() as connection:
        connection.define("CREATE TABLE kept (value TEXT)")
        connection.execute("INSERT INTO kept (value) VALUES ('before')")
    yield database
    database.close()


def kept(database):
    return database.reader().one("SELECT count(*), min(length(value)) FROM kept")


def fill(connection):
    connection.many("INSERT INTO kept (value) VALUES (?)", ([ROW] for _ in range(200)))


def test_a_full_database_is_told_by_a_transaction(store):
    with pytest.raises(DatabaseError, match="the disk that holds it is full"), store.transaction() as connection:
        connection.execute("PRAGMA max_page_count = 20")
        fill(connection)

    assert kept(store) == (1, len("before"))


def test_a_file_that_may_not_grow_is_told_by_a_transaction(store):
    with (
        no_file_longer_than(256 * 1024),
        pytest.raises(DatabaseError, match="is full, over its quota, or failing"),
        store.transaction() as connection,
    ):
        fill(connection)

    assert kept(store) == (1, len("before"))


def test_it_is_told_by_the_writer_of_a_loop_and_the_next_write_is_kept(store):
    async def write():
        writer = Writer(store)
        with no_file_longer_than(256 * 1024), pytest.raises(DatabaseError, match=r"could not be written.*full"):
            await writer.write(fill)
        await writer.write(lambda connection: connection.execute("INSERT INTO kept (value) VALUES ('after it')"))
        await writer.close()

    asyncio.run(write())

    assert kept(store) == (2, len("before"))


def test_a_fault_of_ours_is_not_taken_for_the_disks(store):
    import sqlite3

    with pytest.raises(sqlite3.OperationalError, match="no such table"), store.transaction() as connection:
        connection.execute("INSERT INTO nowhere VALUES (1)")


def test_a_copy_that_does_not_fit_says_so_and_leaves_nothing(store, tmp_path):
    with store.transaction() as connection:
        fill(connection)
    folder = tmp_path / "copies"
    folder.mkdir()

    with no_file_longer_than(64 * 1024), pytest.raises(DatabaseError, match=r"could not be copied .* full"):
        back_up(store, folder / "copy.db")

    assert list(folder.iterdir()) == []


def test_a_database_that_cannot_be_made_says_so(tmp_path):
    with no_file_longer_than(1_000), pytest.raises(DatabaseError, match=r"new.db .* full"):
        database = open_database(f"sqlite:///{tmp_path / 'new.db'}")
        with database.transaction() as connection:
            connection.define("CREATE TABLE kept (value TEXT)")
