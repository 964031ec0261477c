"""*Test connection* asks for all that a cycle will ask, by the rules of the job."""

import asyncio
from dataclasses import replace

import pytest

from provisor.engine.ports import Malformed, Rejected, Throttled, Unauthorized
from provisor.gallery import template
from provisor.rules.graph_json import read_schema
from provisor.runner.asking.examination import examine
from provisor.testing.memory_target import MemoryTarget

UMBRELLA = template("ciscoUmbrella")


@pytest.fixture
def ruleset():
    return read_schema(UMBRELLA.rules)


@pytest.fixture
def target():
    return MemoryTarget(UMBRELLA.user_type, UMBRELLA.group_type)


def matched_by(rules, *paths):
    """The rules of one kind of object, matched by these attributes in this order."""
    mappings = [
        replace(row, matching_priority=paths.index(row.target) + 1 if row.target in paths else 0)
        for row in rules.mappings
    ]
    return replace(rules, mappings=tuple(mappings))


def examined(target, ruleset, *, thorough=True):
    return asyncio.run(
        examine(target, ruleset, lambda count: bytes(count), application="Umbrella", address="there", thorough=thorough)
    )


def test_every_matching_attribute_is_filtered_by_in_its_order(target, ruleset):
    ruleset = replace(ruleset, users=matched_by(ruleset.users, "externalId", "userName"))

    whats = [check.what for check in examined(target, ruleset).checks]

    assert whats[:4] == [
        "authentication",
        "filter users by externalId",
        "filter users by userName",
        "filter groups by displayName",
    ]


def test_section_14_entra_filters_by_the_first_matching_attribute_alone(target, ruleset):
    ruleset = replace(ruleset, users=matched_by(ruleset.users, "externalId", "userName"))

    examined(target, ruleset, thorough=False)

    assert [(request.method, request.kind) for request in target.journal] == [("GET", "user"), ("GET", "group")]


def test_an_attribute_that_cannot_be_filtered_by_is_named(ruleset):
    target = MemoryTarget(UMBRELLA.user_type, UMBRELLA.group_type, filterable={"user": ["userName"]})
    ruleset = replace(ruleset, users=matched_by(ruleset.users, "userName", "externalId"))

    found = examined(target, ruleset)

    assert [(check.what, check.finding) for check in found.checks][-1] == ("filter users by externalId", "failed")
    assert found.failure is not None


@pytest.mark.parametrize("thorough", [True, False])
def test_without_groups_in_the_rules_no_group_is_asked_for(target, ruleset, thorough):
    ruleset = replace(ruleset, groups=replace(ruleset.groups, enabled=False))

    found = examined(target, ruleset, thorough=thorough)

    assert {request.kind for request in target.journal} == {"user"}
    assert not [check for check in found.checks if "group" in check.what]


ERRORS = {
    "refused": Unauthorized("no"),
    "not SCIM": Malformed("no"),
    "forbidden": Rejected("no", status=403),
    "asked to wait": None,
}


@pytest.mark.parametrize("error", ERRORS.values(), ids=ERRORS)
@pytest.mark.parametrize("kind", ["user", "group"])
def test_what_a_filter_comes_to_ends_the_test_and_is_the_last_check(target, ruleset, now, error, kind):
    async def fails(find, asked, path, value):
        if asked == kind:
            raise error or Throttled("later", until=now)
        return await find(asked, path, value)

    target.behave("find", fails)

    examination = examined(target, ruleset)

    last = examination.checks[-1]
    assert examination.failure is not None
    assert last.finding == "failed"
    assert last.what in (f"filter {kind}s by {'userName' if kind == 'user' else 'displayName'}", "authentication")
    assert "patch" not in {request.method for request in target.journal}


def test_nothing_is_written_whatever_is_examined(target, ruleset):
    examined(target, ruleset)

    assert {request.method for request in target.journal} == {"GET"}
