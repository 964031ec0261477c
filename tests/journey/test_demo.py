"""The demo end to end, on the sample organisation, on the smallest, on the oddest, and on too many groups."""

import json
import os
import sqlite3
import time
from pathlib import Path
from urllib.request import Request, urlopen

import pytest

from provisor.admin.actor import LOCAL_OPERATOR
from provisor.demo.steps import UMBRELLA, Play
from provisor.testing.secrets_scan import find_secrets

ODD = Path(__file__).parent / "odd"
pytestmark = pytest.mark.slow


def send(method, url, token, body=None):
    request = Request(
        url,
        method=method,
        data=None if body is None else json.dumps(body).encode(),
        headers={"Authorization": f"Bearer {token}", "Content-Type": "application/scim+json"},
    )
    with urlopen(request, timeout=10) as answer:
        text = answer.read()
    return json.loads(text) if text else None


def test_the_sample_organisation_is_verified(run_demo):
    ended = run_demo()

    assert (ended.code, ended.report["verified"], ended.report["differences"]) == (0, True, 0)
    assert ended.report["users"] == {
        "created": 990,
        "updated": 2,
        "disabled": 2,
        "deleted": 1,
        "failed": 0,
        "skipped": 13,  # 11 are disabled from the start; a department and a membership change no account
    }
    assert ended.report["groups"]["created"] == 35
    assert ended.report["import"] == {"refused": 0}


def test_the_third_cycle_sends_one_request(run_demo, small_files):
    users, groups, members = small_files

    ended = run_demo("--users", users, "--groups", groups, "--members", members)

    assert [cycle["kind"] for cycle in ended.report["cycles"]] == ["initial", "incremental", "incremental"]
    assert ended.report["cycles"][2]["requests"] == {"GET": 1}


def test_one_person_and_no_groups_are_verified(run_demo, tmp_path):
    users = tmp_path / "users.csv"
    users.write_text("userPrincipalName,displayName\nanna@x.example,Anna\n")

    ended = run_demo("--users", users)

    assert (ended.code, ended.report["verified"]) == (0, True)
    assert "A person disabled: skipped" in ended.text


def test_odd_names_are_verified_and_odd_rows_refused(run_demo):
    ended = run_demo("--users", ODD / "users.csv", "--groups", ODD / "groups.csv", "--members", ODD / "members.csv")

    assert (ended.code, ended.report["verified"], ended.report["differences"]) == (0, True, 0)
    assert ended.report["import"] == {"refused": 11}


def test_groups_beyond_the_capacity_are_skipped_and_expected_absent(run_demo, tmp_path):
    names = [f"Group {number:03}" for number in range(205)]
    (tmp_path / "users.csv").write_text("userPrincipalName\nanna@x.example\nbo@x.example\n")
    (tmp_path / "groups.csv").write_text("displayName\n" + "\n".join(names) + "\n")
    edges = [f"{name},anna@x.example" for name in names]
    (tmp_path / "members.csv").write_text("group,member\n" + "\n".join(edges) + "\n")

    ended = run_demo(
        *(part for what in ("users", "groups", "members") for part in (f"--{what}", tmp_path / f"{what}.csv"))
    )

    assert (ended.code, ended.report["verified"]) == (0, True)
    assert (ended.report["groups"]["created"], ended.report["groups"]["skipped"]) == (200, 5)


def test_groups_without_people_are_wrong_usage(tmp_path):
    import subprocess
    import sys

    done = subprocess.run(
        [sys.executable, "-m", "provisor", "demo", "--groups", "g.csv"], cwd=tmp_path, capture_output=True
    )

    assert done.returncode == 2


def test_what_was_corrupted_is_found_and_nothing_else(perform, small_files):
    _, umbrella, _, differences = perform(*small_files)
    token, url = umbrella.secrets["verifier"], umbrella.url
    accounts = {each["userName"]: each["id"] for each in send("GET", f"{url}/Users", token)["Resources"]}
    groups = {each["displayName"]: each for each in send("GET", f"{url}/Groups", token)["Resources"]}
    assert differences() == []

    patch = {"schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"]}
    rename = [{"op": "replace", "path": "name.familyName", "value": "Wrong"}]
    send("PATCH", f"{url}/Users/{accounts['p1@x.example']}", token, {**patch, "Operations": rename})
    member = groups["Staff"]["members"][0]["value"]
    leave = [{"op": "remove", "path": f'members[value eq "{member}"]'}]
    send("PATCH", f"{url}/Groups/{groups['Staff']['id']}", token, {**patch, "Operations": leave})
    stranger = {"schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"], "userName": "stranger@x.example"}
    send("POST", f"{url}/Users", token, stranger)

    assert len(differences()) == 3


class Watched(Play):
    """Remembers when each cycle began, to find its requests in the target's log."""

    marks: list[int]

    def cycle(self, title):
        self.marks.append(time.time_ns() // 1_000)
        super().cycle(title)


def requests_between(folder, begin, end):
    """What the target wrote down of a span of time, once it has written down a later read (reads are written late)."""
    with sqlite3.connect(folder / "target.sqlite") as database:
        for _ in range(200):
            if database.execute("SELECT 1 FROM request_log WHERE method = 'GET' AND at > ?", (end,)).fetchone():
                break
            time.sleep(0.05)
        return database.execute(
            "SELECT method, kind, object_id FROM request_log WHERE at BETWEEN ? AND ?", (begin, end)
        ).fetchall()


def test_the_incremental_cycle_sends_exactly_the_changes(perform, small_files):
    Watched.marks = []
    _, umbrella, folder, differences = perform(*small_files, play_class=Watched)
    url, token = umbrella.url, umbrella.secrets["verifier"]
    accounts = {each["id"]: each["userName"] for each in send("GET", f"{url}/Users", token)["Resources"]}
    groups = {each["id"]: each["displayName"] for each in send("GET", f"{url}/Groups", token)["Resources"]}
    _, second, third = Watched.marks

    sent = [
        (method, accounts.get(object_id) or groups.get(object_id) or ("(gone)" if object_id else kind))
        for method, kind, object_id in requests_between(folder, second, third)
    ]

    assert differences() == []
    assert sorted(sent) == sorted(
        [
            ("GET", "User"),  # the probe
            ("GET", "User"),  # is there a new.hire?
            ("POST", "new.hire@x.example"),
            ("PATCH", "p0@x.example"),  # display name
            ("PATCH", "p1@x.example"),  # surname
            ("PATCH", "Sales"),  # a membership added
            ("PATCH", "Staff"),  # a membership removed
            ("GET", "p0@x.example"),  # was that account taken out, or an id that is nobody's any more?
            ("PATCH", "p3@x.example"),  # disabled
            ("PATCH", "p7@x.example"),  # unassigned
            ("DELETE", "(gone)"),  # deleted for good
        ]
    )


def test_no_token_is_found_in_clear_afterwards(perform, small_files, tmp_path, capsys):
    _, umbrella, folder, _ = perform(*small_files)
    (tmp_path / "screen.txt").write_text(capsys.readouterr().out)

    assert len(umbrella.secrets) == 2
    assert find_secrets(umbrella.secrets, [tmp_path, folder], [os.getpid()]) == []


def test_a_plan_sends_only_gets_and_holds_what_the_run_then_does(perform, small_files):
    play, _, folder, _ = perform(*small_files)
    admin = play.session.admin
    admin.users.set(LOCAL_OPERATOR, "p5@x.example", {"surname": "Planned"})
    admin.members.remove(LOCAL_OPERATOR, "Staff", "p6@x.example")
    admin.users.set_enabled(LOCAL_OPERATOR, "p2@x.example", enabled=False)

    began = time.time_ns() // 1_000
    plan = admin.plans.make(LOCAL_OPERATOR, UMBRELLA).stored.plan
    again = admin.plans.make(LOCAL_OPERATOR, UMBRELLA).stored.plan
    planned = time.time_ns() // 1_000
    summary = admin.cycles.run(LOCAL_OPERATOR, UMBRELLA)
    admin.cycles.run(LOCAL_OPERATOR, UMBRELLA)

    assert {method for method, _, _ in requests_between(folder, began, planned)} == {"GET"}
    assert plan.digest == again.digest
    assert dict(plan.counts) == {
        ("user", "update"): 1,
        ("user", "disable"): 2,  # p6 was in scope through Staff alone
        ("group", "members"): 1,
    }
    assert (summary.counts["user.update"], summary.counts["user.disable"]) == (1, 2)
    assert summary.requests["PATCH"] == plan.operations


def test_the_demo_meets_nobodys_database(tmp_path, monkeypatch, run_demo):
    users = tmp_path / "users.csv"
    users.write_text("userPrincipalName\nanna@x.example\n")
    real = tmp_path / "real.sqlite"
    for name in ("PROVISOR_DATABASE_URL", "PROVISOR_TARGET_DATABASE_URL"):
        monkeypatch.setenv(name, f"sqlite:///{real}")
    monkeypatch.setenv("PROVISOR_DATA", str(tmp_path / "real"))

    ended = run_demo("--users", users)

    assert ended.report["verified"]
    assert not real.exists()
    assert not (tmp_path / "real").exists()
