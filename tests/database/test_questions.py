"""Short reads while the loop goes on: right answers, each to who asked, whatever becomes of the others."""

import asyncio

import pytest

from provisor.database import DatabaseError, Writer, open_database
from support.postgresql import Cluster

NAME = "SELECT name FROM thing WHERE id = ?"


@pytest.fixture
def database(postgresql):
    opened = open_database(postgresql.url(postgresql.new_database()))
    with opened.transaction() as connection:
        connection.define("CREATE TABLE thing (id INTEGER PRIMARY KEY, name TEXT)")
        connection.many("INSERT INTO thing VALUES (?, ?)", [(number, f"name {number}") for number in range(50)])
    yield opened
    opened.close()


def asked(database, *questions):
    """What each of the questions, asked at once, came to."""

    async def run():
        ask = database.asking()
        return await asyncio.gather(*(ask(*question) for question in questions), return_exceptions=True)

    return asyncio.run(run())


def end_sessions_of(database):
    with database.transaction() as asking:
        asking.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid()")


def test_a_file_has_no_need_of_them(tmp_path):
    database = open_database(f"sqlite:///{tmp_path / 'store.sqlite'}")

    assert database.asking() is None
    database.close()


def test_each_answer_goes_to_who_asked(database):
    answers = asked(database, *((NAME, (number,)) for number in (7, 3, 99, 7)))

    assert answers == [("name 7",), ("name 3",), None, ("name 7",)]


def test_a_question_sees_what_was_committed_before(database):
    async def run():
        ask, writer = database.asking(), Writer(database)
        for turn in range(20):
            await writer.write(
                lambda connection, turn=turn: connection.execute("UPDATE thing SET name = ?", (f"{turn}",))
            )
            assert await asyncio.gather(ask(NAME, (1,)), ask(NAME, (2,))) == [(f"{turn}",)] * 2
        await writer.close()

    asyncio.run(run())


def test_a_question_that_cannot_be_answered_fails_alone(database):
    answers = asked(database, (NAME, (1,)), ("SELECT 1 / (id - id) FROM thing WHERE id = ?", (1,)), (NAME, (2,)))

    assert [answers[0], answers[2]] == [("name 1",), ("name 2",)]
    assert isinstance(answers[1], DatabaseError)


@pytest.mark.parametrize("text", ["\0", "\ud800"], ids=["NUL", "half a character"])
def test_a_text_that_cannot_be_held_harms_nobody(database, text):
    answers = asked(database, (NAME, (1,)), ("SELECT 1 FROM thing WHERE name = ?", (text,)), (NAME, (2,)))

    assert [answers[0], answers[2]] == [("name 1",), ("name 2",)]
    assert answers[1] is None or isinstance(answers[1], UnicodeError)


@pytest.mark.parametrize("pause", [0, 0.05], ids=["at once", "later"])
def test_a_server_that_was_away_is_found_again(database, pause):
    async def run():
        ask = database.asking()
        for _ in range(3):
            before = await ask(NAME, (1,))
            end_sessions_of(database)
            await asyncio.sleep(pause)
            assert await asyncio.gather(ask(NAME, (1,)), ask(NAME, (2,))) == [before, ("name 2",)]

    asyncio.run(run())


def test_a_migration_changes_what_is_answered(database):
    async def run():
        ask = database.asking()
        for _ in range(3):
            await ask("SELECT * FROM thing WHERE id = ?", (1,))
        with database.transaction() as connection:
            connection.define("ALTER TABLE thing ADD COLUMN age INTEGER")
        return await asyncio.gather(*(ask("SELECT * FROM thing WHERE id = ?", (1,)) for _ in range(3)))

    assert asyncio.run(run()) == [(1, "name 1", None)] * 3


def test_the_loop_goes_on_while_the_server_is_busy(database):
    async def run():
        ask = database.asking()
        with database.transaction() as connection:
            connection.execute("LOCK TABLE thing IN ACCESS EXCLUSIVE MODE")
            pending = ask(NAME, (1,))
            await asyncio.sleep(0.05)
            assert not pending.done()
        return await pending

    assert asyncio.run(run()) == ("name 1",)


def test_who_went_away_before_the_answer_keeps_nobody_from_theirs(database):
    async def run():
        ask = database.asking()
        gone, stays = ask(NAME, (1,)), ask(NAME, (2,))
        gone.cancel()
        return await stays

    assert asyncio.run(run()) == ("name 2",)


@pytest.mark.slow
def test_everybody_is_told_of_a_server_that_is_not_there():
    async def run(database, cluster):
        ask = database.asking()
        before = await ask("SELECT 1", ())
        cluster.kill()
        refused = await asyncio.gather(ask("SELECT 1", ()), ask("SELECT 2", ()), return_exceptions=True)
        cluster.start()
        return before, refused, await ask("SELECT 3", ())

    with Cluster(durable=False) as cluster:
        database = open_database(cluster.url())
        before, refused, after = asyncio.run(run(database, cluster))
        database.close()

    assert (before, after) == ((1,), (3,))
    assert [type(error) for error in refused] == [DatabaseError, DatabaseError]
