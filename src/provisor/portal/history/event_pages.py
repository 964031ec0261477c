"""One event of the provisioning log, in the four tabs of its details, with the exchange behind it."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from provisor.admin.actor import DIRECTORY_READ
from provisor.admin.logs import LoggedEvent
from provisor.portal.history.log_pages import LOG
from provisor.portal.visits import PortalVisit
from provisor.web.answers import Download, PageAnswer, TemplatePage
from provisor.web.bodies import laid_out

TABS: Final[Mapping[str, str]] = {
    "steps": "Steps",
    "troubleshooting": "Troubleshooting & Recommendations",
    "modified": "Modified properties",
    "summary": "Summary",
}
"""spec/provisioning-service.md section 17.2."""
_SHOWN: Final = 200  # modified properties; a group may have gained 50,000 members
_MEMBERS: Final = "members"


@dataclass(frozen=True, slots=True, kw_only=True)
class ModifiedShown:
    """A property before and after; members by the names of the people they are, where there still are such."""

    name: str
    before: str | None
    after: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ExchangeShown:
    """The request behind a failure and what was answered, both without secrets."""

    method: str
    url: str
    status: int | None
    request: str
    response: str
    milliseconds: float


def show(visit: PortalVisit) -> PageAnswer:
    """An event, at one of its tabs."""
    event = visit.admin.logs.show(visit.actor, visit.names["event"])
    document = event.document
    information = _inner(document, "provisioningStatusInfo").get("errorInformation")
    tab = visit.query.get("tab", "")
    if tab not in TABS:
        tab = "troubleshooting" if event.status == "failure" else "steps"
    modified = document.get("modifiedProperties")
    values = {
        "event": event,
        "document": document,
        "tab": tab,
        "tabs": TABS,
        "address": f"{LOG}/{event.id}",
        "steps": document.get("provisioningSteps") or [],
        "information": information if isinstance(information, dict) else None,
        "exchange": _exchange(document),
        "modified": _modified(visit, modified if isinstance(modified, list) else []) if tab == "modified" else [],
        "modified_number": len(modified) if isinstance(modified, list) else 0,
        "summary": _summary(event),
        "application": _inner(document, "servicePrincipal"),
    }
    return TemplatePage(template="history/event.html", title=event.name or "Event", values=values)


def download(visit: PortalVisit) -> PageAnswer:
    """The whole event as JSON."""
    event = visit.admin.logs.show(visit.actor, visit.names["event"])
    text = json.dumps(event.document, ensure_ascii=False, indent=2)
    return Download(name=f"{event.id}.json", media_type="application/json", parts=[text.encode()])


def _inner(document: Mapping[str, object], name: str) -> Mapping[str, object]:
    found = document.get(name)
    return found if isinstance(found, dict) else {}


def _exchange(document: Mapping[str, object]) -> ExchangeShown | None:
    found = document.get("exchange")
    if not isinstance(found, dict):
        return None
    return ExchangeShown(
        method=str(found["method"]),
        url=str(found["url"]),
        status=found["status"],
        request=laid_out(str(found["request"])),
        response=laid_out(str(found["response"])),
        milliseconds=float(found["milliseconds"]),
    )


def _modified(visit: PortalVisit, properties: Sequence[object]) -> list[ModifiedShown]:
    shown = [one for one in properties[:_SHOWN] if isinstance(one, dict)]
    ids = {
        str(value)
        for one in shown
        if one.get("displayName") == _MEMBERS
        for value in (one.get("oldValue"), one.get("newValue"))
        if value
    }
    names = _names(visit, sorted(ids)) if ids else {}

    def told(value: object) -> str | None:
        return None if value is None else names.get(str(value), str(value))

    return [
        ModifiedShown(
            name=str(one.get("displayName")), before=told(one.get("oldValue")), after=told(one.get("newValue"))
        )
        for one in shown
    ]


def _names(visit: PortalVisit, ids: Sequence[str]) -> Mapping[str, str]:
    if not visit.actor.may(DIRECTORY_READ):
        return {}
    found = visit.admin.deleted_objects.live_by_ids(visit.actor, ids)
    return {item.id: item.name for item in found}


def _summary(event: LoggedEvent) -> list[tuple[str, str]]:
    """Labels and values of the last tab, in the order of Entra's."""
    document = event.document
    source, target = _inner(document, "sourceIdentity"), _inner(document, "targetIdentity")
    by = _inner(document, "initiatedBy")
    rows = [
        ("Activity ID", event.id),
        ("Action", str(document.get("provisioningAction") or "")),
        ("Status", event.status),
        ("Error code", event.code or ""),
        ("Duration", f"{document.get('durationInMilliseconds')} ms"),
        ("Initiated by", str(by.get("displayName") or "")),
        ("Source identity", str(source.get("displayName") or "")),
        ("Source ID", str(source.get("id") or "")),
        ("Identity type", str(source.get("identityType") or "")),
        ("Source system", str(_inner(document, "sourceSystem").get("displayName") or "")),
        ("Target ID", str(target.get("id") or "")),
        ("Target system", str(_inner(document, "targetSystem").get("displayName") or "")),
        ("Service principal", str(_inner(document, "servicePrincipal").get("displayName") or "")),
        ("Job ID", str(document.get("jobId") or "")),
        ("Cycle ID", str(document.get("cycleId") or "")),
        ("Change ID", str(document.get("changeId") or "")),
    ]
    return [(label, value) for label, value in rows if value]
