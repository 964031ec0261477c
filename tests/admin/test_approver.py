"""A job may demand that nobody approves a plan that they asked for; the local operator is no exception."""

from dataclasses import replace

import pytest

from provisor.admin.actor import LOCAL_OPERATOR as ME
from provisor.admin.errors import AdminError
from provisor.engine.plan import Plan
from provisor.storage import audit, plans
from provisor.storage.authors import SERVICE
from provisor.storage.plans import NewPlan
from provisor.storage.times import to_microseconds

JOB = "App"


@pytest.fixture
def job(verbs):
    verbs.applications.add(ME, "scim", name=JOB)
    verbs.jobs.create(ME, JOB)
    return verbs.jobs.settings(ME, JOB, approver_differs=True).job


@pytest.fixture
def accounts(verbs):
    """Who asks, another, and another account of the same person."""
    verbs.users.create(ME, {"userPrincipalName": "anna@x.example"})
    person = {"anna": "anna@x.example", "anna too": "anna@x.example", "bo": None}
    for name, each in person.items():
        verbs.accounts.add(ME, name, ["Application Administrator"], person=each)
    return {name: verbs.authentication.acting_as(name) for name in person}


@pytest.fixture
def asked(database, tenant, job, clock):
    def by(who):
        made = NewPlan(
            *(tenant, job.number, to_microseconds(clock()), who.name, who.id, 1, 1, None),
            Plan(cycle="initial", application=JOB),
        )
        with database.transaction() as connection:
            number = plans.add(connection, made)
            plans.made(connection, number)
        return number

    return by


@pytest.mark.parametrize("verb", ["approve", "apply"])
@pytest.mark.parametrize("who", ["anna", "anna too"])
def test_who_asked_does_not_approve_nor_does_another_account_of_the_same_person(verbs, accounts, asked, verb, who):
    number = asked(accounts["anna"])

    with pytest.raises(AdminError, match="anna asked for plan 1") as refused:
        getattr(verbs.plans, verb)(accounts[who], number)

    assert refused.value.code == "approver-must-differ"
    assert verbs.plans.show(ME, number).state == "planned"


def test_another_approves_and_is_kept_with_an_id(verbs, accounts, asked):
    shown = verbs.plans.approve(accounts["bo"], asked(accounts["anna"]))

    stored = shown.stored
    assert (shown.state, stored.made_by_id, stored.decided_by_id) == (
        *("approved", accounts["anna"].id),
        accounts["bo"].id,
    )


def test_the_local_operator_is_no_exception_unless_acting_as_another(verbs, accounts, asked):
    number = asked(ME)

    with pytest.raises(AdminError) as refused:
        verbs.plans.approve(ME, number)

    assert refused.value.code == "approver-must-differ"
    assert verbs.plans.approve(replace(accounts["bo"], through=ME.name), number).state == "approved"


def test_what_a_cycle_asked_for_anybody_may_approve(verbs, accounts, asked):
    assert verbs.plans.approve(accounts["anna"], asked(SERVICE)).state == "approved"


def test_who_asked_may_discard(verbs, accounts, asked):
    assert verbs.plans.discard(accounts["anna"], asked(accounts["anna"])).state == "discarded"


def test_without_the_setting_who_asked_may_approve(verbs, accounts, asked):
    number = asked(accounts["anna"])

    verbs.jobs.settings(ME, JOB, approver_differs=False)

    assert verbs.plans.approve(accounts["anna"], number).state == "approved"


def test_the_setting_is_shown_and_its_change_is_audited(verbs, database, tenant, job):
    assert verbs.jobs.in_force(ME, JOB)["approverDiffers"] is True
    assert audit.newest(database.reader(), tenant, limit=1)[0].detail["settings"]["new"]["approverDiffers"] is True
