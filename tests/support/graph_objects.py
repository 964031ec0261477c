"""Objects that tests of the Graph-shaped API need, and everything that a service has stored, to compare."""

import sqlite3
from contextlib import closing

from provisor.admin.actor import LOCAL_OPERATOR, OF_APPLICATIONS, Actor

UMBRELLA = "6d1e9a34-7c52-4f0e-8b1d-2a9c4e7f1b35"
NON_GALLERY = "8adf8e6e-67b2-4cf2-a259-e3dc5476c621"
DEFAULT_ACCESS = "00000000-0000-0000-0000-000000000000"
USER_ROLE = "18d14569-c3bd-439b-9a66-3a2aee01d14f"
NOBODYS = "deadbeef-0000-4000-8000-000000000000"


def instantiate(graph, name="Umbrella test", template=UMBRELLA):
    """The two objects of a new application."""
    reply = graph.post(f"/applicationTemplates/{template}/instantiate", {"displayName": name})
    assert reply.status == 201, reply.body
    return reply.body


def user(admin, upn="anna@fjord.example", **more):
    """The id of a new user."""
    return admin.users.create(LOCAL_OPERATOR, {"userPrincipalName": upn, **more}).object.id


def group(admin, name="Sales", **more):
    """The id of a new group."""
    return admin.groups.create(LOCAL_OPERATOR, {"displayName": name, **more}).object.id


def owner_of(*applications, may=None):
    """Somebody who may everything that owners may, with these applications alone."""
    return Actor(
        id="owner",
        name="an owner",
        kind="user",
        own_permissions=OF_APPLICATIONS if may is None else may,
        owned=frozenset(applications),
    )


def assigned(graph, principal, resource, role=DEFAULT_ACCESS):
    """A new assignment."""
    body = {"principalId": principal, "resourceId": resource, "appRoleId": role}
    reply = graph.post(f"/servicePrincipals/{resource}/appRoleAssignedTo", body)
    assert reply.status == 201, reply.body
    return reply.body


def stored(admin, *, without=("audit_event",)):
    """Every row of every table, but of those that a refusal may write to, and the clock, which is looked at."""
    assert admin.link_key  # made when it is first needed
    path = admin.users.context.database.path
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as connection:
        tables = [row[0] for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        return {
            table: sorted(repr(row) for row in connection.execute(f"SELECT * FROM {table}") if "clock" not in row)
            for table in tables
            if table not in without and not table.startswith("sqlite_")
        }
