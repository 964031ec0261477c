"""A scratch database: written to in its own tables, read through in all others, and gone afterwards."""

import os
import signal
import subprocess
import sys

import pytest

from provisor.database import DatabaseError, open_database
from provisor.database.sqlite_scratch import scratch

OF_ONE = [("counted", "owner = ?", (1,))]


@pytest.fixture
def other(tmp_path):
    """A database with a table that is copied and one that is not."""
    database = open_database(f"sqlite:///{tmp_path / 'service.sqlite'}")
    with database.transaction() as connection:
        connection.execute("CREATE TABLE counted (owner INTEGER, number INTEGER)")
        connection.execute("CREATE INDEX counted_owner ON counted (owner)")
        connection.execute("CREATE TABLE shared (number INTEGER)")
        connection.execute("INSERT INTO counted VALUES (1, 10), (2, 20)")
        connection.execute("INSERT INTO shared VALUES (7)")
    yield database
    database.close()


def left_behind(database):
    return [one.name for one in database.path.parent.iterdir() if not one.name.startswith(database.path.name)]


def test_it_holds_the_rows_that_were_asked_for(other):
    with scratch(other.path, OF_ONE) as made:
        assert made.reader().all("SELECT owner, number FROM counted") == [(1, 10)]


def test_what_is_written_to_a_copy_stays_in_it(other):
    with scratch(other.path, OF_ONE) as made:
        with made.transaction() as connection:
            connection.execute("UPDATE counted SET number = 11")
        assert made.reader().all("SELECT number FROM counted") == [(11,)]

    assert other.reader().all("SELECT number FROM counted") == [(10,), (20,)]


def test_a_table_that_is_no_copy_can_only_be_read(other):
    with scratch(other.path, OF_ONE) as made:
        assert made.reader().all("SELECT number FROM shared") == [(7,)]
        with pytest.raises(DatabaseError), made.transaction() as connection:
            connection.execute("UPDATE shared SET number = 8")


def test_it_has_the_indexes_of_its_tables(other):
    with scratch(other.path, OF_ONE) as made:
        found = made.reader().all("SELECT name FROM main.sqlite_master WHERE type = 'index'")

    assert found == [("counted_owner",)]


def test_others_write_meanwhile(other):
    with scratch(other.path, OF_ONE) as made, other.transaction() as connection:
        connection.execute("UPDATE counted SET number = 12")
        assert made.reader().all("SELECT number FROM counted") == [(10,)]


def test_nothing_is_left_of_it(other):
    with scratch(other.path, OF_ONE):
        pass

    assert left_behind(other) == []


def test_two_do_not_disturb_each_other(other):
    with scratch(other.path, OF_ONE) as one, scratch(other.path, [("counted", "owner = ?", (2,))]) as two:
        assert one.reader().all("SELECT number FROM counted") == [(10,)]
        assert two.reader().all("SELECT number FROM counted") == [(20,)]


KILLED = """
import sys, time
from pathlib import Path
from provisor.database.sqlite_scratch import scratch
with scratch(Path(sys.argv[1]), [("counted", "owner = ?", (1,))]):
    print("there", flush=True)
    time.sleep(60)
"""


def test_what_a_killed_process_left_goes_with_the_next(other):
    process = subprocess.Popen([sys.executable, "-c", KILLED, str(other.path)], stdout=subprocess.PIPE)
    assert process.stdout.readline() == b"there\n"
    os.kill(process.pid, signal.SIGKILL)
    process.wait(10)
    assert len(left_behind(other)) == 1

    with scratch(other.path, OF_ONE):
        pass

    assert left_behind(other) == []


def test_without_room_it_is_said_so(other, monkeypatch):
    def full(*arguments, **named):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("provisor.database.passing_folder.tempfile.mkdtemp", full)

    with pytest.raises(DatabaseError, match="the disk that holds it is full"), scratch(other.path, OF_ONE):
        pass
