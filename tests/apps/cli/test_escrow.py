"""What an administrator sees and does about what failed, and about a quarantine."""

import json
import re

import pytest

from provisor import gallery, wiring
from provisor.engine.ports import Rejected, Unauthorized
from provisor.testing.memory_target import MemoryTarget

APP = "Cisco Umbrella User Management"
REFUSED = Rejected("no", status=403)


@pytest.fixture
def target(provisor, tmp_path, monkeypatch):
    """A job with credentials, and the application at the other end, in memory."""
    template = gallery.template("ciscoUmbrella")
    target = MemoryTarget(template.user_type, template.group_type)
    monkeypatch.setattr(wiring.StoredConnections, "connect", lambda self, job: target)
    token = tmp_path / "token"
    token.write_text("token-that-nobody-may-see\n")
    provisor("app", "add", APP)
    provisor("job", "create", APP)
    provisor("job", "credentials", APP, "--url", "http://127.0.0.1:9/scim", "--token-file", token)
    return target


@pytest.fixture
def failed(provisor, target):
    """Two people who are refused, in one run."""
    for name in ("anna@x.example", "bo@x.example"):
        provisor("user", "create", f"userPrincipalName={name}", f"displayName={name.partition('@')[0]}")
        provisor("app", "assign", APP, "--user", name)
    target.fail(1, REFUSED, method="POST", times=9)
    provisor("job", "run", APP)
    return target


def shown(provisor, *arguments):
    return json.loads(provisor("job", *arguments, "--json").out)


def test_whoever_failed_is_listed_with_why_and_when_they_are_tried_again(provisor, failed):
    listed = provisor("job", "escrow", APP).out

    assert "anna@x.example  (user, tried 1 time, again with the next cycle)" in listed
    assert "InsufficientRights-" in listed


def test_whoever_failed_is_counted_by_cause(provisor, failed):
    (cause,) = shown(provisor, "escrow", APP, "--group")

    assert (cause["code"], cause["objects"], cause["references"]) == ("InsufficientRights", 2, 0)
    assert "2  InsufficientRights-" in provisor("job", "escrow", APP, "--group").out


def test_one_of_them_is_shown_whole(provisor, failed):
    (entry,) = shown(provisor, "escrow", APP, "--object", "anna@x.example")

    assert (entry["name"], entry["kind"], entry["attempts"], entry["due"]) == ("anna@x.example", "object", 1, None)


def test_of_one_of_them_a_person_reads_when_the_next_try_is(provisor, failed):
    told = provisor("job", "escrow", APP, "--object", "anna@x.example").out

    assert re.search(r"Next try +with the next cycle", told)
    assert re.search(r"Tries +1\n", told)


@pytest.mark.parametrize("whom", [["--all"], ["--cause", "InsufficientRights"], ["--object", "anna@x.example"]])
def test_whoever_is_to_be_tried_is_due_at_once(provisor, failed, whom):
    provisor("job", "run", APP)
    before = {one["name"]: one["due"] for one in shown(provisor, "escrow", APP)}

    tried = shown(provisor, "retry", APP, *whom)["tried"]

    after = {one["name"]: one["due"] for one in shown(provisor, "escrow", APP)}
    assert tried == (1 if "--object" in whom else 2)
    assert sum(before[name] != after[name] for name in before) == tried
    failed.heal()
    provisor("job", "run", APP)
    assert len(shown(provisor, "escrow", APP)) == 2 - tried


@pytest.mark.parametrize("whom", [[], ["--all", "--cause", "x"], ["--cause", "Nothing"], ["--object", "nobody"]])
def test_a_retry_of_nobody_is_refused(provisor, failed, whom):
    assert provisor("job", "retry", APP, *whom).code in (1, 2)


def test_the_status_says_who_is_in_escrow(provisor, failed):
    assert "2 objects, the references of 0 objects" in provisor("job", "status", APP).out


def test_section_11_2_the_status_says_why_a_job_is_quarantined(provisor, target):
    target.fail(1, Unauthorized("no"), times=9)
    provisor("job", "run", APP)

    status = shown(provisor, "status", APP)["status"]

    assert status["code"] == "Quarantine"
    assert status["quarantine"]["reason"] == "EncounteredQuarantineException"
    assert set(status["quarantine"]) == {
        *("reason", "seriesBegan", "currentBegan", "nextAttempt", "seriesCount", "error")
    }
    error = status["quarantine"]["error"]
    assert (error["code"], error["tenantActionable"]) == ("Unauthorized", True)
    assert "EncounteredQuarantineException: the credentials" in provisor("job", "status", APP).out


def test_section_11_1_an_administrator_quarantines_a_job(provisor, target):
    assert provisor("job", "quarantine", APP).code == 0

    status = shown(provisor, "status", APP)["status"]
    assert (status["code"], status["quarantine"]["reason"]) == ("Quarantine", "QuarantinedOnDemand")


WAYS_OUT = {
    "start": ["start", APP],
    "restart": ["restart", APP],
    "restart of the quarantine": ["restart", APP, "--reset-scope", "QuarantineState"],
    "restart of nothing": ["restart", APP, "--reset-scope", "None"],
    "full restart": ["restart", APP, "--reset-scope", "Full"],
    "a run that succeeds": ["run", APP],
    "another scope": ["settings", APP, "--scope", "all"],
}


@pytest.mark.parametrize("way", WAYS_OUT)
def test_section_11_3_every_way_out_of_a_quarantine(provisor, target, way):
    target.fail(1, Unauthorized("no"), times=9)
    provisor("job", "run", APP)
    target.heal()

    assert provisor("job", *WAYS_OUT[way]).code == 0

    status = shown(provisor, "status", APP)["status"]
    assert (status["quarantine"], status["code"] == "Quarantine") == (None, False)


def test_section_11_3_a_restart_without_it_leaves_a_quarantine(provisor, target):
    provisor("job", "quarantine", APP)

    provisor("job", "restart", APP, "--reset-scope", "Watermark")

    assert shown(provisor, "status", APP)["status"]["code"] == "Quarantine"


def test_section_11_3_saved_rules_lift_a_quarantine(provisor, target):
    provisor("job", "quarantine", APP)
    assert shown(provisor, "status", APP)["status"]["quarantine"]["reason"] == "QuarantinedOnDemand"

    assert provisor("schema", "map", APP, 'Join(" ", [givenName], [surname])', "displayName").code == 0

    assert shown(provisor, "status", APP)["status"]["quarantine"] is None


def test_section_11_1_thresholds_are_settings_of_the_job(provisor, failed):
    provisor("job", "settings", APP, "--quarantine-least", "2", "--quarantine-percent", "10")
    for name in ("anna", "bo"):
        provisor("user", "set", f"{name}@x.example", "displayName=New")
    provisor("user", "create", "userPrincipalName=cleo@x.example", "displayName=Cleo")

    provisor("job", "run", APP)

    assert shown(provisor, "status", APP)["status"]["quarantine"]["reason"] == "EncounteredEscrowProportionThreshold"


@pytest.mark.parametrize("option", ["--quarantine-percent", "--quarantine-least"])
def test_a_threshold_that_cannot_be_is_refused(provisor, target, option):
    assert provisor("job", "settings", APP, option, "-1").code == 1


def test_the_exchange_behind_a_failure_and_a_quarantine_is_shown(provisor, failed):
    (entry,) = shown(provisor, "escrow", APP, "--object", "anna@x.example")
    assert entry["exchange"]["method"] == "POST"
    failed.heal()
    failed.fail(1, Unauthorized("no"), times=9)
    provisor("job", "run", APP)

    assert shown(provisor, "status", APP)["quarantineExchange"]["method"] == "GET"
    assert "Its request" in provisor("job", "status", APP).out


def test_how_long_exchanges_are_kept_is_a_setting(provisor, target):
    assert shown(provisor, "settings", APP, "--keep-exchanges", "7")["settings"]["keepExchangesDays"] == 7
