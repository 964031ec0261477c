"""A database is what its file is, whatever name led to it: names × opening, job lock, and the files SQLite adds."""

import os
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from provisor.database import DatabaseError, open_database
from provisor.database.sqlite_files import only_name
from provisor.runner.job_lock import JobBusy, is_held, job_lock

JOB = "umbrella.tenant.job"


def by_itself(home):
    return home / "real" / "store.db"


def relative(home):
    os.chdir(home)
    return Path("real/store.db")


def from_another_folder(home):
    os.chdir(home / "other")
    return Path("../real/store.db")


def through_dots(home):
    return home / "other" / ".." / "real" / "." / "store.db"


def link_to_the_file(home):
    (home / "other" / "linked.db").symlink_to(home / "real" / "store.db")
    return home / "other" / "linked.db"


def relative_link(home):
    (home / "other" / "linked.db").symlink_to("../real/store.db")
    return home / "other" / "linked.db"


def link_to_a_link(home):
    return _link(home / "again.db", link_to_the_file(home))


def link_to_the_folder(home):
    return _link(home / "shortcut", home / "real") / "store.db"


def link_beside_the_file(home):
    return _link(home / "real" / "also.db", home / "real" / "store.db")


def _link(name, target):
    name.symlink_to(target)
    return name


NAMES = [by_itself, relative, from_another_folder, through_dots, link_to_the_file, relative_link, link_to_a_link,
         link_to_the_folder, link_beside_the_file]  # fmt: skip


@pytest.fixture
def home(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)  # and back in the end
    for folder in ("real", "other"):
        (tmp_path / folder).mkdir()
    return tmp_path


@pytest.fixture
def store(home):
    """A database with one row, open under its own name."""
    database = open_database(url(by_itself(home)))
    with database.transaction() as connection:
        connection.define("CREATE TABLE thing (id INTEGER)")
        connection.execute("INSERT INTO thing (id) VALUES (1)")
    yield database
    database.close()


def url(path):
    return f"sqlite:///{path}"


@pytest.mark.parametrize("name", NAMES)
def test_every_name_of_one_file_sees_what_was_written_under_another(store, home, name):
    other = open_database(url(name(home)))

    with other.transaction() as connection:
        connection.execute("INSERT INTO thing (id) VALUES (2)")

    assert store.reader().one("SELECT count(*) FROM thing") == (2,)
    other.close()


@pytest.mark.parametrize("name", NAMES)
def test_every_name_of_one_file_leads_to_one_lock(store, home, name):
    other = open_database(url(name(home)))

    with job_lock(store.path, JOB):
        assert is_held(other.path, JOB)
        with pytest.raises(JobBusy), job_lock(other.path, JOB):
            pass
    other.close()


@pytest.mark.parametrize("name", NAMES)
def test_a_lock_is_found_by_a_name_that_was_never_opened(store, home, name):
    with job_lock(store.path, JOB):
        assert is_held(name(home), JOB)


@pytest.mark.parametrize("name", NAMES)
def test_what_belongs_to_a_database_lies_beside_its_file(store, home, name):
    other = open_database(url(name(home)))

    with job_lock(other.path, JOB):
        found = {path.name for path in home.rglob("*") if path.is_file() and not path.is_symlink()}

    assert found == {"store.db", "store.db-wal", "store.db-shm", f"store.db.{JOB}.lock"}
    other.close()


@pytest.mark.parametrize("name", NAMES)
def test_another_program_that_comes_and_goes_leaves_the_log_to_who_still_writes(store, home, name):
    """Opened twice in one process, a raw descriptor that was closed again had dropped the locks of the first."""
    second = open_database(url(name(home)))
    subprocess.run(
        [sys.executable, "-c", "import sys; from provisor.database import open_database as o; o(sys.argv[1]).close()",
         url(by_itself(home))],
        check=True,
    )  # fmt: skip

    with store.transaction() as connection:
        connection.many("INSERT INTO thing (id) VALUES (?)", ((number,) for number in range(1_000)))

    with closing(sqlite3.connect(by_itself(home))) as stranger:
        assert stranger.execute("SELECT count(*) FROM thing").fetchone() == (1_001,)
    second.close()


def test_a_name_in_another_case_is_what_the_file_system_says(store, home):
    other = open_database(url(home / "real" / "STORE.db"))

    with job_lock(store.path, JOB):
        assert is_held(other.path, JOB) == os.path.samefile(store.path, home / "real" / "STORE.db")
    other.close()


@pytest.mark.parametrize("folder", ["real", "other"])
def test_a_file_with_two_names_is_refused(store, home, folder):
    os.link(home / "real" / "store.db", home / folder / "second.db")

    with pytest.raises(DatabaseError, match="2 names"):
        open_database(url(home / folder / "second.db"))


def test_a_program_that_runs_goes_on_when_its_file_gets_a_second_name(store, home):
    os.link(home / "real" / "store.db", home / "other" / "second.db")

    assert store.connect().one("SELECT count(*) FROM thing") == (1,)


@pytest.mark.parametrize("name", ["store.db", "my store.db", "back\\slash.db"])
def test_a_file_mounted_by_itself_is_refused(home, name):
    (home / name).touch()
    mounts = home / "mountinfo"
    escaped = str(home / name).replace("\\", "\\134").replace(" ", "\\040")
    mounts.write_text(f"36 35 98:0 /db {escaped} rw,noatime master:1 - ext4 /dev/root rw\n")

    with pytest.raises(DatabaseError, match="mounted as a single file"):
        only_name(home / name, mounts)


def test_a_file_replaced_while_it_is_open_is_not_opened_again(store, home):
    (home / "other" / "new.db").touch()
    os.replace(home / "other" / "new.db", store.path)

    with pytest.raises(DatabaseError, match="was replaced"):
        store.connect()


def test_a_file_removed_while_it_is_open_is_not_made_anew(store):
    store.path.unlink()

    with pytest.raises(DatabaseError, match="is gone"):
        store.connect()
    assert not store.path.exists()


def test_a_closed_database_opens_what_lies_there_now(store, home):
    store.close()
    with closing(sqlite3.connect(home / "other" / "new.db")) as new:
        new.execute("CREATE TABLE other (id INTEGER)")
    os.replace(home / "other" / "new.db", store.path)

    assert "other" in store.reader().tables()


def test_two_runs_of_a_job_are_kept_apart_when_the_file_is_replaced_in_between(store, home):
    with job_lock(store.path, JOB):
        (home / "other" / "new.db").touch()
        os.replace(home / "other" / "new.db", store.path)

        with pytest.raises(JobBusy), job_lock(store.path, JOB):
            pass


def test_a_relative_name_means_the_same_file_when_the_program_goes_elsewhere(home):
    database = open_database("sqlite:///real/store.db")
    os.chdir(home / "other")

    assert database.connect().one("SELECT 1") == (1,)
    assert not list((home / "other").iterdir())
    database.close()


def test_a_link_to_nothing_makes_the_file_it_points_to(home):
    _link(home / "linked.db", home / "real" / "new.db")

    open_database(url(home / "linked.db")).close()

    assert os.stat(home / "real" / "new.db").st_mode & 0o777 == 0o600


@pytest.mark.parametrize("odd", ["what?mode=memory.db", "hundred%20.db", "a#b.db", "ä ö.db", "file:x.db"])
def test_a_name_that_looks_like_part_of_an_address_is_a_name(home, odd):
    open_database(url(home / odd)).close()

    assert [path.name for path in home.iterdir() if path.is_file()] == [odd]


@pytest.mark.parametrize("make", [lambda path: os.mkfifo(path), lambda path: path.mkdir(), lambda path: path.symlink_to(path)],
                         ids=["pipe", "folder", "link to itself"])  # fmt: skip
def test_what_is_no_file_is_refused_with_a_sentence(home, make):
    make(home / "odd.db")

    with pytest.raises(DatabaseError, match=r"Cannot open the database .*odd\.db: "):
        open_database(url(home / "odd.db"))
