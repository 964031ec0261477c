"""Attribute mappings as values: where a target attribute gets its value, and when that value flows.

Pure. Does not compute anything (see mapper). Rules: spec/provisioning-service.md sections 6.1 to 6.3.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from provisor.expressions.compiler import Compiled
from provisor.rules.scoping import Scope
from provisor.scim.values import Json

ObjectKind: TypeAlias = Literal["user", "group"]
Action: TypeAlias = Literal["Add", "Update", "Delete"]
FlowType: TypeAlias = Literal["Always", "ObjectAddOnly", "MultiValueAddOnly", "ValueAddOnly", "AttributeAddOnly"]
FlowBehavior: TypeAlias = Literal["FlowWhenChanged", "FlowAlways"]

ALL_ACTIONS: frozenset[Action] = frozenset({"Add", "Update", "Delete"})
SOFT_DELETED = "IsSoftDeleted"  # no source has this attribute: the engine computes it


@dataclass(frozen=True, slots=True)
class Direct:
    """The value of one source attribute."""

    attribute: str


@dataclass(frozen=True, slots=True)
class FixedText:
    """A fixed text."""

    value: str


@dataclass(frozen=True, slots=True)
class FromExpression:
    """The result of an expression."""

    expression: Compiled


@dataclass(frozen=True, slots=True)
class Nothing:
    """The mapping type *None*: the target attribute is left alone, but gets the default value while it is empty."""


ValueSource: TypeAlias = Direct | FixedText | FromExpression | Nothing


@dataclass(frozen=True, slots=True, kw_only=True)
class AttributeMapping:
    """One row of the mapping table.

    `matching_priority` 0 does not match; from 1 on, the lowest is tried first. `default` is sent when the source is
    null, on create only. `flow_null` opts in to clearing the target when the source is null. `extra` is the JSON object
    the mapping was read from, so that what we do not know survives.
    """

    target: str
    source: ValueSource
    default: str | None = None
    matching_priority: int = 0
    flow_type: FlowType = "Always"
    flow_behavior: FlowBehavior = "FlowWhenChanged"
    flow_null: bool = False
    extra: Mapping[str, Json] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class ObjectMapping:
    """How one kind of object is provisioned: its mappings, its scope, and what may be done at the target."""

    name: str
    kind: ObjectKind
    enabled: bool = True
    actions: frozenset[Action] = ALL_ACTIONS
    mappings: tuple[AttributeMapping, ...]
    scope: Scope = field(default_factory=Scope)
    extra: Mapping[str, Json] = field(default_factory=dict)
