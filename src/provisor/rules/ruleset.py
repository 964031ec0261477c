"""A rule set: everything an administrator configures about how one job maps, with the document it came from.

Pure. Every saved rule set is a version that a cycle pins. checks finds what is wrong with one; graph_json reads
and writes the document.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from provisor.rules.attributes import AttributeDefinition, with_attributes
from provisor.rules.mapping import ObjectKind, ObjectMapping
from provisor.scim.schemas.schema import ResourceType
from provisor.scim.values import Json


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleSet:
    """The mappings of users and groups, and what is said about the attributes of the application for each.

    `document` is the synchronizationSchema it was read from.
    """

    users: ObjectMapping
    groups: ObjectMapping
    user_attributes: tuple[AttributeDefinition, ...] = ()
    group_attributes: tuple[AttributeDefinition, ...] = ()
    document: Mapping[str, Json] = field(default_factory=dict)

    def of(self, kind: ObjectKind) -> ObjectMapping:
        """The mapping of one kind of object."""
        return self.users if kind == "user" else self.groups

    def attributes_of(self, kind: ObjectKind) -> tuple[AttributeDefinition, ...]:
        """The attribute list for one kind of object; empty: as the application's schema has it."""
        return self.user_attributes if kind == "user" else self.group_attributes

    def listing(self, kind: ObjectKind, definitions: Iterable[AttributeDefinition]) -> "RuleSet":
        """The same with another attribute list for one kind of object."""
        if kind == "user":
            return replace(self, user_attributes=tuple(definitions))
        return replace(self, group_attributes=tuple(definitions))


@dataclass(frozen=True, slots=True, kw_only=True)
class TargetSchema:
    """What rules are checked against: the application's resource types, and which attributes it can be filtered by.

    A kind absent from `filterable` can be filtered by any attribute.
    """

    user_type: ResourceType
    group_type: ResourceType
    filterable: Mapping[ObjectKind, tuple[str, ...]] = field(default_factory=dict)

    def of(self, kind: ObjectKind) -> ResourceType:
        """The resource type of one kind of object."""
        return self.user_type if kind == "user" else self.group_type

    def as_listed(self, ruleset: RuleSet) -> "TargetSchema":
        """The same as the attribute lists of these rules have it."""
        return replace(
            self,
            user_type=with_attributes(self.user_type, ruleset.user_attributes),
            group_type=with_attributes(self.group_type, ruleset.group_attributes),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """Why a rule set cannot be used: where, what is wrong with which value, and what to do about it."""

    where: str
    message: str
    hint: str

    def __str__(self) -> str:
        return f"{self.where}: {self.message} {self.hint}"
