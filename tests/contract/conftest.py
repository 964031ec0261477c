"""The applications that the contract of `engine.ports.Target` is held against, and how coroutines are tested."""

import asyncio
import contextlib
import inspect
import json
import os
import secrets
import socket
import subprocess
import sys
import time
import urllib.request

import pytest

from provisor.connectors.scim_client import ScimClient
from provisor.engine.ports import Secret
from provisor.scim.entra import Dialect
from provisor.scim.schemas.resource_types import GROUP_TYPE, USER_TYPE
from provisor.testing.memory_target import MemoryTarget

# What a server does otherwise than the contract asks. A capability that it gains makes its test fail here (strict).
LACKING = {
    # RFC 7643 does not ask for it; Entra does (spec/scim-wire.md section 6).
    "scim2_server": {"unique group names"},
}


def pytest_configure(config):
    config.addinivalue_line("markers", "needs(capability): the contract's test fails where this is declared lacking")


@pytest.hookimpl(tryfirst=True)
def pytest_pyfunc_call(pyfuncitem):
    """Run a coroutine test in a loop of its own, and close its target there."""
    if not inspect.iscoroutinefunction(pyfuncitem.obj):
        return None
    arguments = {name: pyfuncitem.funcargs[name] for name in pyfuncitem._fixtureinfo.argnames}

    async def whole():
        try:
            await pyfuncitem.obj(**arguments)
        finally:
            if "target" in arguments:
                await arguments["target"].close()

    asyncio.run(whole())
    return True


def free_port():
    with contextlib.closing(socket.socket()) as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


@contextlib.contextmanager
def process(command, ready, **options):
    """A server process, from the moment it is ready to its end."""
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, **options) as running:
        try:
            deadline = time.monotonic() + 30
            while not ready():
                assert running.poll() is None and time.monotonic() < deadline, f"{command} does not answer"
                time.sleep(0.02)
            yield
        finally:
            running.terminate()
            running.wait(10)


@pytest.fixture(scope="session")
def scim2_server():
    """PyPI's scim2-server in its own process: its URL and token."""
    port = free_port()

    def answers():
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            return True
        return False

    token = secrets.token_hex(16)
    command = [sys.executable, "-m", "scim2_server.testserver.cli", "--port", str(port), "--bearer-token", token]
    with process(command, answers):
        yield f"http://127.0.0.1:{port}/v2", token


@pytest.fixture(scope="session")
def our_server(tmp_path_factory):
    """Our own target, with the generic profile, in its own process: its URL and token."""
    folder = tmp_path_factory.mktemp("target")
    environment = {**os.environ, "PROVISOR_TARGET_DATABASE_URL": f"sqlite:///{folder}/target.sqlite"}
    command = [sys.executable, "-c", "from provisor.provider.commands.serve import app; app()"]
    ready = folder / "ready"
    serve = [*command, "serve", "--port", "0", "--profile", "generic", "--ready-file", str(ready)]
    with process(serve, ready.exists, env=environment):
        made = subprocess.run(
            [*command, "token", "create", "--label", "contract", "--json"],
            env=environment,
            capture_output=True,
            check=True,
        )
        yield ready.read_text().strip(), json.loads(made.stdout)["token"]


def against(server, dialect):
    return pytest.param(f"{server} {dialect}", marks=[pytest.mark.slow, pytest.mark.xdist_group(server)])


@pytest.fixture(
    params=[
        "memory -",
        against("our_server", "compliant"),
        against("our_server", "classic"),
        against("scim2_server", "compliant"),  # its model refuses the extra group schema of the classic dialect
    ]
)
def target(request):
    """Every implementation of the port, before every server it must get on with."""
    name, dialect = request.param.split()
    for marker in request.node.iter_markers("needs"):
        if marker.args[0] in LACKING.get(name, ()):
            request.applymarker(pytest.mark.xfail(reason=f"{name} lacks {marker.args[0]}", strict=True))
    if name == "memory":
        return MemoryTarget(USER_TYPE, GROUP_TYPE)
    url, token = request.getfixturevalue(name)
    return ScimClient(url, Secret(token), USER_TYPE, GROUP_TYPE, dialect=Dialect[dialect.upper()])


@pytest.fixture
def unique():
    """A name nobody else uses, because the servers outlive a test."""
    mark = secrets.token_hex(4)
    return lambda name: f"{name}-{mark}"


@pytest.fixture
def members_of(request):
    """Who is in a group. No port verb tells, because the engine never asks: groups are read without members."""

    async def members_of(target, group_id):
        if isinstance(target, MemoryTarget):
            return set(target.members(group_id))
        url, token = request.getfixturevalue(request.node.callspec.params["target"].partition(" ")[0])
        asked = urllib.request.Request(f"{url}/Groups/{group_id}", headers={"Authorization": f"Bearer {token}"})
        with urllib.request.urlopen(asked, timeout=10) as answer:
            return {one["value"] for one in json.load(answer).get("members", [])}

    return members_of
