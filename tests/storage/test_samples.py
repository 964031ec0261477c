"""A database of every version that was released is opened by this one, brought up to date, and holds all it held."""

import os
import sqlite3
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest

from provisor.admin.actor import LOCAL_OPERATOR as ME
from provisor.admin.bundle import Admin
from provisor.admin.context import Context
from provisor.admin.jobs import owner_of
from provisor.database import open_database
from provisor.database.migrations import read_files
from provisor.rules.graph_json import read_schema
from provisor.rules.ruleset import RuleSet
from provisor.storage import schema, secrets
from provisor.storage.secrets import load_key

SAMPLES = sorted((Path(__file__).parent / "samples").glob("service-*.sql"))
FILES = read_files(Path(schema.__file__).parent / "migrations")
APP = "Cisco Umbrella User Management"


def rows(path):
    """How many rows every table has."""
    with closing(sqlite3.connect(path)) as connection:
        tables = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'")
        return {name: connection.execute(f"SELECT count(*) FROM {name}").fetchone()[0] for (name,) in tables.fetchall()}


@pytest.fixture(params=SAMPLES, ids=lambda path: path.stem)
def sample(request, tmp_path):
    """The file of a sample, and its key as this version wants it."""
    path = tmp_path / "service.sqlite"
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript(request.param.read_text(encoding="utf-8"))
    key = os.open(tmp_path / "secret.key", os.O_WRONLY | os.O_CREAT, 0o600)
    os.write(key, bytes.fromhex(request.param.with_suffix(".key").read_text()))
    os.close(key)
    return path


@pytest.fixture
def admin(sample):
    database = open_database(f"sqlite:///{sample}")
    yield Admin(
        Context(
            database=database,
            tenant=schema.migrate(database),
            now=lambda: datetime.now(UTC),
            random_bytes=os.urandom,
            load_key=lambda: load_key(sample.with_name("secret.key")),
            problem_with_credentials=lambda url, token: None,
            connect=lambda job: pytest.fail("nothing is sent"),
        )
    )
    database.close()


def test_there_is_a_sample_of_this_version():
    """Before 0001 is released it changes in place, and the sample with it; afterwards a sample never changes."""
    newest = SAMPLES[-1].read_text(encoding="utf-8")

    assert SAMPLES[-1].stem == f"service-{FILES[-1].number:04}"
    assert FILES[-1].hash in newest, "run .venv/bin/python tools/write_sample_database.py"


def test_an_upgrade_keeps_every_row(sample):
    before = rows(sample)

    database = open_database(f"sqlite:///{sample}")
    schema.migrate(database)
    database.close()

    after = rows(sample)
    assert {name: after.get(name) for name in before if name != "migration"} == {
        name: number for name, number in before.items() if name != "migration"
    }
    assert after["migration"] == len(FILES)


def test_directory_and_assignments_are_what_they_were(admin):
    people = {shown.name for shown in admin.users.page(ME)}
    members = {item.name for item in admin.members.page(ME, "Staff")}

    assert people == {"anna@fjord.example", "bo@fjord.example"}
    assert members == {"anna@fjord.example", "bo@fjord.example"}
    assert {found.name for found in admin.users.page(ME, deleted=True)} == {"åse@fjord.example"}


def test_the_job_can_go_on_with_its_rules_credentials_and_links(admin):
    job = admin.jobs.show(ME, APP).job
    reader = admin.jobs.context.database.reader()
    status = admin.cycles.status(ME, APP)

    assert isinstance(read_schema(admin.schemas.export(ME, APP)), RuleSet)
    token = secrets.read(reader, admin.jobs.context.key(), owner=owner_of(job), name="SecretToken")
    assert token.reveal() == "a-sample-token"
    assert status.entries["User to User"] == 3
    assert status.last is not None
    admin.jobs.ready(reader, job)


def test_both_logs_and_statistics_can_be_read(admin):
    events = admin.logs.page(ME, limit=1_000)
    activities = {event.activity for event in admin.audits.page(ME, limit=1_000)}

    assert {(event.action, event.status) for event in events} >= {("create", "success"), ("disable", "success")}
    assert all(event.document["targetSystem"]["displayName"] == APP for event in events)
    assert "Enable/start provisioning configuration" in activities
    assert admin.reports.statistics(ME, APP).done["user"]["created"] >= 3
