"""What docstrings claim: nothing is said to be the only place without a test, and what is named in them exists."""

import ast
import inspect
import re
from pathlib import Path

import pytest

from support.source_trees import parsed_below

PACKAGE = Path(__file__).parents[2] / "src" / "provisor"

PLACES = "place|room|door|way|module|file|code|function|root|rule|table|check"
CLAIM = re.compile(
    rf"\b(?:the|our|its) (?:only|one|single|sole) (?:\w+ )?(?:{PLACES})\b|\bonly (?:this|the) (?:{PLACES})\b|\bnowhere else\b",
    re.IGNORECASE,
)
HELD = {}  # (file, claim) -> the test that would fail if it were untrue, as "tests/house/test_purity.py::test_…"


def docstrings(tree):
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            yield ast.get_docstring(node) or ""


def claims(tree):
    return [" ".join(hit[0].split()) for text in docstrings(tree) for hit in CLAIM.finditer(text)]


def names():
    """Every word of the code outside of docstrings, and of the names of its files."""
    trees = parsed_below(PACKAGE)
    found = {part for path in trees for part in (path.stem, path.parent.name)} | set(dir(str)) | set(dir(dict))
    for tree in trees.values():
        said = set(docstrings(tree))
        for node in ast.walk(tree):
            match node:
                case ast.ClassDef(name=name) | ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name):
                    found.add(name)
                case ast.Name(id=name) | ast.Attribute(attr=name) | ast.arg(arg=name) | ast.keyword(arg=name):
                    found.add(name)
                case ast.alias(name=name):
                    found |= set(name.split("."))
                case ast.Constant(value=str(text)) if inspect.cleandoc(text) not in said:
                    found |= set(re.findall(r"\w+", text))
    return found


def test_no_docstring_claims_to_be_the_only_place_without_a_test():
    made = [
        (str(path.relative_to(PACKAGE)), claim)
        for path, tree in parsed_below(PACKAGE).items()
        for claim in claims(tree)
    ]

    assert [one for one in made if one not in HELD] == []


def test_what_a_docstring_names_exists():
    known = names()
    named = [
        (str(path.relative_to(PACKAGE)), word)
        for path, tree in parsed_below(PACKAGE).items()
        for text in docstrings(tree)
        for word in re.findall(r"`([A-Za-z_][\w.]*)`", text)
        if not set(word.split(".")) <= known
    ]

    assert named == []


@pytest.mark.parametrize(
    "claim",
    [
        "The only place with a PRAGMA.",
        "The one way this room does things.",
        "The one folding rule of the product.",
        "With main, the only composition root.",
        "Only this module waits.",
        "It is written here and nowhere else.",
    ],
)
def test_a_claim_is_seen(claim):
    assert claims(ast.parse(f'"""{claim}"""'))


@pytest.mark.parametrize("text", ["SQL only.", "The one account that matches.", "Only what is shown is kept."])
def test_a_sentence_with_only_is_no_claim(text):
    assert not claims(ast.parse(f'"""{text}"""'))
