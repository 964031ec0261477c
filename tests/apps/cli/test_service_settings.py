"""What is kept for how long, to whom the log is passed on, and who changed it, as a person sets and sees it."""

import json

import pytest


def test_retention_shows_its_defaults(provisor):
    assert json.loads(provisor("retention", "show", "--json").out) == {
        "logDays": 30,
        "auditDays": 365,
        "cycles": 1000,
        "ruleSets": 100,
    }


def test_what_is_not_named_stays(provisor):
    provisor("retention", "set", "--log-days", "90")

    done = provisor("retention", "set", "--cycles", "0")

    assert "90 days" in done.out
    assert "for ever" in done.out
    assert json.loads(provisor("retention", "show", "--json").out)["logDays"] == 90


@pytest.mark.parametrize("arguments", [("--cycles", "3"), ("--log-days", "1000001")])
def test_what_cannot_be_kept_is_refused_with_what_can(provisor, arguments):
    done = provisor("retention", "set", *arguments)

    assert (done.code, "or 0 for ever" in done.err) == (1, True)


def test_a_retention_without_a_change_is_wrong_usage(provisor):
    assert provisor("retention", "set").code == 2


def test_receivers_are_set_shown_and_taken_away(provisor, tmp_path):
    provisor("log", "forward", "--file", tmp_path / "log.jsonl", "--syslog", "udp:127.0.0.1:514")
    both = json.loads(provisor("log", "forward", "--json").out)

    one = json.loads(provisor("log", "forward", "--off", "syslog", "--json").out)

    assert {sink: receiver["address"] for sink, receiver in both.items()} == {
        "file": str(tmp_path / "log.jsonl"),
        "syslog": "udp:127.0.0.1:514",
    }
    assert set(one) == {"file"}


@pytest.mark.parametrize("arguments", [("--syslog", "tcp:host:1"), ("--file", "/proc/none/log.jsonl")])
def test_a_receiver_that_cannot_be_one_is_refused(provisor, arguments):
    done = provisor("log", "forward", *arguments)

    assert done.code == 1
    assert json.loads(provisor("log", "forward", "--json").out) == {}


def test_the_audit_log_tells_who_changed_what_from_what_to_what(provisor):
    provisor("retention", "set", "--log-days", "90")

    (event,) = json.loads(provisor("audit", "--activity", "Update retention", "--json").out)
    told = provisor("audit").out

    assert (event["initiatedBy"]["displayName"], event["result"]) == ("local operator", "success")
    assert event["detail"] == {"log_days": {"old": 30, "new": 90}}
    assert "local operator: Update retention" in told


def test_the_audit_log_is_paged(provisor):
    for days in range(1, 6):
        provisor("retention", "set", "--log-days", days)
    first = json.loads(provisor("audit", "--limit", "3", "--json").out)

    rest = json.loads(provisor("audit", "--before", first[-1]["id"], "--json").out)

    assert [event["detail"]["log_days"]["new"] for event in [*first, *rest]] == [5, 4, 3, 2, 1]


def test_an_audit_event_that_is_not_there_is_said(provisor):
    assert provisor("audit", "--before", "none").code == 1
