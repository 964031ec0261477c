"""The target under test: as an ASGI application on a loop of its own, and as a process of its own over real HTTP."""

import asyncio
import http.client
import itertools
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit

import pytest

from provisor.provider.dashboard.lazy import dashboard
from provisor.provider.serving.app import ServiceProvider
from provisor.provider.store.tables import now_microseconds, open_target, the_tenant
from provisor.provider.store.tokens import create_token

HOST = b"target.example:8020"
PATCH_OP = "urn:ietf:params:scim:api:messages:2.0:PatchOp"


@dataclass
class Answer:
    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def resources(self) -> list[Any]:
        return self.json["Resources"]


@dataclass
class Client:
    """SCIM verbs over whatever `send` is; every answer must be SCIM and never a 5xx but 501."""

    send: Any
    base: str
    token: str
    sent: list[tuple[str, str]] = field(default_factory=list)

    def request(self, method, path, body=None, *, query=None, headers=None, token=None, raw=None, base=None):
        given = {"Authorization": f"Bearer {self.token if token is None else token}", **(headers or {})}
        data = raw if raw is not None else b"" if body is None else json.dumps(body).encode()
        if data:
            given.setdefault("Content-Type", "application/scim+json")
        text = query if isinstance(query, str) else urlencode(query or {})
        answer = self.send(method, (self.base if base is None else base) + path, text, given, data)
        assert answer.status < 500 or answer.status == 501, answer
        if answer.body:
            assert answer.headers["content-type"].startswith("application/scim+json")
        return answer

    def get(self, path, **query):
        return self.request("GET", path, query=query)

    def post(self, path, body):
        return self.request("POST", path, body)

    def put(self, path, body):
        return self.request("PUT", path, body)

    def delete(self, path):
        return self.request("DELETE", path)

    def patch(self, path, *operations, **query):
        return self.request("PATCH", path, {"schemas": [PATCH_OP], "Operations": list(operations)}, query=query)

    def user(self, name="ana.ruiz@example.org", /, **more):
        answer = self.post("/Users", {"userName": name, **more})
        assert answer.status == 201, answer
        return answer.json

    def group(self, name="Field Staff", /, members=(), **more):
        body = {"displayName": name, **more}
        if members:
            body["members"] = [{"value": member} for member in members]
        answer = self.post("/Groups", body)
        assert answer.status == 201, answer
        return answer.json

    def find(self, path, filter_, **query):
        answer = self.get(path, filter=filter_, **query)
        assert answer.status == 200, answer
        return answer.json

    def members(self, group_id):
        return sorted(member["value"] for member in self.get(f"/Groups/{group_id}").json.get("members", []))


class Asgi:
    """A Target on a loop that only turns while a request is answered."""

    def __init__(self, url, prepared, **settings):
        self.database = open_target(url)
        self.tenant = the_tenant(self.database)
        self.token_id = prepared.token_id
        self.runner = asyncio.Runner()
        self.dashboard = dashboard(self.database, self.tenant)
        self.pages = self.dashboard  # a test may put others in their place
        self.target = ServiceProvider(self.database, self.tenant, self.show, **settings)
        self.runner.run(self.target.start())
        self.client = Client(self.send, self.tenant.base_path, prepared.token)

    async def show(self, scope, receive, send):
        await self.pages(scope, receive, send)

    def send(self, method, path, query, headers, data):
        return self.runner.run(self.answer(method, path, query, headers, data))

    async def answer(self, method, path, query, headers, data):
        out = []
        messages = [{"type": "http.request", "body": data, "more_body": False}]

        async def receive():
            return messages.pop(0) if messages else {"type": "http.disconnect"}

        async def send(message):
            out.append(message)

        listed = [(name.lower().encode(), value.encode("latin-1")) for name, value in headers.items()]
        scope = {
            "type": "http",
            "method": method,
            "path": path,
            "query_string": query.encode(),
            "headers": [(b"host", HOST), *listed],
            "scheme": "http",
            "server": ("127.0.0.1", 8020),
        }
        await self.target(scope, receive, send)
        found = {name.decode(): value.decode("latin-1") for name, value in out[0]["headers"]}
        return Answer(out[0]["status"], found, b"".join(part["body"] for part in out[1:]))

    def log(self):
        """Every entry of the request log, flushed, in the order of arrival."""
        self.runner.run(self.target.log.flush())
        return self.database.reader().all(
            "SELECT method, path, kind, object_id, status, token_id FROM request_log ORDER BY at, number"
        )

    def close(self):
        self.runner.run(self.target.stop())
        self.dashboard.close()
        self.runner.close()
        self.database.close()


@dataclass
class Prepared:
    """An empty database with a token, made once and copied for every test; `place` is a file, or a database's name."""

    place: Path | str | None
    token: str
    token_id: str


def prepare(url, profile, place=None):
    database = open_target(url)
    tenant = the_tenant(database, profile)
    with database.transaction() as connection:
        token, clear = create_token(connection, tenant, kind="entra", label="tests", now=now_microseconds())
    database.close()
    return Prepared(place, clear, token.id)


@pytest.fixture(scope="session")
def prepared(tmp_path_factory):
    made = {}
    for profile in ("umbrella", "generic"):
        file = tmp_path_factory.mktemp("prepared") / "target.sqlite"
        made[profile] = prepare(f"sqlite:///{file}", profile, file)
    return made


@pytest.fixture(scope="session")
def prepared_on_postgresql(postgresql):
    made = {}
    for profile in ("umbrella", "generic"):
        name = postgresql.new_database(keep=True)
        made[profile] = prepare(postgresql.url(name), profile, name)
    return made


@pytest.fixture
def store(request):
    """Which database the target runs on; a module that is about storage asks for both (see BOTH_STORES)."""
    return getattr(request, "param", "sqlite")


def pytest_generate_tests(metafunc):
    """A module that says BOTH_STORES runs on either database, but for tests that look into SQLite's own file."""
    if (
        getattr(metafunc.module, "BOTH_STORES", False)
        and "store" in metafunc.fixturenames
        and "in_sqlite" not in metafunc.fixturenames
    ):
        stores = ["sqlite", pytest.param("postgresql", marks=pytest.mark.slow)]
        metafunc.parametrize("store", stores, indirect=True)


@pytest.fixture
def in_sqlite():
    """For tests that look at SQLite itself: its file, its statements."""


@pytest.fixture
def new_url(tmp_path, store, request):
    """Makes the URL of a database of its own that holds what a prepared one holds."""
    count = itertools.count(1)

    def of(profile):
        if store == "postgresql":
            cluster = request.getfixturevalue("postgresql")
            ready = request.getfixturevalue("prepared_on_postgresql")[profile]
            return cluster.url(cluster.new_database(ready.place)), ready
        ready = request.getfixturevalue("prepared")[profile]
        folder = tmp_path / str(next(count))
        folder.mkdir()
        shutil.copy(ready.place, folder / "target.sqlite")
        return f"sqlite:///{folder / 'target.sqlite'}", ready

    return of


@pytest.fixture
def make_target(new_url):
    made = []

    def make(profile="umbrella", **settings):
        made.append(Asgi(*new_url(profile), **settings))
        return made[-1]

    yield make
    for target in made:
        target.close()


@pytest.fixture
def on_postgresql(postgresql):
    """The umbrella profile over an empty database of a real PostgreSQL."""
    url = postgresql.url(postgresql.new_database())
    made = Asgi(url, prepare(url, "umbrella"))
    yield made
    made.close()


@pytest.fixture
def umbrella(make_target):
    return make_target("umbrella")


@pytest.fixture
def generic(make_target):
    return make_target("generic")


@pytest.fixture
def scim(umbrella):
    """A client of the umbrella profile."""
    return umbrella.client


@pytest.fixture
def scim_generic(generic):
    """A client of the generic profile."""
    return generic.client


class Process:
    """`provisor target serve` as a child process."""

    def __init__(self, url, folder, profile, arguments):
        self.environment = {**os.environ, "PROVISOR_TARGET_DATABASE_URL": url}
        self.arguments = ("--profile", profile, *arguments)
        self.errors = folder / f"errors-{id(self)}"
        self.start()

    def command(self, *arguments):
        return [sys.executable, "-c", "from provisor.provider.commands.serve import app; app()", *arguments]

    def start(self):
        with self.errors.open("ab") as errors:
            self.child = subprocess.Popen(
                self.command("serve", "--port", "0", *self.arguments),
                env=self.environment,
                stdout=subprocess.PIPE,
                stderr=errors,
                text=True,
            )
        line = self.child.stdout.readline()
        assert " listens on http://" in line, line + self.errors.read_text()
        self.url = line.split()[-1]

    def run(self, *arguments):
        return subprocess.run(self.command(*arguments), env=self.environment, capture_output=True, text=True)

    def client(self):
        made = self.run("token", "create", "--label", "tests", "--json")
        return self.client_of(json.loads(made.stdout)["token"])

    def client_of(self, token):
        parts = urlsplit(self.url)
        return Client(self.send, parts.path, token)

    def line(self, token):
        """A connection of its own that is kept open, for one client among many."""
        return Line(self.url, token)

    def fetch(self, path):
        """What is served beside the base paths, as text."""
        return self.send("GET", path, "", {}, b"").body.decode()

    def send(self, method, path, query, headers, data):
        parts = urlsplit(self.url)
        connection = http.client.HTTPConnection(parts.hostname, parts.port, timeout=20)
        try:
            connection.request(method, path + (f"?{query}" if query else ""), data or None, headers)
            answer = connection.getresponse()
            found = {name.lower(): value for name, value in answer.getheaders()}
            return Answer(answer.status, found, answer.read())
        finally:
            connection.close()

    def stop(self, number=signal.SIGTERM):
        self.child.send_signal(number)
        code = self.child.wait(20)
        self.child.stdout.close()
        return code

    def kill(self):
        self.child.kill()
        self.child.wait(10)
        self.child.stdout.close()

    def close(self):
        if self.child.poll() is None:
            self.stop(signal.SIGKILL)
        sys.stderr.write(self.errors.read_text(errors="replace"))  # shown when the test fails


class Line:
    """One client's connection."""

    def __init__(self, url, token):
        parts = urlsplit(url)
        self.base = parts.path
        self.headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/scim+json"}
        self.connection = http.client.HTTPConnection(parts.hostname, parts.port, timeout=20)

    def ask(self, method, path, body=None, **headers):
        """The answer, or None when the connection broke before there was one; the next question opens another."""
        data = None if body is None else json.dumps(body)
        try:
            self.connection.request(method, self.base + path, data, {**self.headers, **headers})
            answer = self.connection.getresponse()
            found = {name.lower(): value for name, value in answer.getheaders()}
            return Answer(answer.status, found, answer.read())
        except (OSError, http.client.HTTPException):
            self.connection.close()
            return None

    def patch(self, path, *operations, **headers):
        return self.ask("PATCH", path, {"schemas": [PATCH_OP], "Operations": list(operations)}, **headers)


@pytest.fixture
def serve(tmp_path, store, request):
    """Starts servers, on one database all of them unless told another one's URL."""
    started = []
    if store == "postgresql":
        cluster = request.getfixturevalue("postgresql")
        common = cluster.url(cluster.new_database())
    else:
        common = f"sqlite:///{tmp_path / 'target.sqlite'}"

    def start(profile="umbrella", *arguments, url=None):
        started.append(Process(url or common, tmp_path, profile, arguments))
        return started[-1]

    yield start
    for process in started:
        process.close()


@pytest.fixture
def serve_together(serve):
    """Starts several servers on one database and one port."""

    def start(number, *arguments, url):
        first = serve(*arguments, "--share-port", url=url)
        port = str(urlsplit(first.url).port)
        return [first, *(serve(*arguments, "--share-port", "--port", port, url=url) for _ in range(number - 1))]

    return start


@pytest.fixture
def eventually():
    def wait(condition, seconds=5.0):
        until = time.monotonic() + seconds
        while not condition():
            assert time.monotonic() < until, "it never came true"
            time.sleep(0.01)

    return wait
