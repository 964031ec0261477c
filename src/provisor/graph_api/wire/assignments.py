"""appRoleAssignment: a user or group in a role of an application, the same from each of its ends.

Facts: spec/graph-synchronization-api.md section 1.
"""

from typing import Final, TypedDict

import msgspec

from provisor.admin.assignments import AssignmentSeen, Narrowed
from provisor.graph_api.odata.errors import unsupported_query
from provisor.graph_api.odata.filters import AllOf, FilterComparison, FilterTree
from provisor.graph_api.odata.times import time_text

FILTERED: Final = ("id", "appRoleId", "principalId", "principalType", "resourceId", "resourceDisplayName")
_EQUAL: Final = {name.lower(): name for name in ("appRoleId", "principalId", "principalType", "resourceId")}


class AssignmentDocument(TypedDict):
    """As Graph shows it."""

    id: str
    appRoleId: str
    createdDateTime: str
    deletedDateTime: str | None
    principalDisplayName: str
    principalId: str
    principalType: str
    resourceDisplayName: str
    resourceId: str


class AssignmentGiven(msgspec.Struct, rename="camel"):
    """Who is assigned to what, in which role; all zeros are default access."""

    principal_id: str
    resource_id: str
    app_role_id: str


def assignment_document(seen: AssignmentSeen) -> AssignmentDocument:
    """One assignment."""
    return {
        "id": seen.id,
        "appRoleId": seen.role,
        "createdDateTime": time_text(seen.created_at),
        "deletedDateTime": None,
        "principalDisplayName": seen.principal_name,
        "principalId": seen.principal,
        "principalType": seen.principal_kind.title(),
        "resourceDisplayName": seen.application_name,
        "resourceId": seen.application,
    }


def narrowed(tree: FilterTree | None) -> Narrowed:
    """What a filter on an application's assignments asks for: values of its ends and its role, all together.

    Raises GraphError for anything else: an application may have a hundred thousand.
    """
    wanted = dict[str, str]()
    for part in tree.parts if isinstance(tree, AllOf) else (tree,) if tree is not None else ():
        name = _EQUAL.get(part.name.lower()) if isinstance(part, FilterComparison) else None
        if not isinstance(part, FilterComparison) or name is None or part.operator != "eq" or name in wanted:
            raise unsupported_query(
                "Assignments of an application are filtered by values that are equal, joined by and.",
                f"By {', '.join(_EQUAL.values())}.",
            )
        if not isinstance(part.value, str):
            raise unsupported_query(f"{name} is text, which stands in '…'.")
        wanted[name] = part.value.lower()
    return Narrowed(
        principal=wanted.get("principalId"),
        principal_kind=wanted.get("principalType"),
        role=wanted.get("appRoleId"),
        resource=wanted.get("resourceId"),
    )
