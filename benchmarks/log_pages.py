"""How long pages of both logs take over the API's handlers: p50 and p99 of each, in milliseconds; and what they weigh.

    .venv/bin/python benchmarks/log_pages.py [EVENTS] [--keep FOLDER]        (default 1,000,000)

So many events of twenty jobs in the provisioning log, a tenth as many in the audit log. Goal: every page under 100 ms
(p99) with 1,000,000 events. A page that no index answers looks at 20,000 events; the last lines say how many such pages
a search through everything takes. With --keep the database stays in that folder, and is used again.
"""

import argparse
import statistics
import sys
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import quote

from provisor.admin.actor import LOCAL_OPERATOR
from provisor.engine.log_event import Facts, LocatedFailure, encode
from provisor.graph_api.app import GraphApi
from provisor.graph_api.routes import ROUTES
from provisor.main import build
from provisor.rules.failure import Retry
from provisor.settings import read_settings
from provisor.storage import audit, log
from provisor.storage.authors import Author
from provisor.storage.log import LogRow
from provisor.storage.times import to_microseconds

sys.path.append(str(Path(__file__).parents[1] / "tests"))
from support.graph_client import GraphClient

JOBS = 20
PEOPLE = 100_000
ROUNDS = 30
AT_ONCE = 5_000
BEGAN = datetime(2026, 10, 28, tzinfo=UTC)
MONTH = timedelta(days=30)
DONE = encode(Facts(kind="user", milliseconds=12.0)).decode()
FAILED = encode(
    Facts(kind="user", refused=LocatedFailure("EntryConflict", "It is taken.", "Delete it.", Retry.LATER, "export"))
).decode()


def event(tenant: str, number: int, of: int) -> LogRow:
    """The events of a month, one after the other; one in fifty failed, in one of five ways."""
    job, who = 1 + number % JOBS, number * 7919 % PEOPLE
    at = to_microseconds(BEGAN + MONTH * (number / of))
    failed = number % 50 == 7
    code = ("EntryConflict", "Timeout", "InvalidAnchor", "InternalServerError", "MissingValues")[number // 50 % 5]
    return LogRow(
        f"01900000-0000-7000-8000-{number:012}", tenant, job, f"cycle-{job}-{number // 20_000}", at,
        ("create", "update", "update", "disable")[number % 4], "failure" if failed else "success",
        code if failed else None, f"source-{who:06}", f"person{who:06}@fjord.example", f"target-{job}-{who:06}",
        FAILED if failed else DONE,
    )  # fmt: skip


def fill(admin, events: int) -> None:
    """Both logs."""
    context = admin.users.context
    for number in range(JOBS):
        name = f"Application {number}"
        admin.applications.add(LOCAL_OPERATOR, "Cisco Umbrella User Management", name=name)
        admin.jobs.create(LOCAL_OPERATOR, name)
    for start in range(0, events, AT_ONCE):
        with context.database.transaction() as connection:
            numbers = range(start, min(start + AT_ONCE, events))
            log.append(connection, [event(context.tenant, number, events) for number in numbers])
    for start in range(0, events // 10, AT_ONCE):
        with context.database.transaction() as connection:
            for number in range(start, min(start + AT_ONCE, events // 10)):
                audit.record(
                    connection,
                    tenant=context.tenant,
                    author=Author(id=f"admin-{number % 7}", name=f"Administrator {number % 7}", kind="user"),
                    activity=("Update user", "Add member to group", "Update service principal")[number % 3],
                    target=f"object-{number * 7919 % 5_000}",
                    now=BEGAN + MONTH * (number / (events / 10)),
                )


LATE = "activityDateTime ge 2026-11-26T00:00:00Z"
FILTERS = {
    "provisioning": {
        "the newest": "",
        "of a job": "jobId eq '{job}'",
        "by status": "provisioningStatusInfo/status eq 'failure'",
        "by code of a job": "errorCode eq 'Timeout' and jobId eq '{job}'",
        "by action or status": "provisioningAction eq 'disable' or provisioningStatusInfo/status eq 'failure'",
        "of one person, by name": "sourceIdentity/displayName eq 'person000777@fjord.example'",
        "of one person, by id": "sourceIdentity/id eq 'source-000777'",
        "of a cycle": "cycleId eq 'cycle-3-30'",
        "of an application's name": "contains(servicePrincipal/displayName,'cation 7')",
        "of a day": "activityDateTime ge 2026-11-10T00:00:00Z and activityDateTime lt 2026-11-11T00:00:00Z",
        "contains, many fit": "contains(sourceIdentity/displayName,'77')",
        "contains, one fits": "contains(sourceIdentity/displayName,'person000777@')",
        "contains, nobody fits": "contains(sourceIdentity/displayName,'nobody')",
        "contains, of the last day": f"contains(targetIdentity/id,'000777') and {LATE}",
    },
    "directoryAudits": {
        "the newest": "",
        "by activity": "activityDisplayName eq 'Update user'",
        "by category": "category eq 'GroupManagement'",
        "of a target": "targetResources/id eq 'object-77'",
        "by who did it": "initiatedBy/user/id eq 'admin-3'",
        "contains, nobody fits": "contains(activityDisplayName,'nobody')",
    },
}


def measured(graph: GraphClient, path: str) -> tuple[float, float, int]:
    """Milliseconds at p50 and p99, and how many events the page has."""
    times, number = [], 0
    for _ in range(ROUNDS):
        began = time.perf_counter()
        reply = graph.get(path)
        times.append((time.perf_counter() - began) * 1000)
        assert reply.status == 200, reply.body
        number = len(reply.value)
    times.sort()
    return statistics.median(times), times[-1], number


def main() -> None:
    """Fill, measure, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("events", type=int, nargs="?", default=1_000_000)
    parser.add_argument("--keep", type=Path)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as made:
        folder = options.keep or Path(made)
        new = not (folder / "provisor.sqlite").exists()
        admin = build(read_settings({"PROVISOR_DATA": str(folder)}))
        if new:
            began = time.perf_counter()
            fill(admin, options.events)
            print(
                f"made in {time.perf_counter() - began:.0f} s, {(folder / 'provisor.sqlite').stat().st_size >> 20} MiB"
            )
        app = GraphApi(
            admin, ROUTES, lambda token, address, correlation: LOCAL_OPERATOR,
            now=lambda: datetime.now(UTC), requests_per_second=1e6,
        )  # fmt: skip
        graph = GraphClient(app)
        job = admin.jobs.all(LOCAL_OPERATOR)[3].job.id
        print(f"{'':<50} {'p50 ms':>8} {'p99 ms':>8} {'events':>7}")
        for noun, filters in FILTERS.items():
            for what, text in filters.items():
                for order in ("desc", "asc"):
                    query = f"$top=50&$orderby=activityDateTime {order}&$filter={quote(text.format(job=job))}"
                    p50, p99, number = measured(graph, f"/auditLogs/{noun}?{query.replace(' ', '%20')}")
                    print(f"{f'{noun}, {what}, {order}':<50} {p50:>8.1f} {p99:>8.1f} {number:>7}", flush=True)
            p50, p99, _ = measured(graph, f"/auditLogs/{noun}?$count=true&$top=1")
            print(f"{f'{noun}, how many there are':<50} {p50:>8.1f} {p99:>8.1f}")
        began = time.perf_counter()
        rare = quote("contains(sourceIdentity/displayName,'nobody')")
        pages = list(graph.pages(f"/auditLogs/provisioning?$filter={rare}"))
        print(f"all the log is looked through in {len(pages)} pages and {time.perf_counter() - began:.1f} s")
        app.close()


if __name__ == "__main__":
    main()
