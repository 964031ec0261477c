"""How long the portal's pages take over HTTP: p50 and p95 of each, in milliseconds; and what ten open windows cost.

    .venv/bin/python benchmarks/portal.py [PEOPLE] [MEMBERSHIPS] [EVENTS] [--keep FOLDER]
                                                      (default 100,000 / 3,000,000 / 1,000,000)

Goals: every page under 100 ms (p95) with those many people, memberships and events of the log; the live pages of ten
open windows under 5 % of a core. `provisor serve` is a process of its own; times are those of one browser, one request
after another. With --keep the database stays in that folder, and is used again.
"""

import argparse
import http.client
import math
import os
import re
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from contextlib import contextmanager
from html import unescape
from pathlib import Path
from urllib.parse import urlencode, urlsplit

from provisor.admin.actor import LOCAL_OPERATOR
from provisor.main import build
from provisor.settings import read_settings
from provisor.storage import log

sys.path.append(str(Path(__file__).parents[1] / "tests"))
from support import large_directory
from support.large_directory import Size, called, group, person

APP = "Cisco Umbrella User Management"
NAME, PASSWORD = "bench@contoso.example", "correct horse battery"
ROUNDS = 100
GROUPS = 20_000
LARGE = 50_000
AT_ONCE = 5_000
WINDOWS = 10
WATCHED_SECONDS = 20.0
SETTLED_SECONDS = 12.0  # a window that closed is noticed by the next line to it, after ten seconds
_MORE = """INSERT INTO member (group_id, member_id, tenant, change)
    SELECT printf('01900001-0000-7000-8000-%012d', 1 + (CAST(substr(id, 25) AS INTEGER) + ?) % ?), id, ?, 1
    FROM object WHERE kind = 'user' ON CONFLICT DO NOTHING"""
TICKS = os.sysconf("SC_CLK_TCK")


def fill(admin, people: int, memberships: int, events: int) -> None:
    """A provisioned organisation of this size, and its log."""
    admin.applications.add(LOCAL_OPERATOR, APP)
    admin.jobs.create(LOCAL_OPERATOR, APP)
    job, context = admin.jobs.show(LOCAL_OPERATOR, APP).job, admin.users.context
    size = Size(people=people, groups=min(GROUPS, people // 5), large=min(LARGE, people))
    large_directory.fill(context.database, context.tenant, job, size)
    each = max(0, (memberships - 2 * people) // people)
    with context.database.transaction() as connection:
        connection.raw.execute("PRAGMA cache_size = -2000000")  # rows come in no order of their key
        for step in range(each):
            connection.raw.execute(_MORE, (11 + 13 * step, size.groups - 1, context.tenant))
    for start in range(people, events, AT_ONCE):
        with context.database.transaction() as connection:
            rows = (
                large_directory.logged(context.tenant, job.number, size, number % people)._replace(
                    id=f"event-{number:012}", cycle=f"cycle-{number // 20_000}", at=number
                )
                for number in range(start, min(start + AT_ONCE, events))
            )
            log.append(connection, rows)


@contextmanager
def served(folder: Path):
    """`provisor serve` over the folder; gives its process and address."""
    environment = os.environ | {"PROVISOR_DATA": str(folder)}
    command = [sys.executable, "-m", "provisor", "serve", "--port", "0"]
    process = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    try:
        for line in process.stdout:
            if found := re.search(r"http://127\.0\.0\.1:\d+", line):
                threading.Thread(target=process.stdout.read, daemon=True).start()
                yield process, found[0]
                break
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(20)


class Reader:
    """One browser, without scripts."""

    def __init__(self, url: str) -> None:
        self.connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=60)
        self.cookie = ""
        page = self.get("/sign-in")
        token = re.search(r'name="form_token" value="([^"]+)"', page)[1]
        fields = {"form_token": token, "name": NAME, "password": PASSWORD, "to": "/"}
        self.request("POST", "/sign-in", urlencode(fields))

    def request(self, method: str, path: str, body: str = "") -> tuple[int, str]:
        headers = {"Cookie": self.cookie}
        if body:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        self.connection.request(method, path, body, headers)
        answer = self.connection.getresponse()
        if given := answer.getheader("Set-Cookie"):
            self.cookie = given.partition(";")[0]
        return answer.status, answer.read().decode()

    def get(self, path: str) -> str:
        status, text = self.request("GET", path)
        assert status == 200, (path, status, text[-2000:])
        return text


def pages_of(application: str, job: str, size: Size) -> dict[str, str]:
    """What is measured, by what it shows."""
    around, at = f"/applications/{application}", f"/applications/{application}/provisioning/{job}"
    return {
        "home": "/",
        "users": "/users",
        "users, searched, many fit": "/users?search=person",
        "users, searched, one fits": f"/users?search={called(777, size)}",
        "users, searched, nobody fits": "/users?search=nobody-at-all",
        "a user": f"/users/{person(778)}",
        "groups": "/groups",
        "a group of 50,000": f"/groups/{group(0)}",
        "deleted users": "/users/deleted",
        "applications": "/applications",
        "an application": around,
        "users and groups of it": f"{around}/users-and-groups",
        "users and groups, searched": f"{around}/users-and-groups?search=person0000777",
        "provisioning overview": at,
        "provisioning settings": f"{at}/settings",
        "mappings": f"{at}/mappings",
        "attribute mapping": f"{at}/mappings/users",
        "scoping filter": f"{at}/mappings/users/scope",
        "plans": f"{at}/plans",
        "failures": f"{at}/failures",
        "held deletions": f"{at}/deletions",
        "links, searched": f"{at}/links?search=person0000777",
        "provisioning logs": "/provisioning-logs",
        "logs, failures": "/provisioning-logs?status=failure",
        "logs, of one person": f"/provisioning-logs?identity={called(777, size)}",
        "logs, nobody": "/provisioning-logs?identity=nobody",
        "audit logs": "/audit-logs",
        "audit logs, one activity": "/audit-logs?activity=Update%20user",
        "report": f"/report?application={application}",
        "administrators": "/settings/administrators",
    }


def windows_of(application: str, job: str) -> dict[str, str]:
    """The pages that people leave open, by what they show."""
    at = f"/applications/{application}/provisioning/{job}"
    return {"home": "/", "the overview of a job": at, "the provisioning logs": "/provisioning-logs?live=1"}


def measured(reader: Reader, path: str) -> tuple[float, float]:
    """Milliseconds at p50 and p95."""
    times = []
    for _ in range(ROUNDS):
        began = time.perf_counter()
        reader.get(path)
        times.append((time.perf_counter() - began) * 1000)
    times.sort()
    return statistics.median(times), times[math.ceil(len(times) * 0.95) - 1]


def spent(process: subprocess.Popen[str]) -> float:
    """Seconds of a core that a process has used."""
    fields = Path(f"/proc/{process.pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def live_parts(reader: Reader, page: str) -> list[str]:
    """The addresses of what moves by itself on a page."""
    found = [unescape(one) for one in re.findall(r'data-live="([^"]+)"', reader.get(page))]
    assert found, f"nothing moves on {page}"
    return found


def share(process: subprocess.Popen[str]) -> float:
    """Of a core in percent: what the service uses for some seconds."""
    before, began = spent(process), time.perf_counter()
    time.sleep(WATCHED_SECONDS)
    return 100 * (spent(process) - before) / (time.perf_counter() - began)


def watched(process: subprocess.Popen[str], reader: Reader, page: str) -> float:
    """The same while ten windows show this page, each with all that moves on it."""
    parts, streams = live_parts(reader, page), list[http.client.HTTPConnection]()
    for part in parts * WINDOWS:
        connection = http.client.HTTPConnection(reader.connection.host, reader.connection.port, timeout=60)
        connection.request("GET", part, headers={"Cookie": reader.cookie, "Accept": "text/event-stream"})
        answer = connection.getresponse()
        assert answer.status == 200, (part, answer.status)
        threading.Thread(target=lambda stream=answer: [None for _ in iter(stream.readline, b"")], daemon=True).start()
        streams.append(connection)
    found = share(process)
    for connection in streams:
        connection.sock.shutdown(socket.SHUT_RDWR)
    time.sleep(SETTLED_SECONDS)
    return found


def main() -> None:
    """Fill, serve, measure, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name, number in (("people", 100_000), ("memberships", 3_000_000), ("events", 1_000_000)):
        parser.add_argument(name, type=int, nargs="?", default=number)
    parser.add_argument("--keep", type=Path)
    options = parser.parse_args()
    size = Size(people=options.people, groups=min(GROUPS, options.people // 5), large=min(LARGE, options.people))
    with tempfile.TemporaryDirectory() as made:
        folder = options.keep or Path(made)
        new = not (folder / "provisor.sqlite").exists()
        admin = build(read_settings({"PROVISOR_DATA": str(folder)}))
        if new:
            began = time.perf_counter()
            fill(admin, options.people, options.memberships, options.events)
            admin.accounts.add(LOCAL_OPERATOR, NAME, ("Global Administrator",), password=PASSWORD)
            print(f"made in {time.perf_counter() - began:.0f} s")
        job = admin.jobs.all(LOCAL_OPERATOR)[0].job
        with served(folder) as (process, url):
            reader = Reader(url)
            print(f"{'':<34} {'p50 ms':>8} {'p95 ms':>8}")
            for what, path in pages_of(job.application, job.id, size).items():
                p50, p95 = measured(reader, path)
                print(f"{what:<34} {p50:>8.1f} {p95:>8.1f}{'  over the goal' if p95 > 100 else ''}", flush=True)
            print(f"{'no window open':<34} {share(process):>8.1f} % of a core", flush=True)
            for what, page in windows_of(job.application, job.id).items():
                found = watched(process, Reader(url), page)
                over = "  over the goal" if found > 5 else ""
                print(f"{'ten windows of ' + what:<34} {found:>8.1f} % of a core{over}", flush=True)


if __name__ == "__main__":
    main()
