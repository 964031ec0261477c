"""Laws of PATCH that hold for any two documents: generated from the schemas, every attribute that a client may write."""

import copy
import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from provisor.scim.entra import Dialect, patch_body
from provisor.scim.errors import ScimError
from provisor.scim.patch.applying import apply
from provisor.scim.patch.derivation import derive
from provisor.scim.patch.operations import Operation, parse_operations, patch_op
from provisor.scim.schemas.resource_types import ENTERPRISE_URN, GROUP_TYPE, UMBRELLA_USER_TYPE, USER_TYPE
from provisor.scim.schemas.schema import Attribute, Extension, ResourceType, Schema
from provisor.scim.validate import accept

DEVICE_TYPE = ResourceType(
    name="Device",
    endpoint="/Devices",
    schema=Schema(
        id="urn:example:params:scim:schemas:Device",
        name="Device",
        attributes=(
            Attribute(name="label", required=True),
            Attribute(name="tags", multi_valued=True),
            Attribute(name="size", type="integer"),
            Attribute(name="weight", type="decimal"),
            Attribute(name="bought", type="dateTime"),
            Attribute(name="key", type="binary", case_exact=True),
            Attribute(name="serial", mutability="readOnly"),
            Attribute(
                name="ports",
                type="complex",
                multi_valued=True,
                sub_attributes=(Attribute(name="value", case_exact=True), Attribute(name="open", type="boolean")),
            ),
        ),
    ),
    extensions=(
        Extension(
            schema=Schema(
                id="urn:example:Owner",
                name="Owner",
                attributes=(Attribute(name="who"), Attribute(name="keys", multi_valued=True, type="integer")),
            )
        ),
    ),
)
TYPES = {"User": USER_TYPE, "Group": GROUP_TYPE, "UmbrellaUser": UMBRELLA_USER_TYPE, "Device": DEVICE_TYPE}

words = st.sampled_from(
    ["a", "A", "b", "work", 'qu"ote', "back\\slash", "ß", "é", "e\u0301", "名", "\u200fx", " ", "]", ""]
)
types = st.sampled_from(["work", "home", "Work", "other", 'o"d'])


def scalar(attribute):
    if attribute.name == "type":
        return types
    return {
        "string": words,
        "reference": words,
        "boolean": st.booleans(),
        "integer": st.integers(-5, 5),
        "decimal": st.sampled_from([0.5, 1.0, -2.25]),
        "dateTime": st.sampled_from(["2026-01-01T00:00:00Z", "2026-01-01T01:00:00+01:00"]),
        "binary": st.sampled_from(["AAA=", "zzz="]),
    }[attribute.type]


def single(attribute):
    if attribute.type != "complex":
        return scalar(attribute)
    return st.fixed_dictionaries(
        {}, optional={sub.name: scalar(sub) for sub in attribute.sub_attributes if sub.writable}
    )


def one_primary(items):
    """At most one element may be primary: the first keeps it."""
    seen = False
    result = []
    for item in items:
        primary = isinstance(item, dict) and item.get("primary") is True
        result.append({**item, "primary": False} if primary and seen else item)
        seen = seen or primary
    return result


def value_of(attribute):
    if attribute.multi_valued:
        return st.lists(single(attribute), max_size=4).map(one_primary)
    return single(attribute)


def documents(resource_type):
    """Any document the resource type allows, in the form in which it is stored."""
    top = {a.name: value_of(a) for urn, a in resource_type.attributes() if urn is None and a.writable}
    top.pop("schemas")
    required = {a.name: st.sampled_from(["x", "X", "y"]) for _, a in resource_type.attributes() if a.required}
    for name in required:
        top.pop(name)
    extensions = {
        extension.schema.id: st.fixed_dictionaries(
            {}, optional={attribute.name: value_of(attribute) for attribute in extension.schema.attributes}
        )
        for extension in resource_type.extensions
    }
    return st.fixed_dictionaries(required, optional={**top, **extensions}).map(
        lambda document: accept(document, resource_type)
    )


def pairs(resource_type):
    """Two documents that often have attributes in common, as a record before and after a change does."""
    several = documents(resource_type)
    mixed = st.builds(
        lambda a, b, keep: (a, {**b, **{k: a[k] for k in keep & a.keys()}}),
        several,
        several,
        st.sets(st.sampled_from([a.name for _, a in resource_type.attributes()])),
    )
    return mixed.map(lambda pair: (pair[0], accept(pair[1], resource_type)))


of_any_type = pytest.mark.parametrize("kind", TYPES)
quickly = settings(max_examples=20, deadline=None, suppress_health_check=list(HealthCheck))


def as_sets(document):
    """The document with its lists in one order, for the order of a list means nothing."""
    if isinstance(document, dict):
        return {name: as_sets(value) for name, value in document.items()}
    if isinstance(document, list):
        return sorted((as_sets(item) for item in document), key=lambda item: json.dumps(item, sort_keys=True))
    return document


@of_any_type
@quickly
@given(data=st.data())
def test_derived_operations_lead_from_one_document_to_the_other(kind, data):
    resource_type = TYPES[kind]
    before, after = data.draw(pairs(resource_type))

    operations = derive(before, after, resource_type)

    assert as_sets(apply(before, operations, resource_type)) == as_sets(after)


@of_any_type
@quickly
@given(data=st.data())
def test_both_dialects_of_entra_say_the_same(kind, data):
    resource_type = TYPES[kind]
    before, after = data.draw(pairs(resource_type))
    operations = derive(before, after, resource_type)

    for dialect in Dialect:
        received = parse_operations(json.loads(json.dumps(patch_body(operations, dialect, resource_type))))

        assert as_sets(apply(before, received, resource_type)) == as_sets(after)


@of_any_type
@quickly
@given(data=st.data())
def test_a_document_needs_no_operation_to_become_itself(kind, data):
    resource_type = TYPES[kind]
    document = data.draw(documents(resource_type))

    assert derive(document, copy.deepcopy(document), resource_type) == ()


@of_any_type
@quickly
@given(data=st.data())
def test_nothing_is_left_to_derive_after_applying(kind, data):
    resource_type = TYPES[kind]
    before, after = data.draw(pairs(resource_type))

    result = apply(before, derive(before, after, resource_type), resource_type)

    assert not derive(result, after, resource_type)


@of_any_type
@quickly
@given(data=st.data())
def test_applying_twice_changes_nothing_more(kind, data):
    resource_type = TYPES[kind]
    before, after = data.draw(pairs(resource_type))
    operations = [item for item in derive(before, after, resource_type) if item.op != "remove"]
    once = apply(before, operations, resource_type)

    assert apply(once, operations, resource_type) == once


@of_any_type
@quickly
@given(data=st.data())
def test_what_is_accepted_is_accepted_again_unchanged(kind, data):
    resource_type = TYPES[kind]
    document = data.draw(documents(resource_type))

    assert accept(document, resource_type) == document


@quickly
@given(documents(USER_TYPE), documents(USER_TYPE))
def test_written_operations_are_read_as_they_were(before, after):
    operations = derive(before, after, USER_TYPE)

    assert parse_operations(json.loads(json.dumps(patch_op(operations)))) == operations


PATHS = [
    "title", "active", "name", "name.givenName", "emails", "emails.value", 'emails[type eq "work"]',
    'emails[type eq "work"].value', 'emails[type eq "work"].primary', "emails[primary eq true].display",
    'emails[value co "a" or not (type pr)]', 'roles[primary eq "True"].value', "roles", "userName", "groups", "meta.version",
    "schemas", "nonsense", "emails[", f"{ENTERPRISE_URN}:manager", f"{ENTERPRISE_URN}:manager.value",
    f"{ENTERPRISE_URN}:department", ENTERPRISE_URN, None,
]  # fmt: skip
anything = st.recursive(
    st.none() | st.booleans() | st.integers() | words,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["value", "type", "primary", "VALUE", "name.givenName", "emails", "x", ENTERPRISE_URN]),
            inner,
            max_size=3,
        )
    ),
    max_leaves=6,
)
hostile = st.lists(
    st.builds(Operation, op=st.sampled_from(["add", "replace", "remove"]), path=st.sampled_from(PATHS), value=anything),
    max_size=4,
)


@settings(max_examples=120, deadline=None, suppress_health_check=list(HealthCheck))
@given(documents(USER_TYPE), hostile)
def test_any_operations_give_a_storable_document_or_a_refusal_and_never_touch_the_input(document, operations):
    untouched = copy.deepcopy(document)
    values = copy.deepcopy(operations)

    try:
        result = apply(document, operations, USER_TYPE)
    except ScimError as error:
        assert error.status == 400
        assert error.detail
    else:
        assert accept(result, USER_TYPE) == result
        assert (result is document) is (result == document)

    assert document == untouched
    assert operations == values
