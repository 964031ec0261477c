"""One migrator for both databases: what it applies, what it refuses, and two processes that start at once."""

import contextlib
import sqlite3
import subprocess
import sys
from contextlib import closing

import pytest

from provisor.database import DatabaseError, open_database
from provisor.database.migrations import migrate, read_files, statements

pytestmark = pytest.mark.fast_rows(2)

FIRST = "-- Things.\nCREATE TABLE thing (id INTEGER PRIMARY KEY, name TEXT NOT NULL);"
SECOND = (
    "ALTER TABLE thing ADD COLUMN colour TEXT; CREATE INDEX thing_colour ON thing (colour) WHERE colour IS NOT NULL"
)
OWNER = "the shop"


@pytest.fixture
def folder(tmp_path):
    folder = tmp_path / "migrations"
    folder.mkdir()
    (folder / "0001_things.sql").write_text(FIRST)
    return folder


@pytest.fixture
def empty(url):
    with closing(open_database(url)) as database:
        yield database


def numbers(database):
    return [row[0] for row in database.reader().all("SELECT number FROM migration ORDER BY number")]


def test_an_empty_database_gets_every_file_in_order(empty, folder):
    (folder / "0002_colours.sql").write_text(SECOND)

    migrate(empty, folder, owner=OWNER)

    assert numbers(empty) == [1, 2]
    assert empty.reader().all("SELECT id, name, colour FROM thing") == []


def test_a_later_version_applies_what_is_missing_and_keeps_what_is_there(empty, folder):
    migrate(empty, folder, owner=OWNER)
    with empty.transaction() as connection:
        connection.execute("INSERT INTO thing (id, name) VALUES (1, 'a')")
    (folder / "0002_colours.sql").write_text(SECOND)

    migrate(empty, folder, owner=OWNER)

    assert numbers(empty) == [1, 2]
    assert empty.reader().all("SELECT id, name, colour FROM thing") == [(1, "a", None)]


def test_a_ready_database_is_only_read(empty, folder):
    migrate(empty, folder, owner=OWNER)

    with empty.transaction():  # nobody else could write now
        migrate(empty, folder, owner=OWNER)

    assert numbers(empty) == [1]


def test_a_file_that_fails_leaves_nothing_of_itself(empty, folder):
    (folder / "0002_broken.sql").write_text("CREATE TABLE half (id INTEGER); CREATE TABLE thing (id INTEGER)")

    with pytest.raises(Exception, match="thing"):
        migrate(empty, folder, owner=OWNER)

    assert numbers(empty) == [1]
    assert empty.reader().tables() == {"thing", "migration"}


def test_what_sql_cannot_do_is_done_in_the_same_transaction(empty, folder):
    def fill(connection):
        connection.execute("INSERT INTO thing (id, name) VALUES (7, 'filled')")

    migrate(empty, folder, owner=OWNER, after={1: fill})
    migrate(empty, folder, owner=OWNER, after={1: fill})

    assert empty.reader().all("SELECT id, name FROM thing") == [(7, "filled")]


def test_other_files_of_the_folder_are_left_alone(folder):
    (folder / "README.md").write_text("CREATE TABLE no (id INTEGER)")
    (folder / "draft.sql").write_text("CREATE TABLE no (id INTEGER)")
    (folder / "00020_long.sql").write_text("CREATE TABLE no (id INTEGER)")

    assert [file.name for file in read_files(folder)] == ["0001_things"]


def test_two_files_with_one_number_are_a_mistake(folder):
    (folder / "0001_again.sql").write_text(SECOND)

    with pytest.raises(ValueError, match=r"0001_things\.sql has the number of 0001_again\.sql"):
        read_files(folder)


@pytest.mark.parametrize(
    ("script", "found"),
    [
        ("a; b", ["a", "b"]),
        ("a;\n;\n", ["a"]),
        ("-- first; second\na;", ["a"]),
        ("a, -- one; two\nb", ["a, \nb"]),
        ("a = '; -- b'; c", ["a = '; -- b'", "c"]),
        ("a = 'it''s; b'; c", ["a = 'it''s; b'", "c"]),
        ("a - b; c -1", ["a - b", "c -1"]),
        ("a = 'not closed; b", ["a = 'not closed", "b"]),  # the database refuses it
        ("-- nothing", []),
        ("", []),
    ],
)
def test_a_file_is_cut_at_its_semicolons(script, found):
    assert statements(script) == found


def newer(database, folder):
    (folder / "0002_colours.sql").write_text(SECOND)
    migrate(database, folder, owner=OWNER)
    (folder / "0002_colours.sql").unlink()


def another_owner(database, folder):
    migrate(database, folder, owner="the workshop")


def changed(database, folder):
    migrate(database, folder, owner=OWNER)
    (folder / "0001_things.sql").write_text(FIRST.replace("name", "title"))


def foreign(database, folder):
    with database.transaction() as connection:
        for name in ("a", "b", "c", "d"):
            connection.define(f"CREATE TABLE {name} (id INTEGER)")


def of_alembic(database, folder):
    with database.transaction() as connection:
        connection.define("CREATE TABLE tenant (id TEXT PRIMARY KEY)")
        connection.define("CREATE TABLE alembic_version (version_num TEXT NOT NULL)")


def without_hashes(database, folder):
    with database.transaction() as connection:
        connection.define("CREATE TABLE migration (number INTEGER PRIMARY KEY, at INTEGER NOT NULL)")
        connection.execute("INSERT INTO migration VALUES (1, 0)")


def with_a_table_called_migration(database, folder):
    with database.transaction() as connection:
        connection.define("CREATE TABLE migration (id INTEGER, name TEXT, batch INTEGER, at TEXT)")


def with_rows_in_one(database, folder):
    with_a_table_called_migration(database, folder)
    with database.transaction() as connection:
        connection.execute("INSERT INTO migration VALUES (1, 'a', 2, 'b')")


def with_versions_in_one(database, folder):
    with database.transaction() as connection:
        connection.define("CREATE TABLE migration (version TEXT)")
        connection.define("CREATE TABLE bookmark (id INTEGER)")


def with_another_order_of_columns(database, folder):
    with database.transaction() as connection:
        connection.define("CREATE TABLE migration (hash TEXT, owner TEXT, applied_at INTEGER, id INTEGER)")


def with_a_view_alone(database, folder):
    with database.transaction() as connection:
        connection.define("CREATE VIEW glance AS SELECT 1 AS one")


def with_a_view_called_migration(database, folder):
    with database.transaction() as connection:
        connection.define("CREATE VIEW migration AS SELECT 1 AS number")


def emptied(database, folder):
    migrate(database, folder, owner=OWNER)
    with database.transaction() as connection:
        connection.execute("DELETE FROM migration")


def with_a_gap(database, folder):
    newer(database, folder)
    (folder / "0002_colours.sql").write_text(SECOND)
    with database.transaction() as connection:
        connection.execute("DELETE FROM migration WHERE number = 1")


LOST = (
    r"does not know any more which of Provisor's tables it has: rows of its table migration are gone. Restore it from"
)
STRANGER = r"the tables of another program \({}\). Name another database, or move this one away"
REFUSED = {
    newer: "newer version of Provisor: it has migration 0002, and this version knows those up to 0001. Use that version",
    another_owner: "is the database of the workshop, not of the shop. Each needs one of its own",
    changed: r"by a development version of Provisor, in which 0001_things\.sql was another one. Name another database",
    foreign: r"the tables of another program \(a, b, c, …\). Name another database, or move this one away",
    of_alembic: "by a development version of Provisor and cannot be brought up to date. Name another database",
    without_hashes: "by a development version of Provisor and cannot be brought up to date. Name another database",
    with_a_table_called_migration: STRANGER.format("migration"),
    with_rows_in_one: STRANGER.format("migration"),
    with_versions_in_one: STRANGER.format("bookmark, migration"),
    with_another_order_of_columns: STRANGER.format("migration"),
    with_a_view_alone: STRANGER.format("glance"),
    with_a_view_called_migration: STRANGER.format("migration"),
    emptied: LOST,
    with_a_gap: LOST,
}
by_kind = pytest.mark.parametrize("made", REFUSED, ids=lambda made: made.__name__)


@by_kind
def test_a_database_that_is_not_ours_is_refused_by_its_name(made, empty, folder):
    made(empty, folder)

    with pytest.raises(DatabaseError, match=REFUSED[made]) as told:
        migrate(empty, folder, owner=OWNER)

    assert str(told.value).startswith(empty.name)


@by_kind
def test_a_database_that_is_refused_stays_as_it_was(made, empty, folder):
    made(empty, folder)
    before = empty.reader().tables()

    with pytest.raises(DatabaseError):
        migrate(empty, folder, owner=OWNER)

    assert empty.reader().tables() == before


def test_an_empty_list_of_what_was_applied_is_begun(empty, folder):
    """What a process leaves that was killed before the first file."""
    emptied(empty, folder)
    with empty.transaction() as connection:
        connection.define("DROP TABLE thing")

    migrate(empty, folder, owner=OWNER)

    assert numbers(empty) == [1]


def test_a_comment_may_be_mended_later(empty, folder):
    migrate(empty, folder, owner=OWNER)
    (folder / "0001_things.sql").write_text(f"-- What the shop sells.\n{FIRST}\n")

    migrate(empty, folder, owner=OWNER)

    assert numbers(empty) == [1]


START = """
import sys
from pathlib import Path
from provisor.database import open_database
from provisor.database.migrations import migrate

url, folder, owner = sys.argv[1:]
database = open_database(url)
print("ready", flush=True)
sys.stdin.readline()
migrate(database, Path(folder), owner=owner)
"""


def test_processes_that_start_at_once_apply_each_file_once(url, folder):
    (folder / "0002_colours.sql").write_text(SECOND)
    command = [sys.executable, "-c", START, url, str(folder), OWNER]
    with contextlib.ExitStack() as stack:
        starts = [
            stack.enter_context(subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE))
            for _ in range(4)
        ]
        ready = [start.stdout.readline() for start in starts]

        for start in starts:
            start.stdin.close()
        codes = [start.wait(60) for start in starts]

    assert ready == [b"ready\n"] * 4
    assert codes == [0] * 4
    with closing(open_database(url)) as database:
        assert numbers(database) == [1, 2]


def test_the_password_of_a_server_is_not_told(postgresql, folder):
    url = postgresql.url(postgresql.new_database()).replace("@", ":hunter2@")
    with closing(open_database(url)) as database:
        foreign(database, folder)

        with pytest.raises(DatabaseError) as told:
            migrate(database, folder, owner=OWNER)

    assert "hunter2" not in str(told.value)


def test_tables_of_an_extension_do_not_make_a_database_foreign(postgresql, folder):
    with closing(open_database(postgresql.url(postgresql.new_database()))) as database:
        with database.transaction() as connection:
            connection.execute("CREATE TABLE brought (id BIGINT)")
            connection.execute("ALTER EXTENSION plpgsql ADD TABLE brought")

        migrate(database, folder, owner=OWNER)

        assert numbers(database) == [1]


def test_an_interrupted_start_is_carried_on(tmp_path, folder):
    """What a process that was killed between two files leaves."""
    (folder / "0002_colours.sql").write_text(SECOND)
    file = tmp_path / "store.sqlite"
    with closing(open_database(f"sqlite:///{file}")) as database:
        migrate(database, folder, owner=OWNER)
    with closing(sqlite3.connect(file)) as raw, raw:
        raw.execute("DROP INDEX thing_colour")
        raw.execute("ALTER TABLE thing DROP COLUMN colour")
        raw.execute("DELETE FROM migration WHERE number = 2")

    with closing(open_database(f"sqlite:///{file}")) as database:
        migrate(database, folder, owner=OWNER)

        assert numbers(database) == [1, 2]
