"""A backup is ours alone, whatever stands in its way."""

import os
import sqlite3

import pytest

from provisor.database import DatabaseError, open_database
from provisor.database.backup import back_up


@pytest.fixture
def database(tmp_path):
    database = open_database(f"sqlite:///{tmp_path / 'data' / 'live.sqlite'}")
    with database.transaction() as connection:
        connection.define("CREATE TABLE kept (word TEXT)")
        connection.execute("INSERT INTO kept VALUES ('hunter2')")
    yield database
    database.close()


@pytest.fixture
def victim(tmp_path):
    """A file of somebody else, and whether it is as it was."""
    file = tmp_path / "victim"
    file.write_text("mine")
    file.chmod(0o644)
    return file


@pytest.mark.parametrize("name", ["copy.unfinished", "copy.unfinished-journal", ".copy.unfinished"])
def test_a_backup_follows_no_link(database, victim, tmp_path, name):
    (tmp_path / name).symlink_to(victim)

    back_up(database, tmp_path / "copy")

    assert victim.read_text() == "mine"
    assert (tmp_path / name).is_symlink()
    assert sqlite3.connect(tmp_path / "copy").execute("SELECT word FROM kept").fetchone() == ("hunter2",)


@pytest.mark.parametrize("name", ["copy.unfinished", "copy.unfinished-journal"])
def test_a_backup_takes_no_mode_from_a_file_that_was_there(database, victim, tmp_path, name):
    victim.rename(tmp_path / name)

    back_up(database, tmp_path / "copy")

    assert (tmp_path / "copy").stat().st_mode & 0o777 == 0o600


def test_a_backup_is_ours_alone_whatever_the_umask(database, tmp_path):
    before = os.umask(0)
    try:
        back_up(database, tmp_path / "copy")
    finally:
        os.umask(before)

    assert (tmp_path / "copy").stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("there", ["file", "link", "link to nothing"])
def test_a_backup_replaces_nothing(database, victim, tmp_path, there):
    copy = tmp_path / "copy"
    if there == "file":
        copy.write_text("mine")
    else:
        copy.symlink_to(victim if there == "link" else tmp_path / "nothing")

    with pytest.raises(DatabaseError):
        back_up(database, copy)

    assert victim.read_text() == "mine"
    assert not (tmp_path / "nothing").exists()


def test_nothing_is_left_beside_a_backup(database, tmp_path):
    before = {path.name for path in tmp_path.iterdir()}

    back_up(database, tmp_path / "copy")

    assert {path.name for path in tmp_path.iterdir()} == {*before, "copy"}
