"""Starts the servers that are compared, each a process of its own, fills their stores and watches what they use."""

import os
import subprocess
import sys
import time
from contextlib import contextmanager, suppress
from pathlib import Path
from urllib.parse import urlsplit

from provisor.provider.store import member_rows
from provisor.provider.store.tables import now_microseconds, open_target, the_tenant
from provisor.provider.store.tokens import create_token
from provisor.provider.verbs import resources
from provisor.provider.verbs.request import ScimRequest
from scim_load import bare

BENCHMARKS = Path(__file__).parents[1]
START_SECONDS = 30
BIG = 50_000
MIDDLE = 2_000


def person(number):
    """The body of a user as Entra sends it to Umbrella."""
    return {
        "schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"],
        "userName": f"person{number:07d}@contoso.com",
        "active": True,
        "displayName": f"Person Number {number}",
        "name": {"givenName": "Person", "familyName": f"Number{number}", "formatted": f"Person Number{number}"},
        "externalId": f"{number:08x}-6b1f-4e0a-9c1d-2f5f0f3a7e11",
    }


class Server:
    """A process that listens on a port."""

    def __init__(self, name, command, ready, environment=None):
        self.name = name
        self.process = subprocess.Popen(command, env={**os.environ, **(environment or {})}, stdout=subprocess.DEVNULL)
        waited = time.monotonic() + START_SECONDS
        while not (ready.exists() and ready.read_text().strip()):
            if self.process.poll() is not None or time.monotonic() > waited:
                raise SystemExit(f"{name} did not start.")
            time.sleep(0.02)
        said = ready.read_text().strip()
        self.port = int(said) if said.isdigit() else urlsplit(said).port
        time.sleep(0.1)

    def cpu_seconds(self):
        """CPU spent so far by every thread: unlike requests per second it does not feel what else the machine does."""
        threads = Path(f"/proc/{self.process.pid}/task").glob("*/schedstat")
        return sum(int(thread.read_text().split()[0]) for thread in threads) / 1e9

    def memory_mib(self):
        """Resident memory now, and the most there was."""
        lines = Path(f"/proc/{self.process.pid}/status").read_text().splitlines()
        values = {line.split(":")[0]: line.split()[1] for line in lines if line.startswith(("VmRSS", "VmHWM"))}
        return int(values["VmRSS"]) / 1024, int(values["VmHWM"]) / 1024

    def stop(self):
        self.process.terminate()
        with suppress(subprocess.TimeoutExpired):
            self.process.wait(15)
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()


class Stored:
    """What a store already holds when the load begins."""

    def __init__(self, users=(), names=0, groups=None):
        self.users = list(users)  # ids; the user of number n has the n-th
        self.names = names
        self.groups = groups or {}  # size -> id


@contextmanager
def target(folder, url, stored_users, source=None):
    """Our server over a store with so many users and, where they suffice, groups of 2,000 and 50,000.

    `source` is the `src` folder of another checkout, whose server is started instead of this one's.
    """
    database = open_target(url)
    tenant = the_tenant(database)
    with database.transaction() as connection:
        # The profile's 200 groups would end the phase of group creation after a blink.
        connection.execute("UPDATE tenant SET group_limit = ? WHERE number = ?", (10**6, tenant.number))
        _, token = create_token(connection, tenant, kind="other", label="benchmark", now=now_microseconds())
    stored = _fill(database, the_tenant(database), stored_users)
    database.close()
    ready = folder / "target-ready"
    server = Server(
        "target",
        [sys.executable, "-m", "provisor", "target", "serve", "--port", "0", "--ready-file", str(ready)],
        ready,
        {
            "PROVISOR_TARGET_DATABASE_URL": url,
            "PROVISOR_DATA": str(folder),
            **({} if source is None else {"PYTHONPATH": str(source)}),
        },
    )
    server.base, server.token, server.stored = "/identity/v2/scim", token, stored
    try:
        yield server
    finally:
        server.stop()


def _fill(database, tenant, users):
    stored = Stored(names=users)
    for first in range(0, users, 5_000):
        with database.transaction() as connection:
            for number in range(first, min(first + 5_000, users)):
                asked = ScimRequest(tenant=tenant, kind="User", base="", now=now_microseconds())
                content, _ = resources.accepted(asked, person(number))
                stored.users.append(resources.create(connection, asked, content, ()).id)
    for size in (MIDDLE, BIG):
        if users >= size:
            with database.transaction() as connection:
                asked = ScimRequest(tenant=tenant, kind="Group", base="", now=now_microseconds(), excluded=("members",))
                content, _ = resources.accepted(asked, {"displayName": f"The {size}"})
                stored.groups[size] = resources.create(connection, asked, content, ()).id
                member_rows.add(connection, tenant, stored.groups[size], stored.users[:size])
    return stored


@contextmanager
def bare_server(folder, stored_users, document):
    """The bare server with as many rows."""
    path = folder / "bare.sqlite"
    bare.load(path, (person(number)["userName"] for number in range(stored_users)), document)
    with _python("bare", "scim_load.bare", folder / "bare-ready", str(path)) as server:
        yield server


@contextmanager
def peer_server(folder):
    """scim2-server, empty."""
    with _python("scim2-server", "scim_load.peer", folder / "peer-ready") as server:
        server.base, server.token, server.stored = "/v2", "", Stored()
        yield server


@contextmanager
def _python(name, module, ready, *arguments):
    command = [sys.executable, "-m", module, *arguments, str(ready)]
    server = Server(name, command, ready, {"PYTHONPATH": str(BENCHMARKS)})
    try:
        yield server
    finally:
        server.stop()
