"""/beta/provisor: plans, escrow, held deletions, links, settings and reports of jobs, which Graph lacks."""

import pytest

from provisor.admin.actor import ALL_PERMISSIONS, OF_APPLICATIONS, Actor
from provisor.admin.actor import LOCAL_OPERATOR as ME
from provisor.engine.ports import Rejected
from provisor.graph_api.routes import ROUTES
from support.graph_service import APP, PEOPLE, service_in

LOOKS = 2_000


@pytest.fixture
def service(tmp_path, migrated_file):
    return service_in(tmp_path, migrated_file)


@pytest.fixture
def admin(service):
    return service[0]


@pytest.fixture
def target(service):
    return service[1]


@pytest.fixture
def job(admin):
    return admin.jobs.show(ME, APP).job.id


@pytest.fixture
def jobs(job):
    return f"/beta/provisor/jobs/{job}"


def made(graph, jobs, **body):
    """A plan, once it is there."""
    reply = graph.post(f"{jobs}/plans", body or None)
    assert reply.status == 202, reply.body
    for _ in range(LOOKS):
        request = graph.get(reply.headers["location"])
        if request.body["status"] != "running":
            break
    assert request.body["status"] == "succeeded", request.body
    return graph.get(request.body["resourceLocation"]).body


# Plans


def test_asking_for_a_plan_returns_at_once_and_says_where_it_will_be(graph, jobs, job):
    reply = graph.post(f"{jobs}/plans")

    assert reply.status == 202
    assert reply.headers["location"] == f"http://graph.test/beta/provisor/planRequests/{reply.body['id']}"
    assert (reply.body["jobId"], reply.body["error"]) == (job, None)


def test_a_plan_tells_what_a_cycle_would_do(graph, jobs, job):
    plan = made(graph, jobs)

    assert (plan["id"], plan["jobId"], plan["state"], plan["cycle"]) == ("1", job, "planned", "initial")
    assert (plan["operations"], plan["counts"]) == (len(PEOPLE), {"user.create": len(PEOPLE)})
    assert plan["createdBy"] == "local operator"
    assert graph.get(f"{jobs}/plans").value == [{name: value for name, value in plan.items() if name[0] != "@"}]


def test_a_plan_changes_nothing_at_the_application(graph, jobs, target):
    made(graph, jobs)

    assert target.resources("user") == {}


def test_the_operations_of_a_plan_come_in_pages(graph, jobs):
    made(graph, jobs)

    pages = [page.value for page in graph.pages("/beta/provisor/plans/1/operations?$top=3")]

    assert [len(page) for page in pages] == [3, 3, 2]
    first = pages[0][0]
    assert (first["operation"], first["status"], first["objectType"], first["stale"]) == (
        "create",
        "planned",
        "user",
        None,
    )
    assert {one["displayName"] for page in pages for one in page} == set(PEOPLE)


def test_a_plan_of_rules_that_are_not_saved_is_compared_with_that_of_the_saved_ones(graph, jobs, admin):
    made(graph, jobs)
    made(graph, jobs, scope="all")
    admin.users.create(ME, {"userPrincipalName": "new@x.example", "displayName": "New"})
    assert made(graph, jobs, scope="all")["proposed"] == {"scope": "all"}

    same = graph.get("/beta/provisor/plans/1/differences/2").value
    differences = [one for page in graph.pages("/beta/provisor/plans/1/differences/3?$top=1") for one in page.value]

    assert same == []
    assert [(one["before"], one["after"]["displayName"]) for one in differences] == [(None, "new@x.example")]


def test_rules_that_cannot_run_are_refused_when_a_plan_of_them_is_asked_for(graph, jobs):
    reply = graph.post(f"{jobs}/plans", {"schema": {"synchronizationRules": []}})

    assert reply.status == 400
    assert reply.error["innerError"]["reason"]


def test_an_applied_plan_is_carried_out_by_whoever_serves_the_jobs(graph, jobs, admin, target):
    made(graph, jobs)

    reply = graph.post("/beta/provisor/plans/1/apply")
    before = target.resources("user")
    admin.cycles.run(ME, APP)  # as `provisor serve` does when it is asked to

    assert (reply.status, reply.body["state"]) == (202, "approved")
    assert before == {}
    assert graph.get("/beta/provisor/plans/1").body["state"] == "applied"
    assert len(target.resources("user")) == len(PEOPLE)


def test_applying_a_plan_asks_for_a_run(graph, jobs, admin, job):
    made(graph, jobs)

    graph.post("/beta/provisor/plans/1/apply")

    connection = admin.users.context.database.reader()
    assert connection.one("SELECT count(*) FROM run_request WHERE answer IS NULL")[0] == 1


def test_a_plan_that_was_decided_against_cannot_be_applied(graph, jobs):
    made(graph, jobs)

    discarded = graph.post("/beta/provisor/plans/1/discard")
    applied = graph.post("/beta/provisor/plans/1/apply")

    assert (discarded.status, discarded.body["state"]) == (200, "discarded")
    assert (applied.status, applied.error["innerError"]["reason"]) == (409, "plan-over")


def test_a_plan_of_a_scope_that_is_not_saved_cannot_be_approved(graph, jobs):
    made(graph, jobs, scope="all")

    reply = graph.post("/beta/provisor/plans/1/approve")

    assert (reply.status, reply.error["innerError"]["reason"]) == (400, "plan-not-saved")


@pytest.mark.parametrize("plan", ["9", "x", "-1", "1" * 60, "%D9%A3"])
def test_a_plan_that_is_not_there_is_404(graph, plan):
    assert graph.get(f"/beta/provisor/plans/{plan}").status == 404
    assert graph.post(f"/beta/provisor/plans/{plan}/apply").status == 404


def test_a_plan_whose_application_does_not_answer_fails_with_the_reason(graph, jobs, target):
    target.fail(1, Rejected("no such tenant", status=404), times=99)
    reply = graph.post(f"{jobs}/plans")

    for _ in range(LOOKS):
        request = graph.get(reply.headers["location"]).body
        if request["status"] != "running":
            break

    assert request["status"] == "failed"
    assert request["resourceLocation"] is None
    assert request["error"]["code"] == "connection-failed"


# Escrow


@pytest.fixture
def escrowed(admin, target):
    """Three people could not be created."""
    target.fail(1, Rejected("no", status=400), method="POST", times=3)
    admin.cycles.run(ME, APP)
    return admin


def test_causes_are_told_with_how_many_failed_for_each(graph, jobs, escrowed):
    (cause,) = graph.get(f"{jobs}/escrowCauses").value

    assert (cause["objects"], cause["references"]) == (3, 0)
    assert cause["example"]["displayName"] in PEOPLE
    assert cause["errorCode"] == "UnprocessableEntity"


def test_who_is_in_escrow_is_listed_in_pages_and_by_cause(graph, jobs, escrowed):
    (cause,) = graph.get(f"{jobs}/escrowCauses").value

    pages = [page.value for page in graph.pages(f"{jobs}/escrows?$top=2")]
    by_code = graph.get(f"{jobs}/escrows?$filter=errorCode eq 'UnprocessableEntity'").value
    by_another = graph.get(f"{jobs}/escrows?$filter=cause eq 'Nothing'").value

    assert [len(page) for page in pages] == [2, 1]
    assert by_code == [one for page in pages for one in page]
    assert {one["cause"] for one in by_code} == {cause["cause"]}
    assert by_another == []


@pytest.mark.parametrize("filter_", ["attempts eq '5'", "cause eq 'a' or cause eq 'b'", "startswith(cause,'a')"])
def test_escrow_cannot_be_filtered_otherwise(graph, jobs, filter_):
    reply = graph.get(f"{jobs}/escrows?$filter={filter_.replace(' ', '%20')}")

    assert (reply.status, reply.error["code"]) == (400, "Request_UnsupportedQuery")


def test_one_of_them_is_told_with_what_was_asked_and_answered(graph, jobs, escrowed):
    entry = graph.get(f"{jobs}/escrows").value[0]

    (found,) = graph.get(f"{jobs}/escrows/{entry['objectId']}").value

    assert {name: value for name, value in found.items() if name != "exchange"} == entry
    assert (found["exchange"]["method"], found["exchange"]["url"]) == ("POST", "memory:/Users")


RETRIES = {
    "all": lambda entry: {"all": True},
    "a cause": lambda entry: {"cause": entry["cause"]},
    "one": lambda entry: {"objectId": entry["objectId"]},
}


@pytest.mark.parametrize(("whom", "number"), [("all", 3), ("a cause", 3), ("one", 1)])
def test_who_failed_is_tried_with_the_next_run(graph, jobs, escrowed, whom, number):
    entry = graph.get(f"{jobs}/escrows").value[0]

    reply = graph.post(f"{jobs}/escrows/retry", RETRIES[whom](entry))
    escrowed.cycles.run(ME, APP)

    assert reply.body["tried"] == number
    assert len(graph.get(f"{jobs}/escrows").value) in (0, 3 - number)


@pytest.mark.parametrize("body", [{}, {"all": True, "cause": "x"}, {"cause": "x", "objectId": "y"}])
def test_a_retry_that_does_not_say_whom_is_refused(graph, jobs, body):
    assert "whom" in graph.post(f"{jobs}/escrows/retry", body).error["message"]


# Deletions held back


@pytest.fixture
def holding(admin):
    """Six of eight would be disabled, and two may be."""
    admin.jobs.settings(ME, APP, deletion_threshold=2, limits=dict.fromkeys(("users", "groups", "memberships"), "off"))
    admin.cycles.run(ME, APP)
    admin.applications.unassign(ME, APP, users=PEOPLE[:6])
    admin.cycles.run(ME, APP)
    return admin


def test_nothing_held_is_told_as_such(graph, jobs, job):
    found = graph.get(f"{jobs}/heldDeletions").body

    assert (found["jobId"], found["sinceDateTime"], found["held"]["users"]) == (job, None, 0)
    assert graph.get(f"{jobs}/heldDeletions/entries").value == []


def test_who_is_held_is_told_with_the_reason(graph, jobs, holding):
    found = graph.get(f"{jobs}/heldDeletions").body
    pages = [page.value for page in graph.pages(f"{jobs}/heldDeletions/entries?$top=4")]

    assert (found["code"], found["held"]) == ("TooManyDeletes", {"users": 6, "groups": 0, "memberships": 0})
    assert [len(page) for page in pages] == [4, 2]
    assert {one["displayName"] for page in pages for one in page} == set(PEOPLE[:6])
    assert {(one["action"], one["allowed"]) for page in pages for one in page} == {("disable", False)}


@pytest.mark.parametrize("decision", ["allow", "reject"])
def test_what_is_held_is_allowed_or_judged_anew(graph, jobs, holding, decision):
    reply = graph.post(f"{jobs}/heldDeletions/{decision}")

    assert (reply.status, reply.body["number"]) == (200, 6)
    held = graph.get(f"{jobs}/heldDeletions").body
    assert (held["held"]["users"], held["allowed"]["users"]) == ((0, 6) if decision == "allow" else (0, 0))


def test_a_decision_about_nothing_is_refused_by_name(graph, jobs):
    assert graph.post(f"{jobs}/heldDeletions/reject").error["innerError"]["reason"] == "nothing-held"


# Links, settings, reports


def test_a_link_is_shown_by_either_end(graph, jobs, admin):
    admin.cycles.run(ME, APP)
    link = graph.get(f"{jobs}/links/{PEOPLE[0]}").body

    assert (link["displayName"], link["objectTypeName"], link["state"]) == (PEOPLE[0], "User", "linked")
    assert graph.get(f"{jobs}/links/{link['targetAnchor']}").body == link
    assert graph.get(f"{jobs}/links/{link['objectId']}").body == link


def test_a_link_is_forgotten_while_the_job_is_paused(graph, jobs, admin):
    admin.cycles.run(ME, APP)
    admin.jobs.pause(ME, APP)

    assert graph.delete(f"{jobs}/links/{PEOPLE[0]}").status == 204
    assert graph.get(f"{jobs}/links/{PEOPLE[0]}").status == 404
    assert graph.delete(f"{jobs}/links/{PEOPLE[0]}").status == 204


def test_settings_are_told_as_they_are_in_force(graph, jobs, admin):
    found = graph.get(f"{jobs}/settings").body

    assert found.pop("@odata.context").endswith("#provisor/jobSettings")
    assert found == admin.jobs.in_force(ME, APP)


CHANGES = {
    "scope": "all",
    "intervalSeconds": 300,
    "behaviour": "entra",
    "changeDriven": False,
    "nestedGroups": "flatten",
    "leavers": "delete",
    "skipOutOfScopeDeletions": True,
    "preventAccidentalDeletions": True,
    "deletionThreshold": 7,
    "approveAbove": 9,
    "approverDiffers": True,
    "capacityOrder": "assigned",
    "keepExchangesDays": 3,
}


@pytest.mark.parametrize("name", CHANGES)
def test_a_setting_is_changed_and_others_stay(graph, jobs, name):
    before = graph.get(f"{jobs}/settings").body

    reply = graph.patch(f"{jobs}/settings", {name: CHANGES[name]})

    assert reply.status == 200, reply.body
    assert reply.body[name] == CHANGES[name]
    assert reply.body == graph.get(f"{jobs}/settings").body
    if name not in (
        "behaviour",
        "leavers",
        "deletionThreshold",
        "preventAccidentalDeletions",
    ):  # which mean others, too
        assert reply.body == {**before, name: CHANGES[name]}


def test_limits_and_thresholds_are_changed_one_by_one(graph, jobs):
    before = graph.get(f"{jobs}/settings").body

    after = graph.patch(f"{jobs}/settings", {"deletionLimits": {"users": "5"}, "quarantine": {"percent": 10}}).body

    assert after["deletionLimits"] == {**before["deletionLimits"], "users": "5"}
    assert after["quarantine"] == {**before["quarantine"], "percent": 10}


def test_null_lifts_the_limit_of_what_needs_approval(graph, jobs):
    graph.patch(f"{jobs}/settings", {"approveAbove": 5})

    assert graph.patch(f"{jobs}/settings", {"approveAbove": None}).body["approveAbove"] is None


@pytest.mark.parametrize(
    "body",
    [{"scope": None}, {"scope": "some"}, {"intervalSeconds": 0}, {"intervalSeconds": -1}, {"leavers": "shoot"},
     {"deletionLimits": {"users": "many"}}, {"deletionLimits": {"people": "5"}}, {"quarantine": {"percent": 101}},
     {"capacityFirst": ["nobody"]}, {"deleteAfterDays": 2**40}],
    ids=str,
)  # fmt: skip
def test_a_setting_that_cannot_be_is_refused_and_nothing_is_changed(graph, jobs, body):
    before = graph.get(f"{jobs}/settings").body

    assert graph.patch(f"{jobs}/settings", body).status in (400, 404)
    assert graph.get(f"{jobs}/settings").body == before


def test_a_report_tells_days_and_causes(graph, jobs, job, escrowed):
    report = graph.get(f"{jobs}/report").body

    assert (report["jobId"], report["application"]) == (job, APP)
    assert (report["total"]["created"], report["total"]["failed"]) == (5, 3)
    assert [(one["errorCode"], one["number"]) for one in report["causes"]] == [("UnprocessableEntity", 3)]
    assert report["days"][0]["counts"] == report["total"]


def test_a_report_is_of_the_days_that_are_named(graph, jobs, escrowed):
    report = graph.get(f"{jobs}/report?from=2020-01-01&to=2020-02-01").body

    assert (report["fromDay"], report["toDay"], report["days"]) == ("2020-01-01", "2020-02-01", [])


@pytest.mark.parametrize("query", ["from=yesterday", "to=2020-13-01", "from=2020-02-01&to=2020-01-01", "from="])
def test_days_that_are_none_are_refused(graph, jobs, query):
    assert graph.get(f"{jobs}/report?{query}").status == 400


def test_statistics_tell_what_a_job_did_to_date(graph, jobs, job, escrowed):
    found = graph.get(f"{jobs}/statistics").body

    assert (found["jobId"], found["users"], found["done"]["user"]["created"]) == (job, 5, 5)
    assert found["lastCompletedDateTime"].endswith("Z")


# Who may


OURS = [route for route in ROUTES if route.path.startswith(("/provisor/jobs", "/provisor/plan"))]
IDS = [f"{route.method} {route.path}" for route in OURS]


@pytest.fixture
def asked(graph, jobs, admin):
    """Asks for a route as somebody, with ids that are there and a body that fits."""
    made(graph, jobs)
    request = graph.post(f"{jobs}/plans").body["id"]
    names = {"job": jobs.rpartition("/")[2], "plan": "1", "other": "1", "request": request, "object": PEOPLE[0]}
    names["servicePrincipal"] = names["job"].rpartition(".")[2]

    def ask(route, token):
        body = {"all": True} if route.path.endswith("retry") else {} if route.body is not None else None
        return graph.as_(token).request(route.method, "/beta" + route.path.format(**names), body=body)

    return ask


@pytest.mark.parametrize("route", OURS, ids=IDS)
def test_who_lacks_the_permission_of_a_route_is_refused(callers, asked, route):
    callers["lacking"] = Actor(id="n", name="lacking", kind="user", permissions=ALL_PERMISSIONS - {route.permission})

    assert asked(route, "lacking").status == 403


@pytest.mark.parametrize("route", OURS, ids=IDS)
def test_who_owns_another_application_is_told_that_nothing_is_there(callers, asked, route):
    callers["owner"] = Actor(
        id="o", name="owner", kind="user", own_permissions=OF_APPLICATIONS, owned=frozenset({"another"})
    )

    assert asked(route, "owner").status == 404


@pytest.mark.parametrize("route", OURS, ids=IDS)
def test_it_is_offered_under_beta_alone(graph, route):
    assert graph.request(route.method, f"/v1.0{route.path}").status == 404
