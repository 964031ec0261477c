"""Users and groups that connected sources feed, over Graph: the onPremises… properties, and what is read-only."""

from datetime import UTC, datetime

import pytest

from provisor.admin.actor import LOCAL_OPERATOR
from support.mastered import FedObjects

READ_AT = datetime(2026, 3, 1, 8, 30, tzinfo=UTC)
TOLD = "2026-03-01T08:30:00.000000Z"
OF_ANNA = {
    "onPremisesSyncEnabled": "true",
    "onPremisesImmutableId": "Oywdj1lKd2iGlaSzwtHg8A==",
    "onPremisesDistinguishedName": "CN=Anna,DC=fjord,DC=example",
    "onPremisesDomainName": "fjord.example",
    "onPremisesSamAccountName": "anna",
    "onPremisesSecurityIdentifier": "S-1-5-21-1-2-3-1104",
    "onPremisesUserPrincipalName": "anna@fjord.local",
    "extensionAttribute1": "one",
}
OF_STAFF = {"onPremisesSyncEnabled": "true", "onPremisesSamAccountName": "staff", "onPremisesNetBiosName": "FJORD"}


@pytest.fixture
def fed(admin):
    context = admin.users.context
    return FedObjects(context.database, context.tenant, READ_AT)


@pytest.fixture
def anna(admin, fed):
    item = admin.users.create(LOCAL_OPERATOR, {"userPrincipalName": "anna@fjord.example", **OF_ANNA}).object
    fed.connect("AD", ended_at=READ_AT)
    fed.feed("AD", item, {**item.attributes})
    return item.id


@pytest.fixture
def staff(admin, fed, anna):
    item = admin.groups.create(LOCAL_OPERATOR, {"displayName": "Staff", **OF_STAFF}).object
    fed.feed("AD", item, {**item.attributes})
    return item.id


def test_every_on_premises_property_of_a_user_is_there_when_it_is_selected(graph, anna):
    names = [*(name for name in OF_ANNA if name.startswith("onPremises")), "onPremisesLastSyncDateTime",
             "onPremisesExtensionAttributes", "onPremisesProvisioningErrors"]  # fmt: skip

    body = graph.get(f"/users/{anna}?$select={','.join(names)}").body

    assert body.pop("onPremisesExtensionAttributes")["extensionAttribute1"] == "one"
    del body["@odata.context"]
    assert body == {
        **{name: value for name, value in OF_ANNA.items() if name.startswith("onPremises")},
        "onPremisesSyncEnabled": True,
        "onPremisesLastSyncDateTime": TOLD,
        "onPremisesProvisioningErrors": [],
    }


def test_none_of_them_is_in_a_users_default_set(graph, anna):
    assert not any(name.startswith("onPremises") for name in graph.get(f"/users/{anna}").body)


def test_those_of_a_group_are_in_its_default_set(graph, staff):
    body = graph.get(f"/groups/{staff}").body

    assert {name: value for name, value in body.items() if name.startswith("onPremises")} == {
        "onPremisesSyncEnabled": True, "onPremisesSamAccountName": "staff", "onPremisesNetBiosName": "FJORD",
        "onPremisesDomainName": None, "onPremisesSecurityIdentifier": None, "onPremisesProvisioningErrors": [],
        "onPremisesLastSyncDateTime": TOLD,
    }  # fmt: skip


LAST = "onPremisesLastSyncDateTime"


@pytest.mark.parametrize(
    "path",
    ["/users?$select={name}", "/groups/{staff}/members?$select={name}", "/users/delta?$select={name}",
     "/users/{bo}/manager?$select={name}", "/directoryObjects/{anna}?$select={name}"],
)  # fmt: skip
def test_the_last_run_is_told_wherever_a_user_is(graph, admin, anna, staff, path):
    bo = admin.users.create(LOCAL_OPERATOR, {"userPrincipalName": "bo@fjord.example", "manager": anna}).object.id
    with admin.users.context.database.transaction() as connection:
        connection.execute(
            "INSERT INTO member (group_id, member_id, tenant, change) VALUES (?, ?, ?, 1)",
            (staff, anna, admin.tenant),
        )

    body = graph.get(path.format(name=f"id,{LAST}", anna=anna, staff=staff, bo=bo)).body

    shown = {one["id"]: one.get(LAST) for one in body.get("value", [body])}
    assert shown.pop(anna) == TOLD
    assert set(shown.values()) <= {None}


def test_who_comes_from_a_tenant_keeps_the_moment_that_the_tenant_told(graph, admin, fed):
    given = {"userPrincipalName": "anna@fjord.example", "onPremisesSyncEnabled": "true", LAST: "2026-02-02T00:00:00Z"}
    item = admin.users.create(LOCAL_OPERATOR, given).object
    fed.connect("Tenant", "entra", ended_at=READ_AT)
    fed.feed("Tenant", item, {**item.attributes})

    assert graph.get(f"/users/{item.id}?$select={LAST}").body[LAST] == "2026-02-02T00:00:00Z"


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [("PATCH", "/users/{anna}", {"userPrincipalName": "b@fjord.example"}),
     ("PATCH", "/users/{anna}", {"accountEnabled": False}), ("PATCH", "/users/{anna}", {"department": "Sales"}),
     ("PATCH", "/users/{anna}", {"onPremisesExtensionAttributes": {"extensionAttribute1": None}}),
     ("DELETE", "/users/{anna}", None), ("DELETE", "/groups/{staff}", None),
     ("PUT", "/users/{anna}/manager/$ref", {"@odata.id": "https://x/v1.0/directoryObjects/{anna}"}),
     ("POST", "/groups/{staff}/members/$ref", {"@odata.id": "https://x/v1.0/directoryObjects/{anna}"})],
)  # fmt: skip
def test_what_a_source_masters_is_refused_with_its_name(graph, anna, staff, method, path, body):
    places = {"anna": anna, "staff": staff}
    if body and "@odata.id" in body:
        body = {"@odata.id": body["@odata.id"].format(**places)}

    reply = graph.request(method, path.format(**places), body=body)

    assert (reply.status, reply.error["innerError"]["reason"]) == (400, "property-read-only")
    assert "the source AD" in reply.error["message"]


@pytest.mark.parametrize("body", [{"usageLocation": "NO"}, {"employeeType": "x"}], ids=str)
def test_what_it_does_not_master_can_be_set(graph, anna, body):
    assert graph.patch(f"/users/{anna}", body).status == 204


def test_everything_that_was_read_may_be_written_back(graph, anna):
    on_premises = [name for name in OF_ANNA if name.startswith("onPremises")]
    names = ",".join([*on_premises, "onPremisesExtensionAttributes", LAST])

    body = graph.get(f"/users/{anna}?$select={names}").body
    assert body[LAST] == TOLD

    assert graph.patch(f"/users/{anna}", body).status == 204
