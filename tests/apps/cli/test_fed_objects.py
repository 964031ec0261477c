"""What the command line says of users and groups that a connected source has."""

import json
from datetime import UTC, datetime

import pytest

from provisor.database import open_database
from provisor.storage import directory_verbs, tenants
from support.mastered import FedObjects

NOW = datetime(2026, 3, 1, 8, 0, tzinfo=UTC)
GIVEN = {"user": {"userPrincipalName": "anna@x"}, "group": {"displayName": "Staff"}}
NAMES = {"user": "anna@x", "group": "Staff"}


@pytest.fixture
def fed(provisor, tmp_path):
    """Feeds the user anna@x and the group Staff; returns the anchor."""
    for noun, given in GIVEN.items():
        provisor(noun, "create", *(f"{name}={value}" for name, value in given.items()))

    def feed(noun="user", presence="here"):
        database = open_database(f"sqlite:///{tmp_path}/data/provisor.sqlite")
        tenant = tenants.only(database.reader())
        made = FedObjects(database, tenant, NOW)
        made.connect("Head office", ended_at=NOW)
        item = directory_verbs.find(database.reader(), tenant, noun, NAMES[noun])
        anchor = made.feed("Head office", item, GIVEN[noun], presence=presence)
        database.close()
        return anchor

    return feed


@pytest.mark.parametrize(("noun", "said"), [("user", "userPrincipalName, manager"), ("group", "displayName, members")])
def test_show_tells_where_an_object_came_from(provisor, fed, noun, said):
    anchor = fed(noun)

    out = " ".join(provisor(noun, "show", NAMES[noun]).out.split())

    assert f"From Head office Active Directory, as {anchor}; last read 2026-03-01 08:00 UTC" in out
    assert f"Said by Head office {said}" in out


def test_show_tells_other_programs_the_same(provisor, fed):
    anchor = fed()

    assert json.loads(provisor("user", "show", "anna@x", "--json").out)["sources"] == [
        {"name": "Head office", "kind": "active-directory", "anchor": anchor, "precedence": 100, "present": True,
         "attributes": ["userPrincipalName", "manager"], "seenDateTime": "2026-03-01T08:00:00Z"}
    ]  # fmt: skip


def test_show_says_nothing_of_sources_where_there_are_none(provisor):
    provisor("user", "create", "userPrincipalName=anna@x")

    assert "From " not in provisor("user", "show", "anna@x").out
    assert "sources" not in json.loads(provisor("user", "show", "anna@x", "--json").out)


def test_show_tells_since_when_a_source_has_it_no_more(provisor, fed):
    fed(presence="gone")

    out = " ".join(provisor("user", "show", "anna@x").out.split())

    assert "not there since 2026-03-01 08:00 UTC" in out
    assert "Said by Head office nothing" in out


@pytest.mark.parametrize(
    ("noun", "command"),
    [("user", ("user", "set", "anna@x", "userPrincipalName=b@x")),      ("user", ("user", "delete", "anna@x")), ("user", ("user", "purge", "anna@x")),
     ("group", ("member", "add", "Staff", "anna@x")), ("group", ("group", "delete", "Staff"))],
    ids=lambda value: value if isinstance(value, str) else " ".join(value[:2]),
)  # fmt: skip
def test_a_command_that_a_source_forbids_names_it_and_says_what_to_do(provisor, fed, noun, command):
    fed(noun)

    answered = provisor(*command)

    assert (answered.code, answered.out) == (1, "")
    assert "the source Head office" in answered.err
    assert "next run of Head office" in answered.err
