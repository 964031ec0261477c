"""A database that a program did not make: both refuse it in a sentence, and leave it as it is."""

import sqlite3
from contextlib import closing

import pytest

from provisor.database import open_database
from provisor.database.backup import back_up
from provisor.provider.store.tables import open_target
from provisor.storage.schema import migrate


def of_the_service(file):
    with closing(open_database(f"sqlite:///{file}")) as database:
        migrate(database)


def of_the_target(file):
    open_target(f"sqlite:///{file}").close()


def changed(made, statement):
    def make(file):
        made(file)
        run(file, statement)

    return make


def run(file, script):
    with closing(sqlite3.connect(file)) as connection:
        connection.executescript(script)


def of_a_stranger(file):
    run(file, "CREATE TABLE bookmark (id INTEGER); CREATE TABLE tenant (id INTEGER)")


def of_alembic(file):
    run(file, "CREATE TABLE tenant (id TEXT); CREATE TABLE alembic_version (version_num TEXT)")


def of_the_first_migrator(file):
    run(file, "CREATE TABLE tenant (id TEXT); CREATE TABLE migration (number INTEGER PRIMARY KEY, at INTEGER)")
    run(file, "INSERT INTO migration VALUES (4, 0)")


def by_script(script):
    return lambda file: run(file, script)


def copied(made):
    """The backup of a database: not in WAL mode."""

    def make(file):
        original = file.with_name("original.sqlite")
        made(original)
        with closing(open_database(f"sqlite:///{original}")) as database:
            back_up(database, file)

    return make


SERVICE, TARGET = ("PROVISOR_DATABASE_URL", "user", "list"), ("PROVISOR_TARGET_DATABASE_URL", "target", "token", "list")
NEWER = "INSERT INTO migration VALUES (9000, (SELECT owner FROM migration), '', 0)"
EMPTIED = "DELETE FROM migration"
LARAVELS = "CREATE TABLE migration (id INTEGER, name TEXT, batch INTEGER, at TEXT)"
STRANGERS = {
    LARAVELS: "migration",
    f"{LARAVELS}; INSERT INTO migration VALUES (1, 'a', 2, 'b')": "migration",
    "CREATE TABLE migration (version TEXT); CREATE TABLE bookmark (id INTEGER)": "bookmark, migration",
    "CREATE TABLE alembic_version (version_num TEXT); CREATE TABLE bookmark (id INTEGER)": "alembic_version, bookmark",
    "CREATE VIEW glance AS SELECT 1": "glance",
    "CREATE VIEW glance AS SELECT 1; CREATE TRIGGER t INSTEAD OF INSERT ON glance BEGIN SELECT 1; END": "glance",
    "CREATE VIRTUAL TABLE words USING fts5(word, content='')": "words, words_config, words_data, …",
    "PRAGMA journal_mode = WAL; CREATE TABLE bookmark (id INTEGER)": "bookmark",
    "PRAGMA auto_vacuum = FULL; CREATE TABLE bookmark (id INTEGER)": "bookmark",
}
OTHER_FILE = "UPDATE migration SET hash = 'another'"
CASES = [
    (SERVICE, of_the_target, "is the database of the SCIM service provider, not of the provisioning service"),
    (TARGET, of_the_service, "is the database of the provisioning service, not of the SCIM service provider"),
    (SERVICE, changed(of_the_service, NEWER), "a newer version of Provisor: it has migration 9000"),
    (TARGET, changed(of_the_target, NEWER), "a newer version of Provisor: it has migration 9000"),
    (SERVICE, changed(of_the_service, OTHER_FILE), "by a development version of Provisor, in which 0001_service.sql"),
    (TARGET, changed(of_the_target, OTHER_FILE), "by a development version of Provisor, in which 0001.sql"),
    (SERVICE, of_a_stranger, "holds the tables of another program (bookmark, tenant)"),
    (TARGET, of_a_stranger, "holds the tables of another program (bookmark, tenant)"),
    (SERVICE, of_alembic, "was made by a development version of Provisor and cannot be brought up to date"),
    (TARGET, of_the_first_migrator, "was made by a development version of Provisor and cannot be brought up to date"),
    (SERVICE, copied(of_the_target), "is the database of the SCIM service provider, not of the provisioning service"),
    (TARGET, copied(of_the_service), "is the database of the provisioning service, not of the SCIM service provider"),
    (SERVICE, changed(of_the_service, EMPTIED), "rows of its table migration are gone"),
    (TARGET, changed(of_the_target, EMPTIED), "rows of its table migration are gone"),
    *(
        (program, by_script(script), f"holds the tables of another program ({names})")
        for program in (SERVICE, TARGET)
        for script, names in STRANGERS.items()
    ),
]
by_case = pytest.mark.parametrize(
    ("program", "made", "said"), CASES, ids=[f"{case[0][1]}-{number}" for number, case in enumerate(CASES)]
)


@by_case
def test_a_database_of_something_else_is_refused_in_a_sentence(provisor, monkeypatch, tmp_path, program, made, said):
    file = tmp_path / "given.sqlite"
    made(file)
    setting, *command = program
    monkeypatch.setenv(setting, f"sqlite:///{file}")

    answered = provisor(*command)

    told = " ".join(answered.err.split())
    assert answered.code == 1
    assert f"{file} " in told
    assert said in told
    assert "Traceback" not in told


@by_case
def test_a_database_that_is_refused_stays_byte_for_byte_as_it_was(provisor, monkeypatch, tmp_path, program, made, said):
    file = tmp_path / "given.sqlite"
    made(file)
    before = contents(tmp_path)
    setting, *command = program
    monkeypatch.setenv(setting, f"sqlite:///{file}")

    provisor(*command)

    assert contents(tmp_path) == before


def contents(folder):
    """Of every file beside the database, and of the database."""
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()}


@pytest.mark.parametrize(("program", "made"), [(SERVICE, of_the_service), (TARGET, of_the_target)])
def test_a_backup_that_is_ours_is_used_and_keeps_a_log_again(provisor, monkeypatch, tmp_path, program, made):
    file = tmp_path / "given.sqlite"
    copied(made)(file)
    setting, *command = program
    monkeypatch.setenv(setting, f"sqlite:///{file}")

    answered = provisor(*command)

    assert answered.code == 0
    with closing(sqlite3.connect(file)) as connection:
        assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)
