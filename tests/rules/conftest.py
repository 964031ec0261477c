"""Rule sets in few words: rows of mappings, records as provisioning sees them, and a mapper over them."""

from datetime import UTC, datetime

import pytest

from provisor.expressions import compile_expression
from provisor.expressions.compiler import Compiled
from provisor.rules.mapper import Mapper
from provisor.rules.mapping import AttributeMapping, Direct, FixedText, FromExpression, Nothing, ObjectMapping
from provisor.rules.scoping import Scope
from provisor.scim.schemas.resource_types import GROUP_TYPE, USER_TYPE

NOW = datetime(2031, 3, 4, 10, tzinfo=UTC)


class Rules:
    """What the tests of this room say often."""

    now = NOW

    def row(self, target, source=None, *, constant=None, expression=None, **settings):
        if constant is not None:
            found = FixedText(constant)
        elif expression is not None:
            found = compile_expression(expression)
            assert isinstance(found, Compiled), found
            found = FromExpression(found)
        else:
            found = Nothing() if source is None else Direct(source)
        return AttributeMapping(target=target, source=found, **settings)

    def mapping(self, *rows, kind="user", scope=None, **settings):
        return ObjectMapping(name="Test", kind=kind, mappings=rows, scope=scope or Scope(), **settings)

    def mapper(self, *rows, kind="user", resource_type=None):
        chosen = resource_type or (USER_TYPE if kind == "user" else GROUP_TYPE)
        return Mapper(self.mapping(*rows, kind=kind), chosen)

    def map(self, mapper, **attributes):
        attributes.setdefault("userPrincipalName", "ana@example.org")
        return mapper.map(attributes, NOW, lambda count: bytes(count))

    @property
    def user_name(self):
        return self.row("userName", "userPrincipalName", matching_priority=1)


@pytest.fixture
def rules():
    return Rules()
