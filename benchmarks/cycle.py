"""A whole initial cycle: people a minute, service in one process, the real target in another, everything durable.

    .venv/bin/python benchmarks/cycle.py [--people 10000 100000] [--profile FILE]
    .venv/bin/python benchmarks/cycle.py --people 3000 --beside ../before/src [--rounds 6]

With listing and with a look-up for each person, beside bare aiohttp posting the same bodies to the same target in the
same run. Also: the cycle without changes, the peak memory of the service, the cost of one fdatasync. Goals: 300,000 a
minute with listing, 180,000 with look-ups; 100 % and 60 % of bare; at most 60 MiB at any size.

`--beside` runs this checkout and another in turn and prints the least CPU of each: what to trust on a shared machine.
"""

import argparse
import asyncio
import cProfile
import json
import multiprocessing
import os
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

IN_FLIGHT = 64
CHUNK = 5_000
TOKEN_LABEL = "benchmark"


def now():
    return datetime.now(UTC)


def fdatasync_milliseconds(folder):
    """The median cost of making 4 KiB durable on this disk."""
    costs = []
    with (folder / "sync").open("wb", buffering=0) as file:
        for _ in range(200):
            file.write(b"x" * 4096)
            began = time.perf_counter()
            os.fdatasync(file.fileno())
            costs.append((time.perf_counter() - began) * 1000)
    return statistics.median(costs)


class Target:
    """`provisor target serve` in a process of its own, with an empty database."""

    def __init__(self, folder):
        folder.mkdir()
        self.environment = {**os.environ, "PROVISOR_TARGET_DATABASE_URL": f"sqlite:///{folder / 'target.sqlite'}"}
        command = [str(Path(sys.executable).with_name("provisor")), "target"]
        made = subprocess.run(
            [*command, "token", "create", "--label", TOKEN_LABEL, "--json"],
            env=self.environment,
            capture_output=True,
            check=True,
        )
        self.token = json.loads(made.stdout)["token"]
        ready = folder / "ready"
        self.process = subprocess.Popen(
            [*command, "serve", "--port", "0", "--ready-file", str(ready)],
            env=self.environment,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        while not (ready.exists() and ready.read_text().strip()):
            time.sleep(0.02)
        self.url = ready.read_text().strip()

    def stop(self):
        self.process.terminate()
        self.process.wait()


def build(url, people, answer):
    """The directory: everybody in scope, in a process of its own so that its memory is not the service's."""
    from provisor.database import open_database
    from provisor.gallery import template
    from provisor.testing.organisation import Organisation

    organisation = Organisation(open_database(url))
    job = organisation.job(template("ciscoUmbrella").rules, scope="all")
    for start in range(0, people, CHUNK):
        organisation.users([f"person{number}@contoso.example" for number in range(start, min(start + CHUNK, people))])
    answer.put(job.id)


def cycles(url, job_id, target_url, token, look_up, profile, answer):
    """An initial cycle and one without changes, in a process of its own."""
    import uvloop

    from provisor.connectors.scim_client import ScimClient
    from provisor.database import open_database
    from provisor.engine.behaviour import PROVISOR
    from provisor.engine.ports import Secret
    from provisor.gallery import template
    from provisor.runner.assembling import Order
    from provisor.runner.cycle import run_cycle
    from provisor.runner.planning import begin

    if look_up:
        begin.behaviour_named = lambda name: replace(PROVISOR, initial_matching="look-up")
    database = open_database(url)
    found = template("ciscoUmbrella")
    phases = []

    def connect(job):
        return ScimClient(target_url, Secret(token), found.user_type, found.group_type)

    def report(progress):
        if not phases or phases[-1][0] != progress.phase:
            phases.append((progress.phase, time.perf_counter()))

    async def run():
        return await run_cycle(
            Order(database=database, job=job_id, connect=connect, now=now, random_bytes=os.urandom, report=report)
        )

    profiler = cProfile.Profile() if profile else None
    if profiler:
        profiler.enable()
    began, spent = time.perf_counter(), time.process_time()
    first = uvloop.run(run())
    seconds, cpu = time.perf_counter() - began, time.process_time() - spent
    if profiler:
        profiler.disable()
        profiler.dump_stats(profile)
    planned = next((at for phase, at in phases if not phase.startswith("planning")), began) - began
    began = time.perf_counter()
    idle = uvloop.run(run())
    answer.put(
        {
            "seconds": seconds,
            "cpu": cpu,
            "planning": planned,
            "state": first.state,
            "created": first.counts.get("user.create", 0),
            "idle": time.perf_counter() - began,
            "idle_requests": dict(idle.requests),
            "peak_mib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
        }
    )


def bare(url, target_url, token, people, answer):
    """The same bodies posted by aiohttp alone."""
    import aiohttp
    import msgspec
    import uvloop

    from provisor.database import open_database
    from provisor.engine.desired import judge
    from provisor.engine.rules import ScopeSettings, compile_rules
    from provisor.gallery import template
    from provisor.rules.graph_json import read_schema
    from provisor.scim.entra import Dialect, create_body
    from provisor.storage import jobs, records, tenants

    connection = open_database(url).reader()
    found = template("ciscoUmbrella")
    rules = compile_rules(read_schema(found.rules), found, ScopeSettings(sync_all=True))
    tenant = tenants.only(connection)
    (job,) = jobs.all_jobs(connection, tenant)
    reads = records.page_of_all(
        connection, tenant=tenant, application=job.application, job=job.number, kind="user", after="", limit=people
    )
    encode = msgspec.json.Encoder().encode
    bodies = [
        encode(
            create_body(judge(one, rules, now(), os.urandom).mapped.created, "user", Dialect.COMPLIANT, found.user_type)
        )
        for one, _ in reads
    ]
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/scim+json"}

    async def post_all():
        waiting = iter(bodies)
        async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=IN_FLIGHT), headers=headers) as session:

            async def lane():
                for body in waiting:
                    async with session.post(f"{target_url}/Users", data=body) as response:
                        await response.read()
                        assert response.status == 201

            began = time.perf_counter()
            await asyncio.gather(*(lane() for _ in range(IN_FLIGHT)))
            return time.perf_counter() - began

    answer.put(uvloop.run(post_all()))


def in_process(work, *arguments, source=None):
    context = multiprocessing.get_context("spawn")
    answer = context.Queue()
    process = context.Process(target=work, args=(*arguments, answer))
    if source is not None:
        sys.path.insert(0, str(source))  # a spawned process begins with the path of its parent
    process.start()
    if source is not None:
        del sys.path[0]
    result = answer.get()
    process.join()
    return result


def measure(folder, people, look_up, profile):
    folder.mkdir()
    url = f"sqlite:///{folder / 'service.sqlite'}"
    job_id = in_process(build, url, people)
    target = Target(folder / "bare")
    try:
        bare_seconds = in_process(bare, url, target.url, target.token, people)
    finally:
        target.stop()
    target = Target(folder / "target")
    try:
        ours = in_process(cycles, url, job_id, target.url, target.token, look_up, profile)
    finally:
        target.stop()
    assert (ours["state"], ours["created"]) == ("succeeded", people), ours
    minute = people / ours["seconds"] * 60
    goal = 180_000 if look_up else 300_000
    print(
        f"{people:>9,} people, {'a look-up each' if look_up else 'listing       '}: {minute:>9,.0f} a minute"
        f" (goal {goal:,}), {bare_seconds / ours['seconds']:.0%} of bare aiohttp ({people / bare_seconds * 60:,.0f});"
        f" planning {ours['planning']:.1f} s of {ours['seconds']:.1f} s;"
        f" CPU {ours['cpu'] / people * 1e6:.0f} µs each; peak {ours['peak_mib']:.0f} MiB;"
        f" then a cycle without changes {ours['idle'] * 1000:.1f} ms, requests {ours['idle_requests']}",
        flush=True,
    )


def compare(folder, people, look_up, other, rounds):
    """The least CPU a person of this checkout and of the other, in turn, each time with a fresh target."""
    folder.mkdir()
    built = folder / "built.sqlite"
    job_id = in_process(build, f"sqlite:///{built}", people)
    spent = {None: [], other: []}
    for number in range(rounds):
        for source in spent if number % 2 == 0 else reversed(spent):
            place = folder / f"{number}-{source is None}"
            place.mkdir()
            shutil.copy(built, place / "service.sqlite")
            target = Target(place / "target")
            url = f"sqlite:///{place / 'service.sqlite'}"
            try:
                ran = in_process(cycles, url, job_id, target.url, target.token, look_up, None, source=source)
            finally:
                target.stop()
            spent[source].append(ran["cpu"] / people * 1e6)
    this, that = min(spent[None]), min(spent[other])
    what = "a look-up each" if look_up else "listing"
    print(f"{people:,} people, {what}: CPU {this:.0f} µs each, the other {that:.0f}: {this / that:.2f}", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--people", type=int, nargs="+", default=[10_000, 100_000])
    parser.add_argument("--only", choices=["listing", "look-up"])
    parser.add_argument("--profile", help="write a cProfile of the cycle to this file")
    parser.add_argument("--beside", type=Path, help="the src folder of another checkout: compare the CPU of both")
    parser.add_argument("--rounds", type=int, default=6, help="of a comparison")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        print(f"one fdatasync of 4 KiB: {fdatasync_milliseconds(folder):.2f} ms (median)")
        for people in options.people:
            for look_up in (False, True):
                if options.only not in (None, "look-up" if look_up else "listing"):
                    continue
                if options.beside is not None:
                    compare(folder / f"{people}-{look_up}", people, look_up, options.beside, options.rounds)
                else:
                    measure(folder / f"{people}-{look_up}", people, look_up, options.profile)


if __name__ == "__main__":
    main()
