"""A database is written whole or not at all, by one writer at a time, and opened by a URL that keeps its secret."""

import stat
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing

import pytest

from provisor.database import DatabaseError, IntegrityError, open_database


def test_a_new_file_is_readable_by_its_owner_only(tmp_path):
    open_database(f"sqlite:///{tmp_path / 'private.sqlite'}").close()

    assert stat.S_IMODE((tmp_path / "private.sqlite").stat().st_mode) == 0o600


def test_a_transaction_that_ends_well_is_kept(database):
    with database.transaction() as connection:
        connection.execute("INSERT INTO thing VALUES (1, 'a')")

    assert database.reader().all("SELECT id, name FROM thing") == [(1, "a")]


def test_a_transaction_that_raises_leaves_nothing(database):
    with pytest.raises(RuntimeError), database.transaction() as connection:
        connection.execute("INSERT INTO thing VALUES (1, 'a')")
        raise RuntimeError

    assert database.reader().all("SELECT id FROM thing") == []


def test_a_transaction_after_one_that_failed_in_the_database_works(database):
    with pytest.raises(IntegrityError), database.transaction() as connection:
        connection.execute("INSERT INTO thing VALUES (1, 'a')")
        connection.execute("INSERT INTO thing VALUES (2, 'a')")
    with database.transaction() as connection:
        connection.execute("INSERT INTO thing VALUES (3, 'a')")

    assert database.reader().all("SELECT id FROM thing") == [(3,)]


def test_a_transaction_inside_a_transaction_is_refused(database):
    with database.transaction(), pytest.raises(DatabaseError, match="inside another"), database.transaction():
        pass


def test_writers_in_several_threads_wait_for_each_other(database):
    def insert(start):
        for number in range(start, start + 20):
            with database.transaction() as connection:
                connection.execute("INSERT INTO thing VALUES (?, ?)", (number, str(number)))

    threads = [threading.Thread(target=insert, args=(first,)) for first in (0, 100, 200, 300)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert database.reader().one("SELECT count(*) FROM thing") == (80,)


def test_a_writer_does_not_wait_for_another_thread_for_ever(database, monkeypatch):
    monkeypatch.setattr("provisor.database.connections.BUSY_SECONDS", 0.05)
    with ThreadPoolExecutor(1) as thread, database.transaction():

        def write():
            with database.transaction():
                pass

        refused = thread.submit(write).exception(10)

    assert isinstance(refused, DatabaseError)
    assert "another write of this process" in str(refused)
    write()


def test_an_attempt_that_nobody_is_in_the_way_of_is_a_transaction(database):
    with database.attempt() as connection:
        connection.execute("INSERT INTO thing VALUES (1, 'a')")
    with pytest.raises(RuntimeError), database.attempt() as connection:
        connection.execute("INSERT INTO thing VALUES (2, 'b')")
        raise RuntimeError

    assert database.reader().all("SELECT id FROM thing") == [(1,)]


def attempted(database):
    with database.attempt() as connection:
        return connection is not None


def test_an_attempt_does_not_wait_for_another_thread(database):
    with ThreadPoolExecutor(1) as thread:
        with database.transaction():
            meanwhile = thread.submit(attempted, database).result()
        afterwards = thread.submit(attempted, database).result()

    assert (meanwhile, afterwards) == (False, True)


def test_an_attempt_does_not_wait_for_another_process(database, url):
    with closing(open_database(url)) as other:
        with other.transaction():
            meanwhile = attempted(database)
        afterwards = attempted(database)

    assert (meanwhile, afterwards) == (False, True)


def test_others_wait_for_an_attempt_that_is_under_way(database, url):
    with closing(open_database(url)) as other:
        with database.attempt():
            assert not attempted(other)
        assert attempted(other)


def test_a_transaction_after_an_attempt_in_vain_waits_as_ever(database, url):
    with closing(open_database(url)) as other, ThreadPoolExecutor(1) as thread:
        with other.transaction() as connection:
            connection.execute("INSERT INTO thing VALUES (1, 'a')")
            assert not attempted(database)
            waiting = thread.submit(rename_thing, database)
        waiting.result()

    assert database.reader().all("SELECT name FROM thing") == [("b",)]


def rename_thing(database):
    with database.transaction() as connection:
        connection.execute("UPDATE thing SET name = 'b'")


def test_an_attempt_inside_a_transaction_is_refused(database):
    with database.transaction(), pytest.raises(DatabaseError, match="inside another"), database.attempt():
        pass


def test_two_processes_never_read_the_same_value_before_they_write(database, url):
    other = open_database(url)
    with database.transaction() as connection:
        connection.execute("INSERT INTO thing VALUES (1, '0')")

    def count_up(opened):
        for _ in range(30):
            with opened.transaction() as connection:
                (name,) = connection.one("SELECT name FROM thing WHERE id = 1")
                connection.execute("UPDATE thing SET name = ? WHERE id = 1", (str(int(name) + 1),))

    threads = [threading.Thread(target=count_up, args=(opened,)) for opened in (database, other)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    other.close()

    assert database.reader().one("SELECT name FROM thing") == ("60",)


def test_a_write_is_flushed_to_the_disk_before_it_counts(tmp_path):
    reader = open_database(f"sqlite:///{tmp_path / 'store.sqlite'}").reader()

    assert reader.one("PRAGMA synchronous") == (2,)
    assert reader.one("PRAGMA journal_mode") == ("wal",)


def test_a_server_that_does_not_wait_for_its_disk_is_told_to(postgresql):
    database = open_database(postgresql.url(postgresql.new_database()))

    with database.transaction() as connection:
        assert connection.one("SHOW synchronous_commit") == ("on",)
    database.close()


@pytest.mark.parametrize("url", ["mysql://x/y", "sqlite://", "store.sqlite", ""])
def test_an_address_that_is_no_database_is_refused_with_the_form_to_use(url):
    with pytest.raises(DatabaseError, match="sqlite:///FILE"):
        open_database(url)


def test_a_file_that_is_no_database_is_refused_by_name(tmp_path):
    (tmp_path / "note.txt").write_text("not a database, but long enough to be read as one" * 50)

    with pytest.raises(DatabaseError, match=r"note\.txt"):
        open_database(f"sqlite:///{tmp_path / 'note.txt'}")


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://ana:s3cret@127.0.0.1:1/nowhere",
        "postgresql://ana:p@s3cret:x@127.0.0.1:1/nowhere",
        "postgresql://ana@127.0.0.1:1/nowhere?password=s3cret",
        "postgresql://ana:s3cret@127.0.0.1:1/nowhere?colour=red",
        "mysql://ana:s3cret@db/x",
    ],
    ids=["not listening", "not escaped", "as an option", "unknown option", "another scheme"],
)
def test_a_password_in_a_url_is_never_told(url):
    with pytest.raises(DatabaseError) as refused:
        open_database(url)

    told = refused.value
    while told is not None:
        assert "s3cret" not in f"{told} {told!r}"
        told = told.__cause__ or (None if told.__suppress_context__ else told.__context__)


def test_a_password_is_in_no_repr(postgresql):
    url = postgresql.url(postgresql.new_database()).replace("postgres@", "postgres:s3cret@")
    database = open_database(url)

    assert "s3cret" not in repr(database) + repr(database.reader()) + repr(database.connections)
    database.close()


def test_a_database_that_is_not_there_is_named(postgresql):
    with pytest.raises(DatabaseError, match="nowhere"):
        open_database(postgresql.url("nowhere"))


def test_a_mark_changes_when_another_connection_has_committed(tmp_path):
    with closing(open_database(f"sqlite:///{tmp_path / 'marked.sqlite'}")) as database:
        reader = database.reader()
        before = reader.mark()
        unchanged = reader.mark()

        with database.transaction() as connection:
            connection.execute("CREATE TABLE other (id INTEGER PRIMARY KEY)")

        assert before == unchanged
        assert reader.mark() != before
