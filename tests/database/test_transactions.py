"""A database file: private to its owner, written whole or not at all, by one writer at a time."""

import stat
import threading

import pytest

from provisor.database import DatabaseError, open_database


@pytest.fixture
def database(tmp_path):
    opened = open_database(f"sqlite:///{tmp_path / 'store.sqlite'}")
    with opened.transaction() as connection:
        connection.execute("CREATE TABLE thing (id INTEGER PRIMARY KEY, name TEXT UNIQUE)")
    yield opened
    opened.close()


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


def test_a_write_is_flushed_to_the_disk_before_it_counts(database):
    assert database.reader().one("PRAGMA synchronous") == (2,)
    assert database.reader().one("PRAGMA journal_mode") == ("wal",)


@pytest.mark.parametrize("url", ["mysql://x/y", "sqlite://", "store.sqlite", ""])
def test_an_address_that_is_no_database_is_refused_with_the_form_to_use(url):
    with pytest.raises(DatabaseError, match="sqlite:///FILE"):
        open_database(url)


def test_a_file_that_is_no_database_is_refused_by_name(tmp_path):
    (tmp_path / "note.txt").write_text("not a database, but long enough to be read as one" * 50)

    with pytest.raises(DatabaseError, match=r"note\.txt"):
        open_database(f"sqlite:///{tmp_path / 'note.txt'}")
