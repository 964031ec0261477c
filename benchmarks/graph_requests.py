"""Requests a second of the Graph-shaped API: `provisor serve` in a process of its own, asked by one aiohttp client.

    .venv/bin/python benchmarks/graph_requests.py [--people 10000] [--connections 8] [--seconds 5]

For each: requests a second, p50 and p99 in milliseconds. What clients ask: a user, a job, a hundred users, and pages of
applications and of both logs.
"""

import argparse
import asyncio
import json
import os
import re
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import aiohttp

sys.path.append(str(Path(__file__).parent))
from pages import fill
from provisor.admin.actor import LOCAL_OPERATOR
from provisor.main import build
from provisor.settings import read_settings

APP = "Cisco Umbrella User Management"
EVENTS = 20_000
FAILURES = "provisioningStatusInfo/status eq 'failure'"
PROVISOR = str(Path(sys.executable).with_name("provisor"))


def filled(folder: Path, people: int) -> dict[str, str]:
    """The paths that are asked for, by what they are called."""
    from log_pages import event
    from provisor.storage import log

    admin = build(read_settings({"PROVISOR_DATA": str(folder)}))
    context = admin.users.context
    fill(context.database, context.tenant, people, people, 10)
    admin.applications.add(LOCAL_OPERATOR, APP)
    job = admin.jobs.create(LOCAL_OPERATOR, APP).job
    with context.database.transaction() as connection:
        events = (event(context.tenant, number, EVENTS)._replace(job=job.number) for number in range(EVENTS))
        log.append(connection, events)
    user = admin.users.page(LOCAL_OPERATOR, limit=1)[0].id
    context.database.close()
    return {
        "GET user": f"/v1.0/users/{user}",
        "GET job": f"/v1.0/servicePrincipals/{job.application}/synchronization/jobs/{job.id}",
        "list 100 users": "/v1.0/users?$top=100",
        "list applications": "/v1.0/applications",
        "50 events of the log": "/v1.0/auditLogs/provisioning?$top=50",
        "failures of the log": f"/v1.0/auditLogs/provisioning?$top=50&$filter={FAILURES}",
        "50 events of the audit log": "/v1.0/auditLogs/directoryAudits?$top=50",
    }


class Served:
    """`provisor serve` with a token that may read everything."""

    def __init__(self, folder: Path) -> None:
        environment = {**os.environ, "PROVISOR_DATA": str(folder)}
        made = subprocess.run(
            [PROVISOR, "admin", "token", "create", "--label", "benchmark", "--role", "Global Administrator", "--json"],
            env=environment, capture_output=True, check=True, text=True,
        )  # fmt: skip
        self.token = json.loads(made.stdout)["token"]
        self.process = subprocess.Popen(
            [PROVISOR, "serve", "--port", "0", "--requests-per-second", "1000000"],
            env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        )  # fmt: skip
        assert self.process.stdout is not None
        for line in self.process.stdout:
            if found := re.search(r"https?://[\w.:\[\]]+", line):
                self.url = found[0].rstrip("/.")
                return
        raise SystemExit("provisor serve did not say where it answers.")

    def stop(self) -> None:
        self.process.terminate()
        self.process.wait()


async def asked(url: str, token: str, path: str, connections: int, seconds: float) -> tuple[float, list[float]]:
    """How many were answered a second, and how long each took in milliseconds."""
    times: list[float] = []
    until = time.perf_counter() + seconds
    headers = {"Authorization": f"Bearer {token}"}

    async def one(session: aiohttp.ClientSession) -> None:
        while (began := time.perf_counter()) < until:
            async with session.get(f"{url}{path}") as reply:
                body = await reply.read()
                assert reply.status == 200, body
            times.append((time.perf_counter() - began) * 1000)

    async with aiohttp.ClientSession(headers=headers) as session:
        await asyncio.gather(*(one(session) for _ in range(connections)))
    return len(times) / seconds, times


def main() -> None:
    """Fill, serve, ask, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--people", type=int, default=10_000)
    parser.add_argument("--connections", type=int, default=8)
    parser.add_argument("--seconds", type=float, default=5.0)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made) / "data"
        folder.mkdir(mode=0o700)
        paths = filled(folder, options.people)
        served = Served(folder)
        try:
            print(f"{'':<30} {'a second':>10} {'p50 ms':>8} {'p99 ms':>8}")
            for what, path in paths.items():
                rate, times = asyncio.run(asked(served.url, served.token, path, options.connections, options.seconds))
                times.sort()
                p99 = times[int(len(times) * 0.99)]
                print(f"{what:<30} {rate:>10,.0f} {statistics.median(times):>8.1f} {p99:>8.1f}", flush=True)
        finally:
            served.stop()


if __name__ == "__main__":
    main()
