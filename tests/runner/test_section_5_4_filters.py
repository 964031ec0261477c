"""Scoping filters in cycles: whom each operator lets in, in both behaviours, and what becomes of who is filtered out.

spec/provisioning-service.md section 5.4. Single comparisons are in tests/rules/test_scoping.py.
"""

import pytest

from provisor.admin.actor import LOCAL_OPERATOR as ME

FLAG = "isResourceAccount"
# Who is in by each operator on an attribute: those named; the others have a value that fails, or none ("none").
OPERATORS = {
    "EQUALS": ("department", "Research", {"in": "Research", "case": "research", "out": "Sales", "none": None}, {"in"}),
    "NOT EQUALS": ("department", "Sales", {"in": "sales", "out": "Sales", "none": None}, {"in"}),
    "REGEX MATCH": ("employeeId", r"4\d{5}", {"in": "400123", "out": "4001234", "none": None}, {"in"}),
    "NOT REGEX MATCH": ("employeeId", r"4\d{5}", {"in": "4001234", "out": "400123", "none": None}, {"in"}),
    "Includes": ("department", "eld", {"in": "Field", "case": "FIELD", "out": "Sales", "none": None}, {"in"}),
    "ENDS_WITH": ("mail", "@x", {"in": "a@x", "case": "a@X", "out": "a@x.org", "none": None}, {"in"}),
    "Greater_Than": ("employeeId", "10", {"in": "11", "out": "10", "text": "eleven", "none": None}, {"in"}),
    "Greater_Than_OR_EQUALS": ("employeeId", "10", {"in": "10", "out": "9", "minus": "-11", "none": None}, {"in"}),
    "IS TRUE": (FLAG, None, {"in": True, "out": False, "none": None}, {"in"}),
    "IS FALSE": (FLAG, None, {"in": False, "out": True, "none": None}, {"in"}),
    "IS NULL": ("department", None, {"none": None, "empty": "", "out": "Sales"}, {"none", "empty"}),
    "IS NOT NULL": ("department", None, {"in": "Sales", "none": None, "empty": ""}, {"in"}),
    "&": ("usageLocation", "SE,NO,DK", {"in": "NO", "out": "FI", "none": None}, {"in"}),
    "!&": ("usageLocation", "SE,NO,DK", {"in": "FI", "out": "NO", "none": None}, {"in"}),
}
BEHAVIOURS = ("provisor", "entra")


def clause(attribute, operator, operand=None):
    values = [] if operand is None else [operand]
    return {"sourceOperandName": attribute, "operatorName": operator, "targetOperand": {"values": values}}


def filtered(world, admin, *filters, key="groups"):
    """Save filters, each of some clauses, as an administrator does."""
    document = admin.schemas.export(ME, world.job.id)
    groups = [{"name": f"F{number}", "clauses": list(clauses)} for number, clauses in enumerate(filters, 1)]
    world.mapping_of(document)["scope"] = {key: groups}
    admin.schemas.save(ME, world.job.id, document)


def active(world):
    return {str(one["userName"]) for one in world.target.resources("user").values() if one["active"]}


@pytest.mark.parametrize("behaviour", BEHAVIOURS)
@pytest.mark.parametrize("operator", OPERATORS)
def test_section_5_4_an_operator_lets_in(make_world, admin_of, operator, behaviour):
    attribute, operand, people, let_in = OPERATORS[operator]
    world = make_world("scim", behaviour=behaviour, scope="all")
    for name, value in people.items():
        world.organisation.user(name, **({} if value is None else {attribute: value}))
    filtered(world, admin_of(world), [clause(attribute, operator, operand)])

    summary = world.run()

    assert summary.state == "succeeded"
    assert active(world) == let_in
    if behaviour == "entra":
        assert {event.name for event in world.events(status="skipped")} == set(people) - let_in


@pytest.mark.parametrize("behaviour", BEHAVIOURS)
def test_section_5_4_the_worked_example(make_world, admin_of, behaviour):
    world = make_world("scim", behaviour=behaviour, scope="all")
    world.organisation.user("both", department="Research", employeeId="412345", companyName="X")
    world.organisation.user("one", department="Research", employeeId="512345", companyName="X")
    world.organisation.user("other", department="Sales", employeeId="412345", companyName="X")
    world.organisation.user("second", department="Sales")
    research = [clause("department", "EQUALS", "Research"), clause("employeeId", "REGEX MATCH", r"4\d{5}")]
    filtered(world, admin_of(world), research, [clause("companyName", "IS NULL")])

    world.run()

    assert active(world) == {"both", "second"}


SKIPS = {"deprovisioned": (False, {"in"}), "SkipOutOfScopeDeletions": (True, {"in", "out"})}


@pytest.mark.parametrize("behaviour", BEHAVIOURS)
@pytest.mark.parametrize(("skips", "left"), SKIPS.values(), ids=SKIPS)
def test_section_5_4_who_was_provisioned_and_fails_a_new_filter(make_world, admin_of, behaviour, skips, left):
    world = make_world("scim", behaviour=behaviour, scope="all")
    admin = admin_of(world)
    world.organisation.user("in", department="Research")
    world.organisation.user("out", department="Sales")
    admin.jobs.settings(ME, world.job.id, skip_out_of_scope_deletions=skips)
    world.run()
    assert active(world) == {"in", "out"}

    filtered(world, admin, [clause("department", "EQUALS", "Research")])
    world.run()

    assert active(world) == left
    assert world.cycles()[0].kind == "initial"


@pytest.mark.parametrize("behaviour", BEHAVIOURS)
def test_section_5_4_leaving_an_input_filter_does_not_deprovision(make_world, admin_of, behaviour):
    world = make_world("scim", behaviour=behaviour, scope="all")
    world.organisation.user("in", department="Research")
    world.organisation.user("moves", department="Research")
    world.organisation.user("out", department="Sales")
    filtered(world, admin_of(world), [clause("department", "EQUALS", "Research")], key="inputFilterGroups")
    world.run()
    assert active(world) == {"in", "moves"}

    world.organisation.change("moves", department="Sales")
    world.run()

    assert active(world) == {"in", "moves"}
    assert world.writes() == []


@pytest.mark.parametrize("behaviour", BEHAVIOURS)
def test_section_5_4_groups_have_filters_of_their_own(make_world, admin_of, behaviour):
    world = make_world("scim", behaviour=behaviour, scope="all")
    world.organisation.groups(["Sales", "Research"])
    document = admin_of(world).schemas.export(ME, world.job.id)
    only = [{"name": "S", "clauses": [clause("displayName", "EQUALS", "Sales")]}]
    world.mapping_of(document, "Group")["scope"] = {"groups": only}
    admin_of(world).schemas.save(ME, world.job.id, document)

    world.run()

    assert [one["displayName"] for one in world.target.resources("group").values()] == ["Sales"]
