"""Facts about single functions beyond the published cases: nulls, edges, other scripts."""

import string

import pytest

from provisor.expressions import ExpressionFailure

ROLES = [
    {"id": "2", "value": "Auditor", "displayName": "The auditor"},
    {"id": "1", "displayName": "Reader"},
]


@pytest.mark.parametrize(
    ("text", "result"),
    [
        ('Append([nothing], "x")', None),
        ('Append("x", [nothing])', None),
        ("CBool([nothing])", None),
        ("CDate([nothing])", None),
        ("CStr([nothing])", None),
        ("Count([nothing])", "0"),
        ('InStr([nothing], "x")', None),
        ("IsString([nothing])", "False"),
        ("Item([nothing], 1)", None),
        ('Join("-", [nothing], [nothing])', ""),
        ('Join([nothing], "a", "b")', None),
        ("Left([nothing], 2)", ""),
        ('Left("abc", [nothing])', None),
        ("Mid([nothing], 1, 1)", None),
        ("Not([nothing])", "True"),
        ("PCase([nothing])", None),
        ("Redact([nothing])", None),
        ("RemoveDuplicates([nothing])", None),
        ('Replace([nothing], "a", , , "b", , )', None),
        ('Replace([nothing], , "(?<n>.)", "n", , [nothing], )', None),
        ('Split([nothing], ";")', None),
        ("SingleAppRoleAssignment([nothing])", None),
        ("AppRoleAssignmentsComplex([nothing])", None),
        ('Switch([nothing], "d", "a", "b")', "d"),
        ('Switch("x", "d", [nothing], "b")', "d"),
        ("ToLower([nothing])", None),
        ('Word([nothing], 1, ";")', ""),
        ('Word("abc", 1, [nothing])', None),
        ('IIF([nothing], "yes", "no")', "no"),
        ('IIF([nothing] = "", "yes", "no")', "no"),
        ('IIF([nothing] <> "", "yes", "no")', "yes"),
        ('IIF([nothing] >= 0, "yes", "no")', "no"),
        ('IIF([nothing] <= 0, "yes", "no")', "no"),
        ('IIF([nothing] = [nothing], "yes", "no")', "yes"),
    ],
)
def test_null_is_taken_as_the_function_says(evaluate, text, result):
    assert evaluate(text) == result


@pytest.mark.parametrize(
    ("text", "attributes", "result"),
    [
        ("Mid([a], 9, 2)", {"a": "short"}, ""),
        ("Mid([a], 2, 0)", {"a": "short"}, ""),
        ("Left([a], 1)", {"a": "😀x"}, "😀"),
        ('Word([a], 2, "; ")', {"a": "one ;  two"}, "two"),
        ('Word([a], 1, "")', {"a": "one two"}, "one two"),
        ('InStr([a], "ß", 1, vbTextCompare)', {"a": "straße"}, "5"),
        ('InStr([a], "i", 1, "vbTextCompare")', {"a": "KIM"}, "2"),
        ('InStr([a], "x", 99)', {"a": "x"}, "0"),
        ("NormalizeDiacritics([a])", {"a": "Ąę œ Œ ǿ ḥ"}, "Ae oe OE oe h"),
        ("NormalizeDiacritics([a])", {"a": "a\u0308 й ά ë 한 đþ"}, "a й ά e 한 đþ"),
        ("ConvertToBase64([a])", {"a": "\ud83d"}, "Pdg="),
        ("ConvertToUTF8Hex([a])", {"a": "\ud83d"}, "EFBFBD"),
        ("ToUpper([a])", {"a": "straße ı"}, "STRAßE ı"),
        ("ToLower([a])", {"a": "ΟΔΟΣ İ"}, "οδοσ İ"),
        ('ToUpper([a], "tr")', {"a": "ılgın i"}, "ILGIN İ"),
        ('ToLower([a], "AZ-Latn-AZ")', {"a": "Iİ"}, "ıi"),
        ('ToLower([a], "")', {"a": "I"}, "i"),
        ("PCase([a])", {"a": "o'NEIL d' ALMA 3rd"}, "O'neil D' Alma 3Rd"),
        ('PCase([a], "")', {"a": "oNE tWO"}, "One two"),
        ("IsPresent([a])", {"a": ["x"]}, "True"),
        ("IsString([a])", {"a": ["x"]}, "False"),
        ("IsString([a])", {"a": 7}, "True"),
        ("BitAnd([a], 6)", {"a": "-1"}, "6"),
        ("CBool([a])", {"a": "False"}, "False"),
        ("CBool([a])", {"a": "-3"}, "True"),
        ('IIF([a] > "Å", "yes", "no")', {"a": "Ö"}, "yes"),
        ('IIF([a] < 10, "yes", "no")', {"a": "9 "}, "no"),
        ('Switch([a], , 1, "one")', {"a": 1}, "one"),
        ('Switch([a], , "True", "yes", 1, "one")', {"a": 1}, "one"),
        ('Switch([a], , "a", "first", "a", "second")', {"a": "a"}, "first"),
        ('Switch([a], , [b], "b", [c], "c")', {"a": "x", "b": "y", "c": "x"}, "c"),
        ('Switch([a], "d", "x", [b])', {"a": "x"}, None),
        ('Join("-", [a], [b])', {"a": True, "b": 0}, "True-0"),
        ('Join("-", [a], [b])', {"a": ["x", "", "y"], "b": ""}, "x-y"),
        ('Join([s], "a", "b")', {"s": 0}, "a0b"),
        ('Split([a], ";")', {"a": ";; x ;"}, ["x"]),
        ('Split([a], ";")', {"a": ";"}, []),
        ("RemoveDuplicates([a])", {"a": "x"}, ["x"]),
        ("SingleAppRoleAssignment([a])", {"a": ROLES}, "Reader"),
        ("SingleAppRoleAssignment([a])", {"a": []}, None),
    ],
)
def test_function_gives(evaluate, text, attributes, result):
    assert evaluate(text, **attributes) == result


def test_roles_become_scim_roles_and_none_is_primary(evaluate):
    assert evaluate("AssertiveAppRoleAssignmentsComplex([r])", r=ROLES) == [
        {"value": "Auditor", "display": "The auditor", "type": "WindowsAzureActiveDirectoryRole", "primary": False},
        {"value": "Reader", "display": "Reader", "type": "WindowsAzureActiveDirectoryRole", "primary": False},
    ]


@pytest.mark.parametrize(
    "text",
    [
        'BitAnd("9223372036854775808", 1)',
        'BitAnd("1.5", 1)',
        'BitAnd("٣", 1)',
        'BitAnd("", 1)',
        'CBool("")',
        'CBool("true")',
        'InStr("a", "a", 0)',
        'InStr("a", "a", 1, "loose")',
        'Mid("abc", 0, 1)',
        'Mid("abc", 1, -1)',
        "Item([list], -1)",
        "Item([roles], 1)",
        'Split("a--b", "--")',
        'Split("ab", "")',
        "ToLower([list])",
        'ToUpper("a", "no culture")',
        "SingleAppRoleAssignment([list])",
        'SingleAppRoleAssignment("text")',
        'RandomString(8, 1, 0, 0, 0, "0123456789")',
        "RandomString(8, -1, 0, 0, 0)",
        "RandomString(-1, 0, 0, 0, 0)",
    ],
)
def test_value_that_cannot_be_used_is_a_failure(evaluate, text):
    assert isinstance(evaluate(text, list=["p", "q"], roles=ROLES), ExpressionFailure)


def test_guid_is_of_version_4(evaluate):
    guid = evaluate("Guid()")

    assert guid[14] == "4"
    assert guid[19] in "89ab"


def test_random_string_fills_up_with_what_was_asked_for(evaluate):
    assert set(evaluate("RandomString(200, 1, 0, 0, 1)")) <= set(string.digits + string.ascii_lowercase)


def test_random_string_without_minima_has_letters_and_digits(evaluate):
    assert set(evaluate("RandomString(200, 0, 0, 0, 0)")) <= set(string.digits + string.ascii_letters)


def test_random_string_of_length_zero_is_empty(evaluate):
    assert evaluate("RandomString(0, 0, 0, 0, 0)") == ""
