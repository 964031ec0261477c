"""A database that a program did not make: both refuse it in a sentence, and leave it as it is."""

import sqlite3
from contextlib import closing

import pytest

from provisor.database import open_database
from provisor.provider.store.tables import open_target
from provisor.storage import migrate


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


SERVICE, TARGET = ("PROVISOR_DATABASE_URL", "user", "list"), ("PROVISOR_TARGET_DATABASE_URL", "target", "token", "list")
NEWER = "INSERT INTO migration VALUES (9000, (SELECT owner FROM migration), '', 0)"
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
def test_a_database_that_is_refused_keeps_its_tables(provisor, monkeypatch, tmp_path, program, made, said):
    file = tmp_path / "given.sqlite"
    made(file)
    before = tables(file)
    setting, *command = program
    monkeypatch.setenv(setting, f"sqlite:///{file}")

    provisor(*command)

    assert tables(file) == before


def tables(file):
    with closing(sqlite3.connect(file)) as connection:
        return connection.execute("SELECT name, sql FROM sqlite_master ORDER BY name").fetchall()
