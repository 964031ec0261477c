"""A backup in the place of a database: whole or not at all, checked first, and never under somebody who uses it."""

import os
import sqlite3
import subprocess
import sys
from contextlib import closing

import pytest

from provisor.database import DatabaseError, open_database
from provisor.database.backup import back_up
from provisor.database.restoring import restore

HOLD = """import sqlite3, sys
connection = sqlite3.connect(sys.argv[1]); connection.execute("SELECT * FROM kept").fetchall()
print("open", flush=True); sys.stdin.read()"""


def accept(database):
    with database.transaction() as connection:
        connection.execute("INSERT INTO kept VALUES ('prepared')")


def words(path):
    with closing(sqlite3.connect(path)) as connection:
        return [word for (word,) in connection.execute("SELECT word FROM kept ORDER BY word")]


def made(path, *kept):
    database = open_database(f"sqlite:///{path}")
    database.reader().settle()
    with database.transaction() as connection:
        connection.define("CREATE TABLE kept (word TEXT)")
        for word in kept:
            connection.execute("INSERT INTO kept VALUES (?)", (word,))
    return database


@pytest.fixture
def place(tmp_path):
    """Where a database is or will be."""
    (tmp_path / "data").mkdir()
    return tmp_path / "data" / "live.sqlite"


@pytest.fixture
def aside(place):
    return place.with_name("live.sqlite.before")


@pytest.fixture
def backup(tmp_path):
    database = made(tmp_path / "source.sqlite", "saved")
    back_up(database, tmp_path / "backup")
    database.close()
    return tmp_path / "backup"


def listed(folder):
    return sorted(path.name for path in folder.iterdir())


def test_a_backup_becomes_the_database_that_was_not_there(backup, place, aside):
    there = restore(backup, place, prepare=accept, aside=aside)

    assert (there, words(place), words(backup)) == (False, ["prepared", "saved"], ["saved"])
    assert (listed(place.parent), place.stat().st_mode & 0o777) == (["live.sqlite"], 0o600)


def test_the_database_that_was_there_is_kept_whole_with_what_stood_in_its_log_only(backup, place, aside):
    made(place, "old").close()
    with closing(sqlite3.connect(place)) as late:
        late.execute("INSERT INTO kept VALUES ('late')")
        late.commit()

    there = restore(backup, place, prepare=accept, aside=aside)

    assert (there, words(place), words(aside)) == (True, ["prepared", "saved"], ["late", "old"])
    assert (listed(place.parent), aside.stat().st_mode & 0o777) == (["live.sqlite", "live.sqlite.before"], 0o600)


def test_a_database_that_another_process_has_open_stays(backup, place, aside):
    made(place, "old").close()
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(place)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    holder.stdout.readline()
    try:
        with pytest.raises(DatabaseError, match="is in use"):
            restore(backup, place, prepare=accept, aside=aside)
    finally:
        holder.communicate("")

    assert (words(place), aside.exists()) == (["old"], False)


def truncated(backup):
    os.truncate(backup, backup.stat().st_size // 2)


def scribbled(backup):
    with backup.open("r+b") as file:
        file.seek(4096)
        file.write(b"x" * 4096)


def replaced_by_text(backup):
    backup.write_text("no database " * 1_000)


def emptied_of_its_head(backup):
    with backup.open("r+b") as file:
        file.write(b"\0" * 100)


def in_use(backup):
    backup.with_name("backup-wal").write_bytes(b"x")


def gone(backup):
    backup.unlink()


@pytest.mark.parametrize("harm", [truncated, scribbled, replaced_by_text, emptied_of_its_head, in_use, gone])
def test_a_backup_that_cannot_be_one_changes_nothing(backup, place, aside, harm):
    made(place, "old").close()
    harm(backup)

    with pytest.raises(DatabaseError):
        restore(backup, place, prepare=accept, aside=aside)

    assert (words(place), listed(place.parent)) == (["old"], ["live.sqlite"])


@pytest.mark.parametrize("reason", [DatabaseError("of another program"), KeyboardInterrupt(), OSError(28, "full")])
def test_a_backup_that_is_not_accepted_changes_nothing(backup, place, aside, reason):
    made(place, "old").close()

    def refuse(database):
        raise reason

    with pytest.raises((DatabaseError, KeyboardInterrupt)):
        restore(backup, place, prepare=refuse, aside=aside)

    assert (words(place), listed(place.parent)) == (["old"], ["live.sqlite"])


def test_what_was_kept_before_is_not_replaced(backup, place, aside):
    made(place, "old").close()
    aside.write_text("precious")

    with pytest.raises(DatabaseError, match="Move it away"):
        restore(backup, place, prepare=accept, aside=aside)

    assert (words(place), aside.read_text()) == (["old"], "precious")


def test_a_damaged_database_is_replaced_and_kept_as_it_is(backup, place, aside):
    place.write_text("damaged " * 1_000)
    place.with_name("live.sqlite-wal").write_bytes(b"of the damaged one")

    restore(backup, place, prepare=accept, aside=aside)

    assert (words(place), aside.read_text()) == (["prepared", "saved"], "damaged " * 1_000)
    assert listed(place.parent) == ["live.sqlite", "live.sqlite.before"]


def test_a_log_that_lay_about_without_its_database_is_not_read(backup, place, aside):
    place.with_name("live.sqlite-wal").write_bytes(b"of one that is gone")

    restore(backup, place, prepare=accept, aside=aside)

    assert words(place) == ["prepared", "saved"]


def test_a_database_is_restored_through_a_link_to_it(backup, place, aside, tmp_path):
    made(place, "old").close()
    link = tmp_path / "link.sqlite"
    link.symlink_to(place)

    restore(backup, link, prepare=accept, aside=aside)

    assert (link.is_symlink(), words(place)) == (True, ["prepared", "saved"])
