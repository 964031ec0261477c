"""Custom attributes on the wire, in both dialects, and what the client makes of `/Schemas`."""

import json

import pytest

from provisor.engine.ports import Malformed, Rejected
from provisor.rules.attributes import AttributeDefinition, with_attributes
from provisor.scim.entra import Dialect, create_body, patch_body
from provisor.scim.patch.derivation import derive
from provisor.scim.schemas.resource_types import USER_TYPE
from support.prepared_answers import answering, reply

URN = "urn:ietf:params:scim:schemas:extension:Acme:2.0:User"
LISTED = with_attributes(
    USER_TYPE, (AttributeDefinition(name=f"{URN}:badge", type="Integer"), AttributeDefinition(name=f"{URN}:desk"))
)


@pytest.mark.parametrize("dialect", Dialect)
def test_section_6_3_a_custom_attribute_is_created_in_its_container(dialect):
    body = create_body({"userName": "anna", URN: {"badge": 7, "desk": "B2"}}, "user", dialect, LISTED)

    assert body[URN] == {"badge": 7, "desk": "B2"}


CHANGES = {
    Dialect.CLASSIC: [
        {"op": "Replace", "path": f"{URN}:badge", "value": 8},
        {"op": "Add", "path": f"{URN}:desk", "value": "B2"},
    ],
    Dialect.COMPLIANT: [
        {"op": "replace", "path": f"{URN}:badge", "value": 8},
        {"op": "add", "path": f"{URN}:desk", "value": "B2"},
    ],
}


@pytest.mark.parametrize("dialect", Dialect)
def test_section_6_3_a_custom_attribute_is_changed_by_its_whole_name(dialect):
    operations = derive({URN: {"badge": 7}}, {URN: {"badge": 8, "desk": "B2"}}, LISTED)

    assert patch_body(operations, dialect, LISTED)["Operations"] == CHANGES[dialect]


@pytest.mark.parametrize("dialect", Dialect)
def test_section_6_3_a_custom_attribute_is_emptied_by_its_whole_name(dialect):
    operations = derive({URN: {"badge": 7}}, {}, LISTED)

    (operation,) = patch_body(operations, dialect, LISTED)["Operations"]
    assert (operation["op"].lower(), operation["path"]) == ("remove", f"{URN}:badge")


async def test_a_client_that_was_told_of_it_reads_it_and_searches_by_it():
    anna = {"id": "1", "userName": "anna", URN.upper(): {"BADGE": 7, "Desk": "B2"}}
    async with answering(reply(body={"totalResults": 1, "Resources": [anna]})) as (client, server):
        client.use({"user": LISTED})
        found = await client.find("user", f"{URN}:desk", "b2")

    assert found.resources[0][URN] == {"badge": 7, "desk": "B2"}
    assert "%3Adesk+eq+%22b2%22" in server.line()


async def test_a_client_that_was_not_told_of_it_refuses_to_search_by_it():
    async with answering(reply(body={"totalResults": 0})) as (client, _):
        with pytest.raises(Rejected, match="has no attribute"):
            await client.find("user", f"{URN}:desk", "b2")


SCHEMA = {"id": URN, "name": "Acme", "attributes": [{"name": "badge", "type": "integer"}]}
OTHER = {"id": "urn:other", "attributes": []}
LISTS = {
    "a list": ({"totalResults": 2, "Resources": [SCHEMA, OTHER]}, [URN, "urn:other"], None),
    "an array": ([SCHEMA, OTHER], [URN, "urn:other"], None),
    "one schema": (SCHEMA, [URN], None),
    "a page of several": ({"totalResults": "3", "Resources": [SCHEMA]}, [URN], 2),
    "something else among them": ({"totalResults": 3, "Resources": [SCHEMA, "x", None]}, [URN], None),
    "a list without an end": ({"Resources": [SCHEMA]}, [URN], None),
    "nothing": ({"totalResults": 0}, [], None),
}


@pytest.mark.parametrize(("body", "ids", "following"), LISTS.values(), ids=LISTS)
async def test_schemas_are_read_however_they_are_listed(body, ids, following):
    async with answering(reply(body=body)) as (client, server):
        page = await client.schemas()

    assert server.line() == "GET /scim/v2/Schemas HTTP/1.1"
    assert ([one["id"] for one in page.resources], page.next_index) == (ids, following)


async def test_a_later_page_of_schemas_is_asked_for_by_number():
    async with answering(reply(body={"totalResults": 2, "Resources": [OTHER]})) as (client, server):
        await client.schemas(2)

    assert server.line() == "GET /scim/v2/Schemas?startIndex=2 HTTP/1.1"


@pytest.mark.parametrize("status", [404, 405, 410, 501])
async def test_an_application_may_serve_no_schemas(status):
    async with answering(reply(status)) as (client, _):
        assert await client.schemas() is None


ODD = {"html": b"<html>", "text": json.dumps("x").encode(), "a number": b"7", "another object": b'{"a": 1}', "no": b""}


@pytest.mark.parametrize("body", ODD.values(), ids=ODD)
async def test_what_is_no_list_of_schemas_is_told_as_such(body):
    async with answering(reply(200, body)) as (client, _):
        with pytest.raises(Malformed):
            await client.schemas()


@pytest.mark.parametrize("status", [400, 403, 500])
async def test_a_refusal_to_tell_is_told(status):
    async with answering(reply(status)) as (client, _):
        with pytest.raises(Rejected):
            await client.schemas()
