"""Filters, row by row of spec/scim-wire.md section 8, their grammar and their limits (RFC 7644 section 3.4.2.2)."""

import pytest

from provisor.scim.errors import ScimError
from provisor.scim.filter.evaluation import evaluate
from provisor.scim.filter.grammar import MAX_DEPTH, MAX_FILTER_CHARACTERS, parse, render
from provisor.scim.filter.tree import And, Compare, Not, Or, Path, Present, ValuePath
from provisor.scim.schemas.resource_types import ENTERPRISE_URN, GROUP_TYPE, UMBRELLA_URN, UMBRELLA_USER_TYPE, USER_TYPE
from provisor.scim.schemas.schema import Attribute, ResourceType, Schema

ANA = {
    "schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"],
    "id": "Id-1",
    "externalId": "Ext-1",
    "userName": "Ana.Ruiz@example.org",
    "displayName": "Ana Ruiz",
    "active": True,
    "name": {"familyName": "Ruiz"},
    "emails": [{"type": "work", "value": "a@example.org", "primary": True}, {"type": "home", "value": "b@example.net"}],
    "x509Certificates": [{"value": "AAAA"}],
    "meta": {"created": "2026-01-31T12:00:00Z"},
    ENTERPRISE_URN: {"department": "Sales", "manager": {"value": "m-1"}},
}
SHOE_TYPE = ResourceType(
    name="Shoe",
    endpoint="/Shoes",
    schema=Schema(
        id="urn:example:Shoe",
        name="Shoe",
        attributes=(
            Attribute(name="size", type="integer"),
            Attribute(name="weight", type="decimal"),
            Attribute(name="colours", multi_valued=True),
        ),
    ),
)


def holds(text, resource=ANA, resource_type=USER_TYPE):
    return evaluate(parse(text, resource_type), resource, resource_type)


def refusal(text, resource_type=USER_TYPE):
    with pytest.raises(ScimError) as caught:
        holds(text, {}, resource_type)
    assert (caught.value.status, caught.value.scim_type) == (400, "invalidFilter")
    return caught.value.detail


# Operators


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('userName eq "ana.ruiz@EXAMPLE.org"', True),
        ('userName ne "ana.ruiz@example.org"', False),
        ('userName co "RUIZ"', True),
        ('userName sw "ana"', True),
        ('userName ew ".ORG"', True),
        ('userName sw "ruiz"', False),
        ('displayName gt "ana"', True),
        ('displayName ge "ANA RUIZ"', True),
        ('displayName lt "ana ruiz"', False),
        ('displayName le "ana ruiz"', True),
        ("displayName pr", True),
        ("title pr", False),
        ("active eq true", True),
        ("active eq false", False),
        ("active ne false", True),
        ("active ne true", False),
    ],
)
def test_operator(text, expected):
    assert holds(text) is expected


@pytest.mark.parametrize(
    "text", ['USERNAME EQ "ana.ruiz@example.org"', "Name.FAMILYNAME Pr", "not (title PR) AND active Eq TRUE"]
)
def test_operators_and_names_count_in_any_case(text):
    assert holds(text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("userName pr and title pr or active eq true", True),
        ("active eq true or userName pr and title pr", True),
        ("(active eq true or userName pr) and title pr", False),
        ("not (title pr) and active eq true", True),
        ("not (title pr and active eq true)", True),
        ("not (not (active eq true))", True),
    ],
)
def test_not_binds_before_and_before_or(text, expected):
    assert holds(text) is expected


def test_tree_of_a_filter():
    name, title = Path(attribute="userName"), Path(attribute="title")

    assert parse('userName eq "a" and title pr or not (emails[type eq "work"])') == Or(
        (
            And((Compare(path=name, op="eq", value="a"), Present(title))),
            Not(ValuePath(Path(attribute="emails"), Compare(path=Path(attribute="type"), op="eq", value="work"))),
        )
    )


# Case and types


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('externalId eq "Ext-1"', True),
        ('externalId eq "ext-1"', False),
        ('id eq "Id-1"', True),
        ('id eq "id-1"', False),
        ('displayName eq "ANA RUIZ"', True),
    ],
)
def test_values_count_by_case_exact(text, expected):
    assert holds(text) is expected


@pytest.mark.parametrize("op", ["gt", "ge", "lt", "le", "co", "sw", "ew"])
def test_boolean_has_no_order(op):
    assert refusal(f"active {op} true") == f"active is a boolean; {op} is not allowed."


@pytest.mark.parametrize("op", ["gt", "ge", "lt", "le"])
def test_binary_has_no_order(op):
    assert refusal(f'x509Certificates.value {op} "AAAA"') == f"value is binary and has no order; {op} is not allowed."


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('meta.created eq "2026-01-31T13:00:00+01:00"', True),
        ('meta.created gt "2026-01-31T11:59:59.9999999Z"', True),
        ('meta.created lt "2026-01-31T12:00:00.5Z"', True),
        ('meta.created ne "2026-01-31T12:00:00"', False),
        ('meta.created sw "2026-01"', True),
    ],
)
def test_times_compare_as_moments(text, expected):
    assert holds(text) is expected


def test_text_that_is_no_time_is_refused():
    assert refusal('meta.created gt "yesterday"') == 'created is a time and cannot be compared with "yesterday".'


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("size gt 42", True),
        ("size eq 43.0", True),
        ("weight le 0.5", True),
        ("weight lt 5e-1", False),
        ("size ne 43", False),
    ],
)
def test_numbers_compare_as_numbers(text, expected):
    assert holds(text, {"size": 43, "weight": 0.5}, SHOE_TYPE) is expected


@pytest.mark.parametrize("text", ['size eq "big"', "size eq true", "size co 4"])
def test_what_is_no_number_is_refused(text):
    assert "size is a number" in refusal(text, SHOE_TYPE)


# Presence and absence


@pytest.mark.parametrize("value", [None, "", [], {}, [{}]], ids=repr)
def test_empty_value_is_not_present(value):
    assert not holds("emails pr", {"emails": value})


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('title eq "x"', False),
        ('title ne "x"', True),
        ('title co ""', False),
        ("title eq null", True),
        ("title ne null", False),
        ("userName eq null", False),
        ("userName ne null", True),
        ('emails[type eq "other"].value ne "x"', True),
    ],
)
def test_absent_attribute_matches_only_ne(text, expected):
    assert holds(text) is expected


# Multi-valued and value paths


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('emails eq "b@example.net"', True),
        ('emails.value ew "example.org"', True),
        ('emails.type eq "work" and emails.value eq "b@example.net"', True),
        ('emails[type eq "work" and value eq "b@example.net"]', False),
        ('emails[type eq "work" and value eq "a@example.org"]', True),
        ('emails[type eq "work"].value eq "A@example.org"', True),
        ('emails[type eq "home"].value eq "a@example.org"', False),
        ('emails[not (type eq "work")].value pr', True),
        ("emails[primary eq true and (type eq \"work\" or type eq \"home\")]", True),
        ('emails[type eq "work"].primary pr', True),
        (f'{ENTERPRISE_URN}:manager eq "m-1"', True),
        (f'{ENTERPRISE_URN}:manager.value eq "m-1"', True),
        ('id eq "Id-1" and manager eq "m-1"', True),
    ],
)  # fmt: skip
def test_multi_valued_and_complex_attributes(text, expected):
    assert holds(text) is expected


def test_members_are_compared_by_their_value():
    group = {"id": "g", "displayName": "G", "members": [{"value": "u-1"}, {"value": "u-2"}]}

    assert holds('id eq "g" and members eq "u-2"', group, GROUP_TYPE)
    assert not holds('members eq "u-3"', group, GROUP_TYPE)


def test_values_of_a_plain_list_can_be_chosen():
    assert holds('colours[value sw "r"]', {"colours": ["blue", "red"]}, SHOE_TYPE)
    assert holds('colours eq "BLUE"', {"colours": ["blue", "red"]}, SHOE_TYPE)


# Paths


def test_extension_attribute_by_urn():
    held = {UMBRELLA_URN: {"nativeObjectId": "aBc="}}

    assert holds(f'{UMBRELLA_URN}:nativeObjectId eq "aBc="', held, UMBRELLA_USER_TYPE)
    assert not holds(f'{UMBRELLA_URN}:nativeObjectId eq "abc="', held, UMBRELLA_USER_TYPE)


def test_standard_attribute_the_type_lacks_is_absent():
    assert not holds('title eq "x"', {}, UMBRELLA_USER_TYPE)


@pytest.mark.parametrize(
    "text", ["shoeSize pr", 'emails[size eq "x"]', 'emails.size eq "x"', 'urn:example:2.0:X:a eq "x"']
)
def test_unknown_attribute_is_refused(text):
    assert "has no" in refusal(text)


def test_complex_attribute_without_value_cannot_be_compared():
    assert refusal('name eq "x"') == "name is complex: compare one of its sub-attributes."


# Literals


@pytest.mark.parametrize(
    ("literal", "value"),
    [
        ('"a\\"b\\\\c\\u00e9\\n"', 'a"b\\cé\n'),
        ('"O\'Malley"', "O'Malley"),
        ('"a) or (b"', "a) or (b"),
        ("true", True),
        ("False", False),
        ("null", None),
        ("-12", -12),
        ("1.5e3", 1500.0),
    ],
)
def test_literal(literal, value):
    assert parse(f"title eq {literal}") == Compare(path=Path(attribute="title"), op="eq", value=value)


# Refusals


@pytest.mark.parametrize(
    "text",
    [
        "", " ", "userName", "userName eq", 'eq "a"', 'userName like "a"', 'userName eq "a', 'userName eq "a" and',
        'userName eq "a" "b"', '(userName eq "a"', 'userName eq "a")', "not userName pr", "emails[type pr",
        'emails[type eq "w"].', 'emails[a[b pr]]', 'name.familyName[type pr]', "pr", '"userName" eq "a"',
        'userName eq "\\x"', 'userName eq "\\ud800"', "title eq 1e999", "emails[]", "a..b pr", "userName pr pr",
        'userName eq "a" xor title pr', "title eq " + "9" * 5000,
    ],
)  # fmt: skip
def test_text_that_is_no_filter_is_refused(text):
    assert refusal(text).endswith(".")


def test_refusal_says_where_and_what_was_expected():
    assert (
        refusal('userName like "a"')
        == '"userName like "a"": expected an operator (eq ne co sw ew gt ge lt le pr) at character 10, found "like".'
    )


def test_deep_nesting_is_refused():
    assert refusal("(" * (MAX_DEPTH + 2) + "title pr" + ")" * (MAX_DEPTH + 2)) == (
        f"The filter nests deeper than {MAX_DEPTH} brackets."
    )


def test_long_filter_is_refused():
    assert str(MAX_FILTER_CHARACTERS) in refusal(f'title eq "{"x" * MAX_FILTER_CHARACTERS}"')


def test_many_alternatives_are_no_depth():
    text = " or ".join(f'userName eq "{number}"' for number in range(500))

    assert not holds(text)


def test_rendered_filter_has_no_more_parentheses_than_needed():
    text = 'userName eq "a" and (title pr or active eq true) or not (emails[type eq "work"].value co "x")'

    assert render(parse(text)) == text
