"""A directory of a million people, made by direct inserts; then every look-up, list, search, count and log filter.

    .venv/bin/python benchmarks/million.py [--people 1000000] [--keep FOLDER]

For each: milliseconds the first time (as a command finds it) and again, and how many steps SQLite's machine took, in
thousands: a look-up whose steps grow with the directory reads more than it needs (tests/storage/test_query_plans.py).
With --keep the database stays in that folder, and is used again.
"""

import argparse
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

from provisor.admin.actor import LOCAL_OPERATOR as ME
from provisor.admin.bundle import Admin
from provisor.database import Database
from provisor.settings import read_settings
from provisor.storage import log, members, objects
from provisor.storage.log import LogQuery
from provisor.wiring import build

sys.path.append(str(Path(__file__).parents[1] / "tests"))
from support.large_directory import Size, called, fill, person

APP = "Cisco Umbrella User Management"


def measured(database: Database, what: str, work: Callable[[], object]) -> None:
    """Print what a read takes: with a new connection, with the same again, and its steps."""
    database.close()
    times = []
    for _ in range(3):
        began = time.perf_counter()
        work()
        times.append((time.perf_counter() - began) * 1000)
    steps = [0]
    raw = database.reader().raw

    def step() -> None:
        steps[0] += 1

    raw.set_progress_handler(step, 100)
    work()
    raw.set_progress_handler(None, 0)
    print(f"{what:<44} {times[0]:10.2f} {min(times[1:]):10.2f} {steps[0] / 10:12.1f}", flush=True)


def reads(admin: Admin, size: Size) -> dict[str, Callable[[], object]]:
    """Everything that is asked, by what it is called."""
    context = admin.users.context
    database, tenant = context.database, context.tenant
    name, last = called(5, size), f"person{size.people - 1:07}"
    (job,) = [shown.job for shown in admin.jobs.all(ME)]

    def found(**filters: object) -> Callable[[], object]:
        return lambda: log.find(database.reader(), LogQuery(tenant=tenant, **filters), limit=50)

    return {
        "user by name": lambda: objects.by_name(database.reader(), tenant, "user", name),
        "user by a name that nobody has": lambda: objects.by_name(database.reader(), tenant, "user", "x"),
        "group by name": lambda: objects.by_name(database.reader(), tenant, "group", "Group 0"),
        "user show": lambda: admin.users.show(ME, name),
        "user list": lambda: admin.users.page(ME),
        "user list --deleted": lambda: admin.users.page(ME, deleted=True),
        "user list --search, one found": lambda: admin.users.page(ME, search=last),
        "user list --search, thousands found": lambda: admin.users.page(ME, search="son00"),
        "user list --search, nobody found": lambda: admin.users.page(ME, search="nobody"),
        "count users": lambda: objects.count(database.reader(), tenant, "user"),
        "count memberships": lambda: members.count(database.reader(), tenant),
        "member list of 50,000": lambda: admin.members.page(ME, "Group 0"),
        "app show": lambda: admin.applications.show(ME, APP),
        "app assignments": lambda: admin.applications.assignments(ME, APP),
        "job status": lambda: admin.cycles.status(ME, APP),
        "log": found(),
        "log --job": found(job=job.number),
        "log --identity NAME": found(identity=name),
        "log --identity SOURCE": found(identity=person(5)),
        "log --identity TARGET": found(identity="t" + person(5)),
        "log --status failure": found(status="failure"),
        "log --status warning": found(status="warning"),
        "log --action delete": found(action="delete"),
        "log --code EntryConflict": found(code="EntryConflict"),
        "log --cycle": found(cycle="cycle-3"),
        "log --cycle --status failure": found(cycle="cycle-3", status="failure"),
        "log --hours, nothing so new": found(since=int(timedelta(days=1).total_seconds() * 1e6)),
    }


def main() -> None:
    """Make the database if need be, and ask everything."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--people", type=int, default=1_000_000)
    parser.add_argument("--keep", type=Path)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as made:
        folder = options.keep or Path(made)
        settings = read_settings({"PROVISOR_DATA": str(folder)})
        new = not (folder / "provisor.sqlite").exists()
        admin = build(settings)
        database = admin.users.context.database
        began = time.perf_counter()
        measuring = Size(people=options.people, groups=max(options.people // 500, 2), large=min(options.people, 50_000))
        if new:
            admin.applications.add(ME, APP)
            fill(database, admin.users.context.tenant, admin.jobs.create(ME, APP).job, measuring)
        size = (folder / "provisor.sqlite").stat().st_size
        print(f"{options.people:,} people, {size >> 20:,} MiB, made in {time.perf_counter() - began:.0f} s")
        print(f"{'':<44} {'first ms':>10} {'again ms':>10} {'1,000 steps':>12}")
        for what, work in reads(admin, measuring).items():
            measured(database, what, work)
        database.close()


if __name__ == "__main__":
    main()
