"""What `/Schemas` adds to an attribute list, whatever an application answers."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from provisor.gallery import template
from provisor.rules.discovered import MOST, discovered
from provisor.rules.graph_json import read_schema
from provisor.rules.ruleset import RuleSet
from provisor.scim.schemas.schema import schema_to_json

CORE = "urn:ietf:params:scim:schemas:core:2.0:User"
ACME = "urn:ietf:params:scim:schemas:extension:Acme:2.0:User"
GENERIC = template("scim")
RULES = read_schema(GENERIC.rules)


def look(*documents, kind="user", rules=RULES):
    found = discovered(documents, rules, kind, GENERIC.resource_type(kind))
    return {one.name: one for one in found.added}, dict(found.left_out)


def schema(*attributes, urn=ACME):
    return {"id": urn, "name": "Acme", "attributes": list(attributes)}


ADDED = {
    "text": ({"name": "badge", "type": "string"}, ("String", False, False, "ReadWrite")),
    "a number": ({"name": "badge", "type": "integer", "caseExact": True}, ("Integer", True, False, "ReadWrite")),
    "a truth": ({"name": "badge", "type": "Boolean"}, ("Boolean", False, False, "ReadWrite")),
    "a time": ({"name": "badge", "type": "dateTime"}, ("DateTime", False, False, "ReadWrite")),
    "a picture": ({"name": "badge", "type": "binary"}, ("Binary", False, False, "ReadWrite")),
    "an address": ({"name": "badge", "type": "reference"}, ("Reference", False, False, "ReadWrite")),
    "read-only": ({"name": "badge", "mutability": "readOnly", "required": True}, ("String", False, False, "ReadOnly")),
    "written once": ({"NAME": "badge", "Mutability": "IMMUTABLE"}, ("String", False, False, "Immutable")),
    "never shown": ({"name": "badge", "mutability": "writeOnly"}, ("String", False, False, "WriteOnly")),
}


@pytest.mark.parametrize(("attribute", "as_listed"), ADDED.values(), ids=ADDED)
def test_section_6_3_an_attribute_of_an_extension_is_added_as_it_is_described(attribute, as_listed):
    added, _ = look(schema(attribute))

    one = added[f"{ACME}:badge"]
    assert (one.type, one.case_exact, one.required, one.mutability) == as_listed


def test_section_6_3_what_is_listed_already_stays_as_it_is():
    added, left_out = look(schema({"name": "userName", "caseExact": True, "type": "integer"}, urn=CORE))

    assert (added, left_out) == ({}, {})


def test_parts_of_a_complex_attribute_are_added_one_by_one():
    subs = [{"name": "middleName"}, {"name": "givenName"}, {"name": "others", "multiValued": True}]
    added, left_out = look(schema({"name": "name", "type": "complex", "subAttributes": subs}, urn=CORE))

    assert (list(added), list(left_out)) == (["name.middleName"], ["name.others"])


LEFT_OUT = {
    "several values": ({"name": "cards", "multiValued": True}, ACME, "one simple value only"),
    "made of parts": ({"name": "card", "type": "complex", "subAttributes": []}, ACME, "one simple value only"),
    "a list": ({"name": "ims", "multiValued": True, "type": "complex"}, CORE, "add the ones you need"),
    "a decimal": ({"name": "grade", "type": "decimal"}, ACME, "has no counterpart"),
    "no name that can be one": ({"name": "ba dge"}, ACME, "its name cannot be one"),
    "a password": ({"name": "password"}, CORE, "cannot be mapped"),
    "what the template does not have": ({"name": "shoeSize"}, CORE, "has no attribute"),
}


@pytest.mark.parametrize(("attribute", "urn", "reason"), LEFT_OUT.values(), ids=LEFT_OUT)
def test_what_cannot_be_listed_is_told_with_its_reason(attribute, urn, reason):
    added, left_out = look(schema(attribute, urn=urn))

    assert added == {}
    assert any(reason in one for one in left_out.values()), left_out


def test_a_required_attribute_that_nobody_maps_does_not_stop_the_job():
    added, left_out = look(schema({"name": "badge", "required": True}))

    assert added[f"{ACME}:badge"].required is False
    assert "map it" in left_out[f"{ACME}:badge"]


def test_umbrella_keeps_what_it_is_known_not_to_hold_out_of_its_list():
    umbrella = template("ciscoUmbrella")
    documents = [schema_to_json(GENERIC.user_type.schema)]

    found = discovered(documents, read_schema(umbrella.rules), "user", umbrella.user_type)

    assert found.added == ()
    assert "the application does not hold" in dict(found.left_out)["title"]


def test_a_schema_of_groups_adds_nothing_to_users():
    assert look(schema({"name": "badge"}, urn=ACME.replace("User", "Group"))) == ({}, {})


FOREIGN = {
    "no id": {"attributes": [{"name": "a"}]},
    "an id of another type": {"id": 7, "attributes": [{"name": "a"}]},
    "another URN": {"id": "urn:else", "attributes": [{"name": "a"}]},
    "nothing": {},
}


@pytest.mark.parametrize("document", FOREIGN.values(), ids=FOREIGN)
def test_what_is_no_schema_of_this_kind_is_passed_over(document):
    assert look(document, schema({"name": "badge"}))[0].keys() == {f"{ACME}:badge"}


BROKEN = {
    "attributes of another type": "x",
    "an attribute that is none": [7],
    "a type that there is not": [{"name": "a", "type": "colour"}],
    "no name": [{"type": "string"}],
}


@pytest.mark.parametrize("attributes", BROKEN.values(), ids=BROKEN)
def test_a_schema_that_cannot_be_read_is_told(attributes):
    added, left_out = look({"id": ACME, "attributes": attributes})

    assert (added, list(left_out)) == ({}, [ACME])
    assert "cannot be read" in left_out[ACME]


def test_no_more_than_a_bounded_number_is_looked_at():
    added, left_out = look(schema(*({"name": f"a{number}"} for number in range(MOST + 50))))

    assert len(added) == MOST
    assert "the rest" in left_out


VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.text(max_size=8)
    | st.sampled_from(["complex", "string", ACME, CORE]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["id", "name", "type", "attributes", "subAttributes", "multiValued", "mutability", "required"]
            ),
            inner,
            max_size=5,
        )
    ),
    max_leaves=15,
)


@given(st.dictionaries(st.sampled_from(["id", "name", "attributes"]), VALUES), st.sampled_from([ACME, CORE, None]))
def test_whatever_is_answered_the_rules_stay_usable(document, urn):
    if urn is not None:
        document = {**document, "id": urn}
    found = discovered([document], RULES, "user", GENERIC.user_type)

    with_them = RULES.listing("user", (*RULES.user_attributes, *found.added))
    assert isinstance(with_them, RuleSet)
    from provisor.rules.attribute_checks import attribute_problems

    assert list(attribute_problems(with_them, "user", GENERIC.user_type)) == []
