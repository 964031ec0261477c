"""What an administrator reads of a plan, a cycle, a job and the log; and what a program gets."""

import json
import os
import signal
import threading

import pytest

from provisor import gallery, wiring
from provisor.engine.ports import Rejected, Unauthorized, Unreachable
from provisor.runner.job_lock import job_lock
from provisor.runner.serving import serving
from provisor.testing.memory_target import MemoryTarget

APP = "Cisco Umbrella User Management"


@pytest.fixture
def job(provisor):
    provisor("app", "add", APP)
    return json.loads(provisor("job", "create", APP, "--json").out)


@pytest.fixture
def configured(job, provisor, tmp_path):
    token = tmp_path / "token"
    token.write_text("token-that-nobody-may-see\n")
    provisor("job", "credentials", APP, "--url", "http://127.0.0.1:9/scim", "--token-file", token)
    return job


@pytest.fixture
def target(configured, monkeypatch):
    """The application at the other end, in memory."""
    template = gallery.template("ciscoUmbrella")
    target = MemoryTarget(template.user_type, template.group_type)
    monkeypatch.setattr(wiring.StoredConnections, "connect", lambda self, job: target)
    return target


@pytest.fixture
def people(provisor):
    """Makes people, assigned."""

    def make(*names, **attributes):
        for name in names:
            provisor("user", "create", f"userPrincipalName={name}", f"displayName={name.partition('@')[0]}")
            for attribute, value in attributes.items():
                provisor("user", "set", name, f"{attribute}={value}")
            provisor("app", "assign", APP, "--user", name)

    return make


@pytest.fixture
def file(tmp_path):
    return tmp_path / "data" / "provisor.sqlite"


def as_json(answered):
    return json.loads(answered.out)


def refuse(target, times, detail="title is too long", method="POST"):
    target.fail(1, Rejected("no", status=400, scim_type="invalidValue", detail=detail), method=method, times=times)


# Plans


def test_a_plan_with_details_names_everybody(target, people, provisor):
    people("anna@x.example", "bo@x.example")

    out = provisor("job", "plan", APP, "--details").out

    assert "  create anna@x.example\n" in out
    assert "  create bo@x.example\n" in out


def test_a_plan_without_details_names_nobody_who_is_created(target, people, provisor):
    people("anna@x.example")

    assert "anna" not in provisor("job", "plan", APP).out


def test_a_plan_shows_old_and_new_values(target, people, provisor):
    people("anna@x.example")
    provisor("job", "run", APP)
    provisor("user", "set", "anna@x.example", "displayName=Anna B")

    out = provisor("job", "plan", APP, "--details").out

    assert "  update anna@x.example\n      displayName: anna → Anna B\n" in out


def test_a_plan_as_json_has_every_object(target, people, provisor):
    people("anna@x.example")

    (detail,) = as_json(provisor("job", "plan", APP, "--json"))["details"]

    assert (detail["operation"], detail["kind"], detail["name"], detail["targetId"]) == (
        "create",
        "user",
        "anna@x.example",
        None,
    )
    assert {"attribute": "userName", "old": None, "new": "anna@x.example"} in detail["changes"]


def test_a_plan_with_nothing_to_do_is_json_too(target, provisor):
    assert as_json(provisor("job", "plan", APP, "--json"))["details"] == []


def test_a_plan_says_why_somebody_is_left_alone(target, people, provisor):
    people("anna@x.example", accountEnabled="false")

    assert "1 user left alone: The account is disabled in the directory." in provisor("job", "plan", APP).out


# Cycles


def test_failures_are_told_by_their_cause_at_the_end(target, people, provisor):
    people(*(f"p{number:02}@x.example" for number in range(12)))
    refuse(target, 12)

    answered = provisor("job", "run", APP)

    assert answered.code == 1
    told = answered.out.splitlines()
    assert told[-3] == f"12 users failed: {APP} refused to create them: title is too long. (UnprocessableEntity)"
    assert told[-2].endswith(" and 2 more")
    assert told[-1].startswith("    What to do: Shorten the value")


def test_skips_are_told_by_their_cause(target, people, provisor):
    people("anna@x.example", "bo@x.example", accountEnabled="false")

    answered = provisor("job", "run", APP)

    assert answered.code == 0
    assert "2 users skipped: The account is disabled in the directory. (NotEffectivelyEntitled)" in answered.out


def test_a_cycle_as_json_has_causes_and_every_object(target, people, provisor):
    people("anna@x.example", "bo@x.example")
    refuse(target, 1)

    told = as_json(provisor("job", "run", APP, "--json"))

    (cause,) = told["failures"]
    assert (cause["code"], cause["number"], cause["kinds"]) == ("UnprocessableEntity", 1, {"user": 1})
    assert cause["names"][0] in cause["reason"]
    assert sorted((one["status"], one["operation"]) for one in told["details"]) == [
        ("failure", "create"),
        ("success", "create"),
    ]


def test_a_cycle_with_details_names_what_was_done(target, people, provisor):
    people("anna@x.example")

    assert "  create anna@x.example\n" in provisor("job", "run", APP, "--details").out


def test_not_more_of_a_sort_are_listed_than_a_person_reads(target, people, provisor):
    people(*(f"p{number:02}@x.example" for number in range(25)))

    out = provisor("job", "run", APP, "--details").out

    assert out.count("  create p") == 20
    assert "--json lists all" in out


def test_ctrl_c_ends_a_cycle_where_the_next_goes_on(target, people, provisor, monkeypatch):
    people("anna@x.example", "bo@x.example")
    asked = threading.Event()
    original = MemoryTarget.find

    async def find(self, *arguments):
        if not asked.is_set():
            asked.set()
            os.kill(os.getpid(), signal.SIGINT)
        return await original(self, *arguments)

    monkeypatch.setattr(MemoryTarget, "find", find)

    answered = provisor("job", "run", APP)

    assert answered.code == 130
    assert "Nothing is lost: the next run goes on where this one stopped." in answered.err
    assert provisor("job", "run", APP).code == 0
    assert len(target.resources("user")) == 2


# Jobs


def status(provisor):
    return as_json(provisor("job", "status", APP, "--json"))["runs"]


def test_a_job_that_nobody_starts_says_so(configured, provisor):
    provisor("job", "start", APP)

    assert "No `provisor serve` is running: this job will not start by itself" in provisor("job", "status", APP).out
    assert (status(provisor)["served"], status(provisor)["nextStart"]) == (False, None)


def test_a_job_that_is_served_says_when_it_starts(target, provisor, file):
    provisor("job", "run", APP)
    provisor("job", "start", APP)

    with serving(file):
        told = status(provisor)

    assert told["served"]
    assert told["nextStart"] > told["lastEnded"] >= told["lastBegan"]


@pytest.mark.parametrize(
    ("verbs", "words"),
    [
        ((), "The schedule is Disabled."),
        (("start", "pause"), "The schedule is Paused."),
        (("start",), "No `provisor serve` is running"),
    ],
    ids=["new", "paused", "started"],
)
def test_a_status_says_in_one_sentence_whether_the_job_starts_by_itself(configured, provisor, verbs, words):
    for verb in verbs:
        provisor("job", verb, APP)

    assert words in status(provisor)["note"]


def test_a_job_without_credentials_says_what_it_lacks(job, provisor):
    assert "no credentials" in status(provisor)["note"]


def test_a_job_that_never_ran_has_no_times(configured, provisor):
    told = status(provisor)

    assert (told["lastBegan"], told["lastEnded"], told["lastSeconds"]) == (None, None, None)


def test_a_job_that_ran_has_times(target, provisor):
    provisor("job", "run", APP)

    told = status(provisor)

    assert told["lastSeconds"] >= 0
    assert (told["running"], told["cutShort"]) == (False, False)


def test_a_cycle_that_was_stopped_is_cut_short(target, people, provisor):
    people("anna@x.example")
    target.fail(1, Unauthorized("401"), method="POST")
    provisor("job", "run", APP)

    told = status(provisor)

    assert (told["cutShort"], told["phase"]) == (True, "writing to the application")


def test_a_cycle_under_way_is_running_and_one_whose_process_was_killed_is_not(target, people, provisor, file):
    people("anna@x.example")
    target.fail(1, SystemExit(137), method="POST")
    provisor("job", "run", APP)
    with job_lock(file, as_json(provisor("job", "status", APP, "--json"))["id"]):
        during = status(provisor)

    after = status(provisor)

    assert (during["running"], during["cutShort"]) == (True, False)
    assert (after["running"], after["cutShort"], after["lastEnded"]) == (False, True, None)


# The log


def test_the_log_says_why_somebody_failed(target, people, provisor):
    people("anna@x.example")
    refuse(target, 1)
    provisor("job", "run", APP)

    out = provisor("log", "list", "--status", "failure").out

    assert f"    {APP} refused to create anna@x.example: title is too long. (UnprocessableEntity)\n" in out
    assert "    What to do: Shorten the value" in out


def test_the_log_says_why_somebody_was_skipped(target, people, provisor):
    people("anna@x.example", accountEnabled="false")
    provisor("job", "run", APP)

    out = provisor("log", "list", "--status", "skipped").out

    assert out.splitlines()[-1].endswith(f"  {APP}")
    assert "    The account is disabled in the directory. (NotEffectivelyEntitled)\n" in out


def test_the_log_says_why_in_json_too(target, people, provisor):
    people("anna@x.example")
    refuse(target, 1)
    provisor("job", "run", APP)

    (event,) = as_json(provisor("log", "list", "--status", "failure", "--json"))

    assert "title is too long" in event["provisioningStatusInfo"]["errorInformation"]["reason"]


@pytest.mark.parametrize(
    ("error", "words"),
    [(Unauthorized("401"), "refused the credentials"), (Unreachable("down", sent=False), "cannot be reached")],
    ids=["token", "network"],
)
def test_the_log_says_why_a_cycle_failed(target, provisor, error, words):
    target.fail(1, error)
    provisor("job", "run", APP)

    out = provisor("log").out

    assert words in out
    assert APP in out


def test_an_empty_log_says_so(configured, provisor):
    assert provisor("log").out == "The provisioning log has no such event.\n"


# Exit codes


EXITS = {
    "all is right": ((), (), 0),
    "somebody failed": (("anna@x.example",), (Rejected("no", status=400, detail="no"), "POST"), 1),
    "token refused": ((), (Unauthorized("401"), None), 1),
    "unreachable": ((), (Unreachable("down", sent=False), None), 1),
}


@pytest.mark.parametrize(("names", "fault", "code"), EXITS.values(), ids=EXITS.keys())
@pytest.mark.parametrize("form", [(), ("--json",), ("--details",)], ids=["plain", "json", "details"])
def test_a_cycle_ends_with_its_code_however_it_is_told(target, people, provisor, names, fault, code, form):
    people(*names)
    if fault:
        target.fail(1, fault[0], method=fault[1])

    assert provisor("job", "run", APP, *form).code == code


WRONG = {
    "no such job": (("job", "plan", "nobody"), 1),
    "no such job to run": (("job", "run", "nobody"), 1),
    "no such job to look at": (("job", "status", "nobody"), 1),
    "no such option": (("job", "run", APP, "--detail-s"), 2),
    "no such job in the log": (("log", "--job", "nobody"), 1),
}


@pytest.mark.parametrize(("arguments", "code"), WRONG.values(), ids=WRONG.keys())
def test_wrong_input_is_told_in_a_sentence(provisor, arguments, code):
    answered = provisor(*arguments)

    assert answered.code == code
    assert answered.err
    assert "Traceback" not in answered.err


def test_a_plan_is_made_of_a_job_that_runs_too(target, job, provisor, file):
    with job_lock(file, job["id"]):
        answered = provisor("job", "plan", APP)

    assert answered.code == 0


PLAN_VERBS = ("show", "approve", "apply", "discard")


@pytest.mark.parametrize("verb", PLAN_VERBS)
def test_a_plan_that_is_not_there_is_said_so(target, job, provisor, verb):
    command = ("job", "plans", "show") if verb == "show" else ("job", verb)

    answered = provisor(*command, "7")

    assert answered.code == 1
    assert "There is no plan 7." in answered.err


def test_a_plan_is_shown_compared_applied_and_over(target, people, provisor):
    people("anna@x.example")
    provisor("job", "plan", APP)
    people("bo@x.example")
    provisor("job", "plan", APP)

    compared = provisor("job", "plans", "compare", "1", "2").out
    applied = provisor("job", "apply", "1")
    listed = as_json(provisor("job", "plans", "list", APP, "--json"))

    assert compared == "only plan 2: create bo@x.example\n"
    assert applied.code == 0
    assert [(one["plan"], one["state"]) for one in listed] == [(2, "planned"), (1, "applied")]
    assert "applied" in provisor("job", "apply", "1").err


def test_a_discarded_plan_is_not_applied(target, people, provisor):
    people("anna@x.example")
    provisor("job", "plan", APP)
    provisor("job", "discard", "1")

    answered = provisor("job", "apply", "1")

    assert (answered.code, answered.err.splitlines()[0]) == (1, "Plan 1 is discarded.")


def test_a_plan_of_a_scope_that_is_not_saved_is_applied_once_it_is(target, people, provisor):
    people("anna@x.example")
    assert "1 user to create" in provisor("job", "plan", APP, "--scope", "all").out

    refused = provisor("job", "apply", "1")
    provisor("job", "settings", APP, "--scope", "all")

    assert (refused.code, "is not saved" in refused.err) == (1, True)
    assert provisor("job", "apply", "1").code == 0


def test_a_job_asks_before_it_sends_much(target, people, provisor):
    people("anna@x.example")
    people("bo@x.example")
    provisor("job", "settings", APP, "--approve-above", "1")

    stopped = provisor("job", "run", APP)
    applied = provisor("job", "apply", "1")

    assert (stopped.code, "2 operations would be sent" in stopped.err) == (1, True)
    assert applied.code == 0


def test_a_job_stops_asking(target, people, provisor):
    people("anna@x.example")
    provisor("job", "settings", APP, "--approve-above", "0")
    provisor("job", "settings", APP, "--approve-above", "-1")

    assert provisor("job", "run", APP).code == 0
