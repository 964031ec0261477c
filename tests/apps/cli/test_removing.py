"""Jobs and applications that are deleted: what is said, what goes, what stays."""

import json
import os
import pty
import sys

import pytest

from provisor import gallery, wiring
from provisor.runner.job_lock import job_lock
from provisor.testing.memory_target import MemoryTarget

APP = "Cisco Umbrella User Management"
TOKEN = "token-that-goes-too"
ANNA = "anna@x.example"


@pytest.fixture
def target(monkeypatch):
    template = gallery.template("ciscoUmbrella")
    target = MemoryTarget(template.user_type, template.group_type)
    monkeypatch.setattr(wiring.StoredConnections, "connect", lambda self, job: target)
    return target


@pytest.fixture
def job(provisor, target, tmp_path):
    """A job that has provisioned Anna."""
    token = tmp_path / "token"
    token.write_text(TOKEN)
    provisor("user", "create", f"userPrincipalName={ANNA}", "displayName=Anna")
    provisor("app", "add", APP)
    provisor("app", "assign", APP, "--user", ANNA)
    made = json.loads(provisor("job", "create", APP, "--json").out)
    provisor("job", "credentials", APP, "--url", "http://127.0.0.1:9/scim", "--token-file", token)
    provisor("job", "run", APP)
    return made["id"]


NOUNS = ["job", "app"]


def listed(provisor, noun):
    return json.loads(provisor(noun, "list", "--json").out)


@pytest.mark.parametrize("noun", NOUNS)
def test_what_is_confirmed_is_deleted_and_nothing_is_sent(job, target, provisor, noun):
    target.journal.clear()

    answered = provisor(noun, "delete", APP, "--yes")

    assert answered.code == 0
    assert listed(provisor, noun) == []
    assert listed(provisor, "job") == []
    assert target.journal == []
    assert target.by_name("user", ANNA)["active"] is True


@pytest.mark.parametrize("noun", NOUNS)
def test_what_becomes_of_accounts_is_said_before(job, provisor, noun):
    answered = provisor(noun, "delete", APP)

    assert answered.code == 2  # there is no terminal to confirm on
    assert f"1 account and 0 groups that it looks after stay at {APP} as they are" in answered.err
    assert "--yes" in answered.err
    assert len(listed(provisor, "job")) == len(listed(provisor, "app")) == 1


def typed(monkeypatch, text):
    """Standard input as a terminal on which this was typed."""
    ours, theirs = pty.openpty()
    os.write(ours, text.encode())
    file = os.fdopen(theirs, encoding="utf-8")
    monkeypatch.setattr(sys, "stdin", file)
    return ours


@pytest.mark.parametrize("noun", NOUNS)
@pytest.mark.parametrize(("text", "code", "left"), [(f"{APP}\n", 0, 0), ("yes\n", 1, 1), ("\n", 1, 1)])
def test_the_name_typed_confirms(job, provisor, monkeypatch, noun, text, code, left):
    with monkeypatch.context() as patched:
        ours = typed(patched, text)
        answered = provisor(noun, "delete", APP)
        os.close(ours)

    assert answered.code == code
    assert len(listed(provisor, noun)) == left


@pytest.mark.parametrize("noun", NOUNS)
def test_while_a_cycle_runs_nothing_is_deleted(job, provisor, tmp_path, noun):
    with job_lock(tmp_path / "data" / "provisor.sqlite", job):
        answered = provisor(noun, "delete", APP, "--yes")

    assert answered.code == 1
    assert "is running already" in answered.err
    assert len(listed(provisor, noun)) == 1


@pytest.mark.parametrize("noun", NOUNS)
def test_the_log_stays_under_the_names_there_were(job, provisor, noun):
    before = json.loads(provisor("log", "list", "--json").out)

    provisor(noun, "delete", APP, "--yes")

    assert before
    assert json.loads(provisor("log", "list", "--json").out) == before
    assert json.loads(provisor("log", "list", "--job", APP, "--json").out) == before
    assert json.loads(provisor("log", "list", "--job", job, "--json").out) == before


def test_an_application_added_anew_has_nothing_of_the_former(job, provisor):
    before = json.loads(provisor("log", "list", "--json").out)
    provisor("app", "delete", APP, "--yes")
    provisor("app", "add", APP)
    fresh = json.loads(provisor("job", "create", APP, "--json").out)

    assert fresh["id"] != job
    assert fresh["secrets"] == []
    assert json.loads(provisor("app", "assignments", APP, "--json").out) == []
    assert json.loads(provisor("log", "list", "--job", APP, "--json").out) == []
    assert json.loads(provisor("log", "list", "--job", job, "--json").out) == before


def test_a_name_that_two_deleted_jobs_had_is_ambiguous(job, provisor):
    provisor("job", "delete", APP, "--yes")
    provisor("job", "create", APP)
    provisor("app", "delete", APP, "--yes")

    answered = provisor("log", "list", "--job", APP)

    assert answered.code == 1
    assert job in answered.err


def test_a_deleted_job_says_what_it_left(job, provisor):
    gone = json.loads(provisor("job", "delete", APP, "--yes", "--json").out)

    assert gone == {"id": job, "application": APP, "jobs": [job], "leftAccounts": 1, "leftGroups": 0}


def test_an_application_without_a_job_goes_too(provisor):
    provisor("app", "add", APP)

    assert provisor("app", "delete", APP, "--yes").code == 0


@pytest.mark.parametrize("noun", NOUNS)
def test_what_is_not_there_cannot_be_deleted(provisor, noun):
    assert provisor(noun, "delete", "nobody", "--yes").code == 1


@pytest.mark.parametrize("name", ["Umbrella\u202e", "Um\nbrella", "\x1b[31mUmbrella", "Umbrella\u200b", " Umbrella"])
def test_an_application_has_a_name_that_is_seen(provisor, name):
    answered = provisor("app", "add", APP, "--name", name)

    assert answered.code == 1
    assert "cannot be the name of an application: it must not" in answered.err
    assert listed(provisor, "app") == []
