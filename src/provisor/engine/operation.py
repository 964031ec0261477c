"""Operations: the kinds of things done to one target object, and the order in which a cycle does them.

Pure. Within a phase operations are independent of each other; only the order of the phases matters
(explanation/settled-cases.md section *Operations*).
"""

from typing import Literal, TypeAlias, assert_never

from provisor.engine.record import Kind

OperationKind: TypeAlias = Literal[
    "create", "update", "link", "disable", "release", "delete", "members", "reference", "verdict"
]

FREE_PLACES, USERS, GROUPS, MEMBERS, REFERENCES, LEAVERS, ONCE_MORE = 1, 2, 3, 4, 5, 6, 7
PHASES: dict[int, str] = {
    FREE_PLACES: "deleting groups, which frees places",
    USERS: "creating and updating users",
    GROUPS: "creating and updating groups, without members",
    MEMBERS: "changing memberships",
    REFERENCES: "setting managers",
    LEAVERS: "disabling and deleting users",
    ONCE_MORE: "retrying what conflicted with another change of this cycle",
}


def phase_of(kind: OperationKind, object_kind: Kind) -> int:
    """The phase of a cycle in which an operation is done."""
    match kind:
        case "delete":
            return FREE_PLACES if object_kind == "group" else LEAVERS
        case "create" | "update" | "link" | "verdict":
            return USERS if object_kind == "user" else GROUPS
        case "disable" | "release":
            return LEAVERS
        case "members":
            return MEMBERS
        case "reference":
            return REFERENCES
        case _:
            assert_never(kind)
