"""`provisor expression`: what it prints, and with what it ends."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from provisor.cli.expression import app

CASES = Path(__file__).parents[2] / "expressions" / "expression-cases.json"


def run(*arguments):
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


def test_eval_prints_the_value():
    result = run("eval", 'Join(" ", [g], [s])', "--attribute", "g=Anna", "--attribute", "s=Ek=x")

    assert (result.exit_code, result.stdout) == (0, "Anna Ek=x\n")


def test_eval_takes_attributes_as_json():
    result = run("eval", "Not([IsSoftDeleted])", "--attributes", '{"IsSoftDeleted": true}', "--json")

    assert (result.exit_code, json.loads(result.stdout)) == (0, {"value": "False"})


def test_eval_takes_a_name_given_twice_as_a_list():
    result = run("eval", 'Join("+", [m])', "--attribute", "m=a", "--attribute", "m=b")

    assert result.stdout == "a+b\n"


@pytest.mark.parametrize(
    ("expression", "printed"),
    [
        ('Split("a;b", ";")', "a\nb\n"),
        ("[nothing]", "(null: the attribute is not sent)\n"),
        ("IgnoreFlowIfNullOrEmpty([a])", "(no flow: the attribute is not sent; the target keeps its value)\n"),
        ('SelectUniqueValue("a", "b")', "(the first of these that is not taken at the target)\na\nb\n"),
    ],
)
def test_eval_says_what_a_result_means(expression, printed):
    assert run("eval", expression).stdout == printed


@pytest.mark.parametrize(
    ("expression", "printed"),
    [
        ('Split("a;b", ";")', {"value": ["a", "b"]}),
        ("[nothing]", {"value": None}),
        ("IgnoreFlowIfNullOrEmpty([a])", {"noflow": True}),
        ('SelectUniqueValue("a", "b")', {"candidates": ["a", "b"], "failure": None}),
    ],
)
def test_eval_prints_json(expression, printed):
    assert json.loads(run("eval", expression, "--json").stdout) == printed


@pytest.mark.parametrize(
    ("expression", "line"),
    [("Append([a], Upper([b]))", "              ^ character 13"), ("Mid([a], 0, 1)", "           ^ character 10")],
)
def test_eval_points_at_the_character_and_ends_with_1(expression, line):
    result = run("eval", expression, "--attribute", "a=x")

    assert result.exit_code == 1
    assert result.stdout == ""
    assert result.stderr.splitlines()[-1] == line


def test_eval_prints_an_error_as_json():
    result = run("eval", "Nope()", "--json")

    assert result.exit_code == 1
    assert json.loads(result.stdout)["error"]["position"] == 1


def test_eval_prints_warnings_beside_the_value():
    result = run("eval", 'IIF([a]="", "x", "y")')

    assert result.stdout == "y\n"
    assert result.stderr.startswith("Warning: IIF tests for a null")


@pytest.mark.parametrize("arguments", [["--attributes", "{"], ["--attributes", "[1]"], ["--attribute", "no value"]])
def test_eval_with_wrong_attributes_ends_with_2(arguments):
    assert run("eval", "[a]", *arguments).exit_code == 2


def test_check_counts_and_ends_with_0_when_all_pass():
    result = run("check", CASES)

    assert (result.exit_code, result.stdout) == (0, "210 passed, 0 failed\n")


def test_check_prints_each_failure_and_ends_with_1(tmp_path):
    file = tmp_path / "cases.json"
    file.write_text(
        json.dumps([{"expr": "[a]", "expect": None}, {"expr": "ToUpper([a])", "attributes": {"a": "x"}, "expect": "Y"}])
    )

    result = run("check", file)

    assert result.exit_code == 1
    assert result.stdout == 'case 2: ToUpper([a]): expected "Y", got "X"\n1 passed, 1 failed\n'


def test_check_prints_json(tmp_path):
    file = tmp_path / "cases.json"
    file.write_text('[{"expr": "[a]", "expect": "x"}]')

    printed = json.loads(run("check", file, "--json").stdout)

    assert (printed["passed"], printed["failed"], printed["failures"][0]["case"]) == (0, 1, 1)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (None, "cannot be read"),
        ("{", "is not JSON"),
        ("{}", "A case file is a JSON list"),
        ("[{}]", "Case 1 is not in the format"),
    ],
)
def test_check_of_an_unusable_file_ends_with_2_and_says_why(tmp_path, content, said):
    file = tmp_path / "cases.json"
    if content is not None:
        file.write_text(content)

    result = run("check", file)

    assert result.exit_code == 2
    assert said in result.stderr


@pytest.mark.parametrize("command", ["eval", "check"])
def test_help_has_an_example(command):
    assert f"Example: provisor expression {command}" in run(command, "--help").stdout
