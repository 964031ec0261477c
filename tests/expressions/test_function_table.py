"""The table of functions, and the reference page that must say the same."""

import re
from pathlib import Path

import pytest

from provisor.expressions import FUNCTIONS, Compiled, compile_expression, signature_of

PAGE = (Path(__file__).parents[2] / "docs" / "reference" / "functions.md").read_text(encoding="utf-8")
by_function = pytest.mark.parametrize("info", FUNCTIONS.values(), ids=list(FUNCTIONS))


def test_table_has_every_function_of_the_language_and_no_other():
    assert set(FUNCTIONS) == {
        "Append", "AppRoleAssignmentsComplex", "AssertiveAppRoleAssignmentsComplex", "SingleAppRoleAssignment", "BitAnd",
        "CBool", "CDate", "Coalesce", "ConvertToBase64", "ConvertToUTF8Hex", "Count", "CStr", "DateAdd", "DateDiff",
        "DateFromNum", "FormatDateTime", "Guid", "IgnoreFlowIfNullOrEmpty", "IIF", "InStr", "IsNull", "IsNullOrEmpty",
        "IsPresent", "IsString", "Item", "Join", "Left", "Mid", "NormalizeDiacritics", "Not", "Now", "NumFromDate",
        "PCase", "RandomString", "Redact", "RemoveDuplicates", "Replace", "SelectUniqueValue", "Split", "StripSpaces",
        "Switch", "ToLower", "ToUpper", "Word",
    }  # fmt: skip


@by_function
def test_reference_page_has_the_function_with_signature_and_help(info):
    section = PAGE.split(f"\n### {info.name}\n")[1].split("\n### ")[0]

    assert f"`{signature_of(info)}`" in section
    assert info.help in section
    assert all(f"| {parameter.name} |" in section for parameter in info.parameters)


def test_reference_page_has_no_other_function():
    assert re.findall(r"^### (.+)$", PAGE, flags=re.MULTILINE) == list(FUNCTIONS)


@by_function
def test_example_can_be_compiled_and_gives_what_it_says(info, evaluate):
    expression, _, result = info.example.partition(" gives ")

    if " with " in expression or "[" in expression or " and " in result or not result or info.volatile:
        assert isinstance(compile_expression(re.match(r".*\)", expression)[0]), Compiled)
    else:
        assert evaluate(expression) == result


@by_function
def test_required_parameters_stand_before_those_that_repeat(info):
    assert [p.repeatable for p in info.parameters] == sorted(p.repeatable for p in info.parameters)


def test_signature_shows_that_arguments_repeat():
    assert signature_of(FUNCTIONS["Join"]) == "Join(separator, source1, source2, …)"
    assert signature_of(FUNCTIONS["Switch"]) == "Switch(source, defaultValue, key1, value1, key2, value2, …)"
