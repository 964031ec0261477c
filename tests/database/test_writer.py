"""Group commit: many writes share one commit, and none undoes another."""

import asyncio
import sqlite3
import threading

import pytest

from provisor.database import IntegrityError, Writer, open_database, sqlite
from provisor.testing.faults import Killed


def insert(number):
    return lambda connection: connection.execute("INSERT INTO thing (id) VALUES (?)", (number,)).rowcount


def written(database, *works):
    """Run the works at once; what each of them came to."""

    async def run():
        writer = Writer(database)
        results = await asyncio.gather(*(writer.write(work) for work in works), return_exceptions=True)
        await writer.close()
        return results

    return asyncio.run(run())


def test_writes_asked_for_at_once_share_one_commit(tmp_path):
    database = open_database(f"sqlite:///{tmp_path / 'store.sqlite'}")
    statements = []

    async def run():
        writer = Writer(database)
        database.connections[-1].raw.set_trace_callback(statements.append)
        await asyncio.gather(*(writer.write(lambda connection: connection.one("SELECT 1")) for _ in range(100)))
        await writer.close()

    asyncio.run(run())
    database.close()

    assert statements.count("SELECT 1") == 100
    assert statements.count("COMMIT") == 1


def test_writes_asked_for_at_once_share_one_transaction_of_a_server(postgresql):
    database = open_database(postgresql.url(postgresql.new_database()))

    numbers = written(database, *[lambda connection: connection.one("SELECT pg_current_xact_id()::text")] * 100)
    database.close()

    assert len(set(numbers)) == 1


def test_a_write_that_fails_undoes_only_itself(database):
    results = written(database, insert(1), insert(1), insert(2))

    assert isinstance(results[1], IntegrityError)
    assert database.reader().all("SELECT id FROM thing ORDER BY id") == [(1,), (2,)]


def refuse(connection):
    raise ValueError("before anything was written")


def insert_and_refuse(connection):
    insert(9)(connection)
    raise ValueError("after something was written")


@pytest.mark.parametrize(
    "refused", [[], [refuse], [insert_and_refuse], [insert(1)]], ids=["none", "early", "late", "twice"]
)
def test_what_becomes_of_a_transaction_is_written_once_at_its_end(database, refused):
    def finish(connection, outcomes):
        connection.many(
            "INSERT INTO thing (id) VALUES (?)", [(100 + number,) for number, failure in outcomes if not failure]
        )

    def numbered(number):
        return lambda connection: insert(number)(connection) and number

    async def run():
        writer = Writer(database, finish=finish)
        works = [numbered(1), *refused, numbered(2)]
        await asyncio.gather(*(writer.write(work) for work in works), return_exceptions=True)
        await writer.close()

    asyncio.run(run())

    assert database.reader().all("SELECT id FROM thing ORDER BY id") == [(1,), (2,), (101,), (102,)]


def test_half_a_write_that_fails_is_undone(database):
    def two(connection):
        connection.execute("INSERT INTO thing (id) VALUES (7)")
        raise ValueError("after the first statement")

    written(database, two, insert(8))

    assert database.reader().all("SELECT id FROM thing") == [(8,)]


def test_a_write_waits_for_another_process_without_blocking_the_loop(database):
    turns = 0

    async def run():
        nonlocal turns
        writer = Writer(database)
        with database.transaction():
            pending = writer.write(insert(1))
            for _ in range(20):
                await asyncio.sleep(0.002)
                turns += 1
            assert not pending.done()
        assert await pending == 1
        await writer.close()

    asyncio.run(run())

    assert turns == 20


def test_closing_finishes_the_writes_that_wait(database):
    async def run():
        writer = Writer(database)
        futures = [writer.write(insert(number)) for number in range(5)]
        await writer.close()
        assert all(future.done() for future in futures)

    asyncio.run(run())

    assert database.reader().one("SELECT count(*) FROM thing") == (5,)


def test_a_caller_that_went_away_does_not_lose_the_others(database):
    async def run():
        writer = Writer(database)
        gone, stays = writer.write(insert(1)), writer.write(insert(2))
        gone.cancel()
        assert await stays == 1
        await writer.close()

    asyncio.run(run())

    assert database.reader().one("SELECT count(*) FROM thing") == (2,)


def test_a_writer_that_was_closed_leaves_no_connection_behind(database):
    before = len(database.connections)

    async def run():
        for number in range(3):
            writer = Writer(database)
            await writer.write(insert(number))
            await writer.close()

    asyncio.run(run())

    assert len(database.connections) <= before + 1


def test_a_work_that_runs_again_because_another_was_undone_counts_once(database):
    runs = []

    def counted(connection):
        runs.append(1)
        return insert(1)(connection)

    def undone(connection):
        insert(2)(connection)
        raise ValueError("after a change")

    results = written(database, counted, undone, insert(3))

    assert (results[0], results[2]) == (1, 1)
    assert isinstance(results[1], ValueError)
    assert database.reader().all("SELECT id FROM thing ORDER BY id") == [(1,), (3,)]
    assert len(runs) == 2


def test_a_batch_that_runs_again_waits_for_who_got_in_between(tmp_path):
    database = open_database(f"sqlite:///{tmp_path / 'store.sqlite'}")
    with database.transaction() as connection:
        connection.execute("CREATE TABLE thing (id INTEGER PRIMARY KEY)")
    other, begun = database.connect(busy_seconds=0), []

    def trace(statement):
        if statement == "BEGIN IMMEDIATE":
            begun.append(statement)
            if len(begun) == 2:  # what another process may do whenever the lock is free
                other.execute("BEGIN IMMEDIATE")
                asyncio.get_running_loop().call_later(0.02, other.execute, "COMMIT")

    def undone(connection):
        insert(2)(connection)
        raise ValueError("after a change")

    async def run():
        writer = Writer(database)
        database.connections[-1].raw.set_trace_callback(trace)
        results = await asyncio.gather(writer.write(insert(1)), writer.write(undone), return_exceptions=True)
        await writer.close()
        return results

    results = asyncio.run(run())
    stored = database.reader().all("SELECT id FROM thing")
    database.close()

    assert results[0] == 1
    assert isinstance(results[1], ValueError)
    assert stored == [(1,)]


def test_a_refusal_before_any_change_runs_nothing_again(database):
    runs = []

    def counted(connection):
        runs.append(1)
        return insert(1)(connection)

    def refused(connection):
        raise ValueError("before any change")

    written(database, counted, refused)

    assert len(runs) == 1


@pytest.mark.parametrize(("quiet", "here"), [(True, True), (False, False)], ids=["quiet", "busy"])
def test_a_commit_is_on_the_loop_only_while_nothing_else_goes_on(tmp_path, monkeypatch, quiet, here):
    monkeypatch.setattr(sqlite, "SHORT_COMMIT_SECONDS", 60.0)  # whatever this disk takes
    database = open_database(f"sqlite:///{tmp_path / 'store.sqlite'}")
    threads = {}

    def trace(statement):
        threads[statement] = threading.get_ident()

    async def run():
        writer = Writer(database, lambda: quiet)
        database.connections[-1].raw.set_trace_callback(trace)
        for _ in range(2):  # how long a commit takes is known from the one before
            await writer.write(lambda connection: connection.one("SELECT 1"))
        await writer.close()

    asyncio.run(run())
    database.close()

    assert (threads["COMMIT"] == threading.get_ident()) == here


def test_a_slow_commit_is_left_to_a_thread_even_when_nothing_else_goes_on(tmp_path, monkeypatch):
    monkeypatch.setattr(sqlite, "SHORT_COMMIT_SECONDS", 0.0)
    database = open_database(f"sqlite:///{tmp_path / 'store.sqlite'}")
    threads = set()

    async def run():
        writer = Writer(database, lambda: True)
        database.connections[-1].raw.set_trace_callback(
            lambda statement: threads.add(threading.get_ident()) if statement == "COMMIT" else None
        )
        for _ in range(3):
            await writer.write(lambda connection: connection.one("SELECT 1"))
        await writer.close()

    asyncio.run(run())
    database.close()

    assert threading.get_ident() not in threads


def test_a_work_that_ends_the_process_keeps_nobody_waiting(database):
    def interrupted(connection):
        raise Killed

    async def write():
        writer = Writer(database)
        try:
            await writer.write(interrupted)
        finally:
            await writer.close()

    with pytest.raises(Killed):
        asyncio.run(asyncio.wait_for(write(), 5))


def test_who_waits_is_told_when_the_database_was_closed_under_the_writer(tmp_path):
    database = open_database(f"sqlite:///{tmp_path}/file.sqlite")

    async def write():
        writer = Writer(database)
        try:
            await writer.write(lambda connection: database.close())
        finally:
            await writer.close()

    with pytest.raises(sqlite3.ProgrammingError, match="closed"):
        asyncio.run(asyncio.wait_for(write(), 5))


def test_a_database_that_is_closed_during_a_commit_waits_for_it(tmp_path):
    database = open_database(f"sqlite:///{tmp_path}/file.sqlite")
    with database.transaction() as connection:
        connection.define("CREATE TABLE thing (id INTEGER)")

    async def write(number):
        future = Writer(database).write(insert(number))
        while not future.done() and not any(one.writing for one in database.connections):
            await asyncio.sleep(0)
        database.close()
        await asyncio.wait([future])
        return future.exception() is None

    kept = sum(asyncio.run(write(number)) for number in range(50))

    assert database.reader().one("SELECT count(*) FROM thing") == (kept,)
