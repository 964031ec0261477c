"""Step 2 of the tutorial, which is optional: the attribute objectGUID, when it is needed, and how far it is here."""

import json
from dataclasses import dataclass
from typing import Final

from provisor.admin.actor import DIRECTORY_READ, DIRECTORY_WRITE, JOB_READ, SOURCE_WRITE
from provisor.portal.visits import PortalVisit
from provisor.scim.values import Json
from provisor.web.answers import PageAnswer, TemplatePage

ADDRESS: Final = "/first-steps/object-guid"
ATTRIBUTE: Final = "objectGUID"
TARGET: Final = "urn:ietf:params:scim:schemas:extension:ciscoumbrella:2.0:User:nativeObjectId"


@dataclass(frozen=True, slots=True, kw_only=True)
class NativeIdMapping:
    """Whether a job of an application that has the target attribute writes it, and from what."""

    name: str
    address: str
    source: str | None


def show(visit: PortalVisit) -> PageAnswer:
    """The steps, with what there is of them."""
    actor, admin = visit.actor, visit.admin
    sees = actor.may(DIRECTORY_READ)
    names = [
        one.extension.name
        for one in (admin.extension_properties.available(actor) if sees else ())
        if one.extension.attribute.lower() == ATTRIBUTE.lower()
    ]
    values = {
        "sees": sees,
        "people": admin.users.count(actor) if sees else 0,
        "extensions": [(name, admin.extension_properties.valued(actor, name)) for name in names],
        "domains": _domains(visit) if actor.may(SOURCE_WRITE) else None,
        "imports": actor.may(DIRECTORY_WRITE),
        "jobs": _jobs(visit) if actor.may(JOB_READ) else [],
        "attribute": ATTRIBUTE,
        "target": TARGET,
    }
    return TemplatePage(template="home/object_guid.html", title="Import the objectGUID attribute", values=values)


def _domains(visit: PortalVisit) -> list[tuple[str, str]]:
    """The sources of Active Directory, by name and the page where their attributes are chosen."""
    found = (one.source for one in visit.admin.sources.settings.all(visit.actor))
    return [(one.name, f"/sources/{one.id}/optional-features") for one in found if one.kind == "active-directory"]


def _jobs(visit: PortalVisit) -> list[NativeIdMapping]:
    found = []
    for shown in visit.admin.jobs.all(visit.actor):
        rules = visit.admin.schemas.export(visit.actor, shown.job.id)
        if TARGET in json.dumps(rules):
            page = f"/applications/{shown.job.application}/provisioning/{shown.job.id}/mappings/users"
            found.append(NativeIdMapping(name=shown.application, address=page, source=source_of(rules)))
    return found


def source_of(rules: Json) -> str | None:
    """The expression that the target attribute is written from; None where no mapping writes it."""
    for rule in _objects(rules, "synchronizationRules"):
        for mapping in _objects(rule, "objectMappings"):
            for row in _objects(mapping, "attributeMappings"):
                source = row.get("source")
                if row.get("targetAttributeName") == TARGET and isinstance(source, dict):
                    return str(source.get("expression") or source.get("name") or "")
    return None


def _objects(holder: Json, name: str) -> list[dict[str, Json]]:
    found = holder.get(name) if isinstance(holder, dict) else None
    return [one for one in found if isinstance(one, dict)] if isinstance(found, list) else []
