"""What the engine judges: `Record` is one directory object as the rules see it.

Pure. Attribute names are Graph property names (spec/graph-synchronization-api.md section 11).
"""

from collections.abc import Mapping
from typing import Literal

import msgspec

Kind = Literal["user", "group"]
RecordScalar = None | bool | int | str
AttributeValue = RecordScalar | list[str] | list[dict[str, str]]


class Record(msgspec.Struct, frozen=True, kw_only=True):
    """One complete directory object, with what scope needs to know about it.

    `attributes` holds Graph property names plus extension properties; `manager` is an object id, not yet a target id.
    `roles` are the app roles a person is assigned in (id of the assignment, value, displayName), where rules read them.
    """

    id: str
    kind: Kind
    name: str
    attributes: Mapping[str, AttributeValue]
    manager: str | None = None
    enabled: bool = True
    deleted: bool = False
    purged: bool = False
    assigned: bool = False
    roles: list[dict[str, str]] = []
    change: int = 0
