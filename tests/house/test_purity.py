"""The pure rooms stay pure: no clock, no randomness, no files, no untyped values."""

import ast
from pathlib import Path

import pytest

from support.source_trees import parsed

PACKAGE = Path(__file__).parents[2] / "src" / "provisor"
PURE_ROOMS = ("scim", "expressions", "rules", "directory", "gallery", "engine")
FORBIDDEN_CALLS = {
    "open",
    "print",
    "input",
    "now",
    "utcnow",
    "today",
    "uuid1",
    "uuid4",
    "token_bytes",
    "urandom",
    "sleep",
    "getenv",
}
FORBIDDEN_MODULES = {"time", "random", "secrets", "socket", "os", "io", "logging", "subprocess", "threading", "asyncio"}

PURE_FILES = sorted(path for room in PURE_ROOMS for path in (PACKAGE / room).rglob("*.py"))
by_name = pytest.mark.parametrize("path", PURE_FILES, ids=lambda path: str(path.relative_to(PACKAGE)))


@by_name
def test_a_pure_file_calls_nothing_that_reads_the_world(path):
    calls = {
        (node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", ""))
        for node in ast.walk(parsed(path))
        if isinstance(node, ast.Call)
    }

    assert not calls & FORBIDDEN_CALLS


@by_name
def test_a_pure_file_imports_nothing_that_reads_the_world(path):
    imported = set()
    for node in ast.walk(parsed(path)):
        if isinstance(node, ast.Import):
            imported |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            imported.add(node.module.split(".")[0])

    assert not imported & FORBIDDEN_MODULES


@by_name
def test_a_pure_file_names_no_any(path):
    names = {node.id for node in ast.walk(parsed(path)) if isinstance(node, ast.Name)}

    assert "Any" not in names
