"""Applications and service principals: found, listed, changed, removed (spec/graph-synchronization-api.md section 1)."""

from urllib.parse import quote

import pytest

from provisor.admin.actor import LOCAL_OPERATOR
from support.graph_objects import (
    NON_GALLERY,
    UMBRELLA,
    USER_ROLE,
    assigned,
    instantiate,
    owner_of,
    stored,
    user,
)


@pytest.fixture
def made(graph):
    return instantiate(graph)


def principal(graph, made):
    return graph.get(f"/servicePrincipals/{made['servicePrincipal']['id']}").body


def patch(graph, made, body, end="servicePrincipal"):
    return graph.patch(f"/{end}s/{made[end]['id']}", body)


SPELLINGS = {
    "servicePrincipal": ["/servicePrincipals/{id}", "/servicePrincipals('{id}')", "/servicePrincipals(appId='{appId}')",
                         "/serviceprincipals(appid='{appId}')", "/servicePrincipals/{ID}"],
    "application": ["/applications/{id}", "/applications('{id}')", "/applications(appId='{appId}')"],
}  # fmt: skip


@pytest.mark.parametrize(("end", "path"), [(end, path) for end, paths in SPELLINGS.items() for path in paths])
def test_an_application_is_found_by_each_of_its_ids(graph, made, end, path):
    one = made[end]

    reply = graph.get(path.format(id=one["id"], ID=one["id"].upper(), appId=one["appId"]))

    assert (reply.status, reply.body["id"]) == (200, one["id"])


@pytest.mark.parametrize("end", ["applications", "servicePrincipals"])
def test_an_id_of_the_other_object_or_a_name_finds_nothing(graph, made, end):
    other = made["servicePrincipal" if end == "applications" else "application"]["id"]

    for key in (other, "Umbrella%20test", made["application"]["appId"], "x", "appId="):
        assert graph.get(f"/{end}/{key}").status == 404


# Lists


@pytest.fixture
def three(graph):
    return [
        instantiate(graph, name, template)
        for name, template in (("Umbrella test", UMBRELLA), ("umbrella 2", UMBRELLA), ("Åland", NON_GALLERY))
    ]


FILTERS = {
    "displayName eq 'Umbrella test'": [0],
    "displayName eq 'UMBRELLA TEST'": [0],
    "startswith(displayName,'umbrella')": [0, 1],
    "startswith(displayName,'å')": [2],
    "contains(displayName,'brella')": [0, 1],
    "appId eq '{app}'": [1],
    "appId in ('{app}')": [1],
    "id eq '{id}'": [1],
    "displayName in ('Åland','umbrella 2')": [1, 2],
    "startswith(displayName,'umbrella') and appId eq '{app}'": [1],
    f"applicationTemplateId eq '{NON_GALLERY}'": [2],
    "displayName eq 'it''s'": [],
    "displayName eq null": [],
}


@pytest.mark.parametrize("end", ["application", "servicePrincipal"])
@pytest.mark.parametrize("text", FILTERS)
def test_lists_are_filtered(graph, three, end, text):
    asked = quote(text.format(app=three[1][end]["appId"], id=three[1][end]["id"]))

    found = [each["id"] for each in graph.get(f"/{end}s?$filter={asked}").value]

    assert found == [three[n][end]["id"] for n in FILTERS[text]]


@pytest.mark.parametrize(("text", "count"), [("accountEnabled eq false", 1), ("appRoleAssignmentRequired eq true", 3)])
def test_service_principals_are_filtered_by_what_is_true_of_them(graph, three, text, count):
    patch(graph, three[0], {"accountEnabled": False})

    assert len(graph.get(f"/servicePrincipals?$filter={text.replace(' ', '%20')}").value) == count


@pytest.mark.parametrize("end", ["applications", "servicePrincipals"])
def test_lists_are_read_page_by_page(graph, three, end):
    pages = list(
        graph.pages(f"/{end}?$top=2&$count=true&$select=displayName", headers={"ConsistencyLevel": "eventual"})
    )

    assert [[each["displayName"] for each in page.value] for page in pages] == [
        ["Umbrella test", "umbrella 2"],
        ["Åland"],
    ]
    assert [page.body.get("@odata.count") for page in pages] == [3, None]
    assert {tuple(each) for page in pages for each in page.value} == {("displayName",)}


def test_a_page_goes_on_where_it_was_when_what_it_ended_with_is_gone(graph, three):
    first = graph.get("/servicePrincipals?$top=1")
    graph.delete(f"/servicePrincipals/{three[0]['servicePrincipal']['id']}")

    assert [each["displayName"] for each in graph.get(first.body["@odata.nextLink"]).value] == ["umbrella 2"]


def test_lists_are_ordered_by_name(graph, three):
    pages = list(graph.pages("/servicePrincipals?$orderby=displayName%20desc&$top=2"))

    assert [each["displayName"] for page in pages for each in page.value] == ["Åland", "Umbrella test", "umbrella 2"]


@pytest.mark.parametrize("end", ["applications", "servicePrincipals"])
@pytest.mark.parametrize(
    ("names", "status"), [("id,info,passwordCredentials", 200), ("ID,*", 200), ("id,displayname2", 400)]
)
def test_what_graph_has_may_be_selected_and_what_nobody_has_may_not(graph, made, end, names, status):
    for path in (f"/{end}", f"/{end}(appId='{made['application']['appId']}')"):
        assert graph.get(f"{path}?$select={names}").status == status


# Changes


CHANGES = {
    "displayName": ("Umbrella of Fjord", "application servicePrincipal"),
    "notes": ("Ask Anna.\nThen Bo.", "application servicePrincipal"),
    "tags": (["HideApp"], "application servicePrincipal"),
    "accountEnabled": (False, "servicePrincipal"),
    "appRoleAssignmentRequired": (False, "servicePrincipal"),
}


@pytest.mark.parametrize(("name", "end"), [(name, end) for name, (_, ends) in CHANGES.items() for end in ends.split()])
def test_what_is_changed_is_seen_at_both_objects(graph, made, name, end):
    value, ends = CHANGES[name]

    assert patch(graph, made, {name: value}, end).status == 204

    for seen in ends.split():
        assert graph.get(f"/{seen}s/{made[seen]['id']}").body[name] == value


@pytest.mark.parametrize("end", ["application", "servicePrincipal"])
@pytest.mark.parametrize(
    "body", [{}, {"appId": "x", "id": None}, {"reset_scope": None}, {"displayName": "Umbrella test"}]
)
def test_what_changes_nothing_leaves_nothing(graph, admin, made, body, end):
    before = stored(admin, without=())

    assert patch(graph, made, body, end).status == 204
    assert stored(admin, without=()) == before


def test_notes_that_are_null_are_cleared_and_absent_ones_stay(graph, made):
    patch(graph, made, {"notes": "x"})
    patch(graph, made, {"displayName": "y"})
    kept = principal(graph, made)["notes"]
    patch(graph, made, {"notes": None})

    assert (kept, principal(graph, made)["notes"]) == ("x", None)


LONG = "x" * 257
WRONG = {
    "displayName": [None, 5, "", "  ", LONG, "a\r\nb", "a\u0000b", " a", ["x"]],
    "accountEnabled": [None, "true", 1],
    "appRoleAssignmentRequired": [None, "false", 0],
    "notes": [5, "x" * 1025, "a\u0000b", ["x"]],
    "tags": [None, "x", [None], [""], [LONG], ["a\r\nb"], ["x"] * 101],
    "appRoles": [None, {}, "x", [None], [5]],
}


OF_PRINCIPALS = ("accountEnabled", "appRoleAssignmentRequired")


@pytest.mark.parametrize(
    ("end", "name", "value"),
    [
        (end, name, value)
        for name, values in WRONG.items()
        for end in ("servicePrincipal", *([] if name in OF_PRINCIPALS else ["application"]))
        for value in values
    ],
    ids=lambda value: repr(value)[:30],
)
def test_a_value_that_does_not_fit_is_refused_and_nothing_changes(graph, admin, made, end, name, value):
    before = stored(admin, without=())

    reply = patch(graph, made, {"displayName": "another", name: value}, end)

    assert (reply.status, reply.error["code"]) == (400, "Request_BadRequest")
    assert stored(admin, without=()) == before


def test_a_change_is_in_the_audit_log_with_old_and_new(graph, admin, made):
    patch(graph, made, {"displayName": "Renamed", "accountEnabled": False})

    event = admin.audits.page(LOCAL_OPERATOR)[0]
    assert (event.activity, event.target) == ("Update service principal", made["servicePrincipal"]["id"])
    assert event.detail == {
        "display_name": {"old": "Umbrella test", "new": "Renamed"},
        "account_enabled": {"old": True, "new": False},
    }


# Removal


@pytest.mark.parametrize("end", ["application", "servicePrincipal"])
def test_removing_either_object_removes_both_and_what_hangs_off_them(graph, admin, made, end):
    anna, resource = user(admin), made["servicePrincipal"]["id"]
    assigned(graph, anna, resource, USER_ROLE)
    admin.jobs.create(LOCAL_OPERATOR, resource)
    admin.applications.add_owner(LOCAL_OPERATOR, resource, anna)

    assert graph.delete(f"/{end}s/{made[end]['id']}").status == 204

    for one in ("application", "servicePrincipal"):
        assert graph.get(f"/{one}s/{made[one]['id']}").status == 404
        assert graph.delete(f"/{one}s/{made[one]['id']}").status == 404
    assert graph.get(f"/users/{anna}/appRoleAssignments").value == []
    left = stored(admin)
    assert [left[table] for table in ("application", "application_owner", "assignment", "job", "secret")] == [[]] * 5


# Whose


@pytest.fixture
def owned(graph, callers, three):
    """Somebody who owns the second of three applications."""
    callers["owner"] = owner_of(three[1]["servicePrincipal"]["id"])
    return graph.as_("owner")


@pytest.mark.parametrize("end", ["application", "servicePrincipal"])
@pytest.mark.parametrize(
    "query", ["", "?$count=true", "?$filter=startswith(displayName,'umbrella')&$count=true", "?$top=1"]
)
def test_an_owner_sees_only_the_own_application_in_every_list(owned, three, end, query):
    reply = owned.get(f"/{end}s{query}")

    assert [each["id"] for each in reply.value] == [three[1][end]["id"]]
    assert reply.body.get("@odata.count", 1) == 1
    assert "@odata.nextLink" not in reply.body


@pytest.mark.parametrize("end", ["application", "servicePrincipal"])
@pytest.mark.parametrize("method", ["GET", "PATCH", "DELETE"])
def test_an_owner_cannot_tell_a_foreign_application_from_none(owned, admin, three, end, method):
    body = {"displayName": "taken"} if method == "PATCH" else None
    foreign, before = three[0][end], stored(admin)

    for key, missing in (
        (f"/{foreign['id']}", "/deadbeef-0000-4000-8000-000000000000"),
        (f"(appId='{foreign['appId']}')", "(appId='deadbeef-0000-4000-8000-000000000000')"),
    ):
        there, none = (owned.request(method, f"/{end}s{one}", body=body) for one in (key, missing))
        assert (there.status, none.status) == (404, 404)
        assert there.error["message"].replace(foreign["id"], "").replace(foreign["appId"], "") == none.error[
            "message"
        ].replace("deadbeef-0000-4000-8000-000000000000", "")
        assert (there.error["code"], there.error["innerError"].get("hint")) == (
            none.error["code"],
            none.error["innerError"].get("hint"),
        )
    assert stored(admin) == before


def test_an_owner_may_give_a_name_that_a_foreign_application_has(owned, three):
    own = three[1]["servicePrincipal"]["id"]

    assert owned.patch(f"/servicePrincipals/{own}", {"displayName": "Umbrella test"}).status == 204


def test_an_owner_adds_no_application(owned):
    reply = owned.post(f"/applicationTemplates/{UMBRELLA}/instantiate", {"displayName": "x"})

    assert (reply.status, reply.error["code"]) == (403, "Authorization_RequestDenied")
