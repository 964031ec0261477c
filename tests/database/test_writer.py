"""Group commit: many writes share one commit, and none undoes another."""

import asyncio
import sqlite3

import pytest

from provisor.database import Writer, open_database


@pytest.fixture
def database(tmp_path):
    opened = open_database(f"sqlite:///{tmp_path / 'store.sqlite'}")
    with opened.transaction() as connection:
        connection.execute("CREATE TABLE thing (id INTEGER PRIMARY KEY)")
    yield opened
    opened.close()


def insert(number):
    return lambda connection: connection.execute("INSERT INTO thing VALUES (?)", (number,)).rowcount


def commits_during(database, writes):
    """Run the writes at once and count the commits that carried them."""
    commits = 0

    async def run():
        nonlocal commits
        writer = Writer(database)
        raw = database.connections[-1].raw

        def count(statement):
            nonlocal commits
            commits += statement == "COMMIT"

        raw.set_trace_callback(count)
        results = await asyncio.gather(*(writer.write(work) for work in writes), return_exceptions=True)
        await writer.close()
        return results

    return asyncio.run(run()), commits


def test_writes_asked_for_at_once_share_one_commit(database):
    results, commits = commits_during(database, [insert(number) for number in range(100)])

    assert results == [1] * 100
    assert commits == 1


def test_a_write_that_fails_undoes_only_itself(database):
    results, _ = commits_during(database, [insert(1), insert(1), insert(2)])

    assert isinstance(results[1], sqlite3.IntegrityError)
    assert database.reader().all("SELECT id FROM thing ORDER BY id") == [(1,), (2,)]


def test_half_a_write_that_fails_is_undone(database):
    def two(connection):
        connection.execute("INSERT INTO thing VALUES (7)")
        raise ValueError("after the first statement")

    commits_during(database, [two, insert(8)])

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
