"""A Microsoft Graph with its sign-in on loopback that answers what it was told to, right or wrong; for blocking clients.

Order: its answers, the server, what a page looks like.
"""

import asyncio
from collections.abc import Callable
from contextlib import asynccontextmanager, contextmanager, suppress
from datetime import UTC, datetime
from urllib.parse import parse_qsl, unquote

from provisor.connectors.graph.tenant import EntraTenant
from provisor.engine.ports import Secret
from provisor.rules.source_settings import EntraSettings
from support.beside import beside
from support.prepared_answers import Prepared, Server, reply

NOW = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
TENANT, CLIENT, SECRET = "contoso.example", "0c1d2e3f-aaaa-4bbb-8ccc-123456789abc", "s3cr~t/of+the=client"
APP = "5b20aaaa-0000-4000-8000-00000000000a"
USER, GROUP = "#microsoft.graph.user", "#microsoft.graph.group"


class PreparedTenant:
    """`answers` are replies by how the path of a request begins, the longest first; the last of several again and again.

    Without one for it, the sign-in gives a new token each time.
    """

    def __init__(self):
        self.answers: dict[str, list[Prepared]] = {}
        self.server = Server(self._answer)
        self.tokens = 0
        self.paused: list[float] = []

    @property
    def origin(self):
        return self.server.origin

    def on(self, path: str, *answers: Prepared):
        """From now on, requests of paths that begin so are answered so."""
        self.answers[path] = list(answers)
        return self

    def paths(self):
        """What Graph was asked, decoded, in order; the sign-in left out."""
        lines = [self.server.line(number) for number in range(len(self.server.requests))]
        return [unquote(line.split(" ")[1]) for line in lines if "/oauth2/" not in line]

    def form(self, number=0):
        """A form that the sign-in was sent."""
        asked = [each for each in self.server.requests if b"/oauth2/" in each.split(b"\r\n")[0]]
        return dict(parse_qsl(asked[number].split(b"\r\n\r\n", 1)[1].decode()))

    def source(self, *, secrets=None, seconds=5.0, **settings) -> EntraTenant:
        """The connector before it, which never really waits."""
        given = {"tenant": TENANT, "client": CLIENT, "graph": self.origin, "login": self.origin, **settings}
        return EntraTenant(
            EntraSettings(**given),
            {"clientSecret": Secret(SECRET)} if secrets is None else secrets,
            seconds=seconds,
            clock=lambda: NOW,
            pause=self.paused.append,
        )

    def _answer(self, request: bytes) -> bytes:
        path = request.split(b" ", 2)[1].decode()
        found = max((each for each in self.answers if path.startswith(each)), key=len, default=None)
        if found is None:
            return self._token() if "/oauth2/" in path else reply(404, {"error": {"code": "Request_ResourceNotFound"}})
        answers = self.answers[found]
        answer = answers.pop(0) if len(answers) > 1 else answers[0]
        if answer is None:
            raise ConnectionError("the end of the connection")
        return answer(request) if isinstance(answer, Callable) else answer

    def _token(self):
        self.tokens += 1
        return reply(200, {"token_type": "Bearer", "expires_in": 3599, "access_token": f"token-{self.tokens}"})


@contextmanager
def prepared_tenant():
    """One in a thread of its own."""
    tenant = PreparedTenant()

    @asynccontextmanager
    async def made():
        async def serve(reader, writer):
            with suppress(asyncio.CancelledError):  # a client keeps its connection open to the end
                await tenant.server(reader, writer)

        listener = await asyncio.start_server(serve, "127.0.0.1", 0)
        tenant.server.origin = f"http://127.0.0.1:{listener.sockets[0].getsockname()[1]}"
        yield
        listener.close()

    with beside(made):
        yield tenant


def page(*entries, next_link=None, delta_link=None):
    """A page of a collection."""
    links = {"@odata.nextLink": next_link, "@odata.deltaLink": delta_link}
    return reply(200, {"value": list(entries), **{name: link for name, link in links.items() if link is not None}})


def person(key, **values):
    """An entry of a user."""
    return {"id": key, "userPrincipalName": f"{key}@contoso.example", **values}


def crowd(key, *members, **values):
    """An entry of a group with members, each a user unless it is an entry itself."""
    told = [{"@odata.type": USER, "id": each} if isinstance(each, str) else each for each in members]
    return {"id": key, "displayName": key, **values, **({"members@delta": told} if told else {})}
