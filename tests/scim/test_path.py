"""Attribute paths and the setters, getters and removers made of them."""

import pytest

from provisor.scim.errors import ScimError
from provisor.scim.filter.tree import Compare
from provisor.scim.path import Path, getter, parse_path, remover, render_path, setter
from provisor.scim.schemas.resource_types import ENTERPRISE_URN, UMBRELLA_URN, UMBRELLA_USER_TYPE, USER_TYPE, USER_URN

MANAGER = f"{ENTERPRISE_URN}:manager"
WORK = 'emails[type eq "work"].value'
TYPE_IS_WORK = Compare(path=Path(attribute="type"), op="eq", value="work")


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ("userName", Path(attribute="userName")),
        ("USERNAME", Path(attribute="userName")),
        ("name.GivenName", Path(attribute="name", sub="givenName")),
        (f"{USER_URN}:name.givenName", Path(attribute="name", sub="givenName")),
        (f"{ENTERPRISE_URN}:department", Path(urn=ENTERPRISE_URN, attribute="department")),
        (f"{ENTERPRISE_URN.upper()}:manager.value", Path(urn=ENTERPRISE_URN, attribute="manager", sub="value")),
        (f"{ENTERPRISE_URN}.manager", Path(urn=ENTERPRISE_URN, attribute="manager")),
        (ENTERPRISE_URN, Path(urn=ENTERPRISE_URN, attribute="")),
        ('emails[type eq "work"]', Path(attribute="emails", filter=TYPE_IS_WORK)),
        ('Emails[type eq "work"].Value', Path(attribute="emails", filter=TYPE_IS_WORK, sub="value")),
    ],
)
def test_path_gets_the_spelling_of_the_schema(text, path):
    assert parse_path(text, USER_TYPE) == path


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ("urn:example:2.0:Thing:size", Path(urn="urn:example:2.0:Thing", attribute="size")),
        ("urn:example:2.0:Thing.size", Path(urn="urn:example:2.0:Thing", attribute="size")),
        ("urn:example:thing:size.unit", Path(urn="urn:example:thing", attribute="size", sub="unit")),
        ("anyThing.atAll", Path(attribute="anyThing", sub="atAll")),
    ],
)
def test_path_without_a_resource_type_is_read_by_its_shape(text, path):
    assert parse_path(text) == path


@pytest.mark.parametrize(
    "text", ["userName", "name.givenName", f"{ENTERPRISE_URN}:manager.value", WORK, ENTERPRISE_URN]
)
def test_path_renders_as_it_was(text):
    assert render_path(parse_path(text, USER_TYPE)) == text


@pytest.mark.parametrize(
    "text", ["", "shoeSize", "name.shoe", "urn:example:2.0:Thing:size", "a b", "name.a.b", "x" * 3000]
)
def test_path_to_nothing_is_refused(text):
    with pytest.raises(ScimError) as caught:
        parse_path(text, USER_TYPE)

    assert (caught.value.status, caught.value.scim_type) == (400, "invalidPath")


@pytest.mark.parametrize(
    ("text", "value", "document"),
    [
        ("userName", "ana", {"userName": "ana"}),
        ("name.givenName", "Ana", {"name": {"givenName": "Ana"}}),
        (WORK, "a", {"emails": [{"type": "work", "value": "a"}]}),
        (f"{ENTERPRISE_URN}:department", "D", {ENTERPRISE_URN: {"department": "D"}}),
        (MANAGER, "m-1", {ENTERPRISE_URN: {"manager": {"value": "m-1"}}}),
        (f"{MANAGER}.value", "m-1", {ENTERPRISE_URN: {"manager": {"value": "m-1"}}}),
        ('roles[primary eq "True"].value', "Admin", {"roles": [{"primary": True, "value": "Admin"}]}),
        ('addresses[type eq "work" and primary eq true].country', "ES",
         {"addresses": [{"type": "work", "primary": True, "country": "ES"}]}),
        ("emails.value", "a", {"emails": [{"value": "a"}]}),
        ('emails[type eq "work"]', "a", {"emails": [{"type": "work", "value": "a"}]}),
        ("roles", [{"value": "r"}], {"roles": [{"value": "r"}]}),
    ],
)  # fmt: skip
def test_setter_writes_what_getter_reads(text, value, document):
    built = {}

    setter(text, USER_TYPE)(built, value)

    assert built == document
    read = getter(text, USER_TYPE)(built)
    assert read == (value if text != 'emails[type eq "work"]' else document["emails"][0])


def test_setters_fill_one_document():
    built = {}
    for text, value in [
        ("name.givenName", "Ana"),
        ("name.familyName", "Ruiz"),
        (WORK, "a"),
        ('emails[type eq "work"].primary', "True"),
        ('emails[type eq "home"].value', "b"),
        (MANAGER, "m-1"),
        (f"{ENTERPRISE_URN}:department", "D"),
    ]:
        setter(text, USER_TYPE)(built, value)

    assert built == {
        "name": {"givenName": "Ana", "familyName": "Ruiz"},
        "emails": [{"type": "work", "value": "a", "primary": True}, {"type": "home", "value": "b"}],
        ENTERPRISE_URN: {"manager": {"value": "m-1"}, "department": "D"},
    }


def test_two_documents_from_one_setter_share_nothing():
    write = setter(WORK, USER_TYPE)
    one, other = {}, {}

    write(one, "a")
    write(other, "b")

    assert one["emails"][0]["value"] == "a"


@pytest.mark.parametrize(("value", "stored"), [("True", True), ("False", False), (False, False), ("x", "x")])
def test_setter_of_a_boolean_takes_text(value, stored):
    built = {}

    setter("active", USER_TYPE)(built, value)

    assert built == {"active": stored}


@pytest.mark.parametrize(
    "text", ['emails[value co "x"].value', 'emails[type eq "a" or type eq "b"].value', ENTERPRISE_URN]
)
def test_setter_that_would_not_know_what_to_write_is_refused(text):
    with pytest.raises(ScimError) as caught:
        setter(text, USER_TYPE)

    assert caught.value.scim_type == "invalidPath"


@pytest.mark.parametrize(
    "text", ["userName", "name.givenName", WORK, MANAGER, f"{MANAGER}.value", "emails.value", ENTERPRISE_URN]
)
def test_getter_of_an_absent_value_is_none(text):
    assert getter(text, USER_TYPE)({}) is None


def test_getter_bears_with_a_manager_that_is_plain_text():
    assert getter(MANAGER, USER_TYPE)({ENTERPRISE_URN: {"manager": "m-1"}}) == "m-1"


def test_getter_of_the_native_object_id():
    assert getter(f"{UMBRELLA_URN}:nativeObjectId", UMBRELLA_USER_TYPE)({UMBRELLA_URN: {"nativeObjectId": "x"}}) == "x"


@pytest.mark.parametrize(
    "text", ["userName", "name.givenName", WORK, MANAGER, "emails.value", 'emails[type eq "work"]', ENTERPRISE_URN]
)
def test_remover_undoes_a_setter(text):
    built = {}
    setter(text, USER_TYPE)(built, "x") if text != ENTERPRISE_URN else built.update(
        {ENTERPRISE_URN: {"department": "D"}}
    )

    remover(text, USER_TYPE)(built)

    assert built == {}


def test_remover_leaves_neighbours():
    built = {
        "name": {"givenName": "Ana", "familyName": "Ruiz"},
        "emails": [{"type": "work", "value": "a", "display": "A"}, {"type": "home", "value": "b"}],
        ENTERPRISE_URN: {"manager": {"value": "m"}, "department": "D"},
    }

    for text in ("name.givenName", WORK, MANAGER, "title", 'roles[type eq "x"]'):
        remover(text, USER_TYPE)(built)

    assert built == {
        "name": {"familyName": "Ruiz"},
        "emails": [{"type": "work", "display": "A"}, {"type": "home", "value": "b"}],
        ENTERPRISE_URN: {"department": "D"},
    }
