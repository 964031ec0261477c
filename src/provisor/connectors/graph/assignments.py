"""Who is assigned to an enterprise application of a tenant, and in which role.

A delta does not tell of it, so it is read whole each time. Only users and groups count: applications may be assigned,
too. Facts: spec/graph-synchronization-api.md sections 1 and 12.
"""

from collections.abc import Iterator
from typing import Final
from urllib.parse import quote

from provisor.connectors.graph.client import GraphClient
from provisor.connectors.graph.refusals import GraphAsked
from provisor.engine.ports import Rejected
from provisor.engine.sources import AssignmentsTold, RecordUnreadable
from provisor.scim.values import Json

APPLICATIONS_RIGHT: Final = "Application.Read.All or Directory.Read.All"
_PRINCIPALS: Final = ("User", "Group")
_PAGE: Final = 999


def read_assignments(client: GraphClient, application: str) -> AssignmentsTold | RecordUnreadable:
    """Everybody who is assigned to the application with this object id of its service principal.

    One that is deleted or that may not be read keeps nobody else from being read: it is told as unreadable.
    """
    try:
        assigned = dict.fromkeys(pair for page in _pages(client, application) for pair in page)
    except Rejected as error:
        if error.status not in (403, 404):
            raise
        return RecordUnreadable(where=_named(application), reason=error.message, anchor=application)
    return AssignmentsTold(application=application, assigned=tuple(assigned))


def first_assigned(client: GraphClient, application: str) -> int:
    """How many users and groups the first page has: who may read it may read them all. Raises a ConnectorError."""
    return len(next(_pages(client, application)))


def _pages(client: GraphClient, application: str) -> Iterator[list[tuple[str, str]]]:
    roles = _roles(client, application)
    for page in client.pages(_path(application, f"/appRoleAssignedTo?$top={_PAGE}"), _asked(application)):
        yield [pair for entry in page if (pair := _pair(client, entry, roles, application)) is not None]


def _roles(client: GraphClient, application: str) -> dict[str, str]:
    """The values of an application's roles by their ids; one without a value is as good as the default."""
    asked = _asked(application)
    roles = client.one(_path(application, "?$select=id,appRoles"), asked).get("appRoles") or []
    if not isinstance(roles, list):
        raise client.malformed(asked, "has roles that are no list")
    found = dict[str, str]()
    for role in roles:
        key, value = (role.get("id"), role.get("value")) if isinstance(role, dict) else (None, None)
        if isinstance(key, str):
            found[key.lower()] = value if isinstance(value, str) else ""
    return found


def _pair(client: GraphClient, entry: Json, roles: dict[str, str], application: str) -> tuple[str, str] | None:
    """Raises Malformed: one entry that says nothing may be anybody, and would lose them the application."""
    if not isinstance(entry, dict):
        entry = {}
    principal, type_, role = (entry.get(name) for name in ("principalId", "principalType", "appRoleId"))
    if not isinstance(principal, str) or not principal or not isinstance(type_, str) or not isinstance(role, str):
        raise client.malformed(_asked(application), "has an assignment of nobody knows whom")
    return (principal, roles.get(role.lower(), "")) if type_ in _PRINCIPALS else None


def _asked(application: str) -> GraphAsked:
    return GraphAsked(f"tell {_named(application)}", APPLICATIONS_RIGHT)


def _named(application: str) -> str:
    return f"who is assigned to the enterprise application {application}"


def _path(application: str, rest: str) -> str:
    return f"/servicePrincipals/{quote(application, safe='')}{rest}"
