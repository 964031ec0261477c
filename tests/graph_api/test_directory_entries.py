"""Users and groups over the API: typed bodies, null against absent, what is read-only, which properties are shown."""

import pytest

from provisor.admin.actor import LOCAL_OPERATOR
from support.graph_objects import stored

ANNA = {
    "accountEnabled": True, "displayName": "Anna Øverås", "mailNickname": "anna",
    "userPrincipalName": "anna@fjord.example", "passwordProfile": {"password": "correct horse battery staple"},
}  # fmt: skip
SALES = {"displayName": "Sales", "mailEnabled": False, "mailNickname": "sales", "securityEnabled": True}
DEFAULT = {
    "businessPhones", "displayName", "givenName", "jobTitle", "mail", "mobilePhone", "officeLocation",
    "preferredLanguage", "surname", "userPrincipalName", "id",
}  # fmt: skip


def made(graph, body=ANNA, **more):
    kind = "users" if "userPrincipalName" in body else "groups"
    reply = graph.post(f"/{kind}", {**body, **more})
    assert reply.status == 201, reply.body
    return reply.body["id"]


def values(graph, key, *names):
    body = graph.get(f"/users/{key}?$select={','.join(names)}").body
    return {name: body.get(name, "absent") for name in names}


def test_a_created_user_is_answered_with_the_default_set_and_where_it_is(graph):
    reply = graph.post("/users", ANNA)

    assert reply.status == 201
    assert set(reply.body) - {"@odata.context"} == DEFAULT
    assert reply.body["@odata.context"].endswith("/$metadata#users/$entity")
    assert graph.get(reply.headers["location"]).body["displayName"] == "Anna Øverås"


@pytest.mark.parametrize("missing", list(ANNA))
@pytest.mark.parametrize("how", ["absent", "null"])
def test_a_user_without_a_required_property_is_refused_naming_it(graph, admin, missing, how):
    body = {name: value for name, value in ANNA.items() if name != missing}
    before = stored(admin)

    reply = graph.post("/users", body if how == "absent" else {**body, missing: None})

    assert reply.status == 400
    assert f"'{missing}'" in reply.error["message"]
    assert stored(admin) == before


@pytest.mark.parametrize("missing", list(SALES))
def test_a_group_without_a_required_property_is_refused_naming_it(graph, missing):
    reply = graph.post("/groups", {name: value for name, value in SALES.items() if name != missing})

    assert reply.status == 400
    assert f"'{missing}'" in reply.error["message"]


def test_a_password_is_neither_kept_nor_told(graph, admin):
    secret = "Tr0ub4dor-and-3"
    key = made(graph, passwordProfile={"password": secret, "forceChangePasswordNextSignIn": True})
    graph.patch(f"/users/{key}", {"passwordProfile": {"password": secret}})
    refused = graph.patch(
        f"/users/{key}", {"passwordProfile": {"password": secret, "forceChangePasswordNextSignIn": 5}}
    )

    assert refused.status == 400
    assert secret not in refused.raw.decode()
    assert secret not in repr(stored(admin, without=()))
    assert values(graph, key, "passwordProfile") == {"passwordProfile": None}


@pytest.mark.parametrize(
    ("name", "first", "second"),
    [
        ("department", "Sales", "Research"), ("businessPhones", ["1"], ["2"]),
        ("otherMails", ["a@b.example", "c@d.example"], ["e@f.example"]), ("streetAddress", "x" * 1_024, "y"),
        ("jobTitle", "", "Lead"), ("usageLocation", "NO", "SE"), ("onPremisesImmutableId", "abc=", "def="),
    ],
)  # fmt: skip
def test_a_value_is_set_replaced_left_alone_and_cleared(graph, name, first, second):
    key = made(graph, **{name: first})
    assert values(graph, key, name) == {name: first}

    assert graph.patch(f"/users/{key}", {name: second}).status == 204
    assert values(graph, key, name) == {name: second}

    assert graph.patch(f"/users/{key}", {"city": "Oslo"}).status == 204
    assert values(graph, key, name) == {name: second}

    assert graph.patch(f"/users/{key}", {name: None}).status == 204
    empty = {"businessPhones": [], "otherMails": []}.get(name)
    assert values(graph, key, name) == {name: empty}


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ({"displayName": 5}, "$.displayName"), ({"accountEnabled": "true"}, "$.accountEnabled"),
        ({"businessPhones": "1"}, "$.businessPhones"), ({"businessPhones": [1]}, "$.businessPhones"),
        ({"onPremisesExtensionAttributes": "x"}, "$.onPremisesExtensionAttributes"),
        ({"onPremisesExtensionAttributes": {"extensionAttribute3": 3}}, "extensionAttribute3"),
        ({"displayName": None}, ""), ({"displayName": "x" * 1_025}, "displayName"),
        ({"city": "x" * 1_025}, "1,024 are the most"), ({"city": "a\0b"}, "U+0000"),
        ({"otherMails": ["x"] * 251}, "250"), ({"userPrincipalName": "no at"}, "userPrincipalName"),
        ({"userPrincipalName": None}, "userPrincipalName"), ({"userPrincipalName": "a\u200bb@fjord.example"}, ""),
        ({"extension_nobody_knows": "x"}, "extension_nobody_knows"),
        ({"extension_nobody_knows": {"a": 1}}, "extension_nobody_knows"),
        ({"onPremisesSyncEnabled": True}, "onPremisesSyncEnabled"), ({"onPremisesDomainName": "x"}, "onPremisesDomainName"),
        ({"passwordProfile": {"password": ""}}, "password"), ({"passwordProfile": "x"}, "passwordProfile"), ([], ""),
        ({"manager@odata.bind": "nowhere"}, ""), ("text", ""),
    ],
    ids=str,
)  # fmt: skip
def test_what_does_not_fit_is_refused_and_changes_nothing(graph, admin, body, words):
    key = made(graph)
    before = stored(admin)

    reply = graph.patch(f"/users/{key}", body)

    if body == {"displayName": None}:  # a user may be without one
        assert reply.status == 204
        return
    assert reply.status == 400, reply.body
    assert words in reply.error["message"]
    assert stored(admin) == before


@pytest.mark.parametrize("enabled", [True, False])
@pytest.mark.parametrize(
    ("body", "collection", "name"),
    [(ANNA, "users", "accountEnabled"), (SALES, "groups", "securityEnabled")],
    ids=["accountEnabled", "securityEnabled"],
)
def test_null_lets_nobody_in_who_was_shut_out(graph, admin, body, collection, name, enabled):
    key = made(graph, body, **{name: enabled})
    before = stored(admin)

    reply = graph.patch(f"/{collection}/{key}", {name: None, "mailNickname": "other"})

    assert (reply.status, reply.error["innerError"]["reason"]) == (400, "invalid-value")
    assert name in reply.error["message"]
    assert stored(admin) == before


def test_unknown_properties_of_a_body_are_passed_over(graph):
    key = made(graph, likes="herring", id="another", reset_scope=None)

    assert key != "another"
    assert graph.patch(f"/users/{key}", {"id": "another", "createdDateTime": None, "likes": 5}).status == 204


def test_a_name_that_is_taken_is_a_conflict(graph):
    made(graph)

    reply = graph.post("/users", {**ANNA, "userPrincipalName": "ANNA@fjord.example"})

    assert (reply.status, reply.error["code"]) == (409, "Request_MultipleObjectsWithSameKeyValue")


def test_extension_attributes_stand_together(graph):
    key = made(graph, onPremisesExtensionAttributes={"extensionAttribute1": "one", "extensionAttribute2": None})
    graph.patch(f"/users/{key}", {"onPremisesExtensionAttributes": {"extensionAttribute15": "fifteen"}})

    shown = values(graph, key, "onPremisesExtensionAttributes")["onPremisesExtensionAttributes"]

    assert len(shown) == 15
    assert {name: value for name, value in shown.items() if value} == {
        "extensionAttribute1": "one", "extensionAttribute15": "fifteen",
    }  # fmt: skip


def synced(admin, kind="user", **more):
    verbs = admin.users if kind == "user" else admin.groups
    name = {"userPrincipalName": "bo@fjord.example"} if kind == "user" else {"displayName": "Staff"}
    return verbs.create(LOCAL_OPERATOR, {**name, "onPremisesSyncEnabled": "true", **more}).object.id


@pytest.mark.parametrize(
    "body",
    [
        {"displayName": "Bo"}, {"surname": "Berg"}, {"department": "Sales"}, {"userPrincipalName": "x@fjord.example"},
        {"onPremisesExtensionAttributes": {"extensionAttribute1": "x"}}, {"mobilePhone": "1"}, {"mail": "x@y.example"},
    ],
    ids=str,
)  # fmt: skip
def test_what_active_directory_masters_is_refused_by_name(graph, admin, body):
    key = synced(admin)
    before = stored(admin)

    reply = graph.patch(f"/users/{key}", body)

    name = "extensionAttribute1" if "onPremisesExtensionAttributes" in body else next(iter(body))
    assert (reply.status, reply.error["innerError"]["reason"]) == (400, "property-read-only")
    assert name in reply.error["message"]
    assert stored(admin) == before


@pytest.mark.parametrize("body", [{"usageLocation": "NO"}, {"accountEnabled": False}, {"employeeType": "x"}], ids=str)
def test_what_the_cloud_masters_of_a_synced_user_can_be_set(graph, admin, body):
    assert graph.patch(f"/users/{synced(admin)}", body).status == 204


def test_a_program_may_write_back_what_it_has_read(graph, admin):
    key = synced(admin, department="Sales")
    names = "department,onPremisesSyncEnabled,onPremisesDomainName,displayName,onPremisesExtensionAttributes"
    body = graph.get(f"/users/{key}?$select={names}").body

    assert graph.patch(f"/users/{key}", body).status == 204


def test_groups_that_are_synced_take_no_members_here(graph, admin):
    group, user = synced(admin, "group"), made(graph)
    reference = {"@odata.id": f"https://graph.microsoft.com/v1.0/directoryObjects/{user}"}

    for reply in (
        graph.post(f"/groups/{group}/members/$ref", reference),
        graph.patch(f"/groups/{group}", {"members@odata.bind": [reference["@odata.id"]]}),
        graph.patch(f"/groups/{group}", {"description": "x"}),
    ):
        assert reply.error["innerError"]["reason"] == "property-read-only"


def test_users_are_named_by_id_and_user_principal_name_never_by_display_name(graph):
    key = made(graph)

    for path in (f"/users/{key}", f"/users/{key.upper()}", "/users/ANNA@fjord.example", f"/users('{key}')"):
        assert graph.get(path).body["id"] == key
    assert graph.get("/users/Anna%20Øverås".replace("Ø", "%C3%98").replace("å", "%C3%A5")).status == 404


def test_groups_are_named_by_id_alone(graph):
    key = made(graph, SALES)

    assert graph.get(f"/groups/{key}").body["displayName"] == "Sales"
    assert graph.get("/groups/Sales").status == 404
    assert graph.get(f"/users/{key}").status == 404


def test_a_property_that_nobody_has_cannot_be_selected(graph):
    key = made(graph)

    for path in (f"/users/{key}?$select=likes", "/users?$select=id,likes", "/users/delta?$select=likes"):
        reply = graph.get(path)
        assert reply.status == 400
        assert "'likes'" in reply.error["message"]


def test_what_is_selected_is_shown_and_nothing_else(graph):
    key = made(graph, department="Sales")

    body = graph.get(f"/users/{key}?$select=DEPARTMENT,accountEnabled,onPremisesSyncEnabled,assignedLicenses").body

    assert body.pop("@odata.context").endswith(
        "users(department,accountEnabled,onPremisesSyncEnabled,assignedLicenses)/$entity"
    )
    assert body == {
        "department": "Sales",
        "accountEnabled": True,
        "onPremisesSyncEnabled": None,
        "assignedLicenses": [],
    }


def test_a_group_is_shown_with_what_it_says_of_itself(graph):
    body = graph.get(f"/groups/{made(graph, SALES, description='Those who sell')}").body

    assert (body["description"], body["groupTypes"], body["mailEnabled"]) == ("Those who sell", [], False)
    assert (body["securityEnabled"], body["onPremisesSyncEnabled"]) == (True, None)


def test_a_dynamic_group_is_refused(graph):
    reply = graph.post("/groups", {**SALES, "groupTypes": ["DynamicMembership"], "membershipRule": "x"})

    assert reply.error["innerError"]["reason"] == "dynamic-group"


def test_members_and_a_manager_can_be_bound_at_once(graph):
    chief, bo = made(graph), made(graph, userPrincipalName="bo@fjord.example")
    base = "http://graph.test/v1.0"

    anna = made(graph, userPrincipalName="c@fjord.example", **{"manager@odata.bind": f"{base}/users/{chief}"})
    group = made(graph, SALES, **{"members@odata.bind": [f"{base}/directoryObjects/{chief}", f"{base}/users/{bo}"]})

    assert graph.get(f"/users/{anna}/manager").body["id"] == chief
    assert {one["id"] for one in graph.get(f"/groups/{group}/members").value} == {chief, bo}


def test_a_deleted_user_is_not_there_and_frees_the_name(graph):
    key = made(graph)

    assert graph.delete(f"/users/{key}").status == 204
    assert graph.get(f"/users/{key}").status == 404
    assert graph.delete(f"/users/{key}").status == 404
    assert made(graph) != key
