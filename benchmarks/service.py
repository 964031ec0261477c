"""The service left running: what nothing costs, how soon a change becomes a request, and what much of it costs at once.

    .venv/bin/python benchmarks/service.py [--people 10000 100000 1000000] [--only idle changes …] [--keep FOLDER]

A directory is put into the tables as if it had long been provisioned, with the rows that a first cycle writes; then
`provisor serve` in a process of its own, changes made in this one, an application that notes when it is asked. Beside
each figure stands its goal, and beside all of them the cost of one fdatasync on that disk. With --keep a directory is
kept in that folder, and used again.
"""

import argparse
import asyncio
import json
import os
import random
import signal
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from provisor.admin.actor import LOCAL_OPERATOR as ME
from provisor.database import Writer
from provisor.gallery import template
from provisor.runner.assembling import Order
from provisor.runner.cycle import run_cycle, run_due
from provisor.runner.session import JobSession
from provisor.scim.schemas.resource_types import GROUP_TYPE, USER_TYPE
from provisor.settings import read_settings
from provisor.storage import cycles, feed, jobs, members, objects
from provisor.testing.memory_target import MemoryTarget
from provisor.testing.organisation import Organisation
from provisor.wiring import build

sys.path.append(str(Path(__file__).parents[1] / "tests"))
from support.provisioned import LARGE, fill, provision, upn

LARGE_GROUP = 50_000
TOKEN = "a-token"
GOAL_SECONDS = 2.0
GOAL_PLANNED_MILLISECONDS = 50.0
GOAL_MIB = 100.0
GOAL_EVALUATED_SECONDS = 10.0
GOAL_USED, GOAL_REFUSED = 0.95, 0.015
IDLE_RUNS = 20
LIMITS = ((3, 600), (25, 1_000), (400, 12_000))  # requests a second, and how many are sent
PARTS = ("idle", "soon", "storm", "changes", "member", "rules", "rates")


# The other end


class Application:
    """A SCIM application that takes everybody, and notes when each change arrived. With `limit` it refuses what goes
    beyond so many requests in a second of the clock.
    """

    def __init__(self):
        self.arrived = []  # (method, moment)
        self.asked = self.refused = 0
        self.limit = None
        self.url = ""
        self._windows = {}
        ready = threading.Event()
        threading.Thread(target=lambda: asyncio.run(self._serve(ready)), daemon=True).start()
        ready.wait()

    async def _serve(self, ready):
        server = await asyncio.start_server(self._talk, "127.0.0.1", 0)
        self.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/scim"
        ready.set()
        async with server:
            await server.serve_forever()

    async def _talk(self, reader, writer):
        try:
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
                moment = time.perf_counter()
                lines = head.lower().split("\r\n")
                length = next((int(line.split(":")[1]) for line in lines if line.startswith("content-length")), 0)
                body = await reader.readexactly(length)
                self.asked += 1
                method = head.split(" ", 1)[0]
                if self._is_too_much(moment):
                    self.refused += 1
                    writer.write(b"HTTP/1.1 429 Too Many Requests\r\nRetry-After: 1\r\nContent-Length: 0\r\n\r\n")
                    continue
                if method != "GET":
                    self.arrived.append((method, moment))
                writer.write(self._answer(method, body))
        except (asyncio.IncompleteReadError, ConnectionError):
            writer.close()

    def _is_too_much(self, moment):
        if self.limit is None:
            return False
        window = int(moment)
        self._windows[window] = self._windows.get(window, 0) + 1
        return self._windows[window] > self.limit

    def _answer(self, method, body):
        status, document = "200 OK", {"totalResults": 0, "Resources": []}
        if method == "POST":
            status, document = "201 Created", {**json.loads(body), "id": f"t{len(self.arrived)}"}
        elif method in ("PATCH", "DELETE"):
            status, document = "204 No Content", None
        content = b"" if document is None else json.dumps(document).encode()
        return (
            f"HTTP/1.1 {status}\r\nContent-Type: application/scim+json\r\nContent-Length: {len(content)}\r\n\r\n"
        ).encode() + content

    def until(self, number, seconds=900.0):
        """Wait until so many changes have arrived."""
        deadline = time.monotonic() + seconds
        while len(self.arrived) < number:
            if time.monotonic() > deadline:
                raise TimeoutError(f"{len(self.arrived)} of {number} requests came.")
            time.sleep(0.002)


# The service


class Served:
    """`provisor serve` over a folder, in a process of its own."""

    def __init__(self, folder):
        kept = {name: value for name, value in os.environ.items() if not name.startswith("PROVISOR_")}
        self._process = subprocess.Popen(
            [sys.executable, "-m", "provisor", "serve"],
            env={**kept, "PROVISOR_DATA": str(folder)},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )

    @property
    def cpu_seconds(self):
        """CPU that it has taken so far."""
        fields = Path(f"/proc/{self._process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    @property
    def peak_mib(self):
        """The most memory it has held."""
        status = Path(f"/proc/{self._process.pid}/status").read_text()
        return int(status.partition("VmHWM:")[2].split()[0]) / 1024

    def end(self):
        """SIGTERM; the seconds until it has ended."""
        began = time.perf_counter()
        self._process.send_signal(signal.SIGTERM)
        self._process.wait()
        return time.perf_counter() - began


class Place:
    """A directory that is provisioned, the job that did it, and the two ends of it."""

    def __init__(self, folder, people):
        self.folder, self.people = folder, people
        self.admin = build(read_settings({"PROVISOR_DATA": str(folder)}))
        self.database = self.admin.users.context.database
        self.tenant = self.admin.users.context.tenant
        found = self.admin.jobs.all(ME)
        self.job = found[0].job if found else self._fill()
        self.application = Application()
        self.admin.jobs.save_credentials(ME, self.job.id, url=self.application.url, token=TOKEN)
        self.admin.jobs.settings(ME, self.job.id, interval_seconds=24 * 3600)

    def _fill(self):
        """People, groups of 500 and a large one, and the links of a job that has provisioned them."""
        began = time.perf_counter()
        organisation = Organisation(self.database)
        job = organisation.job(template("ciscoUmbrella").rules, scope="all")
        fill(self.database, self.tenant, self.people, large=min(LARGE_GROUP, self.people))
        provision(self.database, job)
        asyncio.run(run_cycle(self.order_of(job, lambda _: MemoryTarget(USER_TYPE, GROUP_TYPE))))
        size = (self.folder / "provisor.sqlite").stat().st_size >> 20
        seconds = time.perf_counter() - began
        print(
            f"{self.people:>9,} people put into the tables in {seconds:.0f} s, as if provisioned; {size:,} MiB",
            flush=True,
        )
        return job

    def person(self, number, connection=None):
        """One of them."""
        (found,) = objects.by_name(connection or self.database.reader(), self.tenant, "user", upn(number))
        return found

    def call(self, numbers, name):
        """Give so many of them another name, in one transaction."""
        with self.database.transaction() as connection:
            change = feed.next_change(connection, self.tenant)
            changed = []
            for number in numbers:
                found = self.person(number, connection)
                attributes = {**found.attributes, "displayName": f"{name} {number}"}
                changed.append((replace(found, attributes=attributes, change=change), False))
            objects.update(connection, self.tenant, changed)

    def until_idle(self):
        """Wait until everything is done, and the job has seen it."""
        while True:
            job = jobs.read(self.database.reader(), self.job.number)
            seen = job.watermark is not None and job.watermark >= feed.current_change(
                self.database.reader(), self.tenant
            )
            if seen and not job.must_begin_anew and not self.admin.cycles.status(ME, self.job.id).runs.running:
                return
            time.sleep(0.005)

    def order(self):
        """What the runner is asked with, in this process."""
        return self.order_of(self.job, self.admin.cycles.context.connect)

    def order_of(self, job, connect):
        """The same, of a job that need not have credentials."""
        return Order(database=self.database, job=job.id, connect=connect, now=now, random_bytes=os.urandom)


def now():
    return datetime.now(UTC)


def tell(what, *, goal=""):
    print(f"{'':>9}  {what}{f' ({goal})' if goal else ''}", flush=True)


def of_goal(figure, goal, unit):
    return f"{figure / goal:.0%} of the goal of {goal:g} {unit}"


# What is measured


def idle(place, _):
    """A cycle without changes in a process of its own, and a look by the process that serves."""

    async def measure():
        order, taken, cpu, requests = place.order(), [], [], None
        for _ in range(IDLE_RUNS):
            began, worked = time.perf_counter(), time.thread_time()
            requests = dict((await run_cycle(order)).requests)
            taken.append((time.perf_counter() - began) * 1000)
            cpu.append((time.thread_time() - worked) * 1000)
        writer = Writer(place.database)
        session, looks = JobSession(writer), []
        for _ in range(IDLE_RUNS):
            began = time.perf_counter()
            assert await run_due(order, session) is None
            looks.append((time.perf_counter() - began) * 1000)
        await session.close()
        await writer.close()
        return taken, statistics.median(cpu), requests, statistics.median(looks)

    asyncio.run(run_cycle(place.order()))  # what the last part left
    taken, cpu, requests, look = asyncio.run(measure())
    milliseconds = statistics.median(taken)
    command = [sys.executable, "-m", "provisor", "job", "run", place.job.id]
    process = subprocess.Popen(
        command, env={**os.environ, "PROVISOR_DATA": str(place.folder)}, stdout=subprocess.DEVNULL
    )
    _, _, usage = os.wait4(process.pid, 0)
    process.returncode = 0
    tell(
        f"a cycle without changes {milliseconds:.1f} ms (least {min(taken):.1f}, CPU {cpu:.1f}), requests {requests}",
        goal=of_goal(milliseconds, GOAL_PLANNED_MILLISECONDS, "ms"),
    )
    tell(f"under serve a look of {look:.2f} ms, and no request")
    peak = usage.ru_maxrss / 1024
    tell(f"`provisor job run` for it: {peak:.0f} MiB at most", goal=of_goal(peak, GOAL_MIB, "MiB"))


def soon(place, served):
    """From the commit of a single change to the arrival of its request."""
    chance, taken = random.Random(9), []
    for number in range(place.options.changes):
        before = len(place.application.arrived)
        place.call([chance.randrange(place.people)], f"Name {number}")
        committed = time.perf_counter()
        place.application.until(before + 1)
        taken.append(place.application.arrived[before][1] - committed)
        time.sleep(chance.random() * 0.3)
    taken.sort()
    p50, p95 = statistics.median(taken), taken[int(len(taken) * 0.95) - 1]
    tell(
        f"change to request: p50 {p50:.2f} s, p95 {p95:.2f} s, longest {taken[-1]:.2f} s of {len(taken)}",
        goal=of_goal(p95, GOAL_SECONDS, "s"),
    )


def storm(place, served):
    """Many changes, committed one by one as fast as they can be."""
    number = min(place.options.storm, place.people)
    before, first = len(place.application.arrived), cycles.next_number(place.database.reader(), place.job.number)
    began = time.perf_counter()
    for one in range(number):
        place.call([one], "Storm")
    place.application.until(before + number)
    seconds = time.perf_counter() - began
    place.until_idle()
    ran = cycles.next_number(place.database.reader(), place.job.number) - first
    sent = len(place.application.arrived) - before
    tell(f"a storm of {number:,} changes: {ran} cycles, {sent:,} requests, the last after {seconds:.1f} s")


def changes(place, served):
    """A thousand changes in one transaction."""
    before, cpu = len(place.application.arrived), served.cpu_seconds
    place.call(range(0, place.people, max(place.people // 1_000, 1)), "Thousand")
    began = time.perf_counter()
    number = len(range(0, place.people, max(place.people // 1_000, 1)))
    place.application.until(before + number)
    seconds = time.perf_counter() - began
    place.until_idle()
    sent = len(place.application.arrived) - before
    tell(
        f"{number:,} changes among {place.people:,}: {sent:,} requests, the last {seconds:.2f} s after the commit,"
        f" {served.cpu_seconds - cpu:.2f} s of CPU"
    )


def member(place, served):
    """One more member of the large group."""
    before, cpu = len(place.application.arrived), served.cpu_seconds
    (group,) = objects.by_name(place.database.reader(), place.tenant, "group", LARGE)
    one = place.person(place.people)
    with place.database.transaction() as connection:
        if not members.add(connection, place.tenant, group.id, one.id):
            members.remove(connection, place.tenant, group.id, one.id, now=now())
    began = time.perf_counter()
    place.application.until(before + 1)
    seconds = place.application.arrived[before][1] - began
    place.until_idle()
    sent = len(place.application.arrived) - before
    large = min(LARGE_GROUP, place.people)
    tell(
        f"one member more or less in a group of {large:,}: {sent} write after {seconds:.2f} s,"
        f" {served.cpu_seconds - cpu:.2f} s of CPU",
        goal="goal: one write",
    )


def rules(place, served):
    """Rules by which everybody stays as he is: of an attribute that everybody has, and of one that nobody has."""
    for attribute, target in (("displayName", "displayName"), ("preferredLanguage", "name.formatted")):
        value = f"x{random.random()}"
        source = f'IIF([{attribute}]="{value}", "{value}", [{attribute}])'
        before, cpu = len(place.application.arrived), served.cpu_seconds
        place.admin.schemas.map(ME, place.job.id, "user", source=source, target=target)
        began = time.perf_counter()
        place.until_idle()
        seconds, cpu = time.perf_counter() - began, served.cpu_seconds - cpu
        writes = len(place.application.arrived) - before
        tell(
            f"a rule of {attribute} changed: {seconds:.1f} s, {cpu:.1f} s of CPU, {writes} writes",
            goal=of_goal(cpu, GOAL_EVALUATED_SECONDS, "s at a million") if place.people >= 10**6 else "",
        )


def rates(place, served):
    """Targets with a limit: each is met by a service that has not met it before."""
    served.end()
    for limit, wanted in LIMITS:
        application, number = place.application, min(wanted, place.people)
        with Limited(application, limit):
            place.call(range(number), f"At {limit}")
            fresh = Served(place.folder)
            before = len(application.arrived)
            asked, refused = application.asked, application.refused
            application.until(before + number)
            seconds = application.arrived[before + number - 1][1] - application.arrived[before][1]
            asked, refused = application.asked - asked, application.refused - refused
        place.until_idle()
        fresh.end()
        used, share = number / max(seconds, 1e-9) / limit, refused / asked
        tell(
            f"a limit of {limit} a second: {used:.1%} of it used, {share:.2%} of {asked:,} requests answered 429",
            goal=f"goals {GOAL_USED:.0%} and {GOAL_REFUSED:.1%}",
        )


class Limited:
    """An application that has a limit for a while."""

    def __init__(self, application, limit):
        self._application, self._limit = application, limit

    def __enter__(self):
        self._application.limit = self._limit

    def __exit__(self, *_):
        self._application.limit = None


def fdatasync_milliseconds(folder):
    """The median cost of making 4 KiB durable on this disk."""
    costs = []
    file = folder / "sync"
    with file.open("wb", buffering=0) as opened:
        for _ in range(200):
            opened.write(b"x" * 4096)
            began = time.perf_counter()
            os.fdatasync(opened.fileno())
            costs.append((time.perf_counter() - began) * 1000)
    file.unlink()
    return statistics.median(costs)


def measure(folder, people, options):
    place = Place(folder, people)
    place.options = options
    for part in options.only:
        if part == "idle":
            idle(place, None)
            continue
        if part == "rates" and people > options.rates_up_to:
            continue
        served = Served(folder)
        try:
            while not place.admin.cycles.status(ME, place.job.id).runs.served:
                time.sleep(0.02)
            time.sleep(0.5)
            place.until_idle()
            globals()[part](place, served)
            if part != "rates":
                peak = served.peak_mib
                tell(f"  {peak:.0f} MiB at most in the service", goal=of_goal(peak, GOAL_MIB, "MiB"))
        finally:
            served.end()
    place.database.close()


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--people", type=int, nargs="+", default=[10_000])
    parser.add_argument("--only", nargs="+", choices=PARTS, default=list(PARTS))
    parser.add_argument("--changes", type=int, default=100)
    parser.add_argument("--storm", type=int, default=5_000)
    parser.add_argument("--rates-up-to", type=int, default=20_000, help="people; they do not matter for a rate")
    parser.add_argument("--keep", type=Path, help="keep the directories in this folder, and use them again")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=options.keep) as name:
        folder = options.keep or Path(name)
        disk = f"one fdatasync {fdatasync_milliseconds(folder):.2f} ms"
        print(f"{now():%Y-%m-%d}, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}, {disk}", flush=True)
        for people in options.people:
            (folder / str(people)).mkdir(mode=0o700, exist_ok=True)
            measure(folder / str(people), people, options)


if __name__ == "__main__":
    main()
