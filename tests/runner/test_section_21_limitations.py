"""The known limitations of spec/provisioning-service.md section 21, each in the behaviour that reproduces it.

Those of scopes, restarts and pauses are in test_section_2_transitions.py, those on demand in test_on_demand.py, nested
groups in test_references.py.
"""

import asyncio

import pytest

from provisor.admin.actor import LOCAL_OPERATOR as ME
from provisor.admin.errors import AdminError
from provisor.scim.patch.operations import Operation


@pytest.fixture
def entra(make_world):
    """Anna and Bo, everything provisioned, as the original does it."""
    world = make_world("scim", behaviour="entra", scope="all")
    world.organisation.users(["anna@x", "bo@x"], jobTitle="Cook")
    assert world.run().state == "succeeded"
    return world


def test_section_21_2_a_value_that_is_cleared_stays_at_the_target(entra):
    entra.organisation.change("anna@x", jobTitle=None)

    entra.run()

    assert entra.writes() == []
    assert entra.account("anna@x")["title"] == "Cook"


def test_section_21_7_what_somebody_else_changes_at_the_target_is_not_seen(entra):
    key = str(entra.account("anna@x")["id"])
    asyncio.run(entra.target.patch("user", key, [Operation(op="replace", path="title", value="Chief")]))

    entra.run()

    assert entra.account("anna@x")["title"] == "Chief"
    entra.organisation.change("anna@x", displayName="Anna B")  # until the person changes
    entra.run()
    assert entra.account("anna@x")["title"] == "Cook"


def test_section_21_8_a_special_character_in_a_matching_value_fails_in_the_faithful_behaviour_alone(make_world):
    outcomes = {}
    for behaviour in ("entra", "provisor"):
        world = make_world("scim", behaviour=behaviour, scope="all")
        world.organisation.user('a"b@x')
        outcomes[behaviour] = world.run().state

    assert outcomes == {"entra": "entry-level-errors", "provisor": "succeeded"}


def test_section_21_9_somebody_disabled_is_never_created(entra):
    entra.organisation.user("cleo@x", enabled=False)

    entra.run()

    assert entra.target.by_name("user", "cleo@x") is None
    assert entra.events(identity="cleo@x")[-1].code == "NotEffectivelyEntitled"


@pytest.mark.parametrize(("characters", "taken"), [(10_000, True), (10_001, False)])
def test_section_21_11_an_expression_has_10_000_characters_at_most(entra, admin_of, characters, taken):
    expression = 'Append([displayName], "")'
    expression = expression[:-2] + "x" * (characters - len(expression)) + expression[-2:]
    schemas = admin_of(entra).schemas

    try:
        schemas.map(ME, entra.job.id, "user", source=expression, target="title")
    except AdminError as refused:
        assert not taken
        assert "10001 characters, 10000 are allowed" in f"{refused} {refused.hint}"
    else:
        assert taken


def test_section_21_13_no_password_is_provisioned(entra, admin_of):
    with pytest.raises(AdminError) as refused:
        admin_of(entra).schemas.map(ME, entra.job.id, "user", source="passwordProfile", target="password")

    assert "passwordProfile" in str(refused.value)
    assert not [one for one in entra.target.resources("user").values() if "password" in one]


def test_section_21_14_somebody_released_is_not_deleted_later(make_world):
    world = make_world("scim", behaviour="entra")
    world.organisation.users(["anna@x"])
    world.organisation.assign("anna@x")
    world.run()
    world.organisation.unassign("anna@x")
    world.run()
    assert world.account("anna@x")["active"] is False

    world.purge("anna@x")
    world.run()

    assert world.writes() == []
    assert world.account("anna@x")["active"] is False


def test_section_21_15_a_group_without_a_name_is_skipped(entra):
    rules = entra.rules()
    for row in entra.mapping_of(rules, "Group")["attributeMappings"]:
        if row["targetAttributeName"] == "displayName":
            row["source"] = {"name": "mailNickname", "type": "Attribute", "expression": "[mailNickname]"}
    entra.save_rules(rules)
    entra.organisation.group("Sales", ["anna@x"])

    entra.run()

    assert entra.target.resources("group") == {}
    assert entra.events(identity="Sales")[-1].code == "ImportSkipped"


def test_section_21_15_two_groups_of_one_name_do_not_share_a_group(entra):
    entra.organisation.group("Sales", ["anna@x"])
    entra.run()
    key = entra.organisation.id("group", "Sales")
    entra.organisation.group("sales", ["bo@x"])

    entra.run()

    assert entra.organisation.id("group", "sales") != key
    assert entra.events(identity="sales", status="failure")[-1].code == "DuplicateSourceEntries"
    assert entra.target.memberships() == {("Sales", "anna@x")}
