"""A client of the Graph-shaped API in this process: no socket, the same ASGI application."""

import asyncio
import json
from dataclasses import dataclass
from urllib.parse import urlsplit


@dataclass(frozen=True, kw_only=True)
class Reply:
    status: int
    headers: dict
    raw: bytes

    @property
    def body(self):
        return json.loads(self.raw) if self.raw else None

    @property
    def value(self):
        return self.body["value"]

    @property
    def error(self):
        return self.body["error"]


class GraphClient:
    """Asks with one token; paths without a version are asked for under v1.0, and whole links are followed.

    `declared` judges every answer (support.declared).
    """

    def __init__(self, app, token="operator", *, host="graph.test", declared=None):
        self.app, self.token, self.host, self.declared = app, token, host, declared

    def as_(self, token):
        return GraphClient(self.app, token, host=self.host, declared=self.declared)

    def request(self, method, path, *, body=None, raw=None, headers=None):
        if path.startswith("http"):
            parts = urlsplit(path)
            path = parts.path + (f"?{parts.query}" if parts.query else "")
        if not path.startswith(("/v1.0", "/beta")):
            path = f"/v1.0{path}"
        sent = {"host": self.host}
        if self.token is not None:
            sent["authorization"] = f"Bearer {self.token}"
        if body is not None:
            raw = json.dumps(body).encode()
        if raw is not None:
            sent["content-type"] = "application/json"
        sent |= {name.lower(): value for name, value in (headers or {}).items()}
        reply = asyncio.run(self._ask(method, path, raw or b"", sent))
        if self.declared is not None:
            self.declared.check(method, path, reply)
        return reply

    async def meanwhile(self, method, path):
        """Ask within a loop, beside other requests."""
        return await self._ask(method, path, b"", {"host": self.host, "authorization": f"Bearer {self.token}"})

    async def _ask(self, method, path, raw, headers):
        where, _, query = path.partition("?")
        scope = {
            "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": method, "scheme": "http",
            "path": where, "raw_path": where.encode(), "query_string": query.encode(), "root_path": "",
            "headers": [(name.encode("latin-1"), value.encode("latin-1")) for name, value in headers.items() if value is not None],
            "client": ("127.0.0.1", 50000), "server": ("127.0.0.1", 80),
        }  # fmt: skip
        came = [{"type": "http.request", "body": raw, "more_body": False}]
        sent = []

        async def receive():
            return came.pop(0) if came else {"type": "http.disconnect"}

        async def send(message):
            sent.append(message)

        await self.app(scope, receive, send)
        start = next(one for one in sent if one["type"] == "http.response.start")
        found = b"".join(one.get("body", b"") for one in sent if one["type"] == "http.response.body")
        decoded = {name.decode().lower(): value.decode() for name, value in start["headers"]}
        return Reply(status=start["status"], headers=decoded, raw=found)

    def get(self, path, **more):
        return self.request("GET", path, **more)

    def post(self, path, body=None, **more):
        return self.request("POST", path, body=body, **more)

    def patch(self, path, body=None, **more):
        return self.request("PATCH", path, body=body, **more)

    def put(self, path, body=None, **more):
        return self.request("PUT", path, body=body, **more)

    def delete(self, path, **more):
        return self.request("DELETE", path, **more)

    def pages(self, path, **more):
        """Every page of a collection, by its links."""
        reply = self.get(path, **more)
        while True:
            assert reply.status == 200, reply.body
            yield reply
            if "@odata.nextLink" not in reply.body:
                return
            reply = self.get(reply.body["@odata.nextLink"], **more)
