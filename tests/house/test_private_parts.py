"""Tests use what everybody may use: no private name of an object, a class or a module that the test did not define."""

import ast
from pathlib import Path

import pytest

from support.source_trees import parsed

TESTS = Path(__file__).parents[1]
ROOT = TESTS.parent
FILES = sorted([*TESTS.rglob("*.py"), *(ROOT / "benchmarks").rglob("*.py"), *(ROOT / "tools").rglob("*.py")])
OURS = {"self", "cls"}
PUBLIC = {"_replace", "_asdict", "_fields", "_make", "_exit"}  # of named tuples and os, in spite of their names
SWAPS = {"__class__", "__dict__", "__wrapped__"}

# (file, name) -> why there is no public way.
REACHES = {
    (
        "tests/conftest.py",
        "_hypothesis_internal_use_settings",
    ): "hypothesis has no other way to change a law's settings",
    ("tests/contract/conftest.py", "_fixtureinfo"): "pytest's own plugins ask it which fixtures a coroutine takes",
    ("tests/house/test_patterns.py", "_words"): "patterns are judged where they are made, private ones too",
    ("tests/house/test_patterns.py", "_spelt"): "patterns are judged where they are made, private ones too",
    ("tests/apps/provider/test_health.py", "_reader"): "its connection breaks, as when a disk goes",
    ("tests/apps/provider/test_pieces.py", "_reader"): "to stand in the middle of reading a large group",
    ("tests/apps/provider/test_pieces.py", "_snapshot_free"): "to stand in the middle of reading a large group",
    ("tests/support/script_site/__init__.py", "_topics"): "how many windows a site follows is asked by its tests alone",
}


def private(name):
    return name.startswith("_") and not name.startswith("__")


def defined(tree):
    """Private names that a file itself gives to something: functions, classes, variables, attributes of its own."""
    for node in ast.walk(tree):
        match node:
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
                yield name
            case ast.Name(id=name, ctx=ast.Store()):
                yield name
            case ast.Attribute(value=ast.Name(id="self" | "cls"), attr=name, ctx=ast.Store()):
                yield name


def named(node):
    """The private names that a node takes from something else."""
    match node:
        case ast.Attribute(value=ast.Name(id=owner), attr=name) if owner in OURS and name not in SWAPS:
            return
        case ast.Attribute(attr=name, ctx=context):
            if private(name) or (name in SWAPS and not isinstance(context, ast.Load)):
                yield name
        case ast.ImportFrom(names=names):
            yield from (alias.name for alias in names if private(alias.name))
        case ast.Call(func=ast.Name(id="getattr" | "setattr" | "delattr") | ast.Attribute(attr="setattr" | "delattr")):
            for given in node.args[:2]:
                if isinstance(given, ast.Constant) and isinstance(given.value, str):
                    name = given.value.rpartition(".")[2]
                    if private(name) or name in SWAPS:
                        yield name


def reaches(tree):
    own = set(defined(tree))
    return sorted({name for node in ast.walk(tree) for name in named(node)} - own - PUBLIC)


def test_a_test_reaches_for_nothing_private():
    reached = [(str(path.relative_to(ROOT)), name) for path in FILES for name in reaches(parsed(path))]

    assert [one for one in reached if one not in REACHES] == []


@pytest.mark.parametrize(("file", "name"), REACHES, ids=str)
def test_an_exception_is_still_needed(file, name):
    assert name in reaches(parsed(ROOT / file))


@pytest.mark.parametrize(
    "line",
    [
        "target._delete('user', 'u-1')",
        "target._faults.planned.clear()",
        "a.b._rate = RateLimit(1)",
        "make()._held",
        "target.__class__ = Twins",
        "monkeypatch.setattr(module, '_HASHER', None)",
        "monkeypatch.setattr('provisor.runner.cycle._plan', None)",
        "getattr(target, '_busy')",
        "from provisor.runner.cycle import _plan",
    ],
)
def test_a_reach_is_seen(line):
    assert reaches(ast.parse(line))


@pytest.mark.parametrize(
    "line",
    [
        "self._x = 1",
        "row._replace(id=1)",
        "type(self)._x = 1\ndef _x(): pass",
        "a.__class__.__name__",
        "from a import b",
    ],
)
def test_what_is_ones_own_may_be_used(line):
    assert not reaches(ast.parse(line))
