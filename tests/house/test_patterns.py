"""Every pattern of the package takes time in proportion to the text, whatever the text is made of.

Patterns are found by walking through the modules, so that a new one is covered without anybody remembering it.
"""

import ast
import importlib
import pkgutil
import re
from collections import deque
from functools import cache
from pathlib import Path

import pytest
import regex

import provisor
from provisor.connectors.capture import Redactor
from provisor.engine.ports import Secret
from provisor.provider.watch import masking
from provisor.testing.adversary import LONGEST, grows_faster, texts, words_of

PACKAGE = Path(provisor.__file__).parent
METHODS = ("match", "fullmatch", "search", "finditer")
_AS = {"sub": "finditer", "subn": "finditer", "split": "finditer", "findall": "finditer"}

# Functions that make patterns of what they are given: one example, or why there is none.
MADE = {
    "provider/watch/masking.py:_words": masking._words(("pin", "badge")),
    "connectors/capture.py:__init__": Redactor(Secret("aab"))._spelt,
    "engine/advice.py:_words": None,  # kept by the module, where they are found
    "engine/advice.py:_body": None,
    # An administrator's: REGEX_SECONDS bounds it in an expression, PATTERN_SECONDS in a scoping filter.
    "expressions/functions/patterns.py:compiled": None,
    "expressions/cases.py:_expected": None,  # of a file of cases: compiled only
    "expressions/cases.py:_fits": None,  # of a file of cases: _REGEX_SECONDS
}


@cache
def parsed(path):
    return ast.parse((PACKAGE / path).read_text())


@cache
def users_of_re():
    """The files that import re or regex: only they can write a pattern out."""
    texts = {path: path.read_text() for path in sorted(PACKAGE.rglob("*.py"))}
    return [path.relative_to(PACKAGE) for path, text in texts.items() if re.search(r"^\s*(from|import) re", text, re.M)]


def patterns_in_method(value):
    """Whether it is a method of a pattern."""
    return isinstance(getattr(value, "__self__", None), re.Pattern | regex.Pattern)


def patterns_in(value):
    """Pattern objects in a value of a module, also inside of lists, tables and classes."""
    value = value.__self__ if patterns_in_method(value) else value
    if isinstance(value, re.Pattern | regex.Pattern):
        yield value
    elif isinstance(value, tuple | list | set | frozenset):
        for item in value:
            yield from patterns_in(item)
    elif isinstance(value, dict):
        yield from patterns_in(list(value.items()))


@cache
def uses(path):
    """Of what names a module asks which attributes, as `name.attribute`."""
    return {
        (node.value.id, _AS.get(node.attr, node.attr))
        for node in ast.walk(parsed(path))
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name)
    }


def methods_of(name, path):
    """How a module uses a pattern of this name; every way when it does not say."""
    return tuple(method for method in METHODS if (name, method) in uses(path)) or METHODS


def module_patterns():
    known = {}  # many modules hold the same large tables
    for found in pkgutil.walk_packages([str(PACKAGE)], "provisor."):
        if found.name.endswith("__main__"):
            continue
        module = importlib.import_module(found.name)
        path = Path(module.__file__).relative_to(PACKAGE)
        held = dict(vars(module))
        for value in list(held.values()):
            if isinstance(value, type) and value.__module__ == found.name:
                held.update({f"{value.__name__}.{name}": item for name, item in vars(value).items()})
        for name, value in held.items():
            # Of some a module keeps nothing but the method.
            bound = (value.__name__,) if patterns_in_method(value) else None
            if id(value) not in known:
                known[id(value)] = list(patterns_in(value))
            for number, pattern in enumerate(known[id(value)]):
                yield pytest.param(pattern, bound or methods_of(name, path), id=f"{path}:{name}{number or ''}")


def calls_of_re(tree):
    """Calls of re and regex inside functions, with the name of the function."""
    waiting = deque((node, None) for node in tree.body)
    while waiting:
        node, function = waiting.popleft()
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            function = node.name
        called = node.func if isinstance(node, ast.Call) else None
        if (
            function
            and isinstance(called, ast.Attribute)
            and isinstance(called.value, ast.Name)
            and called.value.id in ("re", "regex")
            and called.attr in (*METHODS, *_AS, "compile")
        ):
            yield function, node
        waiting.extend((child, function) for child in ast.iter_child_nodes(node))


def inner_patterns():
    """Patterns that a function writes out, and those of MADE; a function of neither kind is named by a test below."""
    for path in users_of_re():
        for function, call in calls_of_re(parsed(path)):
            if isinstance(call.args[0], ast.Constant):
                yield pytest.param(re.compile(call.args[0].value), METHODS, id=f"{path}:{function}")
    for name, pattern in MADE.items():
        if pattern is not None:
            yield pytest.param(pattern, METHODS, id=name)


def run(pattern, method):
    if method == "finditer":
        return lambda text: deque(pattern.finditer(text), maxlen=0)
    return getattr(pattern, method)


def slow(pattern, methods, longest=LONGEST):
    as_bytes = isinstance(pattern.pattern, bytes)
    for make in texts(words_of(pattern.pattern, pattern.flags & ~re.UNICODE), paired=3):
        for method in methods:
            grown = grows_faster(
                run(pattern, method),
                (lambda length, make=make: make(length).encode("latin-1")) if as_bytes else make,
                longest,
            )
            if grown:
                return f"{method} on {make(60)!r}: {grown}"
    return None


@pytest.mark.slow
@pytest.mark.parametrize(("pattern", "methods"), [*module_patterns(), *inner_patterns()])
def test_a_pattern_takes_time_in_proportion_to_the_text(pattern, methods, thorough):
    assert slow(pattern, methods, LONGEST if thorough else LONGEST // 4) is None


@pytest.mark.test_rows(2)
@pytest.mark.fast_rows(2)
@pytest.mark.parametrize(
    ("pattern", "method"),
    [
        (r"((?:password|secret|token)\w*(?:\s|%20|\+)+(?:eq|ne)(?:\s|%20|\+)+)\".*?(?:\"|$)", "finditer"),
        (r"((?:^|[?&;])[^=&;]*(?:password|token)[^=&;]*=)[^&;]*", "finditer"),
        (r"[A-Za-z0-9+/_\s-]*={0,2}\s*", "fullmatch"),
        (r"\s+$", "search"),
        (r"(?:a|aa)*b", "match"),
        (r"<[^>]*>", "search"),
    ],
)
def test_a_pattern_that_does_not_is_found(pattern, method):
    assert slow(re.compile(pattern, re.IGNORECASE), (method,), LONGEST // 4) is not None


def test_every_pattern_made_by_a_function_has_an_example():
    made = {
        f"{path.as_posix()}:{function}"
        for path in users_of_re()
        for function, call in calls_of_re(parsed(path))
        if not isinstance(call.args[0], ast.Constant)
    }

    assert made == set(MADE)
