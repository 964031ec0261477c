"""Paging by cursor (RFC 9865): every result once whatever changes meanwhile, and cursors nobody can make up."""

import pytest

BOTH_STORES = True
USERS = [f"user-{number:02}" for number in range(25)]


@pytest.fixture
def client(scim_generic):
    for number, name in enumerate(USERS):
        scim_generic.user(name, displayName=f"Name {number % 7}", title="even" if number % 2 == 0 else "odd")
    return scim_generic


def walk(client, path="/Users", **query):
    pages, cursor = [], ""
    while True:
        answer = client.get(path, cursor=cursor, **query)
        assert answer.status == 200, answer
        pages.append(answer.json)
        cursor = answer.json.get("nextCursor")
        if cursor is None:
            return pages


def names(pages):
    return [user["userName"] for page in pages for user in page["Resources"]]


def test_every_user_comes_once(client):
    pages = walk(client, count=10)

    assert names(pages) == USERS
    assert [page["itemsPerPage"] for page in pages] == [10, 10, 5]
    assert {page["totalResults"] for page in pages} == {25}


def test_the_first_page_has_no_previous_and_the_last_no_next_cursor(client):
    first, *_, last = walk(client, count=10)

    assert ("previousCursor" in first, "nextCursor" in last) == (False, False)
    assert "startIndex" not in first


def test_previous_cursors_lead_back(client):
    first, second, third = walk(client, count=10)

    back = client.get("/Users", cursor=third["previousCursor"], count=10).json
    further = client.get("/Users", cursor=back["previousCursor"], count=10).json

    assert back["Resources"] == second["Resources"]
    assert further["Resources"] == first["Resources"]
    assert "previousCursor" not in further
    assert client.get("/Users", cursor=further["nextCursor"], count=10).json["Resources"] == second["Resources"]


def test_a_page_full_to_the_last_user_has_no_next_cursor(client):
    assert [page["itemsPerPage"] for page in walk(client, count=5)] == [5] * 5


def test_deletions_and_creations_meanwhile_neither_skip_nor_repeat_anybody(client):
    first = client.get("/Users", cursor="", count=10).json
    for user in first["Resources"][:5]:
        client.delete(f"/Users/{user['id']}")
    client.user("late")

    second = client.get("/Users", cursor=first["nextCursor"], count=10).json

    assert names([second]) == USERS[10:20]


@pytest.mark.parametrize(
    ("filter_", "expected"),
    [
        ('userName sw "user-1"', USERS[10:20]),
        ('userName eq "user-03"', USERS[3:4]),
        ('title eq "odd"', USERS[1::2]),
        ('userName eq "nobody"', []),
    ],
)
def test_a_filter_is_paged(client, filter_, expected):
    assert names(walk(client, filter=filter_, count=3)) == expected


@pytest.mark.parametrize("sort_by", ["displayName", "title", "userName"])
@pytest.mark.parametrize("order", ["ascending", "descending"])
def test_sorted_pages_follow_the_order(client, sort_by, order):
    whole = client.get("/Users", sortBy=sort_by, sortOrder=order).json["Resources"]

    pages = walk(client, sortBy=sort_by, sortOrder=order, count=10)

    assert [user for page in pages for user in page["Resources"]] == whole
    back = client.get("/Users", cursor=pages[2]["previousCursor"], sortBy=sort_by, sortOrder=order, count=10).json
    assert back["Resources"] == pages[1]["Resources"]


def test_the_root_is_paged_over_every_kind(client):
    for number in range(4):
        client.group(f"group-{number}")

    pages = walk(client, "/", count=10)

    kinds = [resource["meta"]["resourceType"] for page in pages for resource in page["Resources"]]
    assert kinds == ["User"] * 25 + ["Group"] * 4
    assert pages[-1]["totalResults"] == 29


def test_a_search_request_takes_a_cursor(client):
    body = {"schemas": ["urn:ietf:params:scim:api:messages:2.0:SearchRequest"], "cursor": "", "count": 20}
    first = client.post("/Users/.search", body).json

    second = client.post("/Users/.search", {**body, "cursor": first["nextCursor"]}).json

    assert names([first, second]) == USERS


def test_a_parameter_without_a_value_is_the_first_page(client):
    answer = client.request("GET", "/Users", query="cursor&count=10")

    assert names([answer.json]) == USERS[:10]


def test_count_0_tells_the_total_only(client):
    answer = client.get("/Users", cursor="", count=0).json

    assert (answer["totalResults"], answer["Resources"]) == (25, [])
    assert "nextCursor" not in answer


def test_a_cursor_holds_unreserved_characters_only(client):
    cursor = client.get("/Users", cursor="", count=2).json["nextCursor"]

    assert cursor.replace("-", "").replace("_", "").isalnum()


def test_without_a_cursor_pages_go_by_index(client):
    answer = client.get("/Users", count=2).json

    assert answer["startIndex"] == 1
    assert "nextCursor" not in answer


@pytest.mark.parametrize("cursor", ["x", "%%%", "é", "A" * 34, "A" * 10_000, "\0"])
def test_a_cursor_that_is_none_is_refused(client, cursor):
    answer = client.get("/Users", cursor=cursor)

    assert (answer.status, answer.json["scimType"]) == (400, "invalidCursor")


def test_a_cursor_belongs_to_its_query_and_its_tenant(client, make_target):
    cursor = client.get("/Users", cursor="", count=2).json["nextCursor"]
    other = make_target("generic").client

    for asked, who in [({"filter": "id pr"}, client), ({}, other), ({"sortBy": "title"}, client)]:
        answer = who.get("/Users", cursor=cursor, count=2, **asked)
        assert (answer.status, answer.json["scimType"]) == (400, "invalidCursor")
    assert client.get("/Groups", cursor=cursor, count=2).json["scimType"] == "invalidCursor"


def test_another_count_than_at_first_is_refused(client):
    cursor = client.get("/Users", cursor="", count=2).json["nextCursor"]

    answer = client.get("/Users", cursor=cursor, count=3)

    assert (answer.status, answer.json["scimType"]) == (400, "invalidCount")


def test_a_count_that_is_no_number_is_refused(client):
    answer = client.get("/Users", cursor="", count="many")

    assert (answer.status, answer.json["scimType"]) == (400, "invalidCount")


def test_an_old_cursor_is_expired(client, monkeypatch):
    cursor = client.get("/Users", cursor="", count=2).json["nextCursor"]
    monkeypatch.setattr("provisor.provider.query.cursors.CURSOR_SECONDS", -1)

    answer = client.get("/Users", cursor=cursor, count=2)

    assert (answer.status, answer.json["scimType"]) == (400, "expiredCursor")


def test_the_service_provider_config_tells_of_both_ways(client):
    assert client.get("/ServiceProviderConfig").json["pagination"] == {
        "cursor": True,
        "index": True,
        "defaultPaginationMethod": "index",
        "defaultPageSize": 200,
        "maxPageSize": 200,
        "cursorTimeout": 3600,
    }


def test_a_page_of_very_large_groups_goes_on_in_the_next(scim, monkeypatch):
    monkeypatch.setattr("provisor.provider.query.reader.AT_ONCE", 2)
    monkeypatch.setattr("provisor.provider.query.reader.PAGE_MEMBERS", 3)
    users = [scim.user(f"u{number}")["id"] for number in range(2)]
    for number in range(5):
        scim.group(f"g{number}", members=users)

    pages = walk(scim, "/Groups", count=5)

    assert [group["displayName"] for page in pages for group in page["Resources"]] == [f"g{n}" for n in range(5)]
    assert len(pages) == 3


def test_a_filter_over_very_many_documents_goes_on_in_the_next_page(client, monkeypatch):
    monkeypatch.setattr("provisor.provider.query.cursors.SCAN_LIMIT", 4)

    pages = walk(client, filter='title eq "odd"', count=3)

    assert names(pages) == USERS[1::2]
    assert len(pages) > 4


def test_a_cursor_with_any_character_changed_is_refused(client):
    cursor = client.get("/Users", cursor="", count=2).json["nextCursor"]

    for at, character in enumerate(cursor[:-1]):  # of the last one, four bits stand for nothing
        forged = f"{cursor[:at]}{'B' if character != 'B' else 'C'}{cursor[at + 1 :]}"
        assert client.get("/Users", cursor=forged, count=2).json["scimType"] == "invalidCursor"
