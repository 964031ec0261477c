"""GET /auditLogs/directoryAudits: Graph's shape, every filter, pages, and who sees what."""

from datetime import UTC, datetime, timedelta
from urllib.parse import quote

import pytest

from provisor.admin.actor import AUDIT_READ, Actor
from provisor.storage import audit
from provisor.storage.authors import SERVICE, Author
from support.logged import named

ANNA = Author(id="a1", name="anna", kind="user", address="10.0.0.1", correlation="c-1")
ROBOT = Author(id="r1", name="robot", kind="client", correlation="c-2")
BEGAN = datetime(2026, 3, 1, tzinfo=UTC)
DEEDS = [
    (ANNA, "Add user", "u1", {"name": "Bo"}, "success"),
    (
        ROBOT,
        "Update user",
        "u1",
        {"jobTitle": {"old": "a", "new": ["b"]}, "city": {"old": None, "new": "Oslo"}},
        "success",
    ),
    (ANNA, "Add member to group", "g1", {"member": "Bo", "number": 2}, "success"),
    (SERVICE, "Quarantine", "job-1", {}, "success"),
    (ANNA, "Enable/start provisioning configuration", "job-2", {}, "success"),
    (ROBOT, "Add service principal", "app-2", {"name": "Fjord"}, "success"),
    (ROBOT, "Access", "job.read", {"permission": "job.read"}, "failure"),
    (ANNA, "Update service principal", "app-1", {"permission": "application.write"}, "failure"),
]


@pytest.fixture
def audited(admin, graph):
    context = admin.users.context
    with context.database.transaction() as connection:
        named(connection, context.tenant)
        for number, (author, activity, target, detail, result) in enumerate(DEEDS * 3):
            audit.record(
                connection, tenant=context.tenant, author=author, activity=activity, target=target, detail=detail, result=result,
                now=BEGAN + timedelta(minutes=number // 2),
            )  # fmt: skip
        audit.record(connection, tenant="another's", author=ANNA, activity="Add user", target="u1", now=BEGAN)
    return graph


def asked(graph, filter_, more=""):
    return graph.get(f"/auditLogs/directoryAudits?$filter={quote(filter_)}{more}")


def everything(graph):
    return [event for page in graph.pages("/auditLogs/directoryAudits?$top=7") for event in page.value]


def test_an_event_has_graphs_properties(audited):
    event = asked(audited, "activityDisplayName eq 'Update user'").value[0]

    assert event == {
        "id": event["id"],
        "activityDateTime": event["activityDateTime"],
        "activityDisplayName": "Update user",
        "category": "UserManagement",
        "correlationId": "c-2",
        "result": "success",
        "resultReason": "",
        "initiatedBy": {
            "user": None,
            "app": {"appId": "r1", "displayName": "robot", "servicePrincipalId": "r1", "servicePrincipalName": None},
        },
        "targetResources": [
            {
                "id": "u1",
                "displayName": None,
                "type": "User",
                "userPrincipalName": None,
                "groupType": None,
                "modifiedProperties": [
                    {"displayName": "jobTitle", "oldValue": '"a"', "newValue": '["b"]'},
                    {"displayName": "city", "oldValue": None, "newValue": '"Oslo"'},
                ],
            }
        ],
        "additionalDetails": [],
        "loggedByService": "Core Directory",
        "operationType": "Update",
    }


def test_a_person_is_told_with_the_address(audited):
    (event, *_) = asked(audited, "activityDisplayName eq 'Add member to group'").value

    assert event["initiatedBy"]["user"] == {
        "id": "a1",
        "displayName": "anna",
        "userPrincipalName": "anna",
        "ipAddress": "10.0.0.1",
    }
    assert event["additionalDetails"] == [{"key": "member", "value": "Bo"}, {"key": "number", "value": "2"}]


def test_a_refusal_says_which_permission_was_required(audited):
    (event, *_) = asked(audited, "activityDisplayName eq 'Access'").value

    assert (event["result"], event["resultReason"]) == ("failure", "The permission job.read is required.")


def user(event):
    return event["initiatedBy"]["user"] or {}


def app(event):
    return event["initiatedBy"]["app"] or {}


FILTERS = {
    "activityDisplayName eq 'Add user'": lambda e: e["activityDisplayName"] == "Add user",
    "startswith(activityDisplayName,'Add')": lambda e: e["activityDisplayName"].startswith("Add"),
    "contains(activityDisplayName,'service')": lambda e: "service" in e["activityDisplayName"],
    "category eq 'UserManagement'": lambda e: e["category"] == "UserManagement",
    "category ne 'UserManagement'": lambda e: e["category"] != "UserManagement",
    "category in ('GroupManagement','ProvisioningManagement')": lambda e: (
        e["category"] in ("GroupManagement", "ProvisioningManagement")
    ),
    "category eq 'Nothing'": lambda e: False,
    "result eq 'failure'": lambda e: e["result"] == "failure",
    "result eq 'failure' and initiatedBy/user/id eq 'a1'": lambda e: e["result"] == "failure" and user(e).get("id") == "a1",
    "result ne 'failure'": lambda e: e["result"] != "failure",
    "correlationId eq 'c-2'": lambda e: e["correlationId"] == "c-2",
    "correlationId eq null": lambda e: e["correlationId"] is None,
    "targetResources/id eq 'u1'": lambda e: e["targetResources"][0]["id"] == "u1",
    "targetResources/id eq 'u1' or targetResources/id eq 'g1'": lambda e: e["targetResources"][0]["id"] in ("u1", "g1"),
    "initiatedBy/user/id eq 'a1'": lambda e: user(e).get("id") == "a1",
    "initiatedBy/user/displayName eq 'anna'": lambda e: user(e).get("displayName") == "anna",
    "initiatedBy/user/displayName eq 'robot'": lambda e: False,
    "startswith(initiatedBy/user/userPrincipalName,'an')": lambda e: user(e).get("userPrincipalName", "").startswith("an"),
    "initiatedBy/app/displayName eq 'robot'": lambda e: app(e).get("displayName") == "robot",
    "initiatedBy/app/servicePrincipalId in ('r1','service')": lambda e: app(e).get("servicePrincipalId") in ("r1", "service"),
    "activityDateTime ge 2026-03-01T00:05:00Z": lambda e: e["activityDateTime"] >= "2026-03-01T00:05",
    "activityDateTime ge 2026-03-01T00:02:00Z and activityDateTime lt 2026-03-01T00:05:00Z": (
        lambda e: "2026-03-01T00:02" <= e["activityDateTime"] < "2026-03-01T00:05"
    ),
}  # fmt: skip


@pytest.mark.parametrize("filter_", FILTERS)
def test_a_filter_finds_what_the_documents_say_fits(audited, filter_):
    fits = [event["id"] for event in everything(audited) if FILTERS[filter_](event)]

    pages = audited.pages(f"/auditLogs/directoryAudits?$top=4&$filter={quote(filter_)}")

    assert [event["id"] for page in pages for event in page.value] == fits


@pytest.mark.parametrize("filter_", FILTERS)
def test_a_count_is_how_many_fit_or_is_refused_by_name(audited, filter_):
    reply = asked(audited, filter_, "&$count=true")

    if reply.status == 200:
        assert reply.body["@odata.count"] == sum(FILTERS[filter_](event) for event in everything(audited))
    else:
        assert reply.error["innerError"]["reason"] == "not-countable"


REFUSED = {
    "colour eq 'red'": "'colour'",
    "initiatedBy/user/id ne 'a1'": "cannot be compared by ne",
    "contains(category,'User')": "cannot be compared by contains",
    "result eq true": "is a text",
}


@pytest.mark.parametrize("filter_", REFUSED)
def test_what_the_log_cannot_be_asked_for_is_refused_by_name(audited, filter_):
    reply = asked(audited, filter_)

    assert (reply.status, reply.error["code"]) == (400, "Request_UnsupportedQuery")
    assert REFUSED[filter_] in reply.error["message"]


@pytest.mark.parametrize("order", ["", "&$orderby=activityDateTime"])
def test_pages_hold_every_event_once(audited, order):
    events = [event for page in audited.pages(f"/auditLogs/directoryAudits?$top=5{order}") for event in page.value]
    times = [event["activityDateTime"] for event in events]

    assert len({event["id"] for event in events}) == len(events) == len(DEEDS) * 3
    assert times == sorted(times, reverse=not order)


def test_one_event_is_got_by_its_id(audited):
    event = everything(audited)[3]

    found = audited.get(f"/auditLogs/directoryAudits/{event['id']}").body

    assert found.pop("@odata.context").endswith("#auditLogs/directoryAudits/$entity")
    assert found == event


def test_an_event_that_is_not_there_is_404(audited):
    assert audited.get("/auditLogs/directoryAudits/nothing").status == 404


def test_who_reads_the_log_of_own_applications_sees_what_is_about_those_and_their_jobs(audited, callers):
    callers["owner"] = Actor(
        id="o", name="owner", kind="user", own_permissions=frozenset({AUDIT_READ}), owned=frozenset({"app-2"})
    )
    owner = audited.as_("owner")
    foreign = asked(audited, "targetResources/id eq 'app-1'").value[0]["id"]

    assert {event["targetResources"][0]["id"] for event in everything(owner)} == {"app-2", "job-2"}
    assert asked(owner, "targetResources/id eq 'app-1'").value == []
    assert asked(owner, f"id eq '{foreign}'").value == []
    assert owner.get(f"/auditLogs/directoryAudits/{foreign}").status == 404


def test_who_may_not_read_the_log_is_refused(audited, callers):
    callers["nobody"] = Actor(id="n", name="nobody", kind="user")

    reply = audited.as_("nobody").get("/auditLogs/directoryAudits")

    assert (reply.status, reply.error["code"]) == (403, "Authorization_RequestDenied")
