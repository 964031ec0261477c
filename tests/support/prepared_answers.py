"""A SCIM application on loopback that answers what it was told to, right or wrong, and the client that asks it.

Order: answers as bytes, the server, the client before it.
"""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any

from provisor.connectors.scim_client import ScimClient
from provisor.engine.ports import Secret
from provisor.scim.schemas.resource_types import GROUP_TYPE, USER_TYPE
from provisor.scim.values import Json
from provisor.testing.http_relay import read_request

TOKEN = "sekret/token+with=odd~letters"
NOW = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)


class Cut(bytes):
    """A reply after which the connection is closed."""


Prepared = bytes | Callable[[bytes], bytes] | None
"""A reply, a function of the request that gives one, or the end of the connection."""


def reply(status: int = 200, body: bytes | Json = b"", **headers: str) -> bytes:
    """A raw HTTP reply; what is not bytes becomes JSON, `_` in the name of a header a hyphen."""
    payload = body if isinstance(body, bytes) else json.dumps(body).encode()
    lines = [f"HTTP/1.1 {status} Whatever"]
    if status not in (204, 304):
        lines.append(f"Content-Length: {len(payload)}")
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return "\r\n".join(lines).encode("latin-1") + b"\r\n\r\n" + payload


class Server:
    """Answers each request with the next of the given replies, the last one again and again; keeps what it was sent."""

    def __init__(self, *replies: Prepared) -> None:
        self.replies = list(replies)
        self.requests: list[bytes] = []
        self.origin = ""

    async def __call__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serve one connection."""
        try:
            while (request := await read_request(reader)) is not None:
                self.requests.append(request)
                answer = self.replies.pop(0) if len(self.replies) > 1 else self.replies[0]
                if answer is None:
                    break
                if not isinstance(answer, bytes):
                    answer = answer(request)
                writer.write(answer)
                await writer.drain()
                if isinstance(answer, Cut):
                    break
        except OSError:
            pass
        finally:
            writer.close()

    def line(self, number: int = 0) -> str:
        """The first line of a request."""
        return self.requests[number].split(b"\r\n")[0].decode()

    def header(self, name: str, number: int = 0) -> str | None:
        """A header of a request, by its name in lower case."""
        head = self.requests[number].split(b"\r\n\r\n")[0].decode().split("\r\n")[1:]
        return {key.lower(): value for key, value in (line.split(": ", 1) for line in head)}.get(name)

    def body(self, number: int = 0) -> Any:
        """The JSON of a request."""
        return json.loads(self.requests[number].split(b"\r\n\r\n", 1)[1])


@asynccontextmanager
async def answering(*replies: Prepared, **options: Any) -> AsyncIterator[tuple[ScimClient, Server]]:
    """A client, made with `options`, before a server with these replies."""
    server = Server(*replies)
    listener = await asyncio.start_server(server, "127.0.0.1", 0)
    server.origin = f"http://127.0.0.1:{listener.sockets[0].getsockname()[1]}"
    options = {"clock": lambda: NOW, **options}
    client = ScimClient(f"{server.origin}/scim/v2/", Secret(TOKEN), USER_TYPE, GROUP_TYPE, **options)
    try:
        yield client, server
    finally:
        await client.close()
        listener.close()
