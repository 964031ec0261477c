"""The attributes that rules may read, and why an attribute they read cannot have a value.

Pure. The directory says which attributes there are, in a SourceSchema. Order: the schema, one name.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, TypeAlias

from provisor.rules.mapping import ObjectKind
from provisor.rules.nearest import nearest

SourceType: TypeAlias = Literal["text", "boolean", "list", "reference", "roles"]
EXTENSION = "extension_"
ANY_TEXT = (EXTENSION, "extensionAttribute")  # where administrators keep what they like, including true and false

# Properties that the directory keeps as text but that do nothing: it has no dynamic groups.
_DYNAMIC = frozenset({"membershipRule", "membershipRuleProcessingState"})


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceSchema:
    """The attributes of users and groups that the directory can supply, with their types, extensions included."""

    users: Mapping[str, SourceType]
    groups: Mapping[str, SourceType]

    def of(self, kind: ObjectKind) -> Mapping[str, SourceType]:
        """The attributes of one kind of object."""
        return self.users if kind == "user" else self.groups


def no_such_attribute(name: str, kind: ObjectKind, schema: SourceSchema) -> tuple[str, str] | None:
    """Why an attribute of this name is empty for everybody, and what to write instead; None when it may have one."""
    known = schema.of(kind)
    if name in _DYNAMIC:
        return f"{name} belongs to dynamic groups, which this directory does not have.", "Remove it."
    if name in known:
        return None
    other: ObjectKind = "group" if kind == "user" else "user"
    if name in schema.of(other):
        message = f"{name} is an attribute of {other}s, and {kind}s have none."
    elif name.startswith(EXTENSION):
        message = f"No extension {name} is registered for {kind}s."
    else:
        message = f"A {kind} has no attribute {name}."
    alike = [each for each in known if each.startswith(EXTENSION)] if name.startswith(EXTENSION) else known
    # A column of an imported file is known by the name after the application's id.
    short = next((each for each in known if each.startswith(EXTENSION) and each.split("_", 2)[-1] == name), None)
    found = short or nearest(name, alike)
    if found is None:
        return message, "Import a file with a column of that name first; it becomes an extension."
    return message, f"The nearest one is {found}."
