"""What is done with leavers, by command: what a job can do is set, all else is refused with what to do."""

import json

import pytest

from provisor import gallery, wiring
from provisor.testing.memory_target import MemoryTarget

APP = "Cisco Umbrella User Management"


@pytest.fixture
def job(provisor):
    provisor("app", "add", APP)
    provisor("job", "create", APP)


def set_to(provisor, *options):
    return provisor("job", "settings", APP, *options)


def settings(provisor):
    return json.loads(provisor("job", "status", APP, "--json").out)["settings"]


def kept(provisor):
    found = settings(provisor)
    return {name: found[name] for name in ("leavers", "deleteAfterDays") if name in found}


def export(provisor, tmp_path):
    file = tmp_path / "schema.json"
    file.write_text(provisor("schema", "export", APP).out)
    return file, json.loads(file.read_text())


def users_of(document):
    every = [one for rule in document["synchronizationRules"] for one in rule["objectMappings"]]
    return next(one for one in every if one["sourceObjectName"] == "User")


def save(provisor, file, document):
    file.write_text(json.dumps(document))
    return provisor("schema", "import", APP, file)


def unmapped(provisor, tmp_path):
    """Rules in which nothing reads IsSoftDeleted."""
    file, document = export(provisor, tmp_path)
    rows = users_of(document)["attributeMappings"]
    users_of(document)["attributeMappings"] = [one for one in rows if one["targetAttributeName"] != "active"]
    return save(provisor, file, document)


def without(provisor, tmp_path, action):
    """Rules in which an action is switched off."""
    file, document = export(provisor, tmp_path)
    users_of(document)["flowTypes"] = ",".join(one for one in ("Add", "Update", "Delete") if one != action)
    return save(provisor, file, document)


@pytest.mark.parametrize(
    ("options", "stored", "shown"),
    [
        (("--leavers", "disable"), {}, "disabled"),
        (("--leavers", "nothing"), {"leavers": "nothing"}, "left as they are"),
        (("--leavers", "delete"), {"leavers": "delete"}, "deleted"),
        (
            ("--leavers", "delete-after", "--days", "30"),
            {"leavers": "delete-after", "deleteAfterDays": 30},
            "disabled, deleted 30 days later",
        ),
    ],
)
def test_a_policy_is_set_and_shown(job, provisor, options, stored, shown):
    assert set_to(provisor, *options).code == 0

    assert kept(provisor) == stored
    assert shown in provisor("job", "list").out
    assert (shown in provisor("job", "status", APP).out) == bool(stored)
    if stored:
        (event,) = json.loads(provisor("audit", "--activity", ACTIVITY, "--json").out)
        assert event["detail"]["settings"]["new"]["leavers"] == stored["leavers"]


ACTIVITY = "Update provisioning setting or credentials"


def test_the_days_can_be_changed_alone(job, provisor):
    set_to(provisor, "--leavers", "delete-after", "--days", "30")

    assert set_to(provisor, "--days", "1").code == 0

    assert kept(provisor) == {"leavers": "delete-after", "deleteAfterDays": 1}
    assert "deleted 1 day later" in provisor("job", "status", APP).out


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (("--leavers", "delete-after"), "not said after how many days"),
        (("--days", "30"), "Days mean nothing where leavers are disabled"),
        (("--leavers", "delete", "--days", "30"), "Days mean nothing where leavers are deleted"),
        (("--leavers", "delete-after", "--days", "0"), "choose delete, which does it at once"),
        (("--leavers", "delete-after", "--days", "-5"), "Give 1 to 3,650 days"),
        (("--leavers", "delete-after", "--days", "99999"), "Give 1 to 3,650 days"),
        (("--leavers", "delete", "--behaviour", "entra"), "In the behaviour entra leavers are disabled"),
    ],
)
def test_what_nobody_can_mean_is_refused(job, provisor, options, says):
    answered = set_to(provisor, *options)

    assert answered.code == 1
    assert says in " ".join(answered.err.split())
    assert kept(provisor) == {}


@pytest.mark.parametrize("options", [("--leavers", "disable"), ("--leavers", "delete-after", "--days", "9")])
def test_where_no_mapping_reads_is_soft_deleted_nobody_can_be_disabled(job, provisor, tmp_path, options):
    assert unmapped(provisor, tmp_path).code == 0

    answered = set_to(provisor, *options)

    assert answered.code == 1
    assert "No mapping of the job's users reads IsSoftDeleted" in " ".join(answered.err.split())
    assert set_to(provisor, "--leavers", "delete").code == 0


@pytest.mark.parametrize(
    ("options", "change"),
    [
        (("--leavers", "delete-after", "--days", "9"), unmapped),
        (("--leavers", "delete-after", "--days", "9"), lambda *given: without(*given, "Update")),
        (("--leavers", "delete-after", "--days", "9"), lambda *given: without(*given, "Delete")),
        (("--leavers", "delete"), lambda *given: without(*given, "Delete")),
    ],
    ids=["delete-after and unmapped", "delete-after without Update", "delete-after without Delete", "delete"],
)
def test_rules_by_which_leavers_could_not_be_treated_so_are_refused(job, provisor, tmp_path, options, change):
    set_to(provisor, *options)

    answered = change(provisor, tmp_path)

    assert answered.code == 1
    assert "leavers cannot be" in " ".join(answered.err.split())
    set_to(provisor, "--leavers", "disable")
    assert change(provisor, tmp_path).code == 0


def test_the_behaviour_entra_takes_the_default_alone(job, provisor):
    set_to(provisor, "--leavers", "nothing")
    refused = set_to(provisor, "--behaviour", "entra")

    both = set_to(provisor, "--behaviour", "entra", "--leavers", "disable")

    assert (refused.code, both.code) == (1, 0)
    assert set_to(provisor, "--leavers", "nothing").code == 1


def test_the_same_again_changes_nothing(job, provisor):
    set_to(provisor, "--leavers", "delete-after", "--days", "30")
    set_to(provisor, "--leavers", "delete-after", "--days", "30")
    set_to(provisor, "--leavers", "delete-after")

    assert len(json.loads(provisor("audit", "--activity", ACTIVITY, "--json").out)) == 1


@pytest.fixture
def reachable(job, provisor, monkeypatch, tmp_path):
    """The application at the other end, in memory; Anna was in scope, and has left."""
    template = gallery.template("ciscoUmbrella")
    target = MemoryTarget(template.user_type, template.group_type)
    monkeypatch.setattr(wiring.StoredConnections, "connect", lambda self, job: target)
    token = tmp_path / "token"
    token.write_text("a-token")
    provisor("job", "credentials", APP, "--url", "http://127.0.0.1:9/scim", "--token-file", token)
    set_to(provisor, "--leavers", "delete-after", "--days", "30")
    provisor("user", "create", "userPrincipalName=anna@x.example", "displayName=Anna", "givenName=A", "surname=B")
    provisor("app", "assign", APP, "--user", "anna@x.example")
    provisor("job", "run", APP)
    provisor("app", "unassign", APP, "--user", "anna@x.example")
    assert provisor("job", "run", APP).code == 0
    return target


def test_who_waits_is_shown_with_the_day(reachable, provisor):
    status = provisor("job", "status", APP).out
    link = provisor("job", "link", "show", APP, "anna@x.example").out

    assert "1 account; the first is due on" in status
    assert "30 days after it was disabled, unless they return." in " ".join(link.split())
    assert json.loads(provisor("job", "link", "show", APP, "anna@x.example", "--json").out)["deletionDateTime"]
    assert json.loads(provisor("job", "status", APP, "--json").out)["leavers"]["awaitingDeletion"] == 1


@pytest.mark.parametrize(
    ("policy", "says"), [("disable", "kept for good"), ("nothing", "kept for good"), ("delete", "by the next cycle")]
)
def test_another_policy_says_what_becomes_of_who_waits(reachable, provisor, policy, says):
    answered = set_to(provisor, "--leavers", policy)
    provisor("job", "run", APP)

    assert f"1 account of leavers that waited to be deleted will be {says.replace('by', 'deleted by')}" in answered.out
    assert (reachable.by_name("user", "anna@x.example") is None) == (policy == "delete")
    assert "To be deleted" not in provisor("job", "status", APP).out
