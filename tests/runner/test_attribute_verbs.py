"""The verbs on the attribute list of a job, from an attribute that nobody knows to its value at the application."""

import pytest

from provisor.admin.actor import LOCAL_OPERATOR as ME
from provisor.admin.errors import AdminError
from provisor.engine.ports import Exchange, Page, Rejected
from provisor.rules.attributes import AttributeDefinition, with_attributes
from provisor.runner.asking.discovering import MOST_PAGES
from provisor.scim.schemas.resource_types import GROUP_TYPE
from provisor.testing.memory_target import MemoryTarget

URN = "urn:ietf:params:scim:schemas:extension:Acme:2.0:User"
BADGE = f"{URN}:badge"
BOTH = pytest.mark.parametrize("behaviour", ["entra", "provisor"])


@pytest.fixture
def acme_of(make_world, admin_of):
    """A job whose application has an attribute of its own; its list does not."""

    def make(behaviour="provisor"):
        world = make_world("scim", behaviour=behaviour)
        badge = (AttributeDefinition(name=BADGE, type="Integer", required=True),)
        world.target = MemoryTarget(with_attributes(world.template.user_type, badge), GROUP_TYPE)
        world.admin = admin_of(world)
        world.attributes = world.admin.attributes
        return world

    return make


@BOTH
def test_section_6_3_a_custom_attribute_goes_the_whole_way(acme_of, behaviour):
    world = acme_of(behaviour)
    world.organisation.user("anna@x", city="7")
    world.organisation.assign("anna@x")
    world.attributes.add(ME, world.job.id, "user", BADGE, type="Integer")
    world.admin.schemas.map(ME, world.job.id, "user", source="city", target=BADGE)

    assert world.run().state == "succeeded"
    assert world.account("anna@x")[URN] == {"badge": 7}

    world.organisation.change("anna@x", city="8")
    world.run()
    assert world.account("anna@x")[URN] == {"badge": 8}
    assert world.run().requests.get("PATCH", 0) == 0

    (row,) = [one for one in world.attributes.all(ME, world.job.id, "user") if one.definition.name == BADGE]
    assert row.definition.type == "Integer"
    assert len(row.mapped_by) == 1


@pytest.mark.parametrize(
    ("verb", "code"),
    [
        (lambda world, list_: list_.add(ME, world.job.id, "user", "USERNAME"), "attribute-listed"),
        (lambda world, list_: list_.set(ME, world.job.id, "user", "shoeSize", required=True), "not-found"),
        (lambda world, list_: list_.set(ME, world.job.id, "user", "title"), "invalid-value"),
        (lambda world, list_: list_.remove(ME, world.job.id, "user", "shoeSize"), "not-found"),
        (lambda world, list_: list_.remove(ME, world.job.id, "user", "TITLE"), "attribute-in-use"),
        (lambda world, list_: list_.remove(ME, world.job.id, "user", "id"), "rule-problems"),
        (lambda world, list_: list_.add(ME, world.job.id, "user", BADGE, required=True), "rule-problems"),
        (lambda world, list_: list_.set(ME, world.job.id, "user", "title", anchor=True), "rule-problems"),
    ],
)
def test_section_6_3_what_cannot_work_is_refused_and_nothing_changes(acme_of, verb, code):
    world = acme_of()
    before = world.rules()

    with pytest.raises(AdminError) as refused:
        verb(world, world.attributes)

    assert refused.value.code == code
    assert world.rules() == before


def test_an_attribute_that_no_mapping_writes_can_go(acme_of):
    world = acme_of()
    world.attributes.add(ME, world.job.id, "user", BADGE)

    world.attributes.remove(ME, world.job.id, "user", BADGE.upper().replace("URN:IETF", "urn:ietf"))

    names = [one.definition.name for one in world.attributes.all(ME, world.job.id, "user")]
    assert BADGE not in names


def test_elements_of_one_list_are_changed_together(acme_of):
    world = acme_of()

    world.attributes.set(ME, world.job.id, "user", 'phoneNumbers[type eq "work"].value', case_exact=True)

    listed = {one.definition.name: one.definition for one in world.attributes.all(ME, world.job.id, "user")}
    assert listed['phoneNumbers[type eq "fax"].value'].case_exact


def test_rules_without_a_list_get_that_of_the_template_and_the_change(acme_of):
    world = acme_of()
    rules = world.rules()
    del rules["directories"]
    world.save_rules(rules)

    world.attributes.add(ME, world.job.id, "user", BADGE)

    names = [one.definition.name for one in world.attributes.all(ME, world.job.id, "user")]
    assert (names[0], names[-1], len(names)) == ("id", BADGE, 27)


def test_section_6_3_discovery_only_adds_and_shows_first_what_it_would(acme_of):
    world = acme_of()
    before = world.rules()

    shown = world.attributes.discover(ME, world.job.id, save=False)
    assert shown.version is None
    assert world.rules() == before

    found = world.attributes.discover(ME, world.job.id, save=True)
    listed = {one.definition.name: one.definition for one in world.attributes.all(ME, world.job.id, "user")}
    held = [row["name"] for row in before["directories"][1]["objects"][0]["attributes"]]
    assert list(listed)[: len(held)] == held
    assert {one.name for one in found.kinds[0].added} == set(listed) - set(held)
    assert (listed[BADGE].type, listed[BADGE].required) == ("Integer", False)

    assert world.attributes.discover(ME, world.job.id, save=True).version is None


def test_discovery_for_rules_without_a_list_adds_to_that_of_the_template(acme_of):
    world = acme_of()
    rules = world.rules()
    del rules["directories"]
    world.save_rules(rules)

    world.attributes.discover(ME, world.job.id, save=True)

    names = [one.definition.name for one in world.attributes.all(ME, world.job.id, "user")]
    assert names[0] == "id"
    assert names.count("userName") == 1
    assert BADGE in names


def page(*resources, following=None):
    exchange = Exchange(method="GET", url="/Schemas", status=200)
    return Page(resources=list(resources), total=None, next_index=following, exchange=exchange)


def answering(world, answer):
    asked = []

    async def schemas(start_index=1):
        asked.append(start_index)
        return answer(start_index)

    world.target.schemas = schemas
    return asked


def refuse(start_index):
    raise Rejected("It refused.", status=500)


@pytest.mark.parametrize(
    "answer", [lambda start_index: None, lambda start_index: page(), refuse], ids=["none", "empty", "refused"]
)
def test_an_application_that_says_nothing_of_itself_is_no_trouble(acme_of, answer):
    world = acme_of()
    answering(world, answer)

    with pytest.raises(AdminError) as refused:
        world.attributes.discover(ME, world.job.id, save=True)

    assert refused.value.code == "discovery-failed"
    assert "Nothing depends on it" in refused.value.hint
    assert world.run().state == "succeeded"


@pytest.mark.parametrize("same", [True, False])
def test_an_application_that_pages_without_end_is_asked_a_bounded_number_of_times(acme_of, same):
    world = acme_of()
    schema = {"id": BADGE, "attributes": []}
    asked = answering(world, lambda number: page(schema if same else {"id": f"urn:{number}"}, following=number + 1))

    world.attributes.discover(ME, world.job.id, save=True)

    assert len(asked) == (2 if same else MOST_PAGES)
