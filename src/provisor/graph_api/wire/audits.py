"""directoryAudit: an event of the audit log in Graph's shape, and $filter over it.

Ours knows no category, service or operation type: they follow from the activity's words. Order: shapes, documents,
words, filters.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Final, Literal, TypedDict

import msgspec

from provisor.admin.audits import AuditCase, AuditEvent, AuditField, AuditTest, TestOperator
from provisor.graph_api.odata.cases import CaseTest, cases_of, field_of, moment_of, text_of
from provisor.graph_api.odata.errors import GraphError, unsupported_query
from provisor.graph_api.odata.filters import FilterTree
from provisor.graph_api.odata.times import time_text
from provisor.scim.values import Json

AuditCategory = Literal[
    "UserManagement", "GroupManagement", "ApplicationManagement", "ProvisioningManagement", "RoleManagement", "Other"
]
AuditResultWord = Literal["success", "failure"]
_CLIENTS: Final = ("token", "client", "service")


class AuditUserWire(TypedDict):
    """userIdentity: a person who is signed in, or who sits at the command line."""

    id: str
    displayName: str
    userPrincipalName: str
    ipAddress: str | None


class AuditAppWire(TypedDict):
    """appIdentity: an API client, a token, or the service itself."""

    appId: str | None
    displayName: str
    servicePrincipalId: str
    servicePrincipalName: str | None


class AuditInitiatorWire(TypedDict):
    """auditActivityInitiator: one of both."""

    user: AuditUserWire | None
    app: AuditAppWire | None


class AuditedPropertyWire(TypedDict):
    """modifiedProperty; values are JSON, as Graph writes them."""

    displayName: str
    oldValue: str | None
    newValue: str | None


class AuditedTargetWire(TypedDict):
    """targetResource."""

    id: str
    displayName: str | None
    type: str
    userPrincipalName: str | None
    groupType: str | None
    modifiedProperties: list[AuditedPropertyWire]


class AuditDetailWire(TypedDict):
    """keyValue."""

    key: str
    value: str


class AuditEventWire(TypedDict):
    """directoryAudit."""

    id: str
    activityDateTime: str
    activityDisplayName: str
    category: AuditCategory
    correlationId: str | None
    result: AuditResultWord
    resultReason: str
    initiatedBy: AuditInitiatorWire
    targetResources: list[AuditedTargetWire]
    additionalDetails: list[AuditDetailWire]
    loggedByService: str
    operationType: str


def audit_document(event: AuditEvent) -> AuditEventWire:
    """One event as Graph shows it."""
    category = category_of(event.activity)
    modified, details = _changes(event.detail)
    if event.author.through is not None:
        details.append({"key": "through", "value": event.author.through})
    refused = event.detail.get("permission") if event.result == "failure" else None
    return {
        "id": event.id,
        "activityDateTime": time_text(event.at),
        "activityDisplayName": event.activity,
        "category": category,
        "correlationId": event.author.correlation,
        "result": event.result,
        "resultReason": f"The permission {refused} is required." if refused else "",
        "initiatedBy": _initiator(event),
        "targetResources": [
            {
                "id": event.target,
                "displayName": _name(event.detail),
                "type": _TYPES.get(category, "Other"),
                "userPrincipalName": None,
                "groupType": None,
                "modifiedProperties": modified,
            }
        ],
        "additionalDetails": details,
        "loggedByService": "Account Provisioning" if category == "ProvisioningManagement" else "Core Directory",
        "operationType": _operation(event.activity),
    }


def _initiator(event: AuditEvent) -> AuditInitiatorWire:
    author = event.author
    if author.kind in _CLIENTS:
        client = author.id if author.kind == "client" else None
        app: AuditAppWire = {
            "appId": client, "displayName": author.name, "servicePrincipalId": author.id, "servicePrincipalName": None
        }  # fmt: skip
        return {"user": None, "app": app}
    user: AuditUserWire = {
        "id": author.id, "displayName": author.name, "userPrincipalName": author.name, "ipAddress": author.address
    }  # fmt: skip
    return {"user": user, "app": None}


def _changes(detail: Mapping[str, Json]) -> tuple[list[AuditedPropertyWire], list[AuditDetailWire]]:
    """What was changed from what to what, and all else."""
    modified: list[AuditedPropertyWire] = []
    details: list[AuditDetailWire] = []
    for name, value in detail.items():
        if isinstance(value, dict) and value.keys() == {"old", "new"}:
            old, new = _json(value["old"]), _json(value["new"])
            modified.append({"displayName": name, "oldValue": old, "newValue": new})
        else:
            details.append({"key": name, "value": value if isinstance(value, str) else _json(value) or "null"})
    return modified, details


def _json(value: Json) -> str | None:
    return None if value is None else msgspec.json.encode(value).decode()


def _name(detail: Mapping[str, Json]) -> str | None:
    found = detail.get("name")
    return found if isinstance(found, str) else None


# By words of the activity; the first that fits. Graph's own categories are such words, too.
_CATEGORIES: Final[Mapping[AuditCategory, tuple[str, ...]]] = {
    "ProvisioningManagement": (
        *("provision", "attribute mapping", "quarantine", "deletions", "failed objects", "object connection"),
        *("retry", "cycle", "log forwarding"),
    ),
    "RoleManagement": ("administrator", "api client", "api token", "sign in", "password", "session", "set-up"),
    "ApplicationManagement": ("service principal", "app role", "application"),
    "GroupManagement": ("group",),
    "UserManagement": ("user", "account"),
}
_TYPES: Final[Mapping[AuditCategory, str]] = {
    "ProvisioningManagement": "ServicePrincipal",
    "ApplicationManagement": "ServicePrincipal",
    "GroupManagement": "Group",
    "UserManagement": "User",
}
_OPERATIONS: Final = ("Add", "Update", "Delete", "Assign")
_SAME_AS: Final = {"Create": "Add", "Remove": "Delete", "Set": "Update", "Enable": "Update", "Disable": "Update"}


def category_of(activity: str) -> AuditCategory:
    """The category of an activity."""
    lower = activity.lower()
    for category, words in _CATEGORIES.items():
        if any(word in lower for word in words):
            return category
    return "Other"


def _operation(activity: str) -> str:
    word = activity.partition(" ")[0].partition("/")[0]
    return word if word in _OPERATIONS else _SAME_AS.get(word, "Other")


AUDIT_FILTERED_BY: Final[Mapping[str, AuditField | Literal["category"]]] = {
    "id": "id",
    "activityDateTime": "at",
    "activityDisplayName": "activity",
    "category": "category",
    "correlationId": "correlation",
    "result": "result",
    "targetResources/id": "target",
    "initiatedBy/user/id": "actor_id",
    "initiatedBy/user/displayName": "actor",
    "initiatedBy/user/userPrincipalName": "actor",
    "initiatedBy/app/servicePrincipalId": "actor_id",
    "initiatedBy/app/displayName": "actor",
}


def audit_cases(tree: FilterTree | None, activities: Iterable[str]) -> Sequence[AuditCase]:
    """What the log is asked for; `activities` are those that there are. Raises GraphError for what it cannot be."""
    known = tuple(activities)
    return [tuple(one for test in case for one in _tests(test, known)) for case in cases_of(tree)]


def _tests(test: CaseTest, activities: tuple[str, ...]) -> Sequence[AuditTest]:
    field = field_of(test.name, AUDIT_FILTERED_BY)
    match field:
        case "at":
            return [AuditTest("at", test.operator, moment_of(test))]
        case "category":
            return [AuditTest("activity", "in", tuple(one for one in activities if _is_of(category_of(one), test)))]
        case "actor" | "actor_id":
            # Of an event that is not of such a one the property is null, so that what is unlike it would be, too.
            if test.operator not in ("eq", "in", "contains", "startswith", "endswith"):
                raise _not_so(test, "eq, in, contains, startswith and endswith")
            of_clients: TestOperator = "in" if "/app/" in test.name.lower() else "not in"
            return [AuditTest(field, test.operator, text_of(test)), AuditTest("actor_kind", of_clients, _CLIENTS)]
        case _:
            return [AuditTest(field, test.operator, text_of(test))]


def _is_of(category: AuditCategory, test: CaseTest) -> bool:
    value = text_of(test)
    if test.operator not in ("eq", "ne", "in", "not in"):
        raise _not_so(test, "eq, ne and in")
    named = value if isinstance(value, tuple) else (value,)
    return (category in named) is (test.operator in ("eq", "in"))


def _not_so(test: CaseTest, operators: str) -> GraphError:
    return unsupported_query(f"{test.name} cannot be compared by {test.operator}.", f"It can by {operators}.")
