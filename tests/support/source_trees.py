"""The modules of a folder as syntax trees, each parsed once a process, for the rules of the house that read them all."""

import ast
import gc
from functools import cache


@cache
def parsed(path):
    """The tree of a file."""
    return ast.parse(path.read_text())


@cache
def parsed_below(folder):
    """The trees of all modules below a folder, by their paths."""
    gc.disable()  # what is parsed stays: looking through it for garbage, again and again, took longer than parsing
    try:
        return {path: parsed(path) for path in sorted(folder.rglob("*.py"))}
    finally:
        gc.freeze()
        gc.enable()
