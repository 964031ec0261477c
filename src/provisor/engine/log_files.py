"""The provisioning log as the three CSV files of its download: which columns, and which rows an event becomes.

Pure. spec/provisioning-service.md section 17.3 names the files; the second and third carry the change id, by which
they belong to the first. A cell that a spreadsheet would run is made harmless by an apostrophe before it; who needs
values to the byte takes JSON.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Final, NamedTuple

import msgspec

from provisor.scim.values import Json

_RUN_BY_SPREADSHEETS = ("=", "+", "-", "@", "\t", "\r")
_OUTCOME = ("errorCode", "reason", "additionalDetails", "errorCategory", "recommendedAction")
_STEP = ("name", "provisioningStepType", "status", "description", "details")
_PROPERTY = ("displayName", "oldValue", "newValue")


class CsvTable(NamedTuple):
    """One file of the download: its name without `.csv`, its columns, and the rows of one event."""

    name: str
    columns: tuple[str, ...]
    rows: Callable[[Mapping[str, Json]], Iterator[tuple[str, ...]]]


def harmless(cell: str) -> str:
    """A cell that no spreadsheet takes for a formula."""
    return "'" + cell if cell.startswith(_RUN_BY_SPREADSHEETS) else cell


def _event_rows(document: Mapping[str, Json]) -> Iterator[tuple[str, ...]]:
    flat: dict[str, Json] = {name: value for name, value in document.items() if not isinstance(value, dict | list)}
    for name in ("sourceSystem", "targetSystem", "servicePrincipal", "initiatedBy"):
        flat |= {f"{name}.{part}": _at(document, name, part) for part in ("id", "displayName")}
    for name in ("sourceIdentity", "targetIdentity"):
        flat |= {f"{name}.{part}": _at(document, name, part) for part in ("id", "displayName", "identityType")}
    said = document.get("provisioningStatusInfo")
    flat["status"] = _at(document, "provisioningStatusInfo", "status")
    if isinstance(said, dict):
        flat |= {name: _at(said, "errorInformation", name) for name in _OUTCOME}
    yield tuple(_cell(flat.get(column)) for column in _EVENT_COLUMNS)


def _listed(name: str, parts: tuple[str, ...]) -> Callable[[Mapping[str, Json]], Iterator[tuple[str, ...]]]:
    """The rows of a list within the event."""

    def rows(document: Mapping[str, Json]) -> Iterator[tuple[str, ...]]:
        found = document.get(name)
        for one in found if isinstance(found, list) else ():
            if isinstance(one, dict):
                yield (_cell(document.get("changeId")), *(_cell(one.get(part)) for part in parts))

    return rows


def _at(document: Mapping[str, Json], name: str, part: str) -> Json:
    inner = document.get(name)
    return inner.get(part) if isinstance(inner, dict) else None


def _cell(value: Json) -> str:
    if value is None:
        return ""
    return harmless(value if isinstance(value, str) else msgspec.json.encode(value).decode())


_EVENT_COLUMNS: Final = (
    *("id", "activityDateTime", "tenantId", "jobId", "cycleId", "changeId", "provisioningAction"),
    *("status", *_OUTCOME, "durationInMilliseconds"),
    *("sourceIdentity.id", "sourceIdentity.displayName", "sourceIdentity.identityType"),
    *("targetIdentity.id", "targetIdentity.displayName", "targetIdentity.identityType"),
    *("sourceSystem.id", "sourceSystem.displayName", "targetSystem.id", "targetSystem.displayName"),
    *("servicePrincipal.id", "servicePrincipal.displayName", "initiatedBy.id", "initiatedBy.displayName"),
)

CSV_TABLES: Final = (
    CsvTable("ProvisioningLogs", _EVENT_COLUMNS, _event_rows),
    CsvTable("ProvisioningLogs_ProvisioningSteps", ("changeId", *_STEP), _listed("provisioningSteps", _STEP)),
    CsvTable("ProvisioningLogs_ModifiedProperties", ("changeId", *_PROPERTY), _listed("modifiedProperties", _PROPERTY)),
)
