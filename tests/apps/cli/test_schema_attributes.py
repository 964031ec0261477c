"""`schema attributes`, `schema operators`, and what a saved change of rules says."""

import json

import pytest

APP = "Generic SCIM 2.0"
BADGE = "urn:ietf:params:scim:schemas:extension:Acme:2.0:User:badge"


@pytest.fixture
def job(provisor):
    """The job of an application, with the mappings of its template."""
    provisor("app", "add", APP)
    provisor("job", "create", APP)
    return APP


def listed(provisor, *options):
    return {
        row["name"]: row for row in json.loads(provisor("schema", "attributes", "list", APP, "--json", *options).out)
    }


def test_an_attribute_is_added_mapped_and_changed(job, provisor):
    added = provisor("schema", "attributes", "add", APP, BADGE, "--type", "integer", "--exact-case")
    mapped = provisor("schema", "map", APP, "employeeId", BADGE)
    changed = provisor("schema", "attributes", "set", APP, BADGE, "--required", "--default", "0", "--any-case")

    assert (added.code, mapped.code, changed.code) == (0, 0, 0)
    assert added.out.startswith("Saved as version 2.")
    row = listed(provisor)[BADGE]
    assert (row["type"], row["required"], row["defaultValue"], row["caseExact"]) == ("Integer", True, "0", False)
    assert row["mappedBy"] == [16]


def test_an_attribute_in_use_stays_and_another_goes(job, provisor):
    refused = provisor("schema", "attributes", "remove", APP, "title")
    gone = provisor("schema", "attributes", "remove", APP, "preferredLanguage")

    assert (refused.code, gone.code) == (1, 0)
    assert "is written by row 4 of the mapping of users" in refused.err
    assert "title" in listed(provisor)
    assert "preferredLanguage" not in listed(provisor)


def test_the_list_of_groups_is_another_one(job, provisor):
    assert set(listed(provisor, "--kind", "group")) == {"id", "displayName", "externalId", "members"}


@pytest.mark.parametrize(
    ("options", "code", "said"),
    [
        (("set", APP, "title"), 1, "Nothing is to be changed."),
        (("set", APP, "titel", "--required"), 1, "The nearest one is title."),
        (("set", APP, "title", "--type", "text"), 2, "'text' is not one of"),
        (("add", APP, "foo"), 1, "A custom attribute is named urn:ietf:params:scim:schemas:extension:<Name>"),
        (("add", APP, "TITLE"), 1, "is listed already"),
        (("add", "nobody's", BADGE), 1, "nobody's"),
    ],
)
def test_what_cannot_be_is_refused_with_what_to_do(job, provisor, options, code, said):
    answered = provisor("schema", "attributes", *options)

    assert answered.code == code
    assert said in answered.err


def test_operators_are_listed_as_graph_tells_them(provisor):
    found = json.loads(provisor("schema", "operators", "--json").out)["value"]

    assert [one["name"] for one in found][:2] == ["EQUALS", "NOT EQUALS"]
    assert "Greater_Than" in provisor("schema", "operators").out


def test_discovery_without_credentials_says_what_is_missing(job, provisor):
    answered = provisor("schema", "discover", APP)

    assert answered.code == 1
    assert "no credentials" in answered.err
