"""Every route of applications with every id that names nothing there: 404, told alike, and nothing changes."""

import pytest

from provisor.admin.actor import LOCAL_OPERATOR
from provisor.graph_api.handlers import application_templates, applications, assignments, owners
from support.graph_objects import (
    NOBODYS,
    UMBRELLA,
    USER_ROLE,
    assigned,
    group,
    instantiate,
    owner_of,
    stored,
    user,
)

ROUTES = [
    *application_templates.ROUTES,
    *(route for route in applications.ROUTES if "{" in route.path),
    *assignments.ROUTES,
    *owners.ROUTES,
]
ROUTES = [route for route in ROUTES if "{" in route.path]
WHOLE = {
    "missing": NOBODYS,
    "no id": "Umbrella%20test",
    "a template of jobs": "ciscoUmbrella",
    "half an id": NOBODYS[:20],
    "an id of 500 characters": "a" * 500,
    "an apostrophe": "it%27s",
    "dots": "...",
    "a percent sign": "%25",
    "an appId of nobody": f"appId={NOBODYS}",
    "an alternate key of another kind": "displayName=Umbrella%20test",
}


@pytest.fixture
def scene(graph, admin):
    """One of everything, and another that is deleted."""
    made, gone = instantiate(graph), instantiate(graph, "Gone")
    resource, anna, sales = made["servicePrincipal"]["id"], user(admin), group(admin)
    bo = user(admin, "bo@fjord.example")
    ended = assigned(graph, bo, resource)["id"]
    for kept in (anna, sales):
        assigned(graph, kept, resource, USER_ROLE)
    graph.delete(f"/servicePrincipals/{resource}/appRoleAssignedTo/{ended}")
    graph.delete(f"/applications/{gone['application']['id']}")
    admin.users.delete(LOCAL_OPERATOR, bo)
    old = group(admin, "Old")
    admin.groups.delete(LOCAL_OPERATOR, old)
    admin.applications.add_owner(LOCAL_OPERATOR, resource, anna)
    there = {
        "applicationTemplate": UMBRELLA,
        "application": made["application"]["id"],
        "servicePrincipal": resource,
        "user": anna,
        "group": sales,
        "assignment": graph.get(f"/users/{anna}/appRoleAssignments").value[0]["id"],
        "owner": anna,
    }
    deleted = {
        "application": gone["application"]["id"],
        "servicePrincipal": gone["servicePrincipal"]["id"],
        "user": bo,
        "group": old,
        "assignment": ended,
        "owner": bo,
    }
    return there, deleted


def body_of(route, there):
    if route.body is None:
        return None
    if "owners" in route.path:
        return {"@odata.id": f"directoryObjects/{there['owner']}"}
    if "appRole" in route.path:
        return {"principalId": there["user"], "resourceId": there["servicePrincipal"], "appRoleId": USER_ROLE}
    return {"displayName": "Another", "notes": "x"}


def names_of(route):
    return [part.strip("{}") for part in route.path.split("/") if part.startswith("{")]


def asked(graph, route, there, name, key):
    path = route.path.replace("{" + name + "}", key)
    for other, value in there.items():
        path = path.replace("{" + other + "}", value)
    return graph.request(route.method, path, body=body_of(route, there))


def cases(values):
    return [
        pytest.param(route, name, value, id=f"{route.method} {route.path} {name}: {value}")
        for route in ROUTES
        for name in names_of(route)
        for value in values
    ]


@pytest.mark.test_rows(80)
@pytest.mark.fast_rows(60)
@pytest.mark.parametrize(("route", "name", "what"), cases(WHOLE))
def test_what_is_no_id_of_anything_is_404(graph, admin, scene, route, name, what):
    there, _ = scene
    before = stored(admin, without=())

    reply = asked(graph, route, there, name, WHOLE[what])

    assert (reply.status, reply.error["code"]) == (404, "Request_ResourceNotFound"), reply.body
    assert stored(admin, without=()) == before


KINDS = ("applicationTemplate", "application", "servicePrincipal", "user", "group", "assignment")
SAME = {"owner": "user"}  # the user is the owner


@pytest.mark.test_rows(60)
@pytest.mark.fast_rows(60)
@pytest.mark.parametrize(
    ("route", "name", "other"),
    [case for case in cases(KINDS) if SAME.get(case.values[1], case.values[1]) != case.values[2]],
)
def test_an_id_of_another_kind_is_404(graph, admin, scene, route, name, other):
    there, _ = scene
    before = stored(admin, without=())

    assert asked(graph, route, there, name, there[other]).status == 404
    assert stored(admin, without=()) == before


@pytest.mark.parametrize(
    ("route", "name", "gone"), [case for case in cases(["deleted"]) if case.values[1] != "applicationTemplate"]
)
def test_what_was_deleted_is_404(graph, admin, scene, route, name, gone):
    there, deleted = scene
    before = stored(admin, without=())

    reply = asked(graph, route, there, name, deleted[name])

    assert reply.status == 404
    assert stored(admin, without=()) == before


@pytest.mark.parametrize(
    ("route", "name", "foreign"),
    [case for case in cases(["foreign"]) if case.values[1] in ("application", "servicePrincipal")],
)
def test_what_is_anothers_is_told_as_what_is_not_there(graph, admin, callers, scene, route, name, foreign):
    there, _ = scene
    callers["owner"] = owner_of(instantiate(graph, "Own")["servicePrincipal"]["id"])
    before = stored(admin)

    replies = [asked(graph.as_("owner"), route, there, name, key) for key in (there[name], NOBODYS)]

    assert [reply.status for reply in replies] == [404, 404]
    told = [
        (reply.error["message"].replace(key, ""), reply.error["innerError"].get("hint"), reply.error["code"])
        for reply, key in zip(replies, (there[name], NOBODYS), strict=True)
    ]
    assert told[0] == told[1]
    assert stored(admin) == before


@pytest.mark.parametrize("route", ROUTES, ids=lambda route: f"{route.method} {route.path}")
def test_who_may_nothing_is_refused_whatever_there_is(graph, admin, callers, scene, route):
    there, _ = scene
    callers["nobody"] = owner_of(may=frozenset())
    before = stored(admin)

    for key in (there[names_of(route)[0]], NOBODYS):
        reply = asked(graph.as_("nobody"), route, there, names_of(route)[0], key)
        assert (reply.status, reply.error["code"]) == (403, "Authorization_RequestDenied")
    assert stored(admin) == before
