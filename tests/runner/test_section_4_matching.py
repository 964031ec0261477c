"""Who is whom at the target: each row of spec/provisioning-service.md section 4, in both behaviours."""

import pytest

BOTH = pytest.mark.parametrize("behaviour", ["entra", "provisor"])


@pytest.fixture
def matched_by(make_world):
    """A world whose users are matched by these target attributes, the first first."""

    def make(behaviour, *paths):
        world = make_world("scim", behaviour=behaviour)
        rules = world.rules()
        for mapping in world.mapping_of(rules)["attributeMappings"]:
            name = mapping["targetAttributeName"]
            mapping["matchingPriority"] = paths.index(name) + 1 if name in paths else 0
        world.save_rules(rules)
        return world

    return make


def person(world, name="anna@x", **attributes):
    world.organisation.user(name, **attributes)
    world.organisation.assign(name)


def account(world, **attributes):
    return world.target.put("user", {"active": True, **attributes})


def failures(world):
    return [event.code for event in world.events(status="failure")]


@BOTH
def test_section_4_the_first_attribute_that_finds_somebody_wins(matched_by, behaviour):
    world = matched_by(behaviour, "externalId", "userName")
    first = account(world, userName="other@x", externalId="a1")
    person(world, mailNickname="a1")

    world.run()

    assert len(world.target.resources("user")) == 1
    assert world.account("anna@x")["id"] == first


@BOTH
def test_section_4_no_hit_goes_on_with_the_next_attribute(matched_by, behaviour):
    world = matched_by(behaviour, "externalId", "userName")
    second = account(world, userName="anna@x")
    person(world, mailNickname="a1")

    world.run()

    assert world.account("anna@x")["id"] == second
    assert len(world.target.resources("user")) == 1


@BOTH
def test_section_4_each_attribute_is_a_query_of_its_own(matched_by, behaviour):
    world = matched_by(behaviour, "externalId", "userName")
    account(world, userName="anna@x", externalId="another")
    person(world, mailNickname="a1")

    world.run()

    assert len(world.target.resources("user")) == 1  # they need not hold together


@BOTH
def test_section_4_no_hit_at_all_creates(matched_by, behaviour):
    world = matched_by(behaviour, "externalId", "userName")
    person(world, mailNickname="a1")

    world.run()

    assert world.writes() == [("POST", "anna@x")]


@BOTH
def test_section_4_an_attribute_without_a_value_is_passed_over(matched_by, behaviour):
    world = matched_by(behaviour, "externalId", "userName")
    mine = account(world, userName="anna@x")
    person(world)

    world.run()

    assert world.account("anna@x")["id"] == mine


@BOTH
def test_section_4_nobody_is_looked_for_without_any_value(matched_by, behaviour):
    world = matched_by(behaviour, "externalId")
    person(world)

    world.run()

    assert world.writes() == []
    assert [event.code for event in world.events(status="skipped")] == ["ImportSkipped"]


@BOTH
def test_section_4_several_hits_are_duplicate_target_entries(matched_by, behaviour):
    world = matched_by(behaviour, "externalId", "userName")
    account(world, userName="one@x", externalId="a1")
    account(world, userName="two@x", externalId="a1")
    person(world, mailNickname="a1")

    world.run()

    assert world.writes() == []
    assert failures(world) == ["DuplicateTargetEntries"]


@BOTH
def test_section_4_two_people_for_one_account_are_duplicate_source_entries(matched_by, behaviour):
    world = matched_by(behaviour, "externalId")
    account(world, userName="one@x", externalId="a1")
    person(world, mailNickname="a1")
    person(world, "bo@x", mailNickname="a1")

    world.run()

    assert failures(world) == ["DuplicateSourceEntries"]
    assert len(world.target.resources("user")) == 1


@BOTH
def test_section_4_the_value_is_what_the_mapping_makes_of_it(matched_by, behaviour):
    world = matched_by(behaviour, "userName")
    rules = world.rules()
    for mapping in world.mapping_of(rules)["attributeMappings"]:
        if mapping["targetAttributeName"] == "userName":
            mapping["source"] = {"type": "Function", "expression": 'Append([mailNickname], "@there")'}
    world.save_rules(rules)
    mine = account(world, userName="a1@there")
    person(world, mailNickname="a1")

    world.run()

    assert world.account("a1@there")["id"] == mine


@BOTH
def test_section_4_a_guest_is_matched_by_the_address_that_the_name_stands_for(matched_by, behaviour):
    world = matched_by(behaviour, "userName")
    mine = account(world, userName="anna@fabrikam.example")
    person(world, "anna_fabrikam.example#EXT#@contoso.example")

    world.run()

    assert world.account("anna@fabrikam.example")["id"] == mine
    assert len(world.target.resources("user")) == 1


@BOTH
def test_section_4_a_special_character_is_refused_by_entra_and_escaped_by_provisor(matched_by, behaviour):
    world = matched_by(behaviour, "userName")
    mine = account(world, userName='a"b\\c@x')
    person(world, 'a"b\\c@x')

    world.run()

    if behaviour == "entra":
        assert len(failures(world)) == 1 and world.writes() == []
    else:
        assert world.account('a"b\\c@x')["id"] == mine and failures(world) == []
