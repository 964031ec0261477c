"""Synchronization jobs over the API: what is shown, what may be said, and what each verb leaves behind."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from provisor.admin.actor import LOCAL_OPERATOR
from provisor.runner.due import next_start
from provisor.storage import audit, jobs
from support.synchronized import TEMPLATE

NEVER = "P10675199DT2H48M5.4775807S"
BEGINNING = "0001-01-01T00:00:00Z"


@pytest.fixture
def graph(service):
    return service.graph


def stored(service, path):
    """The job behind a path."""
    return jobs.by_id(service.database.reader(), path.rpartition("/")[2])


def asked(service, path):
    """How often somebody has asked for a run that has not been answered."""
    return service.database.reader().one(
        "SELECT count(*) FROM run_request WHERE job = ? AND answer IS NULL", (stored(service, path).number,)
    )[0]


# Making and showing


@pytest.mark.parametrize("slash", ["", "/"])
def test_a_new_job_is_told_as_one_that_never_ran(service, graph, slash):
    reply = graph.post(f"{service.path}/jobs{slash}", {"templateId": TEMPLATE})

    assert reply.status == 201
    assert reply.headers["location"].endswith(f"/synchronization/jobs/{reply.body['id']}")
    assert reply.body["schedule"] == {"expiration": None, "interval": NEVER, "state": "Disabled"}
    assert reply.body["status"] == {
        "code": "NotConfigured",
        "countSuccessiveCompleteFailures": 0,
        "escrowsPruned": False,
        "steadyStateFirstAchievedTime": BEGINNING,
        "steadyStateLastAchievedTime": BEGINNING,
        "synchronizedEntryCountByType": [{"key": "User to User", "value": 0}, {"key": "Group to Group", "value": 0}],
        "progress": [],
        "lastExecution": None,
        "lastSuccessfulExecution": None,
        "lastSuccessfulExecutionWithExports": None,
        "quarantine": None,
        "troubleshootingUrl": None,
    }


def test_the_id_of_a_job_has_the_form_of_graph(service, graph):
    template, tenant, principal = service.job().rpartition("/")[2].split(".")

    assert template == TEMPLATE
    assert tenant == service.tenant.replace("-", "")
    assert len(principal) == 36


def test_jobs_are_listed_and_read_alike(service, graph):
    path = service.job()

    (listed,) = graph.get(f"{service.path}/jobs?$count=true").value
    read = graph.get(path).body

    assert {name: value for name, value in read.items() if name != "@odata.context"} == listed


@pytest.mark.parametrize("template", ["scim", "ciscoumbrella", "", "x\r\ny", "é" * 5000])
def test_a_template_that_the_application_lacks_is_400(service, graph, template):
    reply = graph.post(f"{service.path}/jobs", {"templateId": template})

    assert (reply.status, reply.error["innerError"]["reason"]) == (400, "unknown-template")
    assert graph.get(f"{service.path}/jobs").value == []


BAD_BODIES = {
    "nothing": None,
    "an empty object": {},
    "null": {"templateId": None},
    "a number": {"templateId": 5},
    "a list": [],
}


@pytest.mark.parametrize("what", BAD_BODIES)
def test_a_body_that_names_no_template_is_400(service, graph, what):
    assert graph.post(f"{service.path}/jobs", BAD_BODIES[what]).status == 400


def cycle(service, path):
    return service.admin.cycles.run(LOCAL_OPERATOR, path.rpartition("/")[2])


def test_the_status_after_a_cycle_counts_what_was_done(service, graph):
    path = service.job()
    service.person("anna@x.example")
    service.group("Staff", ["anna@x.example"])
    graph.post(f"{path}/start")
    cycle(service, path)

    status = graph.get(path).body["status"]

    last = status["lastExecution"]
    assert status["code"] == "Active"
    assert status["steadyStateFirstAchievedTime"] != BEGINNING
    assert status["synchronizedEntryCountByType"] == [
        {"key": "User to User", "value": 1},
        {"key": "Group to Group", "value": 1},
    ]
    assert [(one["units"], one["completedUnits"], one["totalUnits"]) for one in status["progress"]][:2] == [
        ("Users", 1, 1),
        ("Groups", 1, 1),
    ]
    assert last["state"] == "Succeeded"
    assert (last["countExported"], last["countExports"], last["countEscrowed"]) == (3, 3, 0)
    assert last["error"] is None
    assert status["lastSuccessfulExecution"] == last == status["lastSuccessfulExecutionWithExports"]
    assert set(last) == {
        *("activityIdentifier", "countEntitled", "countEntitledForProvisioning", "countEscrowed", "countEscrowedRaw"),
        *("countExported", "countExports", "countImported", "countImportedDeltas", "countImportedReferenceDeltas"),
        *("error", "state", "timeBegan", "timeEnded"),
    }


def test_a_quarantine_is_told_with_its_series(service, graph):
    path = service.job()
    graph.post(f"{path}/start")
    service.admin.escrow.quarantine(LOCAL_OPERATOR, path.rpartition("/")[2])

    status = graph.get(path).body["status"]

    assert status["code"] == "Quarantine"
    assert set(status["quarantine"]) == {
        *("currentBegan", "nextAttempt", "reason", "seriesBegan", "seriesCount", "error")
    }
    assert status["quarantine"]["reason"] == "QuarantinedOnDemand"
    assert set(status["quarantine"]["error"]) == {"code", "message", "tenantActionable"}


# Verbs


def test_starting_asks_for_a_run_and_does_not_wait_for_it(service, graph):
    path = service.job()

    reply = graph.post(f"{path}/start")

    assert (reply.status, reply.raw) == (204, b"")
    assert graph.get(path).body["schedule"] == {"expiration": None, "interval": "PT40M", "state": "Active"}
    assert asked(service, path) == 1


def test_starting_again_changes_nothing(service, graph):
    path = service.job()
    graph.post(f"{path}/start")
    before = graph.get(path).body

    assert graph.post(f"{path}/start").status == 204
    assert graph.get(path).body == before
    assert asked(service, path) == 1


def test_a_job_started_before_its_secrets_waits_for_them(service, graph):
    path = service.job(secrets=False)

    assert graph.post(f"{path}/start").status == 204
    waiting = graph.get(path).body
    due_before = next_start(stored(service, path), 1)
    graph.put(f"{service.path}/secrets", {"value": [{"key": "BaseAddress", "value": "http://127.0.0.1:9/scim"},
                                                    {"key": "SecretToken", "value": "t" * 20}]})  # fmt: skip

    assert (waiting["schedule"]["state"], waiting["status"]["code"]) == ("Active", "NotConfigured")
    assert due_before is None
    assert graph.get(path).body["status"]["code"] == "NotRun"
    assert next_start(stored(service, path), 1) == 0


def test_a_restart_without_secrets_is_refused(service, graph):
    path = service.job(secrets=False)

    reply = graph.post(f"{path}/restart")

    assert (reply.status, reply.error["innerError"]["reason"]) == (400, "no-credentials")
    assert graph.get(path).body["schedule"]["state"] == "Disabled"


def test_a_pause_keeps_what_there_is(service, graph):
    path = service.job()
    service.person("anna@x.example")
    graph.post(f"{path}/start")
    cycle(service, path)
    watermark = stored(service, path).watermark

    assert graph.post(f"{path}/pause").status == 204
    assert graph.get(path).body["schedule"]["state"] == "Paused"
    assert graph.get(path).body["status"]["code"] == "Paused"
    assert stored(service, path).watermark == watermark


SCOPES = {
    "absent": (None, {"watermark": None}),
    "an empty object": ({}, {"watermark": None}),
    "null criteria": ({"criteria": None}, {"watermark": None}),
    "empty": ({"criteria": {"resetScope": ""}}, {"watermark": None}),
    "null": ({"criteria": {"resetScope": None}}, {"watermark": None}),
    "None": ({"criteria": {"resetScope": "None"}}, {}),
    "Escrows": ({"criteria": {"resetScope": "Escrows"}}, {}),
    "watermark, ESCROWS": ({"criteria": {"resetScope": "watermark, ESCROWS"}}, {"watermark": None}),
    "Full": ({"criteria": {"resetScope": "Full"}}, {"watermark": None}),
    "with what nobody knows": ({"criteria": {"resetScope": "Escrows", "reset_scope": None}}, {}),
}


@pytest.mark.parametrize("what", SCOPES)
def test_a_restart_forgets_what_it_names(service, graph, what):
    body, expected = SCOPES[what]
    path = service.job()
    graph.post(f"{path}/start")
    cycle(service, path)
    before = stored(service, path)

    reply = graph.post(f"{path}/restart", body)

    assert reply.status == 204
    after = stored(service, path)
    assert after.watermark == expected.get("watermark", before.watermark)
    assert asked(service, path) == 2


BAD_SCOPES = ["Watermrk", "Watermark; Escrows", "None, Full", "x\r\ny", "a" * 3000]


@pytest.mark.parametrize("text", BAD_SCOPES, ids=[text[:20] for text in BAD_SCOPES])
def test_a_restart_of_what_is_no_scope_is_refused_and_changes_nothing(service, graph, text):
    path = service.job()
    before = stored(service, path)

    reply = graph.post(f"{path}/restart", {"criteria": {"resetScope": text}})

    assert (reply.status, reply.error["innerError"]["reason"]) == (400, "invalid-value")
    assert stored(service, path) == before


def test_a_run_is_asked_for_and_not_waited_for(service, graph):
    path = service.job()

    assert graph.post(f"/beta/provisor{path}/run").status == 204
    assert graph.post(f"/beta/provisor{path}/run", {"allowDeletes": 3}).status == 204
    assert graph.post(f"/v1.0/provisor{path}/run").status == 404
    assert asked(service, path) == 2


@pytest.mark.parametrize("number", [-1, 10**10])
def test_a_run_that_allows_no_number_of_deletions_is_refused(service, graph, number):
    path = service.job()

    assert graph.post(f"/beta/provisor{path}/run", {"allowDeletes": number}).status == 400
    assert asked(service, path) == 0


def test_an_abort_pauses_and_asks_the_cycle_to_end(service, graph):
    path = service.job()
    graph.post(f"{path}/start")
    before = stored(service, path).aborts

    assert graph.post(f"/beta/provisor{path}/abort").status == 204
    assert stored(service, path).aborts == before + 1
    assert graph.get(path).body["schedule"]["state"] == "Paused"


def test_a_deleted_job_is_gone_and_its_log_stays(service, graph):
    path = service.job()
    service.person("anna@x.example")
    graph.post(f"{path}/start")
    cycle(service, path)

    assert graph.delete(path).status == 204
    assert graph.get(path).status == 404
    assert graph.delete(path).status == 404
    assert any(event.name == "anna@x.example" for event in service.admin.logs.page(LOCAL_OPERATOR))


def test_a_job_whose_cycle_does_not_end_is_not_deleted(service, graph, monkeypatch):
    from provisor.admin import following
    from provisor.runner.job_lock import job_lock

    monkeypatch.setattr(following, "LONGEST_END_SECONDS", 0.2)
    path = service.job()

    with job_lock(service.database.path, path.rpartition("/")[2]):
        reply = graph.delete(path)

    assert (reply.status, reply.error["innerError"]["reason"]) == (409, "job-busy")
    assert graph.get(path).status == 200


UPLOADS = [
    ("POST", "bulkUpload"),
    ("GET", "bulkUpload"),
    ("PATCH", "bulkUpload"),
    ("DELETE", "bulkUpload"),
    ("PUT", "bulkUpload/$value"),
    ("POST", "microsoft.graph.bulkUpload"),
]


@pytest.mark.parametrize(("method", "what"), UPLOADS, ids=[f"{method} {what}" for method, what in UPLOADS])
@pytest.mark.parametrize("media", ["application/scim+json", "application/octet-stream", "application/json"])
def test_an_upload_is_refused_by_name(service, graph, method, what, media):
    reply = graph.request(method, f"{service.job()}/{what}", raw=b"{}", headers={"content-type": media})

    assert (reply.status, reply.error["code"]) == (400, "notSupported")
    assert "bulkUpload" in reply.error["message"]


# Settings


def settings(graph, path):
    return {one["name"]: one["value"] for one in graph.get(path).body["synchronizationJobSettings"]}


def set_to(graph, path, **values):
    pairs = [{"name": name, "value": value} for name, value in values.items()]
    return graph.patch(path, {"synchronizationJobSettings": pairs})


CHANGES = {
    "QuarantineTooManyDeletesThreshold": "20",
    "SyncAll": "True",
    "SkipOutOfScopeDeletions": "True",
    "ChangeDriven": "False",
    "NestedGroups": "flatten",
    "Leavers": "nothing",
    "ApproveAbove": "100",
    "ApproverDiffers": "True",
    "KeepExchangesDays": "7",
    "DeletionLimitUsers": "5%+3",
    "DeletionLimitGroups": "off",
    "DeletionLimitMemberships": "30%",
    "QuarantineLeastFailures": "10",
    "QuarantineFailedPercent": "20",
    "QuarantineFailedObjects": "30",
    "QuarantineFailedTotal": "40",
    "Behaviour": "entra",
}


@pytest.mark.parametrize("name", CHANGES)
def test_a_setting_is_changed_and_shown(service, graph, name):
    path = service.job()
    before = settings(graph, path)

    reply = set_to(graph, path, **{name: CHANGES[name]})

    assert reply.status == 204, reply.body
    assert settings(graph, path)[name] == CHANGES[name]
    if name != "Behaviour":
        assert {**settings(graph, path), name: None} == {**before, name: None}


def test_the_threshold_of_graph_is_ours(service, graph):
    path = service.job()
    set_to(graph, path, QuarantineTooManyDeletesThreshold="20")

    in_force = service.admin.jobs.in_force(LOCAL_OPERATOR, path.rpartition("/")[2])

    assert (in_force["preventAccidentalDeletions"], in_force["deletionThreshold"]) == (True, 20)


@pytest.mark.parametrize("nothing", ["", None, "  "])
def test_an_empty_threshold_switches_it_off(service, graph, nothing):
    path = service.job()
    set_to(graph, path, QuarantineTooManyDeletesThreshold="20")

    assert set_to(graph, path, QuarantineTooManyDeletesThreshold=nothing).status == 204
    assert "QuarantineTooManyDeletesThreshold" not in settings(graph, path)


def test_several_limits_are_set_at_once(service, graph):
    path = service.job()

    set_to(graph, path, DeletionLimitUsers="1%", DeletionLimitGroups="2%", QuarantineFailedTotal="9")

    shown = settings(graph, path)
    assert [shown[name] for name in ("DeletionLimitUsers", "DeletionLimitGroups", "QuarantineFailedTotal")] == [
        *("1%", "2%", "9")
    ]


def test_leavers_and_their_days_go_together(service, graph):
    path = service.job()

    assert set_to(graph, path, Leavers="delete-after", DeleteAfterDays="30").status == 204
    assert settings(graph, path)["DeleteAfterDays"] == "30"


def test_a_job_that_is_read_and_sent_back_stays_as_it_is(service, graph):
    path = service.job()
    body = graph.get(path).body
    before, events = stored(service, path), len(audit.newest(service.database.reader(), service.tenant))

    assert graph.patch(path, body).status == 204
    assert stored(service, path) == before
    assert len(audit.newest(service.database.reader(), service.tenant)) == events


BAD_SETTINGS = {
    "an unknown name": [{"name": "Quarantine", "value": "1"}],
    "twice": [{"name": "SyncAll", "value": "True"}, {"name": "SyncAll", "value": "False"}],
    "no number": [{"name": "QuarantineTooManyDeletesThreshold", "value": "many"}],
    "a negative number": [{"name": "QuarantineTooManyDeletesThreshold", "value": "-1"}],
    "an endless number": [{"name": "ApproveAbove", "value": "9" * 40}],
    "other digits": [{"name": "ApproveAbove", "value": "٣"}],
    "no truth": [{"name": "SyncAll", "value": "perhaps"}],
    "no limit": [{"name": "DeletionLimitUsers", "value": "some"}],
    "no leavers": [{"name": "Leavers", "value": "burn"}],
    "no way to nest": [{"name": "NestedGroups", "value": "deep"}],
    "no behaviour": [{"name": "Behaviour", "value": "okta"}],
    "an empty one": [{"name": "Leavers", "value": ""}],
    "a percentage above all": [{"name": "QuarantineFailedPercent", "value": "101"}],
    "a line break": [{"name": "Leavers", "value": "dis\r\nable"}],
    "a value of another type": [{"name": "ApproveAbove", "value": 5}],
    "no value": [{"name": "ApproveAbove"}],
    "null for the array": None,
    "one pair alone": {"name": "SyncAll", "value": "True"},
    "one of two": [{"name": "SyncAll", "value": "True"}, {"name": "Nothing", "value": "1"}],
}


@pytest.mark.parametrize("what", BAD_SETTINGS)
def test_a_setting_that_cannot_be_is_refused_and_changes_nothing(service, graph, what):
    path = service.job()
    before = stored(service, path)

    reply = graph.patch(path, {"synchronizationJobSettings": BAD_SETTINGS[what]})

    assert reply.status == 400
    assert reply.error["message"]
    assert stored(service, path) == before


INTERVALS = {"PT20M": 1200, "PT2H": 7200, "P1D": 86400, "P1DT2H3M4S": 93784, "pt90s": 90, "0:40:00": 2400,
             "1 day, 0:40:00": 88800}  # fmt: skip


@pytest.mark.parametrize("text", INTERVALS)
def test_an_interval_is_set(service, graph, text):
    path = service.job()

    assert graph.patch(path, {"schedule": {"interval": text}}).status == 204
    assert stored(service, path).interval_seconds == INTERVALS[text]


BAD_INTERVALS = ["", "PT", "P", "40", "PT40", "P1M", "PT-5M", "PT0.5S", "PT0S", "P400D", "1:2", "PT40M40", "PTM", "PT1e3S",
                 "PT" + "9" * 50 + "S"]  # fmt: skip


@pytest.mark.parametrize("text", BAD_INTERVALS, ids=[text[:20] for text in BAD_INTERVALS])
def test_what_is_no_interval_is_refused(service, graph, text):
    path = service.job()
    before = stored(service, path)

    assert graph.patch(path, {"schedule": {"interval": text}}).status == 400
    assert stored(service, path) == before


@pytest.mark.parametrize("never", [NEVER, "10675199 days, 2:48:05.477581"])
def test_the_interval_of_a_job_never_started_may_be_sent_back(service, graph, never):
    path = service.job()
    before = stored(service, path)

    assert graph.patch(path, {"schedule": {"interval": never, "state": "Disabled", "expiration": None}}).status == 204
    assert stored(service, path) == before


OTHERS = {
    "another state": {"schedule": {"state": "Active"}},
    "an expiration": {"schedule": {"expiration": "2031-01-01T00:00:00Z"}},
    "another template": {"templateId": "scim"},
    "a null interval": {"schedule": {"interval": None}},
    "a schedule that is none": {"schedule": "PT40M"},
}


@pytest.mark.parametrize("what", OTHERS)
def test_what_is_changed_by_other_verbs_is_refused(service, graph, what):
    path = service.job()
    before = stored(service, path)

    assert graph.patch(path, OTHERS[what]).status == 400
    assert stored(service, path) == before


def test_status_and_schema_in_a_body_are_passed_over(service, graph):
    path = service.job()

    assert graph.patch(path, {"status": {"code": "Active"}, "schema": None, "id": "x"}).status == 204
    assert graph.get(path).body["status"]["code"] == "NotRun"


def test_a_restart_in_the_middle_of_a_cycle_begins_anew(service, graph):
    path = service.job()
    service.person("anna@x.example")
    graph.post(f"{path}/start")
    elsewhere, statuses = ThreadPoolExecutor(1), []

    def in_the_middle(progress):
        if not statuses:
            body = {"criteria": {"resetScope": "Full"}}
            statuses.append(elsewhere.submit(graph.post, f"{path}/restart", body).result(10).status)

    key = path.rpartition("/")[2]
    service.admin.cycles.run(LOCAL_OPERATOR, key, report=in_the_middle)
    ended = graph.get(path).body["status"]
    service.admin.cycles.run(LOCAL_OPERATOR, key)

    assert statuses == [204]
    assert ended["steadyStateFirstAchievedTime"] == BEGINNING
    assert graph.get(path).body["status"]["lastExecution"]["state"] == "Succeeded"
    assert len(service.target.resources("user")) == 1
