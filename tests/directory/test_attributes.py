"""Names and values of attributes: what the directory knows and what it takes."""

import pytest

from provisor.directory.attributes import KNOWN, Unreadable, extension_name, misfit, nearest, read_text


@pytest.mark.parametrize(
    "text", ["=1+1", "Null", "0", " edge ", "true", "Ж", "\u202eabc", "e\u0301", "👩‍🚀", "x" * 200]
)
def test_text_is_literal(text):
    assert read_text("displayName", "text", text) == text


@pytest.mark.parametrize(("text", "value"), [("true", True), ("FALSE", False), ("True", True), ("", None)])
def test_a_boolean_is_read_in_any_case(text, value):
    assert read_text("accountEnabled", "boolean", text) is value


@pytest.mark.parametrize("text", ["yes", "1", " true", "wahr"])
def test_what_is_no_boolean_is_refused_naming_attribute_and_value(text):
    outcome = read_text("accountEnabled", "boolean", text)

    assert isinstance(outcome, Unreadable)
    assert "accountEnabled" in outcome.reason
    assert repr(text) in outcome.reason


def test_a_list_takes_the_text_as_its_only_value():
    assert read_text("businessPhones", "list", "+47 1, 2") == ["+47 1, 2"]


@pytest.mark.parametrize("kind_of_value", ["text", "boolean", "list"])
def test_empty_text_clears(kind_of_value):
    assert read_text("x", kind_of_value, "") is None


@pytest.mark.parametrize(
    ("kind", "name", "known"),
    [
        ("user", "Department", "department"),
        ("user", "departement", "department"),
        ("user", "phoneMobile", "mobilePhone"),
        ("group", "Description", "description"),
        ("user", "Manager", "manager"),
    ],
)
def test_the_nearest_known_name(kind, name, known):
    assert nearest(kind, name) == known


def test_every_name_has_a_nearest_one():
    assert nearest("user", "\u4e2d") in KNOWN["user"] or nearest("user", "\u4e2d") == "manager"


def test_an_extension_is_named_by_its_application_without_hyphens():
    assert extension_name("11-22", "objectGUID") == "extension_1122_objectGUID"


@pytest.mark.parametrize(
    ("kind_of_value", "value"),
    [("text", "a"), ("text", None), ("boolean", False), ("list", ["a"]), ("list", [])],
)
def test_a_value_of_its_type_fits(kind_of_value, value):
    assert misfit("x", kind_of_value, value) is None


@pytest.mark.parametrize(
    ("kind_of_value", "value"), [("text", True), ("boolean", "true"), ("list", [1]), ("list", "a")]
)
def test_a_value_of_another_type_is_told(kind_of_value, value):
    assert "x must be" in misfit("x", kind_of_value, value)
