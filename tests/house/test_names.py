"""A name means one thing: no two classes or type aliases of the product are called the same."""

import ast
from pathlib import Path

import pytest

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


def defined_twice(sources):
    """Names with the places of each, where there are several."""
    places = {}
    for file, text in sources.items():
        for name, line in type_names(ast.parse(text)):
            places.setdefault(name, []).append(f"{file}:{line}")
    return {name: where for name, where in places.items() if len(where) > 1}


def test_a_class_name_means_one_thing_in_the_tree():
    sources = {str(path.relative_to(PACKAGE)): path.read_text() for path in sorted(PACKAGE.rglob("*.py"))}

    assert len(sources) > 100
    assert defined_twice(sources) == {}


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
    assert defined_twice({"a.py": "class Page: pass", "b.py": second}) == {
        "Page": ["a.py:1", f"b.py:{second.count(chr(10)) + 1}"]
    }


@pytest.mark.parametrize(
    "other", ["from a import Page", "PAGE = 1", "page = Page", "T = TypeVar('T')", "Page.size = 1"]
)
def test_a_use_is_no_second_meaning(other):
    assert defined_twice({"a.py": "class Page: pass\nT = TypeVar('T')", "b.py": other}) == {}
