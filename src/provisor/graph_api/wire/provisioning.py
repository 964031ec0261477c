"""provisioningObjectSummary, and $filter over it (spec/graph-synchronization-api.md section 9).

v1.0 has Graph's properties and no other. beta has the older names beside them, and the exchange behind a failure,
which Graph lacks. Order: shapes, documents, filters.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final, Literal, NotRequired, TypedDict

from provisor.admin.logs import LogCase, LogField, LoggedEvent, LogTest
from provisor.graph_api.odata.cases import CaseTest, cases_of, field_of, moment_of, text_of
from provisor.graph_api.odata.filters import FilterTree
from provisor.graph_api.odata.times import time_text

ProvisioningActionWord = Literal["create", "update", "delete", "stagedDelete", "disable", "other"]
ProvisioningResultWord = Literal["success", "failure", "skipped", "warning"]
# What Graph has no word for: somebody whose account would be disabled, and is held back.
_STAGED: Final = ("stagedDelete", "stagedAction")


class NamedThing(TypedDict):
    """servicePrincipal."""

    id: str
    displayName: str


class ProvisioningSystemWire(TypedDict):
    """provisioningSystem."""

    id: str
    displayName: str
    details: dict[str, Any]


class ProvisionedIdentityWire(TypedDict):
    """provisionedIdentity."""

    id: str
    displayName: str
    identityType: str
    details: dict[str, Any]


class InitiatorWire(TypedDict):
    """initiator."""

    id: str
    displayName: str
    initiatorType: Literal["user", "application", "system"]


class ProvisioningErrorWire(TypedDict):
    """provisioningErrorInfo."""

    errorCode: str
    reason: str
    additionalDetails: str | None
    errorCategory: Literal["failure", "nonServiceFailure", "success"]
    recommendedAction: str


class ProvisioningStatusWire(TypedDict):
    """provisioningStatusInfo."""

    status: ProvisioningResultWord
    errorInformation: ProvisioningErrorWire | None


class ProvisioningStepWire(TypedDict):
    """provisioningStep."""

    name: str
    provisioningStepType: Literal["import", "scoping", "matching", "processing", "referenceResolution", "export"]
    status: ProvisioningResultWord
    description: str
    details: dict[str, Any]


class ModifiedPropertyWire(TypedDict):
    """modifiedProperty; of a membership, the id of the member."""

    displayName: str
    oldValue: str | None
    newValue: str | None


class ExchangeWire(TypedDict):
    """What was asked of the application and what it answered, redacted and bounded."""

    method: str
    url: str
    status: int | None
    request: str
    response: str
    milliseconds: float


class ProvisioningEventWire(TypedDict):
    """provisioningObjectSummary."""

    id: str
    activityDateTime: str
    tenantId: str
    jobId: str
    cycleId: str
    changeId: str
    provisioningAction: ProvisioningActionWord
    durationInMilliseconds: int
    initiatedBy: InitiatorWire
    servicePrincipal: NamedThing
    sourceSystem: ProvisioningSystemWire
    targetSystem: ProvisioningSystemWire
    sourceIdentity: ProvisionedIdentityWire
    targetIdentity: ProvisionedIdentityWire
    provisioningStatusInfo: ProvisioningStatusWire
    provisioningSteps: list[ProvisioningStepWire]
    modifiedProperties: list[ModifiedPropertyWire]
    action: NotRequired[str]
    statusInfo: NotRequired[ProvisioningStatusWire]
    exchange: NotRequired[ExchangeWire]


def event_document(event: LoggedEvent, *, beta: bool) -> Mapping[str, Any]:
    """One event as Graph shows it."""
    document = dict(event.document)
    exchange = document.pop("exchange", None)
    document["activityDateTime"] = time_text(event.at)
    if document["provisioningAction"] in _STAGED:
        document["provisioningAction"] = "stagedDelete"
    if beta:
        document["action"] = event.action
        document["statusInfo"] = document["provisioningStatusInfo"]
        if exchange is not None:
            document["exchange"] = exchange
    return document


FILTERED_BY: Final[Mapping[str, LogField]] = {
    "id": "id",
    "changeId": "id",
    "cycleId": "cycle",
    "jobId": "job",
    "tenantId": "tenant",
    "activityDateTime": "at",
    "provisioningAction": "action",
    "action": "action",
    "provisioningStatusInfo/status": "status",
    "provisioningStatusInfo/errorInformation/errorCode": "code",
    "statusInfo/status": "status",
    "statusInfo/errorInformation/errorCode": "code",
    "errorCode": "code",
    "sourceIdentity/id": "source",
    "sourceIdentity/displayName": "name",
    "targetIdentity/id": "target",
    "targetIdentity/displayName": "target_name",
    "sourceSystem/id": "tenant",
    "sourceSystem/displayName": "source_system",
    "targetSystem/id": "application",
    "targetSystem/displayName": "application_name",
    "servicePrincipal/id": "application",
    "servicePrincipal/displayName": "application_name",
}


def log_cases(tree: FilterTree | None) -> Sequence[LogCase]:
    """What the log is asked for. Raises GraphError for what it cannot be."""
    return [tuple(_test(test) for test in case) for case in cases_of(tree)]


def _test(test: CaseTest) -> LogTest:
    field = field_of(test.name, FILTERED_BY)
    if field == "at":
        return LogTest(field, test.operator, moment_of(test))
    value = text_of(test)
    if field == "action" and test.operator in ("eq", "ne", "in", "not in") and "stagedDelete" in _listed(value):
        return LogTest(field, "in" if test.operator in ("eq", "in") else "not in", (*_listed(value), *_STAGED))
    return LogTest(field, test.operator, value)


def _listed(value: str | tuple[str, ...]) -> tuple[str, ...]:
    return value if isinstance(value, tuple) else (value,)
