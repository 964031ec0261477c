"""Reference pages name everything that the code has: settings, error codes, commands."""

import ast
import importlib.util
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "src" / "provisor"


def page(name: str) -> str:
    return (ROOT / "docs" / "reference" / name).read_text()


def codes_in_the_code() -> set[str]:
    """Every literal given as `code=` or as the first argument of an error that carries a code."""
    codes = set()
    for path in PACKAGE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if not isinstance(node, ast.Call):
                continue
            name = getattr(node.func, "id", getattr(node.func, "attr", ""))
            given = [keyword.value for keyword in node.keywords if keyword.arg == "code"]
            if name == "AdminError" and node.args:
                given.append(node.args[0])
            codes |= {
                value.value for value in given if isinstance(value, ast.Constant) and isinstance(value.value, str)
            }
    return {code for code in codes if code}


def test_every_setting_is_documented():
    named = set(re.findall(r"PROVISOR_[A-Z_]+[A-Z]", "".join(path.read_text() for path in PACKAGE.rglob("*.py"))))

    assert named
    assert not {name for name in named if f"`{name}`" not in page("settings.md")}


def test_every_error_code_is_documented():
    assert not {code for code in codes_in_the_code() if f"`{code}`" not in page("errors.md")}


def test_every_documented_error_code_is_in_the_code():
    source = "".join(path.read_text() for path in PACKAGE.rglob("*.py"))
    documented = set(re.findall(r"^\| `([A-Za-z-]+)`", page("errors.md"), flags=re.MULTILINE))

    assert documented
    assert not {code for code in documented if f'"{code}"' not in source}


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


def test_one_record_names_functions_that_exist():
    text = (ROOT / "docs" / "explanation" / "one-record.md").read_text()
    named = re.findall(r"`([a-z_]+(?:/[a-z_]+)*/[a-z_]+\.py)::([A-Za-z_.]+)`", text)

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


@pytest.fixture
def writer():
    """The program that writes the command line's reference page."""
    spec = importlib.util.spec_from_file_location("write_cli_reference", ROOT / "tools" / "write_cli_reference.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_command_line_reference_is_what_the_code_says(writer):
    assert page("cli.md") == writer.page(), "run .venv/bin/python tools/write_cli_reference.py"


def test_every_command_shows_an_example(writer):
    shown = {name: f"{command.help} {command.epilog}" for name, command in writer.commands()}

    assert not [name for name, text in shown.items() if "provisor " not in text]
