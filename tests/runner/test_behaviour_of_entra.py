"""A job that behaves like Entra: reads before it writes, looks everybody up, refuses what Entra refuses."""

import asyncio

import pytest

from provisor.scim.patch.operations import Operation


@pytest.fixture
def entra(make_world):
    """Two people, everything provisioned."""
    world = make_world(behaviour="entra")
    world.organisation.users(["anna@x", "bo@x"])
    world.organisation.assign("anna@x", "bo@x")
    assert world.run().state == "succeeded"
    return world


def test_a_linked_person_is_read_before_an_update(entra):
    entra.organisation.change("anna@x", displayName="Anna B")

    entra.run()

    key = str(entra.account("anna@x")["id"])
    assert [(one.method, one.subject) for one in entra.target.journal][1:] == [("GET", key), ("PATCH", key)]


def test_what_the_target_holds_already_is_not_sent(entra):
    key = str(entra.account("anna@x")["id"])
    asyncio.run(entra.target.patch("user", key, [Operation(op="replace", path="displayName", value="Anna B")]))
    entra.organisation.change("anna@x", displayName="Anna B")

    entra.run()

    assert entra.writes() == []
    assert entra.events(identity="anna@x")[-1].code == "RedundantExport"


def test_a_change_of_letter_case_alone_is_not_sent(entra):
    entra.organisation.change("anna@x", displayName="ANNA")

    entra.run()

    assert entra.writes() == []


def test_an_account_that_vanished_is_an_invalid_anchor(entra):
    entra.target.lose("user", str(entra.account("anna@x")["id"]))
    entra.organisation.change("anna@x", displayName="Anna B")

    summary = entra.run()

    assert summary.state == "entry-level-errors"
    assert entra.events(status="failure")[-1].code == "InvalidAnchor"
    assert entra.target.by_name("user", "anna@x") is None


def test_a_matching_value_with_a_special_character_is_refused(entra):
    entra.organisation.user('a"b@x')
    entra.organisation.assign('a"b@x')

    summary = entra.run()

    assert summary.counts["user.fail"] == 1
    assert entra.target.sent("POST") == []


def test_provisor_escapes_special_characters(world):
    names = ['a"b@x', "c\\d@x", "e+&%#f@x", "Ünï@x"]
    world.organisation.users(names)
    world.organisation.assign(*names)

    assert world.run().state == "succeeded"

    assert sorted(one["userName"] for one in world.target.resources("user").values()) == sorted(names)
