"""How tests of expressions evaluate: a fixed present, and random bytes that repeat."""

import itertools
from datetime import UTC, datetime

import pytest

from provisor.expressions import Compiled, compile_expression

NOW = datetime(2026, 3, 9, 14, 5, 6, 700_000, tzinfo=UTC)


@pytest.fixture
def evaluate():
    """Compile an expression and evaluate it for attributes given as keywords."""
    counter = itertools.count(1)

    def counted_bytes(size):
        return bytes(next(counter) * 37 % 256 for _ in range(size))

    def run(text, /, **attributes):
        compiled = compile_expression(text)
        assert isinstance(compiled, Compiled), compiled
        return compiled.evaluate(attributes, NOW, counted_bytes)

    return run
