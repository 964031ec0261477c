"""appRoles, replaced as a whole list from either object (spec/graph-synchronization-api.md section 1)."""

import pytest

from provisor.admin.actor import LOCAL_OPERATOR
from support.graph_objects import DEFAULT_ACCESS, USER_ROLE, assigned, instantiate, stored, user

AUDITOR = "0f1e2d3c-4b5a-4678-9abc-def012345678"
EDITOR = "1f1e2d3c-4b5a-4678-9abc-def012345678"


@pytest.fixture
def made(graph):
    return instantiate(graph)


def role(role_id=AUDITOR, name="Auditor", **more):
    return {"id": role_id, "displayName": name, "description": "Reads", "allowedMemberTypes": ["User"], **more}


def roles(graph, made):
    return graph.get(f"/servicePrincipals/{made['servicePrincipal']['id']}?$select=appRoles").body["appRoles"]


def put(graph, made, given, end="application"):
    return graph.patch(f"/{end}s/{made[end]['id']}", {"appRoles": given})


@pytest.mark.parametrize("end", ["application", "servicePrincipal"])
def test_a_role_is_added_by_sending_all_roles(graph, made, end):
    assert put(graph, made, [*roles(graph, made), role(value="audit.read")], end).status == 204

    assert roles(graph, made)[1] == role(value="audit.read", isEnabled=True, origin="Application")
    assert graph.get(f"/applications/{made['application']['id']}").body["appRoles"] == roles(graph, made)


def test_what_is_read_can_be_sent_back(graph, admin, made):
    put(graph, made, [*roles(graph, made), role(value="audit.read")])
    before = stored(admin, without=())

    assert put(graph, made, roles(graph, made)).status == 204
    assert stored(admin, without=()) == before


def test_a_role_is_disabled_first_and_removed_then(graph, made):
    (first,) = roles(graph, made)

    refused = put(graph, made, [])
    put(graph, made, [first | {"isEnabled": False}])
    removed = put(graph, made, [])

    assert (refused.status, refused.error["innerError"]["reason"]) == (400, "role-enabled")
    assert (removed.status, roles(graph, made)) == (204, [])


def test_a_role_that_somebody_has_cannot_be_removed(graph, admin, made):
    (first,) = roles(graph, made)
    assigned(graph, user(admin), made["servicePrincipal"]["id"], USER_ROLE)
    put(graph, made, [first | {"isEnabled": False}])

    assert put(graph, made, []).error["innerError"]["reason"] == "role-in-use"


def test_a_change_of_a_role_is_news_of_everybody_in_it(graph, admin, made):
    given = assigned(graph, user(admin), made["servicePrincipal"]["id"], USER_ROLE)
    before = stored(admin)["assignment"]

    put(graph, made, [roles(graph, made)[0] | {"value": "user.other"}])

    (row,) = stored(admin)["assignment"]
    assert given["id"] in row and [row] != before


def test_roles_are_changed_with_other_properties_or_not_at_all(graph, admin, made):
    before = stored(admin, without=())

    reply = graph.patch(f"/applications/{made['application']['id']}", {"displayName": "Other", "appRoles": []})

    assert reply.status == 400
    assert stored(admin, without=()) == before


WRONG = {
    "an id that is none": (role("x"), "x"),
    "all zeros": (role(DEFAULT_ACCESS), "cannot be the id"),
    "the id of another": (role(USER_ROLE), "one id"),
    "a null id": (role(None), "id"),
    "no id": ({"displayName": "Auditor"}, "id"),
    "a null name": (role(name=None), "displayName"),
    "a blank name": (role(name=" "), "blank"),
    "a long name": (role(name="x" * 257), "257"),
    "a name in two lines": (role(name="a\r\nb"), "cannot be"),
    "the name of another": (role(name="User"), "two roles"),
    "the value of another's name": (role(value="User"), "two roles"),
    "a value with a blank": (role(value="audit read"), "blanks"),
    "a value that begins with a point": (role(value=".audit"), "point"),
    "a value of 121 characters": (role(value="x" * 121), "120"),
    "a value with a letter of no ASCII": (role(value="revisjön"), "ASCII"),
    "a value in two lines": (role(value="a\r\nb"), "cannot be"),
    "a value that is a number": (role(value=5), "value"),
    "for applications": (role(allowedMemberTypes=["User", "Application"]), "allowedMemberTypes"),
    "for nobody": (role(allowedMemberTypes=[]), "nobody"),
    "for somebody else": (role(allowedMemberTypes=["Device"]), "Device"),
    "perhaps enabled": (role(isEnabled="true"), "isEnabled"),
    "neither enabled nor not": (role(isEnabled=None), "isEnabled"),
    "a description of two lines": (role(description="a\r\nb"), "description"),
    "a long description": (role(description="x" * 1025), "1,025"),
}


@pytest.mark.parametrize("end", ["application", "servicePrincipal"])
@pytest.mark.parametrize("what", WRONG)
def test_a_role_that_cannot_be_is_refused_and_nothing_changes(graph, admin, made, what, end):
    given, said = WRONG[what]
    before = stored(admin, without=())

    reply = put(graph, made, [*roles(graph, made), given], end)

    assert reply.status == (409 if said == "two roles" else 400)
    assert said in str(reply.error) + reply.error["innerError"].get("hint", "")
    assert stored(admin, without=()) == before


RIGHT = ["x", "audit.read", "a" * 120, "user_impersonation", "A:B/C", "!#$%&'()*+,-/:;<=>?@[]^+_`{|}~"]


@pytest.mark.parametrize("value", RIGHT)
def test_a_value_may_have_the_signs_that_graph_takes(graph, made, value):
    assert put(graph, made, [*roles(graph, made), role(value=value)]).status == 204


def test_two_roles_cannot_have_one_id(graph, made):
    reply = put(graph, made, [*roles(graph, made), role(), role(AUDITOR.upper(), "Editor")])

    assert "one id" in reply.error["message"]


def test_more_roles_than_a_manifest_holds_are_refused(graph, made):
    given = [role(f"{n:08x}-4b5a-4678-9abc-def012345678", f"R{n}") for n in range(1201)]

    assert "1201 roles" in put(graph, made, given).error["message"]


def test_a_role_of_before_these_rules_does_not_stand_in_the_way(graph, admin, made):
    resource = made["servicePrincipal"]["id"]
    admin.app_roles.add(LOCAL_OPERATOR, resource, "Old", value="two words")

    assert put(graph, made, [*roles(graph, made), role()]).status == 204
