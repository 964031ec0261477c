"""Several entries where one was asked for, and members that were excluded (spec/provisioning-service.md section 4)."""

import pytest

from provisor.engine.outcome import failure_from
from provisor.engine.ports import Rejected
from support.prepared_answers import answering, reply

CODE = "SystemForCrossDomainIdentityManagementMultipleEntriesInResponse"
GROUP = {"id": "g-1", "displayName": "Sales"}
FULL = {**GROUP, "members": [{"value": "u-1"}]}
ODD = {**GROUP, "Members": [{"value": "u-1"}]}


def listed(*resources):
    return {"totalResults": len(resources), "Resources": list(resources)}


ASKING = {
    "read": (lambda client: client.read("group", "g-1"), lambda group: group),
    "find": (lambda client: client.find("group", "displayName", "Sales"), listed),
    "page": (lambda client: client.page("group", 1, 10), listed),
}


def code_of(error):
    return failure_from(error, application="Umbrella", verb="look up", who="Sales").code


@pytest.mark.parametrize("bears_members", [True, False])
async def test_section_4_several_entries_for_an_id_are_told_apart_from_nonsense(bears_members):
    several = listed({"id": "u-1", "userName": "a"}, {"id": "u-2", "userName": "b"})
    async with answering(reply(body=several), bears_members=bears_members) as (client, _):
        with pytest.raises(Rejected) as refused:
            await client.read("user", "u-1")

    assert code_of(refused.value) == CODE


@pytest.mark.parametrize("group", [FULL, ODD], ids=["members", "Members"])
@pytest.mark.parametrize("asking", ASKING)
async def test_section_4_members_although_excluded_are_refused_where_that_is_not_borne(asking, group):
    ask, body = ASKING[asking]
    async with answering(reply(body=body(group)), bears_members=False) as (client, _):
        with pytest.raises(Rejected) as refused:
            await ask(client)

    assert code_of(refused.value) == CODE
    assert "members, which were excluded" in str(refused.value)


@pytest.mark.parametrize("asking", ASKING)
async def test_section_4_members_although_excluded_are_dropped_where_that_is_borne(asking):
    ask, body = ASKING[asking]
    async with answering(reply(body=body(FULL))) as (client, _):
        answer = await ask(client)

    (group,) = [answer.resource] if asking == "read" else answer.resources
    assert "members" not in group


@pytest.mark.parametrize("asking", ASKING)
@pytest.mark.parametrize("members", [[], None])
async def test_section_4_no_members_are_none_too_many(asking, members):
    ask, body = ASKING[asking]
    async with answering(reply(body=body({**GROUP, "members": members})), bears_members=False) as (client, _):
        await ask(client)


async def test_section_4_a_change_that_is_answered_with_members_is_done():
    async with answering(reply(body=FULL), bears_members=False) as (client, _):
        answer = await client.patch_members("g-1", ["u-1"], [])

    assert answer.exchange.status == 200


REFERENCES = {
    "manager": ("user", "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:manager", "/Users", "manager"),
    "members": ("group", "members", "/Groups", "members"),
}


@pytest.mark.parametrize(("kind", "path", "endpoint", "name"), REFERENCES.values(), ids=REFERENCES)
@pytest.mark.parametrize(
    ("found", "there"), [([{"id": "x-1"}], True), ([{"id": "X-1"}], True), ([{"id": "x-2"}], False), ([], False)]
)
async def test_rows_8_and_16_a_reference_is_there_when_its_owner_comes_back(kind, path, endpoint, name, found, there):
    async with answering(reply(body=listed(*found))) as (client, server):
        checked = await client.check(kind, "x-1", path, 'u"2')

    assert checked.there is there
    assert server.line() == (
        f"GET /scim/v2{endpoint}?filter=id+eq+%22x-1%22+and+{name}+eq+%22u%5C%222%22&attributes=id HTTP/1.1"
    )


@pytest.mark.parametrize(("owner", "path"), [("..", "members"), ("g-1", "no.such.path"), ("g-1", "\ud83d")])
async def test_rows_8_and_16_a_question_that_cannot_be_sent_is_refused_here(owner, path):
    async with answering(reply(body=listed())) as (client, server):
        with pytest.raises(Rejected, match="Nothing was sent"):
            await client.check("group", owner, path, "u-1")

    assert server.requests == []
