"""Whoever watches a client is told of every request: its method, the status of the answer or none, and how long it took."""

import asyncio

import pytest

from provisor.connectors.scim_client import ScimClient
from provisor.engine.ports import ConnectorError, Secret
from provisor.scim.schemas.resource_types import GROUP_TYPE, USER_TYPE

EMPTY = b'{"schemas":["urn:ietf:params:scim:api:messages:2.0:ListResponse"],"totalResults":0,"Resources":[]}'


def http(status, body=b""):
    head = f"HTTP/1.1 {status} X\r\nContent-Type: application/scim+json\r\nContent-Length: {len(body)}\r\n\r\n"
    return head.encode() + body


ANSWERS = {
    "an answer": (http(200, EMPTY), 200),
    "a refusal": (http(429), 429),
    "an answer that cannot be read": (http(200, b"<html>"), 200),
    "none": (b"", None),
    "half an answer": (http(200, EMPTY)[:-10], 200),
}


@pytest.mark.parametrize(("sent", "status"), ANSWERS.values(), ids=ANSWERS)
def test_every_request_is_told_once(sent, status):
    told = []

    async def answer(reader, writer):
        await reader.readuntil(b"\r\n\r\n")
        writer.write(sent)
        await writer.drain()
        writer.close()

    async def ask():
        server = await asyncio.start_server(answer, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        client = ScimClient(
            f"http://127.0.0.1:{port}",
            Secret("t"),
            USER_TYPE,
            GROUP_TYPE,
            observe=lambda *request: told.append(request),
        )
        try:
            await client.find("user", "userName", "anna")
        except ConnectorError:
            pass
        await client.close()
        server.close()

    asyncio.run(ask())

    ((method, answered, milliseconds),) = told
    assert (method, answered) == ("GET", status)
    assert milliseconds >= 0
