"""Our own target on loopback, in the loop of whoever asks it, and a record of every byte that it was asked.

Order: the target, one request of its record.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, NamedTuple

from provisor.provider.serving.app import ServiceProvider
from provisor.provider.store.tables import now_microseconds, open_target, the_tenant
from provisor.provider.store.tokens import create_token
from provisor.testing.http_relay import read_request

HEADERS = ("accept", "authorization", "content-type", "user-agent")  # those that say something


class Asked(NamedTuple):
    """One request as it came, and the status that it was answered with."""

    method: str
    address: str
    headers: dict[str, str]
    body: bytes
    status: int


class RecordedTarget:
    """The target behind a socket; `asked` grows."""

    def __init__(self, target: ServiceProvider, path: str, token: str) -> None:
        self.asked: list[Asked] = []
        self.path = path
        self.token = token
        self.url = ""
        self._target = target

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection."""
        try:
            while (request := await read_request(reader)) is not None:
                writer.write(await self._answer(request))
                await writer.drain()
        except OSError:
            pass
        finally:
            writer.close()

    async def _answer(self, request: bytes) -> bytes:
        head, _, body = request.partition(b"\r\n\r\n")
        first, *lines = head.decode("latin-1").split("\r\n")
        method, address, _ = first.split(" ")
        headers = {name.lower(): value for name, value in (line.split(": ", 1) for line in lines)}
        path, _, query = address.partition("?")
        scope = {
            "type": "http",
            "method": method,
            "path": path,
            "query_string": query.encode(),
            "headers": [(name.encode(), value.encode("latin-1")) for name, value in headers.items()],
            "scheme": "http",
            "server": ("127.0.0.1", 80),
        }
        coming = [{"type": "http.request", "body": body, "more_body": False}]
        sent: list[dict[str, Any]] = []

        async def receive() -> dict[str, Any]:
            return coming.pop(0) if coming else {"type": "http.disconnect"}

        async def send(message: dict[str, Any]) -> None:
            sent.append(message)

        await self._target(scope, receive, send)
        payload = b"".join(part["body"] for part in sent[1:])
        kept = {name: headers[name] for name in HEADERS if name in headers}
        self.asked.append(Asked(method, address, kept, body, sent[0]["status"]))
        told = [(name, value) for name, value in sent[0]["headers"] if name.lower() != b"content-length"]
        told.append((b"content-length", str(len(payload)).encode()))
        answer = [b"HTTP/1.1 %d Whatever" % sent[0]["status"], *(b": ".join(pair) for pair in told)]
        return b"\r\n".join(answer) + b"\r\n\r\n" + payload


@asynccontextmanager
async def recorded_target(file: Path, profile: str) -> AsyncIterator[RecordedTarget]:
    """An empty one; its database is this file."""
    database = open_target(f"sqlite:///{file}")
    tenant = the_tenant(database, profile)
    with database.transaction() as connection:
        _, token = create_token(connection, tenant, kind="entra", label="record", now=now_microseconds())
    provider = ServiceProvider(database, tenant)
    await provider.start()
    target = RecordedTarget(provider, tenant.base_path, token)
    listener = await asyncio.start_server(target.serve, "127.0.0.1", 0)
    target.url = f"http://127.0.0.1:{listener.sockets[0].getsockname()[1]}{tenant.base_path}"
    try:
        yield target
    finally:
        listener.close()
        await provider.stop()
        database.close()
