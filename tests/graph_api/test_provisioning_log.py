"""GET /auditLogs/provisioning: Graph's shape, every filter, orders, pages."""

from urllib.parse import quote

import pytest

from provisor.admin.actor import LOG_READ, Actor
from provisor.engine.log_event import Facts, LocatedFailure, Sent, encode
from provisor.rules.failure import Retry
from provisor.storage import log
from provisor.storage.log import LogRow
from support.logged import EVENTS, named

HELD = LogRow(
    "id-held",
    "",
    1,
    "cycle-1",
    300,
    "stagedAction",
    "skipped",
    "HeldBack",
    "s9",
    "eva",
    "t9",
    encode(Facts(kind="user")).decode(),
)
FAILED = LogRow(
    "id-failed", "", 1, "cycle-2", 301, "create", "failure", "EntryConflict", "s8", "O'Hara", None,
    encode(Facts(
        kind="user", refused=LocatedFailure("EntryConflict", "It is taken.", "Delete it.", Retry.LATER, "export"), milliseconds=12.4
    )).decode(),
    exchange=encode(Sent("POST", "https://x/Users", 409, "{}", "{}", 12.4)).decode(),
)  # fmt: skip


@pytest.fixture
def log_of_two_jobs(admin, graph):
    context = admin.users.context
    with context.database.transaction() as connection:
        named(connection, context.tenant)
        log.append(connection, [row._replace(tenant=context.tenant) for row in (*EVENTS, HELD, FAILED)])
    return graph


def asked(graph, filter_, **more):
    options = "".join(f"&${name}={quote(str(value))}" for name, value in more.items())
    return graph.get(f"/auditLogs/provisioning?$filter={quote(filter_)}{options}")


def everything(graph):
    return [event for page in graph.pages("/auditLogs/provisioning?$top=50") for event in page.value]


def test_an_event_has_graphs_properties_and_no_other_in_v1(log_of_two_jobs):
    event = log_of_two_jobs.get("/auditLogs/provisioning/id-failed").body

    assert event.pop("@odata.context") == "http://graph.test/v1.0/$metadata#auditLogs/provisioning/$entity"
    tenant = event["tenantId"]
    assert event == {
        "id": "id-failed",
        "activityDateTime": "1970-01-01T00:00:00.000301Z",
        "tenantId": tenant,
        "jobId": "job-1",
        "cycleId": "cycle-2",
        "changeId": "id-failed",
        "provisioningAction": "create",
        "durationInMilliseconds": 12,
        "initiatedBy": {"id": "", "displayName": "Provisor provisioning service", "initiatorType": "system"},
        "servicePrincipal": {"id": "app-1", "displayName": "Umbrella"},
        "sourceSystem": {"id": tenant, "displayName": "Provisor Directory", "details": {}},
        "targetSystem": {
            "id": "app-1",
            "displayName": "Umbrella",
            "details": {
                "ApplicationId": "x-1",
                "ServicePrincipalId": "app-1",
                "ServicePrincipalDisplayName": "Umbrella",
            },
        },
        "sourceIdentity": {"id": "s8", "displayName": "O'Hara", "identityType": "User", "details": {}},
        "targetIdentity": {
            "id": "",
            "displayName": "",
            "identityType": "urn:ietf:params:scim:schemas:core:2.0:User",
            "details": {},
        },
        "provisioningStatusInfo": {
            "status": "failure",
            "errorInformation": {
                "errorCode": "EntryConflict",
                "reason": "It is taken.",
                "additionalDetails": "POST https://x/Users: status 409",
                "errorCategory": "nonServiceFailure",
                "recommendedAction": "Delete it. Tried again later; `provisor job escrow` says when.",
            },
        },
        "provisioningSteps": event["provisioningSteps"],
        "modifiedProperties": [],
    }
    assert [step["provisioningStepType"] for step in event["provisioningSteps"]] == ["import", "export"]


def test_beta_has_the_older_names_and_the_exchange_beside_them(log_of_two_jobs):
    event = log_of_two_jobs.get("/beta/auditLogs/provisioning/id-failed").body

    assert event["action"] == "create"
    assert event["statusInfo"] == event["provisioningStatusInfo"]
    assert event["exchange"]["status"] == 409


def test_who_is_held_back_from_being_disabled_is_told_in_graphs_word(log_of_two_jobs):
    (event,) = asked(log_of_two_jobs, "provisioningAction eq 'stagedDelete'").value

    assert (event["id"], event["provisioningAction"]) == ("id-held", "stagedDelete")


def at(event):
    return event["activityDateTime"]


FILTERS = {
    "jobId eq 'job-2'": lambda e: e["jobId"] == "job-2",
    "jobid eq 'job-2'": lambda e: e["jobId"] == "job-2",
    "JOBID ne 'job-2'": lambda e: e["jobId"] != "job-2",
    "id eq 'id-0003'": lambda e: e["id"] == "id-0003",
    "changeId in ('id-0003','id-0005')": lambda e: e["id"] in ("id-0003", "id-0005"),
    "cycleId eq 'cycle-2'": lambda e: e["cycleId"] == "cycle-2",
    "tenantId eq 'nobody'": lambda e: False,
    "provisioningAction eq 'create'": lambda e: e["provisioningAction"] == "create",
    "action eq 'create'": lambda e: e["provisioningAction"] == "create",
    "provisioningAction ne 'stagedDelete'": lambda e: e["provisioningAction"] != "stagedDelete",
    "provisioningStatusInfo/status eq 'failure'": lambda e: e["provisioningStatusInfo"]["status"] == "failure",
    "statusInfo/status eq 'failure'": lambda e: e["provisioningStatusInfo"]["status"] == "failure",
    "provisioningStatusInfo/status eq 'Failure'": lambda e: False,
    "not (statusInfo/status eq 'failure' or jobId eq 'job-1')": lambda e: (
        e["provisioningStatusInfo"]["status"] != "failure" and e["jobId"] != "job-1"
    ),
    "sourceIdentity/id eq 's1'": lambda e: e["sourceIdentity"]["id"] == "s1",
    "sourceIdentity/displayName eq 'anna'": lambda e: e["sourceIdentity"]["displayName"] == "anna",
    "sourceIdentity/displayName eq 'O''Hara'": lambda e: e["id"] == "id-failed",
    "contains(sourceIdentity/displayName,'nn')": lambda e: "nn" in e["sourceIdentity"]["displayName"],
    "contains(sourceIdentity/displayName,'NN')": lambda e: False,
    "startswith(sourceIdentity/displayName,'b')": lambda e: e["sourceIdentity"]["displayName"].startswith("b"),
    "targetIdentity/id eq 't1'": lambda e: e["targetIdentity"]["id"] == "t1",
    "targetIdentity/id eq null": lambda e: e["targetIdentity"]["id"] == "",
    "contains(targetIdentity/id,'1')": lambda e: "1" in e["targetIdentity"]["id"],
    "targetIdentity/displayName eq 'bo'": lambda e: False,
    "servicePrincipal/id eq 'app-2'": lambda e: e["servicePrincipal"]["id"] == "app-2",
    "servicePrincipal/displayName eq 'Umbrella then'": lambda e: e["servicePrincipal"]["displayName"] == "Umbrella then",
    "contains(servicePrincipal/displayName,'Umb')": lambda e: "Umb" in e["servicePrincipal"]["displayName"],
    "targetSystem/displayName eq 'Fjord'": lambda e: e["targetSystem"]["displayName"] == "Fjord",
    "sourceSystem/displayName eq 'Provisor Directory'": lambda e: True,
    "activityDateTime gt 1970-01-01T00:00:00.000300Z": lambda e: at(e) > "1970-01-01T00:00:00.000300Z",
    "activityDateTime le 1970-01-01T00:00:00.000020Z": lambda e: at(e) <= "1970-01-01T00:00:00.000020Z",
    "activityDateTime ge 2026-11-28": lambda e: False,
    "activityDateTime lt 1970-01-01T00:00:00.000020Z and jobId eq 'job-1' and contains(sourceIdentity/displayName,'a')": (
        lambda e: at(e) < "1970-01-01T00:00:00.000020Z" and e["jobId"] == "job-1" and "a" in e["sourceIdentity"]["displayName"]
    ),
}  # fmt: skip


@pytest.mark.parametrize("filter_", FILTERS)
def test_a_filter_finds_what_the_documents_say_fits(log_of_two_jobs, filter_):
    fits = [event["id"] for event in everything(log_of_two_jobs) if FILTERS[filter_](event)]

    found = [
        event["id"]
        for page in log_of_two_jobs.pages(f"/auditLogs/provisioning?$top=30&$filter={quote(filter_)}")
        for event in page.value
    ]

    assert found == fits


@pytest.mark.parametrize("code", ["EntryConflict", "NotInScope"])
@pytest.mark.parametrize(
    "name", ["errorCode", "statusInfo/errorInformation/errorCode", "provisioningStatusInfo/errorInformation/errorCode"]
)
def test_events_are_found_by_their_code(log_of_two_jobs, name, code):
    found = {event["id"] for event in asked(log_of_two_jobs, f"{name} eq '{code}'", top=999).value}

    assert found == {row.id for row in (*EVENTS, FAILED) if row.code == code}


REFUSED = {
    "color eq 'red'": "'color'",
    "durationInMilliseconds gt 5": "'durationInMilliseconds'",
    "activityDateTime eq 'yesterday'": "is a time",
    "contains(activityDateTime,'2026')": "is a time",
    "activityDateTime in ('a')": "is a time",
    "jobId eq 5": "is a text",
    "jobId eq true": "is a text",
    "jobId in ('a', 5)": "is a text",
    " or ".join(f"jobId eq '{number}'" for number in range(30)): "more than 24 cases",
    " and ".join(["(jobId eq 'a' or jobId eq 'b')"] * 9): "more than 24 cases",
}


@pytest.mark.parametrize("filter_", REFUSED, ids=lambda text: text[:40])
def test_what_the_log_cannot_be_asked_for_is_refused_by_name(log_of_two_jobs, filter_):
    reply = asked(log_of_two_jobs, filter_)

    assert reply.status == 400
    assert reply.error["code"] == "Request_UnsupportedQuery"
    assert REFUSED[filter_] in reply.error["message"]


def test_the_newest_comes_first_unless_the_oldest_is_asked_for(log_of_two_jobs):
    newest = log_of_two_jobs.get("/auditLogs/provisioning?$top=5").value
    descending = log_of_two_jobs.get("/auditLogs/provisioning?$top=5&$orderby=activityDateTime desc").value
    oldest = log_of_two_jobs.get("/auditLogs/provisioning?$top=5&$orderby=activityDateTime").value

    assert newest == descending
    assert [at(one) for one in newest] == sorted((at(one) for one in newest), reverse=True)
    assert [at(one) for one in oldest] == sorted(at(one) for one in oldest)
    assert at(oldest[-1]) < at(newest[-1])


@pytest.mark.parametrize("order", ["jobId", "activityDateTime,id"])
def test_another_order_is_refused_by_name(log_of_two_jobs, order):
    assert "cannot be ordered" in log_of_two_jobs.get(f"/auditLogs/provisioning?$orderby={order}").error["message"]


@pytest.mark.parametrize("order", ["", "&$orderby=activityDateTime"])
def test_pages_hold_every_event_once(log_of_two_jobs, order):
    pages = [page.value for page in log_of_two_jobs.pages(f"/auditLogs/provisioning?$top=17{order}")]
    ids = [event["id"] for page in pages for event in page]

    assert {len(page) for page in pages[:-1]} == {17}
    assert len(ids) == len(set(ids)) == len(EVENTS) + 2


def test_the_first_page_counts_what_fits_where_it_is_asked_to(log_of_two_jobs):
    first, second = list(log_of_two_jobs.pages("/auditLogs/provisioning?$count=true&$top=60"))[:2]

    assert first.body["@odata.count"] == len(EVENTS) + 2
    assert "@odata.count" not in second.body


def test_a_count_that_no_index_answers_is_refused_by_name(log_of_two_jobs):
    reply = asked(log_of_two_jobs, "contains(sourceIdentity/displayName,'a')", count="true")

    assert (reply.status, reply.error["innerError"]["reason"]) == (400, "not-countable")


def test_select_answers_what_it_names(log_of_two_jobs):
    (event,) = log_of_two_jobs.get("/auditLogs/provisioning?$top=1&$select=ID,provisioningAction").value

    assert set(event) == {"id", "provisioningAction"}


def test_select_of_what_there_is_not_is_refused_by_name(log_of_two_jobs):
    assert "'colour'" in log_of_two_jobs.get("/auditLogs/provisioning?$select=colour").error["message"]


def test_an_event_that_is_not_there_is_404(log_of_two_jobs):
    assert log_of_two_jobs.get("/auditLogs/provisioning/nothing").status == 404


# Who may see what


@pytest.fixture
def owner(log_of_two_jobs, callers):
    callers["owner"] = Actor(
        id="o", name="owner", kind="user", own_permissions=frozenset({LOG_READ}), owned=frozenset({"app-2"})
    )
    return log_of_two_jobs.as_("owner")


def test_an_owner_sees_the_events_of_own_applications_only(owner):
    assert {event["jobId"] for event in everything(owner)} == {"job-2"}


@pytest.mark.parametrize(
    "filter_", ["jobId eq 'job-1'", "id eq 'id-failed'", "targetIdentity/id eq 't9'", "contains(id,'failed')"]
)
def test_an_owner_finds_no_event_of_another_application(owner, filter_):
    assert asked(owner, filter_).value == []


def test_an_owner_is_told_the_same_of_a_foreign_event_as_of_none(owner):
    foreign = owner.get("/auditLogs/provisioning/id-failed")
    none = owner.get("/auditLogs/provisioning/id-nobody")

    assert (foreign.status, none.status) == (404, 404)
    assert foreign.error["message"].replace("failed", "nobody") == none.error["message"]


def test_an_owner_counts_own_events_only(owner):
    reply = owner.get("/auditLogs/provisioning?$count=true&$top=1")

    assert reply.body["@odata.count"] == sum(row.job == 2 for row in EVENTS)
