"""The house style that a machine can check: length, headers, screens, and nothing of a machine in the tree."""

import ast
import re
import subprocess
from pathlib import Path

import pytest

from support.source_trees import parsed_below

ROOT = Path(__file__).parents[2]
PACKAGE, TESTS = ROOT / "src" / "provisor", ROOT / "tests"
FILE_LIMIT_LINES = 400
SCREEN_LINES = 40
FEWEST_WORDS = 3
NO_WORDS = {
    *[
        "a",
        "an",
        "and",
        "are",
        "as",
        "for",
        "has",
        "in",
        "is",
        "it",
        "its",
        "of",
        "on",
        "or",
        "the",
        "their",
        "to",
        "what",
        "with",
    ],
    "file",
    "module",
    "todo",
}


def told(folder, say):
    """What is to be said of a file, by its name, where it is anything. A folder of tests may open with nothing."""
    trees = {path: tree for path, tree in parsed_below(folder).items() if folder == PACKAGE or path.stem != "__init__"}
    return {str(path.relative_to(ROOT)): found for path, tree in trees.items() if (found := say(path, tree))}


def tracked_files() -> list[Path]:
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout.split(
        "\n"
    )
    return [ROOT / name for name in listed if name and (ROOT / name).is_file()]


def fault_of_header(stem, docstring):
    """What a header lacks to say what its file is for: a first paragraph that is a sentence, with words of its own."""
    if not docstring or not docstring.strip():
        return "there is none"
    first = docstring.split("\n\n")[0].rstrip()
    if not first.endswith((".", ":")):
        return f"{first[-40:]!r} is no end of a sentence"
    own = set(re.findall(r"[a-z0-9]+", first.lower())) - set(stem.split("_")) - NO_WORDS
    return None if len(own) >= FEWEST_WORDS else f"{first!r} says no more than the file's name"


def test_a_source_file_is_at_most_400_lines():
    lines = {path: len(path.read_text().splitlines()) for path in PACKAGE.rglob("*.py")}

    assert not {path: length for path, length in lines.items() if length > FILE_LIMIT_LINES}


@pytest.mark.parametrize("folder", [PACKAGE, TESTS], ids=["source", "test"])
def test_a_file_opens_with_what_it_is_for(folder):
    assert not told(folder, lambda path, tree: fault_of_header(path.stem, ast.get_docstring(tree)))


def test_no_two_files_open_with_the_same_words():
    headers = [told(folder, lambda path, tree: ast.get_docstring(tree)) for folder in (PACKAGE, TESTS)]
    opened = {}
    for path, header in (headers[0] | headers[1]).items():
        opened.setdefault(header, []).append(path)

    assert [paths for paths in opened.values() if len(paths) > 1] == []


@pytest.mark.parametrize(
    "header",
    [
        None,
        "",
        "  ",
        "Retry.",
        "Module.",
        "The retry module.",
        "When to try again",
        "retry: TODO.",
        "Retry retry retry.",
    ],
)
def test_a_header_that_says_nothing_is_seen(header):
    assert fault_of_header("retry", header)


def too_long(tree):
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            body = node.body[1:] if ast.get_docstring(node) and len(node.body) > 1 else node.body
            lines = (node.end_lineno or 0) - body[0].lineno + 1
            if lines > SCREEN_LINES:
                yield f"{node.name}: {lines} lines"


def test_a_function_fits_a_screen():
    assert not told(PACKAGE, lambda path, tree: list(too_long(tree)))


def bare(tree):
    return [
        node.name
        for node in tree.body
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)
        and not node.name.startswith("_")
        and not ast.get_docstring(node)
    ]


def test_public_functions_and_classes_say_what_they_mean():
    assert not told(PACKAGE, lambda path, tree: bare(tree))


def test_no_module_has_a_name_that_says_nothing():
    empty_words = re.compile(r"(utils?|helpers?|common|manager|misc|data|info)\.py$")

    assert not [str(path) for path in PACKAGE.rglob("*.py") if empty_words.search(path.name)]


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
