"""What an administrator sees and does about deletions that are held back."""

import json

import pytest

from provisor import gallery, wiring
from provisor.testing.memory_target import MemoryTarget

APP = "Cisco Umbrella User Management"
PEOPLE = [f"p{number:02}@x.example" for number in range(15)]


@pytest.fixture
def target(provisor, tmp_path, monkeypatch):
    """Fifteen people who have an account, assigned by a group, which is then unassigned; the next cycle has stopped."""
    template = gallery.template("ciscoUmbrella")
    target = MemoryTarget(template.user_type, template.group_type)
    monkeypatch.setattr(wiring.StoredConnections, "connect", lambda self, job: target)
    for name, rows in {
        "users": ["userPrincipalName", *PEOPLE],
        "groups": ["displayName", "Staff"],
        "members": ["group,member", *(f"Staff,{one}" for one in PEOPLE)],
    }.items():
        (tmp_path / f"{name}.csv").write_text("\n".join(rows))
    (tmp_path / "token").write_text("token-that-nobody-may-see\n")
    files = (part for name in ("users", "groups", "members") for part in (f"--{name}", tmp_path / f"{name}.csv"))
    provisor("import", "csv", *files)
    provisor("app", "add", APP)
    provisor("app", "assign", APP, "--group", "Staff")
    provisor("job", "create", APP)
    provisor("job", "credentials", APP, "--url", "http://127.0.0.1:9/scim", "--token-file", tmp_path / "token")
    provisor("job", "run", APP)
    provisor("app", "unassign", APP, "--group", "Staff")
    return target


def active(target):
    return sum(bool(one["active"]) for one in target.resources("user").values())


def test_a_cycle_that_stops_says_why_and_what_to_do(provisor, target):
    ran = provisor("job", "run", APP)

    assert ran.code == 1
    assert "15 of 15 users would be disabled or deleted" in ran.err
    assert "the group Staff, by which 15 of them were assigned, is not assigned any more" in ran.err
    assert "provisor job deletions JOB" in ran.err
    assert active(target) == 15


def test_whoever_is_held_is_listed_with_why(provisor, target):
    provisor("job", "run", APP)

    text = provisor("job", "deletions", APP).out
    told = json.loads(provisor("job", "deletions", APP, "--json").out)

    assert "p00@x.example would be disabled: The object is not assigned to the application." in text
    assert "group Staff would be deleted" in text
    assert told["counts"]["held"] == {"users": 15, "groups": 1, "memberships": 0}
    assert {(one["name"], one["action"], one["allowed"]) for one in told["held"]} == {
        *((name, "disable", False) for name in PEOPLE),
        ("Staff", "delete", False),
    }


def test_the_status_shows_it(provisor, target):
    provisor("job", "run", APP)

    assert "Held back" in provisor("job", "status", APP).out
    told = json.loads(provisor("job", "status", APP, "--json").out)["heldDeletions"]
    assert (told["code"], told["counts"]["held"]["users"]) == ("too-many-deletions", 15)


def test_allowed_they_go_with_the_next_cycle(provisor, target):
    provisor("job", "run", APP)

    said = provisor("job", "deletions", APP, "allow").out
    listed = provisor("job", "deletions", APP).out
    status = provisor("job", "status", APP).out
    ran = provisor("job", "run", APP)

    assert "Allowed 16 of those held back. They go with the next cycle: `provisor job run`." in said
    assert "(allowed)" in listed
    assert "Nothing more is held back" in listed
    assert ("Held back" in status, "15 users, 1 group, with the next cycle" in status) == (False, True)
    assert (ran.code, active(target)) == (0, 0)
    assert "Nothing is held back." in provisor("job", "deletions", APP).out


def test_rejected_after_it_was_put_right_nobody_goes(provisor, target):
    provisor("job", "run", APP)
    provisor("app", "assign", APP, "--group", "Staff")

    said = provisor("job", "deletions", APP, "reject").out
    ran = provisor("job", "run", APP)

    assert "16 are judged anew." in said
    assert (ran.code, active(target)) == (0, 15)


def test_above_the_threshold_a_cycle_goes_through_and_says_that_some_are_held(provisor, target):
    provisor("job", "settings", APP, "--behaviour", "entra", "--deletion-threshold", "5")

    ran = provisor("job", "run", APP)

    assert ran.code == 1
    assert "15 users held back" in ran.out
    assert "Deletions are held back." in ran.err
    assert "TooManyDeletes" in provisor("job", "status", APP).out
    assert "stagedDelete" in provisor("log", "list", "--action", "stagedDelete").out
    assert provisor("log", "list", "--action", "stagedAction").out.count("stagedAction") == 15


@pytest.mark.parametrize("decision", ["allow", "reject"])
def test_nothing_that_is_not_held_is_decided(provisor, target, decision):
    refused = provisor("job", "deletions", APP, decision)

    assert refused.code == 1
    assert "holds nothing back" in refused.err


def test_a_plan_that_takes_too_much_away_is_applied_only_with_the_number(provisor, target):
    planned = provisor("job", "plan", APP).out
    refused = provisor("job", "apply", "1")
    applied = provisor("job", "apply", "1", "--allow-deletes", "16")

    assert "A run would stop: 15 of 15 users" in planned
    assert "`provisor job apply 1 --allow-deletes 16` does exactly this." in planned
    assert (refused.code, "Plan 1 is not approved" in refused.err) == (1, True)
    assert (applied.code, active(target)) == (0, 0)


@pytest.mark.parametrize(
    ("options", "stored"),
    [
        (("--limit-users", "5%+3"), {"deletionLimits": {"users": "5%+3"}}),
        (("--limit-groups", "OFF", "--limit-memberships", "100"), {"deletionLimits": {"groups": "off", "memberships": "100"}}),
        (("--prevent-accidental-deletions",), {"preventAccidentalDeletions": True}),
        (("--deletion-threshold", "7"), {"preventAccidentalDeletions": True, "deletionThreshold": 7}),
        (("--no-prevent-accidental-deletions",), {"preventAccidentalDeletions": False}),
        (("--capacity-order", "assigned"), {"capacityOrder": "assigned"}),
    ],
)  # fmt: skip
def test_what_is_set_is_kept(provisor, target, options, stored):
    settings = json.loads(provisor("job", "settings", APP, *options, "--json").out)["settings"]

    assert {name: settings[name] for name in stored} == stored


@pytest.mark.parametrize("options", [("--limit-users", "many"), ("--capacity-first", "Nobody")])
def test_what_cannot_be_is_refused(provisor, target, options):
    assert provisor("job", "settings", APP, *options).code == 1
