"""A batch on PostgreSQL: in haste first, without savepoints or waiting; with care when one of its works was refused."""

import asyncio

import pytest

from provisor.database import DatabaseError, IntegrityError, Writer, open_database
from provisor.database.postgresql_batches import CAREFUL


@pytest.fixture
def database(postgresql):
    opened = open_database(postgresql.url(postgresql.new_database()))
    with opened.transaction() as connection:
        connection.define("CREATE TABLE thing (id INTEGER PRIMARY KEY)")
        connection.define("CREATE TABLE tally (count INTEGER NOT NULL)")
        connection.execute("INSERT INTO tally VALUES (0)")
    yield opened
    opened.close()


class Counting:
    """A work that counts up by one in the database, and remembers how often it was run."""

    def __init__(self):
        self.runs = 0

    def __call__(self, connection):
        self.runs += 1
        connection.execute("UPDATE tally SET count = count + 1")
        return self.runs


def insert(number):
    return lambda connection: connection.execute("INSERT INTO thing VALUES (?)", (number,)).rowcount


def refused(connection):
    connection.execute("UPDATE tally SET count = count + 100")
    raise ValueError("no")


def written(database, *batches):
    """Run each batch at once, one after another; what each work of the last one came to."""

    async def run():
        writer = Writer(database)
        for works in batches:
            results = await asyncio.gather(*(writer.write(work) for work in works), return_exceptions=True)
        await writer.close()
        return results

    return asyncio.run(run())


def count_of(database):
    return database.reader().one("SELECT count FROM tally")[0]


def test_a_work_that_is_run_twice_counts_once(database):
    work = Counting()

    results = written(database, [work, refused])

    assert work.runs == 2
    assert results[0] == 2
    assert isinstance(results[1], ValueError)
    assert count_of(database) == 1


def test_a_refusal_before_any_write_makes_nobody_run_twice(database):
    def not_found(connection):
        connection.one("SELECT count FROM tally")
        raise ValueError("not found")

    work = Counting()
    results = written(database, [work, not_found, work])

    assert isinstance(results[1], ValueError)
    assert work.runs == count_of(database) == 2


def test_after_a_refusal_the_next_batches_are_done_with_care_at_once(database):
    work = Counting()

    written(database, [refused, insert(0)], *([work, refused] for _ in range(CAREFUL - 1)))

    assert work.runs == count_of(database) == CAREFUL - 1


def test_a_refusal_is_told_to_the_work_whose_statement_it_was(database):
    def taken(connection):
        try:
            connection.execute("INSERT INTO thing VALUES (1)")
        except IntegrityError:
            raise ValueError("taken") from None

    def asks(connection):
        return connection.one("SELECT count(*) FROM thing")

    results = written(database, [insert(1), taken, asks, insert(2)])

    assert isinstance(results[1], ValueError)
    assert [results[0], *results[2:]] == [1, (1,), 1]


def test_a_work_that_goes_on_after_a_refusal_is_undone_alone(database):
    def heedless(connection):
        connection.execute("INSERT INTO thing VALUES (5)")
        try:
            connection.execute("INSERT INTO thing VALUES (5)")
            connection.one("SELECT 1")
        except DatabaseError:
            pass
        except IntegrityError:
            pass

    results = written(database, [heedless, insert(6)])

    assert isinstance(results[0], DatabaseError)
    assert database.reader().all("SELECT id FROM thing") == [(6,)]


def test_a_work_may_have_savepoints_of_its_own(database):
    def partly(connection):
        for number in (1, 1, 2):
            connection.execute("SAVEPOINT operation")
            try:
                connection.execute("INSERT INTO thing VALUES (?)", (number,))
            except IntegrityError:
                connection.execute("ROLLBACK TO SAVEPOINT operation")
            connection.execute("RELEASE SAVEPOINT operation")
        return "done"

    assert written(database, [partly, insert(3)]) == ["done", 1]
    assert database.reader().all("SELECT id FROM thing ORDER BY id") == [(1,), (2,), (3,)]


def test_a_count_that_is_looked_at_later_is_right(database):
    def later(connection):
        first = connection.execute("INSERT INTO thing VALUES (1)")
        second = connection.execute("DELETE FROM thing WHERE id > ?", (7,))
        return first.rowcount, second.rowcount

    assert written(database, [later]) == [(1, 0)]


def trigger(database, when, body):
    """Have the server do something at an insert into `thing`, or at the end of its transaction."""
    with database.transaction() as connection:
        connection.execute("CREATE SEQUENCE met")
        connection.execute(f"CREATE FUNCTION meet() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN {body} END $$")
        connection.execute(
            f"CREATE CONSTRAINT TRIGGER meeting AFTER INSERT ON thing {when} FOR EACH ROW EXECUTE FUNCTION meet()"
        )


LOSE_ONCE = "IF nextval('met') = 1 THEN PERFORM pg_terminate_backend(pg_backend_pid()); END IF; RETURN NULL;"


def test_a_connection_that_broke_before_commit_is_done_once_more(database):
    trigger(database, "", LOSE_ONCE)
    work = Counting()

    results = written(database, [work, lambda connection: connection.execute("INSERT INTO thing VALUES (1)") and None])

    assert results == [2, None]
    assert count_of(database) == 1


def test_a_commit_without_an_answer_is_told_as_not_known(database):
    trigger(database, "DEFERRABLE INITIALLY DEFERRED", LOSE_ONCE)
    work = Counting()

    results = written(database, [work, insert(1)])

    assert work.runs == 1
    assert [str(result).startswith("Whether a write was kept is not known") for result in results] == [True, True]
    assert written(database, [insert(2)]) == [1]


def test_a_server_learns_what_the_tables_hold_before_it_would_by_itself(database):
    async def run():
        writer = Writer(database)
        await asyncio.gather(*(writer.write(insert(number)) for number in range(100)))
        await writer.write(insert(100))
        await writer.close()

    asyncio.run(run())

    assert database.reader().one("SELECT reltuples > 0 FROM pg_class WHERE relname = 'thing'") == (True,)
