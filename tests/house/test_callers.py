"""What the engine and its pure rooms define has a caller in the product: tests alone keep nothing alive."""

import ast
from pathlib import Path

import pytest

from support.source_trees import parsed, parsed_below

PACKAGE = Path(__file__).parents[2] / "src" / "provisor"
ROOMS = ("engine", "scim", "rules", "runner", "expressions", "directory", "gallery")
FILES = sorted(path for room in ROOMS for path in (PACKAGE / room).rglob("*.py"))

# (file, name) -> who calls it, since nobody in src does.
CALLED_FROM_OUTSIDE = {
    ("engine/decide_table.py", "render_table"): "reference/deciding.md is what it writes (tests/engine/test_decide.py)",
    ("directory/inbound/active_directory.py", "COMPUTED"): "what is computed, in words, for reference/sources.md",
    ("directory/inbound/ldap.py", "LDAP_COMPUTED"): "the same for LDAP",
}


def defined(tree):
    """The functions, classes and variables of a module."""
    for node in tree.body:
        match node:
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
                yield name
            case ast.Assign(targets=[ast.Name(id=name)]) | ast.AnnAssign(target=ast.Name(id=name)):
                if not name.startswith("__"):
                    yield name


def used_within(path):
    return {node.id for node in ast.walk(parsed(path)) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load)}


def used_from_elsewhere():
    """Names that modules of the product import from each other, and attributes that they ask for."""
    names = set()
    for tree in parsed_below(PACKAGE).values():
        for node in ast.walk(tree):
            match node:
                case ast.ImportFrom(module=str(module), names=aliases) if module.startswith("provisor"):
                    names |= {alias.name for alias in aliases}
                case ast.Attribute(attr=name):
                    names.add(name)
    return names


def test_whatever_is_defined_has_a_caller_in_the_product():
    elsewhere = used_from_elsewhere()
    without = {
        (str(path.relative_to(PACKAGE)), name)
        for path in FILES
        for name in set(defined(parsed(path))) - used_within(path) - elsewhere
    }

    assert sorted(without - set(CALLED_FROM_OUTSIDE)) == []


@pytest.mark.parametrize(("file", "name"), CALLED_FROM_OUTSIDE, ids=str)
def test_an_exception_is_still_there(file, name):
    assert name in set(defined(parsed(PACKAGE / file)))
