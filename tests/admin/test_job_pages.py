"""What pages of a job ask the verbs for: whether settings could be saved, what cycles did, how the application answers,
and each check of a connection as it is made."""

import os
from datetime import UTC, datetime

import pytest

from provisor.admin.actor import LOCAL_OPERATOR as ME
from provisor.admin.bundle import Admin
from provisor.admin.context import Context
from provisor.admin.errors import AdminError
from provisor.admin.tally import Histogram
from provisor.engine.ports import Unauthorized
from provisor.gallery import template
from provisor.storage import audit
from provisor.storage.secrets import load_key
from provisor.testing.memory_target import MemoryTarget

APP = "Cisco Umbrella User Management"
UNSAVED = {"BaseAddress": "https://umbrella.example", "SecretToken": "another-token"}


@pytest.fixture
def target():
    found = template("ciscoUmbrella")
    return MemoryTarget(found.user_type, found.group_type)


@pytest.fixture
def admin(database, tenant, tmp_path, target):
    admin = Admin(
        Context(
            database=database,
            tenant=tenant,
            now=lambda: datetime.now(UTC),
            random_bytes=os.urandom,
            load_key=lambda: load_key(tmp_path / "secret.key"),
            problem_with_credentials=lambda url, token: None,
            connect=lambda job: target,
            connect_unsaved=lambda job, pairs: target,
        )
    )
    admin.applications.add(ME, APP)
    admin.jobs.create(ME, APP)
    admin.jobs.save_credentials(ME, APP, url="https://umbrella.example/scim", token="a-secret-token")
    return admin


# Settings that are checked


def test_settings_that_would_change_something_are_told_and_not_kept(admin, database, tenant):
    before, events = admin.jobs.show(ME, APP), len(audit.newest(database.reader(), tenant))

    assert admin.jobs.check_settings(ME, APP, scope="all", interval_seconds=60, leavers="delete") is True

    assert admin.jobs.show(ME, APP) == before
    assert len(audit.newest(database.reader(), tenant)) == events


def test_settings_as_they_are_change_nothing(admin):
    assert admin.jobs.check_settings(ME, APP, scope="assigned", leavers="disable") is False


@pytest.mark.parametrize(
    "given",
    [
        {"scope": "some"},
        {"interval_seconds": 0},
        {"behaviour": "better"},
        {"behaviour": "entra", "nested_groups": "flatten"},
        {"behaviour": "entra", "leavers": "delete"},
        {"leavers": "delete-after"},
        {"limits": {"users": "many"}},
        {"capacity_first": ["No such group"]},
    ],
    ids=str,
)
def test_what_settings_would_refuse_is_refused_in_the_same_words(admin, given):
    with pytest.raises(AdminError) as checked:
        admin.jobs.check_settings(ME, APP, **given)
    with pytest.raises(AdminError) as saved:
        admin.jobs.settings(ME, APP, **given)

    assert (checked.value.code, checked.value.message) == (saved.value.code, saved.value.message)


# What cycles did


def test_cycles_are_told_the_newest_first_with_what_they_did(admin):
    admin.users.create(ME, {"userPrincipalName": "anna@contoso.com", "displayName": "Anna"})
    admin.applications.assign(ME, APP, users=["anna@contoso.com"])
    admin.cycles.run(ME, APP)
    admin.cycles.run(ME, APP)

    newest, first = admin.reports.cycles(ME, APP)

    assert (newest.kind, first.kind) == ("incremental", "initial")
    assert (newest.count("create"), first.count("create")) == (0, 1)
    assert first.requests > 0
    assert first.seconds >= 0
    assert len(admin.reports.cycles(ME, APP, limit=1)) == 1


# How the application answers


def test_answers_are_told_by_method_of_this_job_alone(admin):
    job = admin.jobs.show(ME, APP).job.id
    tell = admin.health.tally.of_job(job)
    for milliseconds in (10.0, 20.0, 30.0):
        tell("GET", 200, milliseconds)
    tell("POST", None, 900.0)
    admin.health.tally.of_job("another")("GET", 500, 1.0)

    get, post = admin.reports.asked(ME, APP)

    assert (get.method, get.number, get.statuses) == ("GET", 3, {"200": 3})
    assert get.mean == pytest.approx(0.02)
    assert get.most_within == 0.05
    assert (post.method, post.statuses, post.most_within) == ("POST", {"none": 1}, 1.0)


def test_the_bound_of_most_answers_is_unknown_beyond_the_last():
    histogram = Histogram((1.0, 2.0))
    for seconds in (0.5, 5.0):
        histogram.add(seconds)

    assert histogram.within(0.5) == 1.0
    assert histogram.within(0.95) is None


# Checks as they are made


def test_each_check_is_reported_as_it_is_made(admin):
    reported = []

    found = admin.cycles.test_connection(ME, APP, UNSAVED, report=reported.append)

    assert reported == found.checks
    assert reported[0].what == "authentication"


def test_the_check_that_fails_is_reported_too(admin, target):
    target.fail(1, Unauthorized("Refused."))
    reported = []

    with pytest.raises(AdminError):
        admin.cycles.test_connection(ME, APP, report=reported.append)

    assert [(check.what, check.finding) for check in reported] == [("authentication", "failed")]
