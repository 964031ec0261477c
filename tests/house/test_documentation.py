"""Reference pages name everything that the code has: settings, error codes, commands."""

import ast
import importlib.util
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from support.source_trees import parsed_below

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "src" / "provisor"


def page(name: str) -> str:
    return (ROOT / "docs" / "reference" / name).read_text()


CODE_ARGUMENTS = {"AdminError": 0, "OpenIdRefused": 0, "Skip": 0, "Unfit": 0, "_failure": 0, "_Row": 4}
"""Calls whose argument at this place is a code; everywhere else it is given as `code=`."""
CODE_TABLES = {"_BY_STATUS", "_BY_SCIM_TYPE", "_SERVER_ERROR", "_UNEXPECTED"}
"""Tables of engine/outcome.py, whose tuples begin with a code."""


def codes_given(tree: ast.AST) -> Iterator[ast.expr]:
    """The expressions of a module that become the code of something."""
    for node in ast.walk(tree):
        match node:
            case ast.Call(func=ast.Name(id=name) | ast.Attribute(attr=name)):
                yield from (keyword.value for keyword in node.keywords if keyword.arg == "code")
                yield from node.args[CODE_ARGUMENTS.get(name, len(node.args)) :][:1]
            case (
                ast.Assign(targets=[ast.Name(id=name)], value=table)
                | ast.AnnAssign(target=ast.Name(id=name), value=ast.expr() as table)
            ) if name in CODE_TABLES:
                yield from (part.elts[0] for part in ast.walk(table) if isinstance(part, ast.Tuple))
            case ast.Assign(targets=[ast.Name(id="code")], value=value):
                yield value


def named_texts(tree: ast.Module) -> Iterator[tuple[str, str]]:
    """The constants of a module that are texts."""
    for node in tree.body:
        match node:
            case ast.Assign(targets=[ast.Name(id=name)], value=ast.Constant(value=str(text))):
                yield name, text


def codes_of(*trees: ast.Module) -> set[str]:
    """Every code that these modules give to something: written there, chosen between two, or a constant's."""
    constants = dict(pair for tree in trees for pair in named_texts(tree))
    codes = set()
    for given in (one for tree in trees for one in codes_given(tree)):
        for value in (given.body, given.orelse) if isinstance(given, ast.IfExp) else (given,):
            match value:
                case ast.Constant(value=str(text)):
                    codes.add(text)
                case ast.Name(id=name) | ast.Attribute(attr=name) if name in constants:
                    codes.add(constants[name])
    return {code for code in codes if re.search("[A-Za-z]", code)}


@cache
def codes_in_the_code() -> set[str]:
    return codes_of(*parsed_below(PACKAGE).values())


def test_every_setting_is_documented():
    named = set(re.findall(r"PROVISOR_[A-Z_]+[A-Z]", "".join(path.read_text() for path in PACKAGE.rglob("*.py"))))

    assert named
    assert not {name for name in named if f"`{name}`" not in page("settings.md")}


def test_every_setting_of_a_job_is_documented_by_its_option():
    options = set(re.findall(r'yield "(--[a-z-]+)"', (PACKAGE / "cli" / "job_settings.py").read_text()))

    assert "--leavers" in options
    assert not {option for option in options if f"`{option}`" not in page("settings.md")}


def test_every_error_code_is_documented():
    assert not {code for code in codes_in_the_code() if f"`{code}`" not in page("errors.md")}


def test_every_documented_error_code_is_in_the_code():
    documented = set(re.findall(r"^\| `([A-Za-z-]+)`", page("errors.md"), flags=re.MULTILINE))

    assert documented
    assert documented - codes_in_the_code() == set()


def test_every_documented_error_code_says_what_to_do():
    rows = [line for line in page("errors.md").splitlines() if re.match(r"\| `[A-Za-z-]+` \|", line)]
    cells = [[cell.strip() for cell in re.split(r"(?<!\\)\|", row)[1:-1]] for row in rows]

    assert len(cells) > 70
    assert not [row[0] for row in cells if len(row) != 3 or not all(row)]


@pytest.mark.parametrize(
    "source",
    [
        'Failure(code="Gone", message="")',
        'errors.AdminError("Gone", "")',
        'GONE = "Gone"\nSkip(GONE, "")',
        'Skip(decide.GONE, "")\nGONE = "Gone"',
        'Failure(code="Gone" if gone else "Here")',
        '_BY_STATUS: dict = {410: ("Gone", "")}',
        'code = "Gone"',
    ],
)
def test_a_code_that_is_given_to_something_is_in_the_code(source):
    assert "Gone" in codes_of(ast.parse(source))


@pytest.mark.parametrize(
    "source", ['if code == "Gone": pass', 'GONE = "Gone"', '"""Gone"""', 'shown("Gone")', 'AdminError(code, "Gone")']
)
def test_a_code_that_is_only_named_is_not_in_the_code(source):
    assert "Gone" not in codes_of(ast.parse(source))


def test_links_between_pages_lead_somewhere():
    broken = [
        f"{path.relative_to(ROOT)} -> {link}"
        for path in [ROOT / "README.md", ROOT / "CHANGELOG.md", *(ROOT / "docs").rglob("*.md")]
        for link in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", path.read_text())
        if not (path.parent / link).exists()
    ]

    assert not broken


def test_every_promise_names_tests_that_exist():
    text = (ROOT / "docs" / "explanation" / "fidelity.md").read_text()
    rows = [line for line in text.splitlines() if line.startswith("| ") and not line.startswith("| kind")]

    assert len(rows) > 50
    for row in rows:
        files = re.findall(r"tests/[\w/]+\.py", row.rpartition("|")[0].rpartition("|")[2])
        assert files, row
        assert not [file for file in files if not (ROOT / file).exists()], row


def functions_named(page):
    text = (ROOT / "docs" / "explanation" / page).read_text()
    return re.findall(r"`([a-z_]+(?:/[a-z_]+)*/[a-z_]+\.py)::([A-Za-z_.]+)`", text)


@pytest.mark.parametrize("page", ["one-record.md", "one-request.md"])
def test_a_way_through_the_code_names_functions_that_exist(page):
    named = functions_named(page)

    assert len(named) >= 10
    for file, name in named:
        source = (PACKAGE / file).read_text()
        missing = [part for part in name.split(".") if not re.search(rf"(def|class) {re.escape(part)}\b", source)]
        assert not missing, f"{file} has no {name}"


def test_the_way_of_a_record_is_short():
    way, _, besides = (
        (ROOT / "docs" / "explanation" / "one-record.md").read_text().partition("## What may happen besides")
    )

    assert besides
    assert len(set(re.findall(r"`[a-z_/]+\.py::[A-Za-z_.]+`", way))) < 45


def test_the_longest_way_of_a_request_is_short():
    assert len(set(functions_named("one-request.md"))) < 25


def program(name):
    """A program in tools/ that writes a reference page."""
    spec = importlib.util.spec_from_file_location(name, ROOT / "tools" / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def writer():
    """The program that writes the command line's reference page."""
    return program("write_cli_reference")


def test_the_reference_of_roles_is_what_the_table_says():
    assert page("roles.md") == program("write_roles_reference").page(), (
        "run .venv/bin/python tools/write_roles_reference.py"
    )


def test_the_reference_of_sources_is_what_the_tables_say():
    assert page("sources.md") == program("write_sources_reference").page(), (
        "run .venv/bin/python tools/write_sources_reference.py"
    )


def test_the_reference_of_the_api_is_what_the_code_says():
    written = program("write_graph_reference").page()

    assert page("graph-api.md") == written, "run .venv/bin/python tools/write_graph_reference.py"


def test_the_command_line_reference_is_what_the_code_says(writer):
    assert page("cli.md") == writer.page(), "run .venv/bin/python tools/write_cli_reference.py"


def test_every_command_shows_an_example(writer):
    shown = {name: f"{command.help} {command.epilog}" for name, command in writer.commands()}

    assert not [name for name, text in shown.items() if "provisor " not in text]
