"""Assignments that a source made are ended by it alone, whoever asks; those made by hand are nobody else's."""

import pytest

from provisor.admin.actor import LOCAL_OPERATOR as ME
from provisor.admin.applications import DEFAULT_ACCESS
from provisor.admin.assignments import Narrowed, PrincipalKey
from provisor.admin.errors import AdminError
from provisor.admin.service_principals import ApplicationKey
from support.mastered import FedObjects

ANNA, BO = "anna@x.example", "bo@x.example"
APP = "Generic SCIM 2.0"


class World:
    """Anna is assigned by the source Tenant, Bo by hand."""

    def __init__(self, verbs, fed):
        self.verbs, self.fed = verbs, fed
        self.application = verbs.applications.add(ME, APP).application
        self.key = ApplicationKey("service principal", self.application.id)
        self.anna, self.bo = (verbs.users.create(ME, {"userPrincipalName": name}).object for name in (ANNA, BO))
        self.role = next((one.id for one in self.application.roles if one.enabled), DEFAULT_ACCESS.id)
        fed.connect("Tenant", "entra")
        fed.assign("Tenant", self.application.id, [(self.anna.id, self.role)])
        verbs.applications.assign(ME, APP, users=[BO])

    def of(self, item):
        [one] = self.verbs.assignments.of_principal(ME, PrincipalKey("user", item.id))
        return one.id

    def assigned(self):
        return {one.name for one in self.verbs.applications.assignments(ME, APP)}


@pytest.fixture
def world(verbs, database, tenant, now):
    return World(verbs, FedObjects(database, tenant, now))


REMOVALS = {
    "applications.unassign": lambda w, item: w.verbs.applications.unassign(ME, APP, users=[item.name]),
    "applications.unassign in a role": lambda w, item: w.verbs.applications.unassign(
        ME, APP, users=[item.name], role=w.role
    ),
    "assignments.remove": lambda w, item: w.verbs.assignments.remove(ME, w.key, w.of(item)),
    "assignments.remove of a user": lambda w, item: w.verbs.assignments.remove(
        ME, PrincipalKey("user", item.id), w.of(item)
    ),
    "assignments.remove_several": lambda w, item: w.verbs.assignments.remove_several(ME, w.key, [w.of(item)]),
}


@pytest.mark.parametrize("removal", REMOVALS)
def test_an_assignment_that_a_source_made_is_not_ended_here(world, removal):
    with pytest.raises(AdminError) as raised:
        REMOVALS[removal](world, world.anna)

    assert raised.value.code == "assignment-of-source"
    assert "by the source Tenant" in raised.value.message
    assert "End it there" in raised.value.hint
    assert world.assigned() == {ANNA, BO}


@pytest.mark.parametrize("removal", REMOVALS)
def test_an_assignment_that_was_made_by_hand_is_ended_by_hand(world, removal):
    REMOVALS[removal](world, world.bo)

    assert world.assigned() == {ANNA}


def test_of_several_none_is_ended_where_one_is_a_sources(world):
    with pytest.raises(AdminError):
        world.verbs.assignments.remove_several(ME, world.key, [world.of(world.bo), world.of(world.anna)])
    with pytest.raises(AdminError):
        world.verbs.applications.unassign(ME, APP, users=[BO, ANNA])

    assert world.assigned() == {ANNA, BO}


def test_lists_tell_who_made_an_assignment(world):
    by_hand_or_not = {ANNA: "Tenant", BO: None}

    seen = world.verbs.assignments.of_application(ME, world.key, Narrowed())
    assert {one.principal_name: one.source for one in seen} == by_hand_or_not
    assert {one.name: one.source for one in world.verbs.applications.assignments(ME, APP)} == by_hand_or_not


def test_assigning_by_hand_whom_a_source_assigned_changes_nothing(world):
    assert world.verbs.applications.assign(ME, APP, users=[ANNA]) == 0

    world.fed.assign("Tenant", world.application.id, [])
    assert world.assigned() == {BO}


def test_who_is_purged_is_assigned_no_more_whoever_did_it(world):
    world.verbs.users.purge(ME, ANNA)

    assert world.assigned() == {BO}
