"""The tenant URL's flag and `provisor job on-demand` (spec/scim-wire.md section 4: not honoured by Entra on demand)."""

import asyncio
import contextlib
import json

import pytest

from support.beside import beside
from support.prepared_answers import Server, reply

APP = "Cisco Umbrella User Management"
ANNA = {"id": "u-1", "userName": "anna@x.example", "displayName": "Old", "active": True}
FOUND = {"totalResults": 1, "Resources": [ANNA]}
NOBODY = {"totalResults": 0, "Resources": []}


class Scim:
    """An application that has Anna; keeps the changes that it was sent."""

    def __init__(self):
        self.changes = []

    def __call__(self, request):
        method, address, _ = request.split(b"\r\n")[0].decode().split()
        if method == "PATCH":
            self.changes += json.loads(request.split(b"\r\n\r\n", 1)[1])["Operations"]
            return reply(204)
        if "filter=" in address:
            return reply(200, FOUND if "anna" in address else NOBODY)
        return reply(200, ANNA)


@contextlib.contextmanager
def serving(scim):
    bound = []

    @contextlib.asynccontextmanager
    async def run():
        listener = await asyncio.start_server(Server(scim), "127.0.0.1", 0)
        bound.append(listener.sockets[0].getsockname()[1])
        try:
            yield
        finally:
            listener.close()

    with beside(run):
        yield f"http://127.0.0.1:{bound[0]}/scim"


@pytest.mark.parametrize(
    ("behaviour", "flag", "op"),
    [
        ("entra", "", "Replace"),
        ("entra", "?aadOptscim062020", "Replace"),
        ("entra", "?AzureAdScimPatch2017", "Replace"),
        ("provisor", "", "replace"),
        ("provisor", "?AzureAdScimPatch2017", "Replace"),
    ],
)
def test_section_4_on_demand_entra_speaks_as_without_a_flag(provisor, tmp_path, behaviour, flag, op):
    (tmp_path / "token").write_text("t0ken-of-umbrella")
    provisor("app", "add", APP)
    provisor("job", "create", APP)
    provisor("job", "settings", APP, "--behaviour", behaviour)
    provisor("user", "create", "userPrincipalName=anna@x.example", "displayName=Anna")
    provisor("app", "assign", APP, "--user", "anna@x.example")
    scim = Scim()
    with serving(scim) as url:
        provisor("job", "credentials", APP, "--url", f"{url}{flag}", "--token-file", str(tmp_path / "token"))
        ran = provisor("job", "on-demand", APP, "anna@x.example")

    assert ran.code == 0, ran.err
    assert [one["op"] for one in scim.changes if one.get("path") == "displayName"] == [op]
