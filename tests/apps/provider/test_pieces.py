"""Long groups are read, kept and sent in pieces; nobody can tell from the answer."""

import asyncio
import http.client
import json
from urllib.parse import urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from provisor.provider.query.chunks import enclosed, encoded

BOTH_STORES = True
BULK = "urn:ietf:params:scim:api:messages:2.0:BulkRequest"
TEXTS = st.one_of(st.text(max_size=5), st.lists(st.text(max_size=5).map(str.encode), max_size=4))


def whole(text):
    return text if isinstance(text, str) else b"".join(text).decode()


@given(st.lists(TEXTS, max_size=5))
def test_pieces_put_together_are_the_text(texts):
    answer = b"".join(encoded(enclosed("<", texts, ">"))).decode()

    assert answer == f"<{','.join(map(whole, texts))}>"


@pytest.fixture
def of_four(monkeypatch):
    """Four members are many."""
    monkeypatch.setattr("provisor.provider.query.reader.AT_ONCE", 4)


@pytest.fixture
def filled(umbrella, of_four):
    """Groups of all lengths around one and two pieces."""
    scim = umbrella.client
    ids = [scim.user(f"user{number}")["id"] for number in range(9)]
    groups = {count: scim.group(f"Group of {count} é", members=ids[:count])["id"] for count in (0, 3, 4, 5, 8, 9)}
    return scim, {group: sorted(ids[:count]) for count, group in groups.items()}


def members(group):
    return sorted(member["value"] for member in group.get("members", []))


def test_one_group_has_all_its_members(filled):
    scim, groups = filled

    for group, expected in groups.items():
        answer = scim.get(f"/Groups/{group}")
        assert members(answer.json) == expected
        assert answer.headers["content-length"] == str(len(answer.body))


@pytest.mark.parametrize("query", [{}, {"cursor": ""}, {"sortBy": "displayName"}], ids=["page", "cursor", "sorted"])
def test_a_list_has_all_members_of_every_group(filled, query):
    scim, groups = filled

    answer = scim.get("/Groups", **query)

    assert {group["id"]: members(group) for group in answer.resources} == groups


def test_a_long_group_is_cut_down_to_what_was_asked_for(filled):
    scim, groups = filled
    longest = max(groups, key=lambda group: len(groups[group]))

    answer = scim.get(f"/Groups/{longest}", attributes="members.value").json

    assert members(answer) == groups[longest]
    assert "displayName" not in answer


def test_who_asks_for_small_groups_does_not_wait_for_who_reads_a_large_one(filled):
    scim, _ = filled
    server = scim.send.__self__

    async def ask():
        async with server.target._reader._snapshot_free:  # as while a large one is read
            given = {"Authorization": f"Bearer {scim.token}"}
            return await asyncio.wait_for(server.answer("GET", f"{scim.base}/Groups", "count=2", given, b""), 5)

    assert len(server.runner.run(ask()).resources) == 2


@pytest.mark.slow
def test_a_long_group_comes_whole_over_http_and_the_connection_goes_on(serve):
    process = serve()
    client = process.client()
    people = [
        {"method": "POST", "path": "/Users", "bulkId": f"{number}", "data": {"userName": f"user{number}"}}
        for number in range(600)
    ]
    everybody = [{"value": f"bulkId:{number}"} for number in range(600)]
    group = {"method": "POST", "path": "/Groups", "bulkId": "g", "data": {"displayName": "All", "members": everybody}}
    done = client.post("/Bulk", {"schemas": [BULK], "Operations": [*people, group]}).json["Operations"]
    address = urlsplit(done[-1]["location"])
    connection = http.client.HTTPConnection(address.hostname, address.port, timeout=10)
    headers = {"Authorization": f"Bearer {client.token}"}

    found = []
    for method in ("GET", "HEAD", "GET"):
        connection.request(method, address.path, headers=headers)
        answer = connection.getresponse()
        found.append((answer.headers["content-length"], answer.read()))

    assert len(json.loads(found[0][1])["members"]) == 600
    assert found[1] == (found[0][0], b"")
    assert found[2] == found[0]
