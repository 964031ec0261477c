"""What a job's lists are asked for: who is held, who failed, whose link, which plan is being made."""

import os
from threading import Event

import pytest

from provisor.admin.actor import LOCAL_OPERATOR as ME
from provisor.admin.bundle import Admin
from provisor.admin.context import Context
from provisor.admin.errors import AdminError
from provisor.gallery import template
from provisor.storage.secrets import load_key
from provisor.testing.memory_target import MemoryTarget

APP = "Cisco Umbrella User Management"


@pytest.fixture
def target():
    found = template("ciscoUmbrella")
    return MemoryTarget(found.user_type, found.group_type)


@pytest.fixture
def verbs(database, tenant, tmp_path, clock, target):
    admin = Admin(
        Context(
            database=database,
            tenant=tenant,
            now=clock,
            random_bytes=os.urandom,
            load_key=lambda: load_key(tmp_path / "secret.key"),
            problem_with_credentials=lambda url, token: None,
            connect=lambda job: target,
        )
    )
    admin.applications.add(ME, APP)
    admin.jobs.create(ME, APP)
    admin.jobs.save_credentials(ME, APP, url="http://127.0.0.1/scim", token="t" * 20)
    for name in ("anna", "bo", "carl"):
        admin.users.create(ME, {"userPrincipalName": f"{name}@x.example", "displayName": name.capitalize()})
    admin.applications.assign(ME, APP, users=["anna@x.example", "bo@x.example", "carl@x.example"])
    admin.cycles.run(ME, APP)
    return admin


def held(verbs, *names):
    verbs.jobs.settings(ME, APP, deletion_threshold=1)
    for name in names:
        verbs.users.set_enabled(ME, f"{name}@x.example", enabled=False)
    verbs.cycles.run(ME, APP)


def test_a_link_tells_what_was_written(verbs):
    link = verbs.links.shown_whole(ME, APP, "anna@x.example")

    assert ("displayName", "Anna") in link.attributes
    assert link.certain


def test_what_a_redacted_mapping_wrote_is_hidden_in_a_link(verbs):
    read = {"type": "Attribute", "name": "displayName", "expression": "[displayName]"}
    source = {
        "type": "Function",
        "name": "Redact",
        "expression": "Redact([displayName])",
        "parameters": [{"key": "value", "value": read}],
    }
    rules = verbs.schemas.export(ME, APP)
    for mapping in rules["synchronizationRules"][0]["objectMappings"]:
        for row in mapping["attributeMappings"]:
            if mapping["sourceObjectName"] == "User" and row["targetAttributeName"] == "displayName":
                row["source"] = source
    verbs.schemas.save(ME, APP, rules)
    verbs.cycles.run(ME, APP)

    assert ("displayName", "[Redact]") in verbs.links.shown_whole(ME, APP, "anna@x.example").attributes


def test_leavers_come_in_the_order_of_their_day_a_page_at_a_time(verbs, clock):
    verbs.jobs.settings(ME, APP, leavers="delete-after", leavers_days=30)
    for name in ("carl", "anna"):
        verbs.applications.unassign(ME, APP, users=[f"{name}@x.example"])
        verbs.cycles.run(ME, APP)
        clock.move(days=1)

    (first,) = verbs.links.leavers(ME, APP, limit=1)
    (second,) = verbs.links.leavers(ME, APP, after=first.place)

    assert (first.name, second.name) == ("carl@x.example", "anna@x.example")
    assert (second.deletion.on - second.disabled_at).days == 30


def test_who_is_held_is_found_by_name(verbs):
    held(verbs, "anna", "bo")

    assert [one.name for one in verbs.deletions.entries(ME, APP, search="BO@")] == ["bo@x.example"]


def test_more_than_were_shown_are_not_allowed(verbs):
    held(verbs, "anna", "bo")

    with pytest.raises(AdminError) as refused:
        verbs.deletions.allow(ME, APP, shown=1)

    assert refused.value.code == "held-meanwhile"
    assert verbs.deletions.allow(ME, APP, shown=2) == 2


def test_a_plan_says_what_came_since(verbs):
    made = verbs.plans.make(ME, APP)
    verbs.users.set(ME, "anna@x.example", {"displayName": "Anna Berg"})
    verbs.schemas.map(ME, APP, "user", source="mail", target="displayName")

    later = verbs.plans.show(ME, made.stored.number)

    assert (made.changes, made.new_rules) == (0, False)
    assert (later.changes, later.new_rules) == (1, True)


def test_causes_of_a_plan_are_told_by_the_first_of_them(verbs):
    for name in ("x", "y", "z"):
        verbs.users.create(ME, {"userPrincipalName": f"{name}@x.example"})
    number = verbs.plans.make(ME, APP).stored.number

    every, some = (verbs.plans.causes(ME, number, most=most)[1] for most in (None, 2))

    assert [cause.number for cause in every] == [3]
    assert [cause.number for cause in some] == [2]


def test_the_plan_that_is_being_made_is_known_until_it_is_there(verbs, target):
    go_on = Event()
    target.hearing = lambda request: go_on.wait(30)
    verbs.jobs.restart(ME, APP)

    asked = verbs.plan_making.ask(ME, APP)

    assert verbs.plan_making.under_way(ME, APP).id == asked.id
    go_on.set()
    while verbs.plan_making.look(ME, asked.id).state == "running":
        Event().wait(0.01)
    assert verbs.plan_making.under_way(ME, APP) is None
