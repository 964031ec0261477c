"""Every request of a whole scenario, byte by byte: what behaviour entra sends in each of its dialects, and provisor.

The records are in `records/`; WRITE_RECORDS=1 writes them anew, to be read before they are committed. Rows are those
of spec/scim-wire.md section 2, sequences those of its section 2.1. Our own target answers. Order: the scenario, the
records, rows, sequences, the flags.
"""

import asyncio
import itertools
import json
import os
import re
import uuid
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest

from provisor.connectors.scim_client import ScimClient
from provisor.engine.behaviour import behaviour_named
from provisor.engine.ports import Secret
from provisor.rules.graph_json import read_schema
from provisor.runner.asking.examination import examine
from provisor.runner.cycle import run_cycle
from provisor.runner.planning import begin
from provisor.scim.entra import Dialect
from provisor.testing import organisation
from support.wire import recorded_target

RECORDS = Path(__file__).with_name("records")
# The record, the behaviour, the flag in the tenant URL.
SPEAKERS = {
    "entra": ("entra", ""),
    "entra-aadOptscim062020": ("entra", "?aadOptscim062020"),
    "entra-AzureAdScimPatch2017": ("entra", "?AzureAdScimPatch2017"),
    "provisor": ("provisor", ""),
}
GUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")


def scenario(org, target):
    """(What happens, what changes for it in the directory), one cycle each."""
    yield "four people and a group, of whom one has an account already", lambda: None
    yield "nothing changes", lambda: None
    changed = {"displayName": "Anna B", "surname": "B", "department": "R", "mail": "b@x.example", "jobTitle": "Head"}
    yield "a person is changed", lambda: org.change("anna@x.example", **changed)
    yield "a person gets another manager", lambda: org.change("anna@x.example", manager="carl@x.example")
    yield "members come and go", lambda: (org.join("Sales", "carl@x.example"), org.leave("Sales", "bo@x.example"))
    yield "a group is renamed", lambda: org.change("Sales", kind="group", displayName="Selling")
    yield "a person is disabled", lambda: org.change("bo@x.example", accountEnabled=False)
    yield "a person is enabled again", lambda: org.change("bo@x.example", accountEnabled=True)
    yield "a person is unassigned", lambda: org.unassign("dora@x.example")
    yield "a person is deleted for good", lambda: org.purge("bo@x.example")
    yield "a group is unassigned", lambda: org.unassign("Selling", kind="group")


class Recording:
    """One speaker's requests, by what happened, with names for ids."""

    def __init__(self):
        self.steps = {}
        self.headers = Counter()
        self.statuses = Counter()
        self.names = {}

    def keep(self, step, asked, path):
        self.steps[step] = [self._told(one, path) for one in asked]
        for one in asked:
            self.headers.update(f"{name}: {value}" for name, value in one.headers.items())
            self.statuses[one.status] += 1

    def _told(self, one, path):
        first = f"{one.method} {one.address.removeprefix(path)}"
        return "\n".join(filter(None, (self._named(first), self._named(one.body.decode()))))

    def _named(self, text):
        return GUID.sub(lambda found: f"<{self.names.get(found[0], 'nobody')}>", text)

    def text(self):
        parts = [f"## {step}\n\n" + "\n".join(lines or ["(nothing)"]) for step, lines in self.steps.items()]
        return "\n\n".join(parts) + "\n"

    def lines(self, step):
        """Method and address of the requests of a step."""
        return [one.partition("\n")[0] for one in self.steps[step]]

    def body(self, step, number):
        return json.loads(self.steps[step][number].partition("\n")[2])


@pytest.fixture
def record(make_world, tmp_path, monkeypatch):
    """Plays the scenario for one speaker."""
    ids = map(uuid.UUID, (f"00000000-0000-4000-8000-{number:012d}" for number in itertools.count(1)))
    monkeypatch.setattr(organisation, "new_id", lambda: str(next(ids)))
    one_at_once = begin.behaviour_named
    monkeypatch.setattr(begin, "behaviour_named", lambda name: replace(one_at_once(name), requests_at_once=1))

    def play(speaker):
        behaviour, flag = SPEAKERS[speaker]
        return asyncio.run(_play(make_world("scim", behaviour=behaviour), behaviour, flag, tmp_path))

    return play


async def _play(world, behaviour, flag, folder):
    org, recording = world.organisation, Recording()
    async with recorded_target(folder / "target.sqlite", "generic") as target:

        def connect(job):
            known = behaviour_named(behaviour)
            return ScimClient(
                f"{target.url}{flag}",
                Secret(target.token),
                world.template.user_type,
                world.template.group_type,
                dialect=Dialect.CLASSIC if known.default_dialect == "classic" else Dialect.COMPLIANT,
                bears_members=known.unasked_members == "drop",
            )

        client = connect(world.job)
        there = await client.create("user", {"userName": "carl@x.example", "displayName": "Old name"})
        org.user("carl@x.example")
        org.user("bo@x.example")
        org.user("anna@x.example", manager="bo@x.example", department="Research", mail="a@x.example")
        org.user("dora@x.example")
        org.group("Sales", ["anna@x.example", "bo@x.example"])
        org.assign("carl@x.example")
        org.assign("anna@x.example", "bo@x.example", "dora@x.example")
        org.assign("Sales", kind="group")
        recording.names[str(there.resource["id"])] = "carl"
        people = "SELECT id, name FROM object"
        recording.names |= {
            key: f"{name.partition('@')[0]}'s object" for key, name in world.database.reader().all(people)
        }
        for step, change in scenario(org, target):
            change()
            target.asked.clear()
            summary = await run_cycle(world.order(connect=connect), allow_deletes=1_000)
            assert summary.state == "succeeded", (step, summary)
            for object_id, target_id in world.database.reader().all("SELECT object, target_id FROM link"):
                recording.names.setdefault(target_id, recording.names[object_id].partition("'")[0])
            recording.keep(step, target.asked, target.path)
        target.asked.clear()
        rules = read_schema(world.template.rules)
        known = behaviour_named(behaviour)
        await examine(
            client,
            rules,
            os.urandom,
            application="A",
            address="there",
            thorough=known.test_connection == "thorough",
        )
        recording.keep("the connection is tested", target.asked, target.path)
        await client.close()
    return recording


# The records


@pytest.mark.parametrize("speaker", SPEAKERS)
def test_every_request_is_as_recorded(record, speaker):
    recording = record(speaker)

    file = RECORDS / f"{speaker}.txt"
    if os.environ.get("WRITE_RECORDS"):
        file.write_text(recording.text())
    assert recording.text() == file.read_text()


_PLAYED = {}


@pytest.fixture
def played(record):
    """The recording of a speaker, played once for all tests of a process."""

    def recording(speaker):
        if speaker not in _PLAYED:
            _PLAYED[speaker] = record(speaker)
        return _PLAYED[speaker]

    return recording


@pytest.fixture
def entra(played):
    return played("entra")


@pytest.mark.parametrize("speaker", SPEAKERS)
def test_every_request_is_answered_and_signed_in(played, speaker):
    recording = played(speaker)

    said = {name: number for name, number in recording.headers.items() if not name.startswith("authorization")}
    asked = sum(recording.statuses.values())
    assert set(recording.statuses) <= {200, 201, 204}
    assert [name.partition(" ")[0] for name in recording.headers if name not in said] == ["authorization:"]
    assert said["accept: application/scim+json"] == said["user-agent: Provisor"] == asked
    assert said["content-type: application/scim+json"] == sum(one.count("\n") for one in _requests(recording))


def _requests(recording):
    return [one for lines in recording.steps.values() for one in lines]


@pytest.mark.parametrize(("step", "reads"), [("members come and go", 1), ("a person gets another manager", 0)])
def test_provisor_asks_nothing_before_it_writes_a_reference(played, step, reads):
    lines = played("provisor").lines(step)[1:]

    assert sum(one.startswith("GET") for one in lines) == reads  # whoever was taken out has an account still


# Rows of section 2

FIRST, TESTED = "four people and a group, of whom one has an account already", "the connection is tested"
NOBODY = "GET /Users?filter=userName+eq+%22<nobody>%22"


def test_row_1_nobody_is_asked_for_at_the_start_of_every_cycle(entra):
    assert {entra.lines(step)[0] for step in entra.steps} == {NOBODY}


def test_row_2_no_group_is_asked_for_when_the_connection_is_tested(entra):
    no_group = "GET /Groups?excludedAttributes=members&filter=displayName+eq+%22<nobody>%22"

    assert entra.lines(TESTED) == [NOBODY, no_group]


def test_row_4_a_user_is_matched_by_the_name(entra):
    assert "GET /Users?filter=userName+eq+%22anna%40x.example%22" in entra.lines(FIRST)


def test_row_5_a_linked_user_is_read_before_a_change(entra):
    assert entra.lines("a person is changed")[1:] == ["GET /Users/<anna>", "PATCH /Users/<anna>"]


def test_row_6_a_user_is_created(entra):
    created = entra.body(FIRST, entra.lines(FIRST).index("POST /Users") + 1)

    assert created["userName"] == "anna@x.example"
    assert created["meta"] == {"resourceType": "User"}
    assert created["roles"] == []


def test_row_7_a_user_is_changed_one_operation_for_each_attribute(entra):
    operations = entra.body("a person is changed", 2)["Operations"]

    assert [(one["op"], one["path"]) for one in operations] == [
        ("Replace", "name.formatted"),
        ("Replace", "name.familyName"),
        ("Replace", "displayName"),
        ("Add", "title"),
        ("Replace", 'emails[type eq "work"].value'),
        ("Replace", "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:department"),
    ]


@pytest.mark.parametrize(("step", "manager"), [(FIRST, "bo"), ("a person gets another manager", "carl")])
def test_row_8_and_9_a_manager_is_checked_and_then_set(entra, step, manager):
    check = f"GET /Users?filter=id+eq+%22<anna>%22+and+manager+eq+%22<{manager}>%22&attributes=id"

    assert entra.lines(step)[-2:] == [check, "PATCH /Users/<anna>"]


@pytest.mark.parametrize(
    ("step", "who", "value"),
    [
        ("a person is disabled", "bo", "False"),
        ("a person is enabled again", "bo", "True"),
        ("a person is unassigned", "dora", "False"),
    ],
)
def test_row_10_a_person_is_disabled_and_enabled_after_being_read(entra, step, who, value):
    assert entra.lines(step)[1:] == [f"GET /Users/<{who}>", f"PATCH /Users/<{who}>"]
    assert entra.body(step, 2)["Operations"] == [{"op": "Replace", "path": "active", "value": value}]


def test_row_11_a_user_is_deleted_unread(entra):
    assert entra.lines("a person is deleted for good")[1:] == ["DELETE /Users/<bo>"]


def test_row_12_a_group_is_matched_without_its_members(entra):
    assert "GET /Groups?excludedAttributes=members&filter=displayName+eq+%22Sales%22" in entra.lines(FIRST)


@pytest.mark.parametrize("step", ["members come and go", "a group is renamed"])
def test_row_13_a_linked_group_is_read_without_its_members_before_a_change(entra, step):
    of_group = [one for one in entra.lines(step) if "/Groups" in one]

    assert of_group[0] == "GET /Groups/<Sales>?excludedAttributes=members"


def test_row_14_a_group_is_created_without_members(entra):
    created = entra.body(FIRST, entra.lines(FIRST).index("POST /Groups"))

    assert "members" not in created
    assert created["schemas"][1] == "http://schemas.microsoft.com/2006/11/ResourceManagement/ADSCIM/2.0/Group"


def test_row_15_a_group_is_renamed(entra):
    operations = entra.body("a group is renamed", 2)["Operations"]

    assert operations == [{"op": "Replace", "path": "displayName", "value": "Selling"}]


def test_row_16_a_membership_is_checked_before_it_is_added(entra):
    check = "GET /Groups?filter=id+eq+%22<Sales>%22+and+members+eq+%22<carl>%22&attributes=id"

    assert entra.lines("members come and go")[-2:] == [check, "PATCH /Groups/<Sales>"]


def test_row_17_members_are_named_in_the_value(entra):
    step = "members come and go"
    (removed, added) = (entra.body(step, number)["Operations"] for number in (4, 7))

    assert removed == [{"op": "Remove", "path": "members", "value": [{"$ref": None, "value": "<bo>"}]}]
    assert added == [{"op": "Add", "path": "members", "value": [{"$ref": None, "value": "<carl>"}]}]


def test_row_18_a_group_is_deleted(entra):
    assert "DELETE /Groups/<Sales>" in entra.lines("a group is unassigned")


def test_section_2_1_members_of_a_new_group_are_sent_unchecked(entra):
    of_groups = [one.partition("?")[0] for one in entra.lines(FIRST) if "/Groups" in one]

    assert of_groups == ["GET /Groups", "POST /Groups", "PATCH /Groups/<Sales>"]


def test_section_2_what_entra_never_sends_is_never_sent(entra):
    asked = " ".join(one.partition("\n")[0] for one in _requests(entra))

    assert not re.search(r"PUT|Bulk|\.search|sortBy|/Me\b|startIndex|count=", asked)


# Flags, section 4


def test_section_4_the_old_flag_speaks_as_no_flag_does(played):
    assert played("entra-AzureAdScimPatch2017").text() == played("entra").text()


def test_section_4_the_flag_is_not_forwarded_and_changes_no_address(played):
    flagged, plain = played("entra-aadOptscim062020"), played("entra")

    assert {step: flagged.lines(step) for step in flagged.steps} == {step: plain.lines(step) for step in plain.steps}


def test_section_4_the_compliant_flag_merges_simple_replaces_and_sends_booleans(played):
    flagged = played("entra-aadOptscim062020")

    (disabled,) = flagged.body("a person is disabled", 2)["Operations"]
    merged, *apart = flagged.body("a person is changed", 2)["Operations"]
    assert disabled == {"op": "replace", "path": "active", "value": False}
    assert "path" not in merged and len(merged["value"]) == 4
    assert [one["path"] for one in apart] == ["title", 'emails[type eq "work"].value']
    assert flagged.body("members come and go", 4)["Operations"] == [
        {"op": "remove", "path": 'members[value eq "<bo>"]'}
    ]
