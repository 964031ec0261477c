"""A rule set: everything an administrator configures about how one job maps, with the document it came from.

Pure. Every saved rule set is a version that a cycle pins. What is wrong with one is asked of checks; graph_json reads
and writes the document.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from provisor.rules.mapping import ObjectKind, ObjectMapping
from provisor.scim.schemas.schema import ResourceType
from provisor.scim.values import Json


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleSet:
    """The mappings of users and groups. `document` is the synchronizationSchema it was read from."""

    users: ObjectMapping
    groups: ObjectMapping
    document: Mapping[str, Json] = field(default_factory=dict)

    def of(self, kind: ObjectKind) -> ObjectMapping:
        """The mapping of one kind of object."""
        return self.users if kind == "user" else self.groups


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """Why a rule set cannot be used: where, what is wrong with which value, and what to do about it."""

    where: str
    message: str
    hint: str

    def __str__(self) -> str:
        return f"{self.where}: {self.message} {self.hint}"
