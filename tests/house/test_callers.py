"""What the engine and its pure rooms define has a caller in the product: tests alone keep nothing alive."""

import ast
from functools import cache
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[2] / "src" / "provisor"
ROOMS = ("engine", "scim", "rules", "runner", "expressions", "directory", "gallery")
FILES = sorted(path for room in ROOMS for path in (PACKAGE / room).rglob("*.py"))

# (file, name) -> who calls it, since nobody in src does.
CALLED_FROM_OUTSIDE = {
    ("engine/decide_table.py", "render_table"): "reference/deciding.md is what it writes (tests/engine/test_decide.py)",
}


@cache
def parsed(path):
    return ast.parse(path.read_text())


def defined(tree):
    """The functions, classes and variables of a module."""
    for node in tree.body:
        match node:
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
                yield name
            case ast.Assign(targets=[ast.Name(id=name)]) | ast.AnnAssign(target=ast.Name(id=name)):
                if not name.startswith("__"):
                    yield name


@cache
def used_within(path):
    return {node.id for node in ast.walk(parsed(path)) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load)}


@cache
def used_from_elsewhere():
    """Names that modules of the product import from each other, and attributes that they ask for."""
    names = set()
    for path in PACKAGE.rglob("*.py"):
        for node in ast.walk(parsed(path)):
            match node:
                case ast.ImportFrom(module=str(module), names=aliases) if module.startswith("provisor"):
                    names |= {alias.name for alias in aliases}
                case ast.Attribute(attr=name):
                    names.add(name)
    return names


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_whatever_is_defined_has_a_caller_in_the_product(path):
    file = str(path.relative_to(PACKAGE))
    without = set(defined(parsed(path))) - used_within(path) - used_from_elsewhere()

    assert sorted(name for name in without if (file, name) not in CALLED_FROM_OUTSIDE) == []


@pytest.mark.parametrize(("file", "name"), CALLED_FROM_OUTSIDE, ids=str)
def test_an_exception_is_still_there(file, name):
    assert name in set(defined(parsed(PACKAGE / file)))
