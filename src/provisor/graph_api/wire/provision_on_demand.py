"""provisionOnDemand: whom a client names, and the limits of it (spec/graph-synchronization-api.md section 7)."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, TypedDict

import msgspec

from provisor.graph_api.odata.errors import bad_request
from provisor.scim.values import Json

MOST_MEMBERS: Final = 5
RUNS_IN_10_SECONDS: Final = 5


class NamedMember(msgspec.Struct, rename="camel"):
    """A member of the group."""

    object_id: str
    object_type_name: str = "User"


class SubjectLinks(msgspec.Struct, rename="camel"):
    """Whom to include of a group."""

    members: list[NamedMember] | None = None


class NamedSubject(msgspec.Struct, rename="camel"):
    """The user or group."""

    object_id: str
    object_type_name: str
    links: SubjectLinks | None = None


class OnDemandParameters(msgspec.Struct, rename="camel"):
    """By which rule, and whom."""

    rule_id: str
    subjects: list[NamedSubject]


class OnDemandRequest(msgspec.Struct, rename="camel"):
    """The body."""

    parameters: list[OnDemandParameters]


class KeyAndValue(TypedDict):
    """stringKeyStringValuePair: both are JSON texts."""

    key: str
    value: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Provisionee:
    """Who is to be provisioned; `kind` is user or group."""

    kind: str
    id: str
    members: Sequence[str]


def asked_for(body: OnDemandRequest, schema: Json) -> Provisionee:
    """The one object that is meant. Raises GraphError for a rule that the schema lacks, and for more than is done."""
    if len(body.parameters) != 1 or len(body.parameters[0].subjects) != 1:
        raise bad_request(
            "One rule and one subject are provisioned with each request.", "Send a request for each user or group."
        )
    rule_id, subject = body.parameters[0].rule_id, body.parameters[0].subjects[0]
    kinds = _kinds(schema, rule_id)
    kind = subject.object_type_name.lower()
    if kind not in ("user", "group"):
        raise bad_request(
            f"objectTypeName is {subject.object_type_name[:50]!r}, and this job reads User and Group.",
            "Worker is for other sources.",
        )
    if kind not in kinds:
        raise bad_request(
            f"The rule {rule_id[:50]} maps no {kind}s.", f"The rule maps {' and '.join(kinds) or 'nothing'}."
        )
    members = (subject.links.members if subject.links is not None else None) or []
    if members and kind != "group":
        raise bad_request("links.members are for a group.", "Leave them out for a user.")
    if len(members) > MOST_MEMBERS:
        raise bad_request(f"{len(members)} members are named, and at most {MOST_MEMBERS} are taken at once.")
    if any(one.object_type_name.lower() != "user" for one in members):
        raise bad_request("Only users are taken as members: groups within groups are not provisioned so.")
    return Provisionee(kind=kind, id=subject.object_id, members=[one.object_id for one in members])


def _kinds(schema: Json, rule_id: str) -> list[str]:
    """The kinds of objects that a rule maps, in lower case. Raises GraphError where there is no such rule."""
    rules = schema.get("synchronizationRules") if isinstance(schema, dict) else None
    known = [rule for rule in rules if isinstance(rule, dict)] if isinstance(rules, list) else []
    for rule in known:
        if str(rule.get("id") or "").lower() == rule_id.lower():
            mappings = rule.get("objectMappings")
            return [
                str(one.get("sourceObjectName") or "").lower()
                for one in (mappings if isinstance(mappings, list) else [])
                if isinstance(one, dict)
            ]
    ids = ", ".join(f"{rule.get('id')} ({rule.get('name')})" for rule in known)
    raise bad_request(f"The schema has no rule {rule_id[:80]!r}.", f"Its rules are {ids}.")
