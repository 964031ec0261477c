"""Queries over every kind: what a kind lacks has no value there (RFC 7644 section 3.4.2.1)."""

import pytest

BOTH_STORES = True


@pytest.fixture
def mixed(scim):
    scim.user("ana", displayName="M")
    scim.user("bo", active=False)
    scim.group("Zoo", members=[scim.user("cy", displayName="b")["id"]])
    scim.group("Art")
    return scim


@pytest.mark.parametrize(
    ("filter_", "names"),
    [
        ('userName eq "ana"', "ana"),
        ('userName eq "ana" or displayName eq "zoo"', "ana Zoo"),
        ("not (userName pr)", "Zoo Art"),
        ("userName eq null", "Zoo Art"),
        ('userName ne "ana"', "bo cy Zoo Art"),
        ("members pr", "Zoo"),
        ("members pr or active eq false", "bo Zoo"),
        ("members pr and active eq false", ""),
        ('urn:ietf:params:scim:schemas:core:2.0:Group:displayName eq "art"', "Art"),
        ('meta.resourceType eq "Group"', "Zoo Art"),
        ("title pr", ""),
    ],
)
def test_what_a_kind_lacks_is_absent(mixed, filter_, names):
    for found in (mixed.get("/", filter=filter_).json, mixed.get("/", filter=filter_, cursor="").json):
        shown = [item.get("userName") or item["displayName"] for item in found["Resources"]]
        assert shown == names.split()


@pytest.mark.parametrize("filter_", ["nope pr", "active gt true", 'userName pr and nope eq "x"'])
def test_what_no_kind_has_is_refused(mixed, filter_):
    assert mixed.get("/", filter=filter_).json["scimType"] == "invalidFilter"


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ({"sortBy": "displayName"}, "Art cy ana Zoo bo"),
        ({"sortBy": "displayName", "sortOrder": "descending"}, "bo Zoo ana cy Art"),
        ({"sortBy": "displayName", "startIndex": 2, "count": 2}, "cy ana"),
        ({"sortBy": "userName", "count": 4}, "ana bo cy Zoo"),
        ({"sortBy": "meta.created"}, "ana bo cy Zoo Art"),
        ({"sortBy": "displayName", "filter": "members pr or displayName pr"}, "Art cy ana Zoo"),
    ],
    ids=str,
)
def test_every_kind_is_sorted_in_one_order(mixed, query, names):
    found = mixed.get("/", **query)

    assert [item.get("userName") or item["displayName"] for item in found.resources] == names.split()
    assert found.json["totalResults"] == (4 if "filter" in query else 5)


def test_sorted_pages_by_cursor_hold_every_kind_once(mixed):
    names, cursor = [], ""
    while cursor is not None:
        found = mixed.get("/", sortBy="displayName", count=2, cursor=cursor).json
        names += [item.get("userName") or item["displayName"] for item in found["Resources"]]
        cursor = found.get("nextCursor")

    assert names == ["Art", "cy", "ana", "Zoo", "bo"]


def test_a_far_sorted_page_of_every_kind_is_refused(mixed):
    assert mixed.get("/", sortBy="displayName", startIndex=10_000).json["scimType"] == "tooMany"
