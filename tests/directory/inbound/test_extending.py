"""Attributes that become directory extensions: their names, types, several values, and limits."""

from base64 import b64encode

import msgspec
import pytest

from provisor.rules.source_settings import SourceExtension
from support.inbound_records import DOMAIN, EXTENSION, GROUP, GUID, PERSON, given_by, judged


def with_extensions(*extensions):
    return msgspec.structs.replace(DOMAIN, user_extensions=extensions)


def told(type_, values, *, multi_valued=False):
    """What an attribute with these values gives as an extension, and the warnings."""
    chosen = with_extensions(SourceExtension(attribute="costCenter", type=type_, multi_valued=multi_valued))
    found = judged(chosen, "user", PERSON | {"costCenter": values})
    return found.given.get(f"{EXTENSION}costCenter"), len(found.warnings)


def test_section_4_object_guid_is_base64_of_its_raw_bytes():
    chosen = with_extensions(SourceExtension(attribute="objectGUID", type="Binary"))

    assert given_by(chosen, "user", PERSON)[f"{EXTENSION}objectGUID"] == GUID


def test_section_4_the_case_of_a_name_counts():
    chosen = with_extensions(SourceExtension(attribute="objectguid", type="Binary"))

    assert f"{EXTENSION}objectguid" not in given_by(chosen, "user", PERSON)


def test_section_4_people_and_groups_are_chosen_apart():
    chosen = with_extensions(SourceExtension(attribute="objectGUID", type="Binary"))

    assert f"{EXTENSION}objectGUID" not in given_by(chosen, "group", GROUP)


@pytest.mark.parametrize(
    ("type_", "text", "value"),
    [
        ("String", " 4711 ", " 4711 "),
        ("Boolean", "TRUE", True),
        ("Boolean", "false", False),
        ("Integer", "-2147483648", -2147483648),
        ("LargeInteger", "133000000000000000", 133000000000000000),
        ("DateTime", "20310304100000.0Z", "2031-03-04T10:00:00Z"),
        ("DateTime", "203103041000Z", "2031-03-04T10:00:00Z"),
        ("DateTime", "2031030410Z", "2031-03-04T10:00:00Z"),
        ("DateTime", "20310304100000.5Z", "2031-03-04T10:00:00.500000Z"),
        ("DateTime", "20310304120000+0200", "2031-03-04T10:00:00Z"),
        ("DateTime", "2031030410.5-01", "2031-03-04T11:30:00Z"),
        ("Binary", b64encode(b"x" * 256).decode(), b64encode(b"x" * 256).decode()),
    ],
)
def test_section_4_a_value_is_read_by_its_type(type_, text, value):
    assert told(type_, [text]) == (value, 0)


@pytest.mark.parametrize(
    ("type_", "text"),
    [
        ("String", "a\0"),
        ("String", "\udfff"),
        ("Boolean", "yes"),
        ("Integer", "2147483648"),
        ("Integer", "1.5"),
        ("LargeInteger", "9223372036854775808"),
        ("DateTime", "20311304100000Z"),
        ("DateTime", "20310304100000"),
        ("DateTime", "00000101000000Z"),
        ("DateTime", "99991231235959-0100"),
        ("Binary", "no base64"),
        ("Binary", b64encode(b"x" * 257).decode()),
    ],
)
def test_a_value_that_is_not_of_its_type_is_left_away_and_said(type_, text):
    assert told(type_, [text]) == (None, 1)


def test_section_4_a_long_text_is_shortened_and_said():
    assert told("String", ["x" * 251]) == ("x" * 250, 1)


@pytest.mark.parametrize("type_", ["String", "Boolean"])
def test_of_several_values_an_extension_of_one_takes_the_first(type_):
    assert told(type_, ["TRUE", "FALSE"]) == (True if type_ == "Boolean" else "TRUE", 1)


def test_section_4_several_values_are_taken_where_there_may_be_several():
    assert told("String", ["a", "b", "a"], multi_valued=True) == (["a", "b"], 0)


def test_one_bad_value_of_several_is_left_away():
    assert told("Binary", ["AAAA", "!"], multi_valued=True) == (["AAAA"], 1)


def test_a_number_is_one_even_where_several_were_asked_for():
    assert told("Integer", ["1", "2"], multi_valued=True) == (1, 1)


def test_of_a_great_many_values_the_first_are_taken():
    assert told("String", [str(n) for n in range(251)], multi_valued=True) == ([str(n) for n in range(250)], 1)


def test_section_4_an_object_has_a_hundred_extensions_at_most():
    names = [f"attribute{n}" for n in range(101)]
    chosen = with_extensions(*(SourceExtension(attribute=name) for name in names))

    found = judged(chosen, "user", PERSON | {name: ["x"] for name in names})

    assert sum(name.startswith("extension_") for name in found.given) == 100
    assert found.warnings == (
        f"{EXTENSION}attribute100 is left away: an object has 100 extensions with a value at most.",
    )


def test_what_has_no_value_gives_nothing():
    assert told("String", []) == (None, 0)
