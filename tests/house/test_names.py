"""A name means one thing: no two classes or type aliases of the product are called the same."""

import ast
from pathlib import Path

import pytest

from support.source_trees import parsed_below

PACKAGE = Path(__file__).parents[2] / "src" / "provisor"
MAKERS = {"NewType", "NamedTuple", "TypedDict", "TypeVar", "namedtuple"}


def means_a_type(value):
    """Whether a module-level value is a type: parametrised, a union, a name of another, or made as one."""
    match value:
        case ast.Call(func=ast.Name(id=name) | ast.Attribute(attr=name)):
            return name in MAKERS
        case ast.Subscript() | ast.BinOp(op=ast.BitOr()) | ast.Name() | ast.Attribute():
            return True
    return False


def type_names(tree):
    """(name, line) of every class, wherever it stands, and every type alias of a module. TypeVars of a letter are none."""
    for node in ast.walk(tree):
        if isinstance(node, ast.ClassDef):
            yield node.name, node.lineno
    for node in tree.body:
        match node:
            case ast.AnnAssign(target=ast.Name(id=name), annotation=ast.Name(id="TypeAlias")):
                yield name, node.lineno
            case ast.Assign(targets=[ast.Name(id=name)], value=value) if means_a_type(value):
                if name.lstrip("_")[:1].isupper() and not name.isupper():
                    yield name, node.lineno


def defined_twice(trees):
    """Names with the places of each, where there are several."""
    places = {}
    for file, tree in trees.items():
        for name, line in type_names(tree):
            places.setdefault(name, []).append(f"{file}:{line}")
    return {name: where for name, where in places.items() if len(where) > 1}


def test_a_class_name_means_one_thing_in_the_tree():
    trees = {str(path.relative_to(PACKAGE)): tree for path, tree in parsed_below(PACKAGE).items()}

    assert len(trees) > 100
    assert defined_twice(trees) == {}


@pytest.mark.parametrize(
    "second",
    [
        "class Page: pass",
        "def make():\n    class Page: pass",
        "Page = dict[str, str]",
        "Page: TypeAlias = 'int | str'",
        "Page = int | str",
        "Page = Other",
        "Page = NewType('Page', str)",
    ],
)
def test_a_second_meaning_is_seen(second):
    assert defined_twice({"a.py": ast.parse("class Page: pass"), "b.py": ast.parse(second)}) == {
        "Page": ["a.py:1", f"b.py:{second.count(chr(10)) + 1}"]
    }


@pytest.mark.parametrize(
    "other", ["from a import Page", "PAGE = 1", "page = Page", "T = TypeVar('T')", "Page.size = 1"]
)
def test_a_use_is_no_second_meaning(other):
    first = ast.parse("class Page: pass\nT = TypeVar('T')")

    assert defined_twice({"a.py": first, "b.py": ast.parse(other)}) == {}
