"""App role assignments, the same objects from three ends (spec/graph-synchronization-api.md section 1)."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from provisor.admin.actor import LOCAL_OPERATOR
from support.graph_objects import (
    DEFAULT_ACCESS,
    NOBODYS,
    USER_ROLE,
    assigned,
    group,
    instantiate,
    owner_of,
    stored,
    user,
)

ENDS = ("application", "principal")
KINDS = ("user", "group")


class Scene:
    """An application, a user, a group, and how each end spells the assignments of the two."""

    def __init__(self, graph, admin):
        self.graph, self.admin = graph, admin
        self.made = instantiate(graph)
        self.resource = self.made["servicePrincipal"]["id"]
        self.ids = {"user": user(admin, displayName="Anna"), "group": group(admin)}

    def path(self, end, kind="user"):
        if end == "application":
            return f"/servicePrincipals/{self.resource}/appRoleAssignedTo"
        return f"/{kind}s/{self.ids[kind]}/appRoleAssignments"

    def body(self, kind="user", role=USER_ROLE, **more):
        return {"principalId": self.ids[kind], "resourceId": self.resource, "appRoleId": role, **more}

    def add(self, end="application", kind="user", role=USER_ROLE, **more):
        return self.graph.post(self.path(end, kind), self.body(kind, role, **more))


@pytest.fixture
def scene(graph, admin):
    return Scene(graph, admin)


@pytest.mark.parametrize("end", ENDS)
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("role", [USER_ROLE, DEFAULT_ACCESS])
def test_an_assignment_made_at_one_end_is_seen_from_each(scene, end, kind, role):
    reply = scene.add(end, kind, role)

    assert reply.status == 201
    shown = {name: value for name, value in reply.body.items() if not name.startswith("@")}
    assert shown == {
        "id": shown["id"],
        "appRoleId": role,
        "createdDateTime": shown["createdDateTime"],
        "deletedDateTime": None,
        "principalDisplayName": "Anna" if kind == "user" else "Sales",
        "principalId": scene.ids[kind],
        "principalType": kind.title(),
        "resourceDisplayName": "Umbrella test",
        "resourceId": scene.resource,
    }
    assert scene.graph.get(reply.headers["location"]).body["id"] == shown["id"]
    for seen in ENDS:
        path = scene.path(seen, kind)
        assert scene.graph.get(path).value == [shown]
        assert scene.graph.get(f"{path}/{shown['id'].upper()}").body["principalId"] == scene.ids[kind]


@pytest.mark.parametrize("end", ENDS)
@pytest.mark.parametrize("kind", KINDS)
def test_an_assignment_ended_at_one_end_is_gone_at_each(scene, end, kind):
    made = scene.add("application", kind).body["id"]

    assert scene.graph.delete(f"{scene.path(end, kind)}/{made}").status == 204

    for seen in ENDS:
        path = scene.path(seen, kind)
        assert scene.graph.get(path).value == []
        assert scene.graph.get(f"{path}/{made}").status == 404
        assert scene.graph.delete(f"{path}/{made}").status == 404
    assert "None" not in stored(scene.admin)["assignment"][0].rsplit(",", 2)[1]  # the tombstone that jobs look at


def test_an_assignment_and_its_end_are_news_for_jobs(scene):
    numbers = [stored(scene.admin)["feed"]]
    made = scene.add().body["id"]
    numbers.append(stored(scene.admin)["feed"])
    scene.graph.delete(f"{scene.path('application')}/{made}")
    numbers.append(stored(scene.admin)["feed"])

    assert len(set(map(str, numbers))) == 3


def test_who_is_assigned_again_after_the_end_is_listed(scene):
    made = scene.add().body["id"]
    scene.graph.delete(f"{scene.path('application')}/{made}")

    assert scene.add().status == 201
    assert len(scene.graph.get(scene.path("principal")).value) == 1


def test_a_user_is_found_by_user_principal_name_in_the_path(scene):
    scene.add()

    assert len(scene.graph.get("/users/anna%40fjord.example/appRoleAssignments").value) == 1


def test_the_application_is_found_by_app_id_in_the_path(scene):
    app_id = scene.made["application"]["appId"]

    reply = scene.graph.post(f"/servicePrincipals(appId='{app_id}')/appRoleAssignedTo", scene.body())

    assert reply.status == 201


# Refusals


def no_role(scene):
    scene.admin.app_roles.set(LOCAL_OPERATOR, scene.resource, "User", enabled=False)


def unassignable(scene):
    scene.ids["group"] = group(scene.admin, "Mail only", securityEnabled="false")


def deleted(scene):
    scene.admin.users.delete(LOCAL_OPERATOR, scene.ids["user"])


REFUSED = {
    "a second time": (lambda scene: scene.add(), "user", {}, 400, "already-there"),
    "a role that is none of the application's": (None, "user", {"appRoleId": NOBODYS}, 400, "invalid-value"),
    "a role that is switched off": (no_role, "user", {}, 400, "role-disabled"),
    "a group that gives no access": (unassignable, "group", {}, 400, "group-not-assignable"),
    "a deleted user": (deleted, "user", {}, 404, "not-found"),
    "nobody": (None, "user", {"principalId": NOBODYS}, 404, "not-found"),
    "no application": (None, "user", {"resourceId": NOBODYS}, None, None),
    "a name of a user": (None, "user", {"principalId": "anna@fjord.example"}, 400, ""),
    "a name of a group": (None, "group", {"principalId": "Sales"}, 400, ""),
    "a name of an application": (None, "user", {"resourceId": "Umbrella test"}, 400, ""),
    "a name of a role": (None, "user", {"appRoleId": "User"}, 400, ""),
    "a null principal": (None, "user", {"principalId": None}, 400, ""),
    "a null role": (None, "user", {"appRoleId": None}, 400, ""),
    "a null application": (None, "user", {"resourceId": None}, 400, ""),
    "an id that is a number": (None, "user", {"principalId": 5}, 400, ""),
    "ids in a list": (None, "user", {"principalId": [NOBODYS]}, 400, ""),
    "an id of two lines": (None, "user", {"principalId": NOBODYS + "\r\n"}, 400, ""),
    "an endless id": (None, "user", {"principalId": "a" * 100_000}, 400, ""),
    "an id in braces": (None, "user", {"principalId": "{" + NOBODYS + "}"}, 400, ""),
}


@pytest.mark.parametrize("end", ENDS)
@pytest.mark.parametrize("what", REFUSED)
def test_an_assignment_that_cannot_be_is_refused_and_nothing_changes(scene, end, what):
    prepare, kind, given, status, reason = REFUSED[what]
    if prepare is not None:
        prepare(scene)
    before = stored(scene.admin, without=())

    reply = scene.graph.post(scene.path(end, kind), scene.body(kind) | given)

    assert reply.status == status or (status is None and reply.status in (400, 404))
    assert reason is None or reply.error["innerError"].get("reason", "") == reason
    assert reply.error["message"]
    assert stored(scene.admin, without=()) == before


@pytest.mark.parametrize("missing", ["principalId", "resourceId", "appRoleId"])
@pytest.mark.parametrize("end", ENDS)
def test_an_assignment_names_both_ends_and_a_role(scene, end, missing):
    body = scene.body()
    del body[missing]

    reply = scene.graph.post(scene.path(end), body)

    assert reply.status == 400 and missing in reply.error["message"]


def test_the_body_names_the_end_that_the_path_does(scene):
    other = instantiate(scene.graph, "Another")["servicePrincipal"]["id"]
    bo = user(scene.admin, "bo@fjord.example")
    before = stored(scene.admin)

    for end, more in (("application", {"resourceId": other}), ("principal", {"principalId": bo})):
        assert scene.add(end, **more).status == 400
    assert stored(scene.admin) == before


@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize(
    "path",
    [
        "/servicePrincipals/{application}/appRoleAssignedTo",
        f"/servicePrincipals/{NOBODYS}/appRoleAssignedTo",
        "/servicePrincipals/{user}/appRoleAssignedTo",
        "/servicePrincipals/Umbrella%20test/appRoleAssignedTo",
        "/users/{group}/appRoleAssignments",
        "/users/{resource}/appRoleAssignments",
        f"/users/{NOBODYS}/appRoleAssignments",
        "/groups/{user}/appRoleAssignments",
        "/groups/Sales/appRoleAssignments",
        f"/groups/{NOBODYS}/appRoleAssignments",
    ],
)
def test_an_end_that_is_not_there_is_404(scene, method, path):
    ids = {"application": scene.made["application"]["id"], "resource": scene.resource, **scene.ids}
    before = stored(scene.admin)

    reply = scene.graph.request(method, path.format(**ids), body=scene.body() if method == "POST" else None)

    assert (reply.status, reply.error["code"]) == (404, "Request_ResourceNotFound")
    assert stored(scene.admin) == before


@pytest.mark.parametrize("method", ["GET", "DELETE"])
def test_an_assignment_of_another_end_is_404(scene, method):
    other = instantiate(scene.graph, "Another")["servicePrincipal"]["id"]
    made = scene.add().body["id"]
    before = stored(scene.admin)

    for path in (
        f"/servicePrincipals/{other}/appRoleAssignedTo/{made}",
        f"/groups/{scene.ids['group']}/appRoleAssignments/{made}",
        f"/users/{user(scene.admin, 'bo@fjord.example')}/appRoleAssignments/{made}",
        f"/servicePrincipals/{scene.resource}/appRoleAssignedTo/{NOBODYS}",
        f"/servicePrincipals/{scene.resource}/appRoleAssignedTo/x",
    ):
        assert scene.graph.request(method, path).status == 404
    assert stored(scene.admin)["assignment"] == before["assignment"]


def test_a_deleted_user_is_not_listed_and_a_restored_one_is_again(scene):
    made = scene.add().body["id"]
    path = scene.path("application")

    scene.admin.users.delete(LOCAL_OPERATOR, scene.ids["user"])
    gone = (scene.graph.get(path).value, scene.graph.get(f"{path}/{made}").status)
    scene.admin.users.restore(LOCAL_OPERATOR, scene.ids["user"])

    assert gone == ([], 404)
    assert [each["id"] for each in scene.graph.get(path).value] == [made]


# Lists


@pytest.fixture
def many(scene):
    """Five users and the group, in different roles."""
    people = [user(scene.admin, f"u{n}@fjord.example") for n in range(4)]
    made = [assigned(scene.graph, one, scene.resource, USER_ROLE) for one in people]
    made.append(assigned(scene.graph, people[0], scene.resource, DEFAULT_ACCESS))
    made.append(assigned(scene.graph, scene.ids["group"], scene.resource, DEFAULT_ACCESS))
    return made


@pytest.mark.parametrize("top", [1, 2, 5, 6, 999])
def test_assignments_are_read_page_by_page(scene, many, top):
    pages = list(scene.graph.pages(f"{scene.path('application')}?$top={top}&$count=true"))

    assert [each["id"] for page in pages for each in page.value] == sorted(each["id"] for each in many)
    assert [page.body.get("@odata.count") for page in pages] == [6] + [None] * (len(pages) - 1)
    assert all(len(page.value) == top for page in pages[:-1])


FILTERS = {
    "principalId eq '{0[principalId]}'": [0, 4],
    "principalId eq {0[principalId]}": [0, 4],
    "principalId eq '{0[principalId]}' and appRoleId eq '" + USER_ROLE + "'": [0],
    "appRoleId eq '" + DEFAULT_ACCESS + "'": [4, 5],
    "principalType eq 'Group'": [5],
    "resourceId eq '{0[resourceId]}'": [0, 1, 2, 3, 4, 5],
    "resourceId eq '" + NOBODYS + "'": [],
}


@pytest.mark.parametrize("text", FILTERS)
def test_assignments_of_an_application_are_filtered(scene, many, text):
    asked = text.format(*many).replace(" ", "%20")

    reply = scene.graph.get(f"{scene.path('application')}?$filter={asked}&$count=true")

    assert sorted(each["id"] for each in reply.value) == sorted(many[n]["id"] for n in FILTERS[text])
    assert reply.body["@odata.count"] == len(FILTERS[text])


@pytest.mark.parametrize(
    "text",
    ["principalDisplayName eq 'x'", "principalId ne 'x'", "principalId eq 5", "principalId eq 'x' or appRoleId eq 'y'",
     "startswith(principalId,'x')", "not principalId eq 'x'", "principalId eq 'a' and principalId eq 'b'"],
)  # fmt: skip
def test_a_filter_that_would_read_all_assignments_is_refused(scene, text):
    reply = scene.graph.get(f"{scene.path('application')}?$filter={text.replace(' ', '%20')}")

    assert (reply.status, reply.error["code"]) == (400, "Request_UnsupportedQuery")


def test_what_a_user_is_assigned_to_is_filtered_by_the_application(scene):
    scene.add()
    other = instantiate(scene.graph, "Another")["servicePrincipal"]["id"]
    assigned(scene.graph, scene.ids["user"], other)

    found = scene.graph.get(f"{scene.path('principal')}?$filter=resourceId%20eq%20{other}&$count=true")

    assert [each["resourceId"] for each in found.value] == [other]
    assert [len(page.value) for page in scene.graph.pages(f"{scene.path('principal')}?$top=1")] == [1, 1]


def test_only_what_is_selected_is_shown(scene):
    scene.add()

    assert scene.graph.get(f"{scene.path('application')}?$select=id,principalId").value[0].keys() == {
        "id",
        "principalId",
    }


# Whose


@pytest.fixture
def owned(scene, callers):
    """Somebody who owns another application, to which Anna is assigned too."""
    other = instantiate(scene.graph, "Another")["servicePrincipal"]["id"]
    assigned(scene.graph, scene.ids["user"], other)
    callers["owner"] = owner_of(other)
    return scene.graph.as_("owner"), other


def test_an_owner_sees_a_users_assignments_to_the_own_application_alone(scene, owned):
    scene.add()
    owner, other = owned

    reply = owner.get(f"{scene.path('principal')}?$count=true")

    assert [each["resourceId"] for each in reply.value] == [other]
    assert reply.body["@odata.count"] == 1


@pytest.mark.parametrize("end", ENDS)
@pytest.mark.parametrize("method", ["GET", "DELETE"])
def test_an_owner_cannot_tell_a_foreign_assignment_from_none(scene, owned, end, method):
    made, (owner, _) = scene.add().body["id"], owned
    before = stored(scene.admin)

    there, none = (owner.request(method, f"{scene.path(end)}/{key}") for key in (made, NOBODYS))

    assert (there.status, none.status) == (404, 404)
    assert there.error["message"].replace(made, "") == none.error["message"].replace(NOBODYS, "")
    assert stored(scene.admin) == before


@pytest.mark.parametrize("end", ENDS)
def test_an_owner_cannot_assign_to_a_foreign_application(scene, owned, end):
    owner, _ = owned
    before = stored(scene.admin)

    reply = owner.post(scene.path(end, "group"), scene.body("group"))

    assert reply.status == 404
    assert stored(scene.admin) == before


@pytest.mark.parametrize("end", ENDS)
def test_an_owner_assigns_to_the_own_application(scene, owned, end):
    owner, other = owned
    path = f"/servicePrincipals/{other}/appRoleAssignedTo" if end == "application" else scene.path(end, "group")

    assert owner.post(path, scene.body("group") | {"resourceId": other}).status == 201


# Races


def at_once(*calls):
    with ThreadPoolExecutor(len(calls)) as threads:
        return [future.result() for future in [threads.submit(call) for call in calls]]


def test_of_equal_assignments_at_once_one_is_made(scene):
    replies = at_once(*[lambda end=end: scene.add(end) for end in ENDS * 4])

    assert sorted(reply.status for reply in replies) == [201] + [400] * 7
    assert len(stored(scene.admin)["assignment"]) == 1


@pytest.mark.parametrize("attempt", range(5))
def test_an_assignment_to_an_application_that_is_deleted_meanwhile_is_made_before_or_refused(scene, attempt):
    added, removed = at_once(scene.add, lambda: scene.graph.delete(f"/servicePrincipals/{scene.resource}"))

    assert (added.status in (201, 404), removed.status) == (True, 204)
    assert stored(scene.admin)["assignment"] == []
