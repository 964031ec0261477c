"""`app rename` and `app set`: what an application is called, and what Entra's portal calls its properties."""

import json

import pytest

from provisor import gallery, wiring
from provisor.testing.memory_target import MemoryTarget

APP = "Cisco Umbrella User Management"
ANNA = "anna@x.example"


@pytest.fixture
def added(provisor):
    provisor("app", "add", APP)
    return provisor


def shown(provisor, name=APP):
    return json.loads(provisor("app", "show", name, "--json").out)


def test_a_renamed_application_is_found_by_its_new_name(added):
    before = shown(added)

    answered = added("app", "rename", APP, "Umbrella of Fjord")

    assert (answered.code, answered.out) == (0, f"{APP} is called Umbrella of Fjord.\n")
    assert shown(added, "Umbrella of Fjord") == before | {"displayName": "Umbrella of Fjord"}
    assert added("app", "show", APP).code == 1


def test_a_name_that_another_application_has_is_refused(added):
    added("app", "add", APP, "--name", "Another")

    answered = added("app", "rename", APP, "Another")

    assert answered.code == 1
    assert "already called Another" in answered.err


def test_a_rename_to_the_same_name_changes_nothing(added):
    assert added("app", "rename", APP, APP).code == 0
    assert "Update service principal" not in added("audit", "list").out


PROPERTIES = {
    ("--disable",): {"accountEnabled": False},
    ("--no-assignment-required",): {"appRoleAssignmentRequired": False},
    ("--notes", "Ask Anna"): {"notes": "Ask Anna"},
    ("--notes", ""): {"notes": None},
    ("--tag", "a", "--tag", "b", "--tag", "a"): {"tags": ["a", "b"]},
    ("--disable", "--notes", "x"): {"accountEnabled": False, "notes": "x"},
}


@pytest.mark.parametrize("options", PROPERTIES, ids=" ".join)
def test_a_property_is_set_and_the_others_stay(added, options):
    before = shown(added)

    assert added("app", "set", APP, *options).code == 0
    assert shown(added) == before | PROPERTIES[options]


def test_what_is_set_back_is_as_before(added):
    before = shown(added)
    added("app", "set", APP, "--disable", "--no-assignment-required")

    added("app", "set", APP, "--enable", "--assignment-required")

    assert shown(added) == before


def test_nothing_to_set_is_wrong_usage(added):
    assert added("app", "set", APP).code == 2


def test_all_three_ids_and_the_properties_are_shown(added):
    added("app", "set", APP, "--disable", "--notes", "Ask Anna")
    found = shown(added)

    said = added("app", "show", APP).out

    for text in (found["id"], found["appId"], found["objectId"], "disabled", "required", "Ask Anna"):
        assert text in said
    assert json.loads(added("app", "list", "--json").out) == [found]


def test_the_gallery_tells_the_id_that_graph_uses(provisor):
    found = json.loads(provisor("app", "gallery", "--json").out)

    assert found[1]["galleryId"] == "8adf8e6e-67b2-4cf2-a259-e3dc5476c621"
    assert provisor("app", "add", found[1]["galleryId"]).out.startswith("Added Generic SCIM 2.0")


@pytest.fixture
def job(added, monkeypatch, tmp_path):
    """A job that Anna is in scope of, and its target."""
    template = gallery.template("ciscoUmbrella")
    target = MemoryTarget(template.user_type, template.group_type)
    monkeypatch.setattr(wiring.StoredConnections, "connect", lambda self, job: target)
    (tmp_path / "token").write_text("a-secret-token")
    added("user", "create", f"userPrincipalName={ANNA}", "displayName=Anna")
    added("app", "assign", APP, "--user", ANNA)
    added("job", "create", APP)
    added("job", "credentials", APP, "--url", "http://127.0.0.1:9/scim", "--token-file", tmp_path / "token")
    return target


def test_events_keep_the_name_that_the_application_had(added, job):
    added("job", "run", APP)

    added("app", "rename", APP, "Umbrella of Fjord")
    added("user", "set", ANNA, "displayName=Anna Berg")
    added("job", "run", "Umbrella of Fjord")

    events = json.loads(added("log", "list", "--json").out)
    told = {each["provisioningAction"]: each["servicePrincipal"]["displayName"] for each in events}
    assert told == {"create": APP, "update": "Umbrella of Fjord"}


def test_an_application_that_nobody_may_sign_in_to_is_provisioned_all_the_same(added, job):
    added("app", "set", APP, "--disable", "--no-assignment-required")

    added("job", "run", APP)

    assert job.by_name("user", ANNA)["active"] is True
