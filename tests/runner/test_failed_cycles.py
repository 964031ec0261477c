"""A cycle that fails leaves one event about the job, which says in one sentence why."""

import asyncio

import pytest

from provisor.engine.ports import Malformed, Rejected, Unauthorized, Unreachable

CAUSES = {
    "token refused": (Unauthorized("401"), "Unauthorized", "refused the credentials"),
    "unreachable": (Unreachable("connection refused", sent=False), "WebExceptionProtocolError", "cannot be reached"),
    "no answer": (Unreachable("60 s passed"), "Timeout", "cannot be reached"),
    "not SCIM": (
        Malformed("a web page"),
        "SystemForCrossDomainIdentityManagementServiceIncompatible",
        "does not answer as a SCIM service",
    ),
    "404": (
        Rejected("none", status=404),
        "SystemForCrossDomainIdentityManagementServiceIncompatible",
        "does not answer as a SCIM service",
    ),
    "no rights": (Rejected("no", status=403, detail="no scope"), "InsufficientRights", "refused to look up anybody"),
}


@pytest.fixture
def people(world):
    world.organisation.users([f"p{number}@x" for number in range(5)])
    world.organisation.assign(*(f"p{number}@x" for number in range(5)))
    return world


def about_the_job(world):
    return [event for event in world.events() if event.source_id is None]


def told(event):
    return event.document["provisioningStatusInfo"]["errorInformation"]


@pytest.mark.parametrize(("error", "code", "words"), CAUSES.values(), ids=CAUSES.keys())
def test_a_cycle_that_fails_at_its_beginning_leaves_one_event(people, error, code, words):
    people.target.fail(1, error)

    people.run()

    (event,) = about_the_job(people)
    assert (event.status, event.code, event.name) == ("failure", code, "Umbrella")
    assert words in told(event)["reason"]
    assert told(event)["recommendedAction"]


def test_a_cycle_that_fails_in_the_middle_leaves_one_event(people):
    people.target.fail(1, Unauthorized("revoked"), method="POST", times=100)

    summary = people.run()

    (event,) = about_the_job(people)
    assert event.cycle == summary.id
    assert told(event)["reason"] == summary.error.message


def test_a_cycle_that_is_taken_up_again_and_fails_again_leaves_an_event_each_time(people):
    people.target.fail(1, Unauthorized("revoked"), method="POST", times=100)
    people.run()
    people.target.fail(1, Unreachable("down", sent=False), times=100)

    people.run()

    assert [event.code for event in about_the_job(people)] == ["Unauthorized", "WebExceptionProtocolError"]


def test_a_cycle_that_goes_through_leaves_no_event_about_the_job(people):
    people.target.fail(1, Rejected("no", status=400, detail="no"), method="POST")

    people.run()

    assert about_the_job(people) == []


def test_a_cycle_that_was_asked_to_stop_did_not_fail(people):
    people.stop = asyncio.Event()
    people.stop.set()

    assert people.run().state == "stopped"
    assert about_the_job(people) == []


def test_the_event_names_the_job_and_nobody(people):
    people.target.fail(1, Unauthorized("401"))
    people.run()

    (event,) = about_the_job(people)

    assert event.document["sourceIdentity"]["id"] == people.job.id
    assert event.document["sourceIdentity"]["identityType"] == "ServicePrincipal"
    assert event.document["provisioningSteps"] == []
