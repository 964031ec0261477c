"""The house style that a machine can check: length, headers, screens, and nothing of a machine in the tree."""

import ast
import re
import subprocess
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SOURCES = sorted((ROOT / "src" / "provisor").rglob("*.py"))
FILE_LIMIT_LINES = 400
SCREEN_LINES = 40

by_name = pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOT / "src" / "provisor")))


@cache
def parsed(path: Path) -> ast.Module:
    return ast.parse(path.read_text())


def tracked_files() -> list[Path]:
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout.split(
        "\n"
    )
    return [ROOT / name for name in listed if name and (ROOT / name).is_file()]


@by_name
def test_a_source_file_is_at_most_400_lines(path):
    assert len(path.read_text().splitlines()) <= FILE_LIMIT_LINES


@by_name
def test_a_source_file_opens_with_what_it_is_for(path):
    docstring = ast.get_docstring(parsed(path))

    assert docstring, f"{path} has no header"
    assert docstring.split("\n")[0].rstrip().endswith((".", ":", ";", ",")) or "\n" not in docstring


@by_name
def test_a_function_fits_a_screen(path):
    too_long = []
    for node in ast.walk(parsed(path)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            body = node.body[1:] if ast.get_docstring(node) and len(node.body) > 1 else node.body
            lines = (node.end_lineno or 0) - body[0].lineno + 1
            if lines > SCREEN_LINES:
                too_long.append(f"{node.name}: {lines} lines")

    assert not too_long


@by_name
def test_public_functions_and_classes_say_what_they_mean(path):
    bare = [
        node.name
        for node in parsed(path).body
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)
        and not node.name.startswith("_")
        and not ast.get_docstring(node)
    ]

    assert not bare


def test_no_module_has_a_name_that_says_nothing():
    empty_words = re.compile(r"(utils?|helpers?|common|manager|misc|data|info)\.py$")

    assert not [str(path) for path in SOURCES if empty_words.search(path.name)]


def test_no_file_names_a_package_index_or_a_path_of_a_machine():
    leaks = re.compile(rb"pypi\.org|pythonhosted|npmjs|/" rb"(work|farm|root|home/[a-z]+)/")
    found = [
        f"{path.relative_to(ROOT)}: {line[:120]!r}"
        for path in tracked_files()
        if path != Path(__file__) and path.suffix not in {".png", ".ico"}
        for line in path.read_bytes().splitlines()
        if leaks.search(line)
    ]

    assert not found
