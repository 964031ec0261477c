"""What an attribute definition says, at the target: each property when an account is created, changed and compared."""

import pytest

from provisor.rules.attributes import AttributeDefinition, with_attributes
from provisor.rules.graph_json import read_schema
from provisor.scim.schemas.resource_types import GROUP_TYPE
from provisor.testing.memory_target import MemoryTarget

URN = "urn:ietf:params:scim:schemas:extension:Acme:2.0:User"
BADGE = f"{URN}:badge"
BOTH = pytest.mark.parametrize("behaviour", ["entra", "provisor"])


def badge_of(definition=None):
    """How the application itself has the attribute, whatever the job's list says."""
    return (AttributeDefinition(name=BADGE, type=(definition or {}).get("type", "String")),)


@pytest.fixture
def world_of(make_world):
    """A job whose list has a badge, mapped from city, and an application that holds it."""

    def make(behaviour, definition, **row):
        world = make_world("scim", behaviour=behaviour)
        rules = world.rules()
        rules["directories"][1]["objects"][0]["attributes"].append({"name": BADGE, **definition})
        source = {"type": "Attribute", "name": "city"}
        world.mapping_of(rules)["attributeMappings"].append({"targetAttributeName": BADGE, "source": source, **row})
        world.target = MemoryTarget(
            with_attributes(world.template.user_type, badge_of(read_definition(rules))), GROUP_TYPE
        )
        world.save_rules(rules)
        world.sent = recording(world)
        return world

    return make


def read_definition(rules):
    found = read_schema(rules).user_attributes[-1]
    return {"type": found.type}


def recording(world):
    """The operations of every change that is sent."""
    sent = []

    async def patch(original, kind, target_id, operations):
        sent.extend((one.op, one.path, one.value) for one in operations)
        return await original(kind, target_id, operations)

    world.failing(patch=patch)
    return sent


def run(world, **changes):
    """A cycle after a change of anna; the operations it sent about the badge."""
    if changes:
        world.organisation.change("anna@x", **changes)
    world.sent.clear()
    world.run()
    return [(op, value) for op, path, value in world.sent if path == BADGE]


def hire(world, **attributes):
    world.organisation.user("anna@x", **attributes)
    world.organisation.assign("anna@x")
    world.run()


def badge(world):
    return (world.account("anna@x").get(URN) or {}).get("badge")


def codes(world):
    return [one.code for one in world.escrow()]


TYPES = {
    "String": ("7", "7"),
    "Integer": ("7", 7),
    "Boolean": ("True", True),
    "DateTime": ("11/22/2026 9:30:00 AM", "2026-11-22T09:30:00Z"),
    "DateTime, as SCIM has it": ("2026-11-22T09:30:00+01:00", "2026-11-22T09:30:00+01:00"),
    "Reference": ("https://x.example", "https://x.example"),
    "Binary": ("YQ==", "YQ=="),
}


@BOTH
@pytest.mark.parametrize(("kind", "given", "held"), [(key, *value) for key, value in TYPES.items()], ids=TYPES)
def test_section_6_3_type_a_value_is_converted_when_it_is_created_changed_and_compared(
    world_of, behaviour, kind, given, held
):
    world = world_of(behaviour, {"type": kind.partition(",")[0]})
    hire(world)

    changed = run(world, city=given)

    assert (badge(world), changed) == (held, [("add", held)])
    assert run(world, department="Sales") == []


@BOTH
@pytest.mark.parametrize("kind", ["Integer", "Boolean", "DateTime", "Binary"])
def test_section_6_3_type_what_does_not_fit_is_refused(world_of, behaviour, kind):
    world = world_of(behaviour, {"type": kind})

    hire(world, city="no such value!")

    assert codes(world) == ["InvalidValue"]


@pytest.mark.parametrize(
    ("behaviour", "exact", "sent"),
    [("entra", False, 0), ("entra", True, 1), ("provisor", False, 1), ("provisor", True, 1)],
)
def test_section_6_3_case_exact_says_whether_case_alone_is_a_change(world_of, behaviour, exact, sent):
    world = world_of(behaviour, {"caseExact": exact})
    hire(world, city="Perth")

    assert len(run(world, city="PERTH")) == sent


@BOTH
@pytest.mark.parametrize("exact", [True, False])
def test_section_6_3_case_exact_says_whether_an_account_is_matched(world_of, behaviour, exact):
    world = world_of(behaviour, {"caseExact": exact}, matchingPriority=2)
    world.target.put("user", {"userName": "other", URN: {"badge": "perth"}})

    hire(world, city="PERTH")

    assert len(world.target.resources("user")) == (2 if exact else 1)


@BOTH
def test_section_6_3_required_nobody_is_created_or_changed_without_a_value(world_of, behaviour):
    world = world_of(behaviour, {"required": True})
    hire(world)
    assert (codes(world), world.target.resources("user")) == (["MandatoryFieldsMissing"], {})

    run(world, city="Perth")
    assert (codes(world), badge(world)) == ([], "Perth")

    run(world, city=None, department="Sales")
    assert (codes(world), badge(world)) == (["MandatoryFieldsMissing"], "Perth")


@BOTH
@pytest.mark.parametrize("required", [True, False])
def test_section_6_3_default_value_is_sent_at_creation_alone(world_of, behaviour, required):
    world = world_of(behaviour, {"required": required, "defaultValue": "none"})
    hire(world)
    assert (badge(world), codes(world)) == ("none", [])

    run(world, city="Perth")
    assert run(world, city=None, department="Sales") == []
    assert (badge(world), codes(world)) == ("Perth", [])


def test_section_6_3_default_value_of_the_mapping_comes_first(world_of):
    world = world_of("provisor", {"defaultValue": "of the list"}, defaultValue="of the mapping")

    hire(world)

    assert badge(world) == "of the mapping"


@BOTH
def test_section_6_3_default_value_of_what_no_mapping_writes_is_sent_where_it_is_required(world_of, behaviour):
    world = world_of(behaviour, {"required": True, "defaultValue": "none"})
    rules = world.rules()
    world.mapping_of(rules)["attributeMappings"].pop()
    world.save_rules(rules)

    hire(world)

    assert (badge(world), codes(world)) == ("none", [])
    assert run(world, department="Sales") == []


@BOTH
def test_section_6_3_mutability_immutable_is_written_at_creation_alone(world_of, behaviour):
    world = world_of(behaviour, {"mutability": "Immutable"})
    hire(world, city="Perth")

    assert run(world, city="Bern") == []
    assert badge(world) == "Perth"


@BOTH
def test_section_6_3_mutability_write_only_is_compared_with_what_was_sent(world_of, behaviour):
    world = world_of(behaviour, {"mutability": "WriteOnly"})

    async def read(original, kind, target_id):
        answer = await original(kind, target_id)
        if answer is not None:
            answer.resource.pop(URN, None)
        return answer

    world.failing(read=read)
    hire(world, city="Perth")

    assert run(world, department="Sales") == []
    assert run(world, city="Bern") in ([("replace", "Bern")], [("add", "Bern")])
    assert run(world, department="Stores") == []


@BOTH
@pytest.mark.parametrize(("flows", "sent"), [(True, [("remove", None)]), (False, [])])
def test_section_6_3_flow_null_values_takes_a_value_away(world_of, behaviour, flows, sent):
    world = world_of(behaviour, {"flowNullValues": flows})
    hire(world, city="Perth")

    assert run(world, city=None) == sent
    assert badge(world) == (None if flows else "Perth")


@BOTH
def test_section_6_3_an_account_that_is_found_is_compared_too(world_of, behaviour):
    world = world_of(behaviour, {"type": "Integer"})
    world.target.put("user", {"userName": "anna@x", URN: {"badge": 7}})
    world.organisation.user("anna@x", city="7")
    world.organisation.assign("anna@x")

    assert run(world) == []
    assert run(world, city="8") == [("replace", 8)]
