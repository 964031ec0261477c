"""What only a server can do to us: go away, come back, hang in a transaction."""

import asyncio
import contextlib

import pytest

from provisor.database import DatabaseError, IntegrityError, Writer, open_database
from support.postgresql import Cluster


@pytest.fixture
def database(postgresql):
    opened = open_database(postgresql.url(postgresql.new_database()))
    with opened.transaction() as connection:
        connection.define("CREATE TABLE thing (id INTEGER PRIMARY KEY)")
    yield opened
    opened.close()


def end_sessions_of(database):
    """What an administrator or a restart does to every session but the one that asks."""
    asking = database.connect()
    asking.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid()")
    asking.close()


def insert(number):
    return lambda connection: connection.execute("INSERT INTO thing VALUES (?)", (number,)).rowcount


def test_what_needs_a_file_is_refused(database):
    with pytest.raises(DatabaseError, match="needs SQLite"):
        _ = database.path


def test_a_server_that_is_not_there_is_told_in_one_line_without_the_password():
    with pytest.raises(DatabaseError) as told:
        open_database("postgresql://somebody:hunter2@127.0.0.1:1/nowhere")

    assert str(told.value).startswith("Cannot open the database postgresql://127.0.0.1:1/nowhere: ")
    assert str(told.value).endswith("Connection refused.")
    assert "\n" not in str(told.value)
    assert "hunter2" not in str(told.value)


def test_a_reader_finds_a_server_again_that_was_away(database):
    reader = database.reader()
    end_sessions_of(database)

    assert reader.one("SELECT count(*) FROM thing") == (0,)


def test_a_transaction_that_lost_its_server_is_not_half_kept(database):
    with pytest.raises(DatabaseError), database.transaction() as connection:
        connection.execute("INSERT INTO thing VALUES (1)")
        end_sessions_of(database)
        connection.execute("INSERT INTO thing VALUES (2)")
    with database.transaction() as connection:
        connection.execute("INSERT INTO thing VALUES (3)")

    assert database.reader().all("SELECT id FROM thing") == [(3,)]


def test_a_failure_that_went_unnoticed_is_told_at_the_end(database):
    with (
        pytest.raises(DatabaseError, match="nothing of its transaction was kept"),
        database.transaction() as connection,
    ):
        connection.execute("INSERT INTO thing VALUES (1)")
        with contextlib.suppress(IntegrityError):
            connection.execute("INSERT INTO thing VALUES (1)")

    assert database.reader().all("SELECT id FROM thing") == []


def test_a_batch_that_lost_its_server_is_done_once_more(database):
    lost = []

    def once(connection):
        connection.execute("INSERT INTO thing VALUES (1)")
        if not lost:
            lost.append(True)
            end_sessions_of(database)
        return connection.execute("INSERT INTO thing VALUES (2)").rowcount

    async def run():
        writer = Writer(database)
        results = await asyncio.gather(writer.write(once), writer.write(insert(3)))
        await writer.close()
        return results

    assert asyncio.run(run()) == [1, 1]
    assert database.reader().all("SELECT id FROM thing ORDER BY id") == [(1,), (2,), (3,)]


def test_a_batch_that_met_a_deadlock_is_done_once_more(database):
    tries = []

    def deadlocked(connection):
        tries.append(connection)
        connection.execute("INSERT INTO thing VALUES (1)")
        if len(tries) == 1:
            connection.execute("DO $$ BEGIN RAISE EXCEPTION 'deadlock' USING ERRCODE = '40P01'; END $$")

    async def run():
        writer = Writer(database)
        await writer.write(deadlocked)
        await writer.close()

    asyncio.run(run())

    assert len(tries) == 2
    assert database.reader().all("SELECT id FROM thing") == [(1,)]


def test_a_batch_is_not_tried_for_ever(database):
    tries = []

    def deadlocked(connection):
        tries.append(connection)
        connection.execute("DO $$ BEGIN RAISE EXCEPTION 'deadlock' USING ERRCODE = '40001'; END $$")

    async def run():
        writer = Writer(database)
        with pytest.raises(DatabaseError):
            await writer.write(deadlocked)
        assert await writer.write(insert(1)) == 1
        await writer.close()

    asyncio.run(run())

    assert len(tries) == 5


@pytest.mark.slow
def test_a_committed_write_survives_a_server_that_is_killed():
    with Cluster() as cluster:
        database = open_database(cluster.url())
        with database.transaction() as connection:
            connection.define("CREATE TABLE thing (id INTEGER PRIMARY KEY)")

        async def run():
            writer = Writer(database)
            acknowledged, number = [], 0
            while number < 300:
                batch = range(number, number + 10)
                number += 10
                try:
                    await asyncio.gather(*(writer.write(insert(one)) for one in batch))
                    acknowledged += batch
                except DatabaseError:
                    pass
                if number in (100, 200):
                    cluster.kill()
                    cluster.start()
            await writer.close()
            return acknowledged

        acknowledged = asyncio.run(run())
        kept = {number for (number,) in database.reader().all("SELECT id FROM thing")}
        database.close()

    assert len(acknowledged) >= 250
    assert set(acknowledged) <= kept
