"""What would this change?: a plan with the draft, made beside the page, with the people concerned before and after."""

import os
from threading import enumerate as threads

import pytest

from provisor.admin.actor import LOCAL_OPERATOR as ME
from provisor.admin.bundle import Admin
from provisor.admin.context import Context
from provisor.scim.schemas.resource_types import UMBRELLA_GROUP_TYPE, UMBRELLA_USER_TYPE
from provisor.storage.secrets import load_key
from provisor.testing.memory_target import MemoryTarget


@pytest.fixture
def target():
    return MemoryTarget(user_type=UMBRELLA_USER_TYPE, group_type=UMBRELLA_GROUP_TYPE)


@pytest.fixture
def admin(database, tenant, tmp_path, clock, target):
    return Admin(
        Context(
            database=database,
            tenant=tenant,
            now=clock.now,
            random_bytes=os.urandom,
            load_key=lambda: load_key(tmp_path / "secret.key"),
            problem_with_credentials=lambda url, token: None,
            connect=lambda job: target,
        )
    )


@pytest.fixture
def provisioned(admin, world):
    """Everybody is in scope, and has an account."""
    admin.jobs.save_credentials(ME, world.job, url="http://127.0.0.1:1", token="a-secret-token")
    admin.jobs.settings(ME, world.job, scope="all")
    admin.jobs.start(ME, world.job)
    admin.cycles.run(ME, world.job)
    return world


def planned(browser, path, **fields):
    """Ask, wait until the plan is there, and look."""
    answer = browser.submit(browser.get(path), path, do="plan", **fields)
    assert answer.status == 303, answer.text
    for thread in threads():
        if thread.name.startswith("plan "):
            thread.join()
    return browser.follow(answer)


def edit(browser, world):
    path = f"{world.users}/rows/4"
    browser.submit(browser.get(path), path, do="apply", type="Expression", expression="ToUpper([displayName])")


def test_who_would_change_is_shown_with_before_and_after_and_nothing_is_saved(ana, provisioned, target):
    edit(ana, provisioned)
    before = len(target.journal)
    page = planned(ana, f"{provisioned.room}/changes")

    assert "3 operations" in page.text
    assert any("anna@contoso.com" in row and "Anna Ek" in row and "ANNA EK" in row for row in page.document.rows)
    assert "if these mappings were saved now" in page.text
    assert provisioned.version() == 1
    assert {request.method for request in target.journal[before:]} <= {"GET"}
    assert any("/plans/1" in (link or "") for link in page.document.links)


def test_from_the_table_it_is_asked_with_its_settings(ana, provisioned):
    page = planned(ana, provisioned.users, settings="yes", **{"action-Add": "yes", "action-Update": "yes"})

    assert "Nothing would change" in page.text
    assert "not saved yet" in page.text


def test_somebody_who_would_fall_out_of_scope_is_shown(ana, provisioned):
    path = f"{provisioned.users}/scope"
    given = {"attribute-1-1": "department", "operator-1-1": "EQUALS", "value-1-1": "Sales"}
    ana.submit(ana.get(path), path, do="apply", **given)
    page = planned(ana, f"{provisioned.room}/changes")

    assert any("carl@contoso.com" in row and "disable" in row for row in page.document.rows)


def test_a_job_without_credentials_says_so_in_place(ana, world):
    edit(ana, world)
    path = f"{world.room}/changes"
    answer = ana.submit(ana.get(path), path, do="plan")

    assert answer.status == 400
    assert "The job has no credentials yet." in answer.text


def test_a_plan_that_nobody_makes_is_not_found(ana, world):
    assert ana.get(f"{world.room}/plans/guessed").status == 404


def test_saving_says_what_the_next_cycle_looks_at(ana, provisioned):
    edit(ana, provisioned)
    path = f"{provisioned.room}/changes"
    before = ana.get(path)
    page = ana.follow(ana.submit(before, path, do="save"))

    assert "everybody who has a value in displayName" in before.text
    assert "everybody who has a value in displayName" in page.text
