"""A mirror of a tenant: our own Graph API in a process of its own, read by the connector of Microsoft Entra.

    .venv/bin/python benchmarks/mirror.py [--people 100000] [--groups 200] [--changes 100]

First the connector alone, beside one bare client that follows the same links and decodes the same pages; then whole
runs into an empty directory, and into the same one after some changes. For each: entries a second, and the CPU of this
process; the rest of the time is that of the process that answers.
"""

import argparse
import asyncio
import csv
import json
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlencode

import aiohttp

sys.path.append(str(Path(__file__).parent))
from graph_requests import Served
from provisor.admin.actor import LOCAL_OPERATOR
from provisor.connectors.graph.choices import selected
from provisor.connectors.graph.tenant import EntraTenant
from provisor.database import open_database
from provisor.engine.ports import Secret
from provisor.engine.sources import RecordGone, RecordTold
from provisor.main import build
from provisor.rules.source_settings import EntraSettings
from provisor.runner.importing.import_source import CsvImport, import_csv
from provisor.runner.sourcing.run_source import SourceOrder, run_source
from provisor.settings import read_settings
from provisor.storage import connected_sources
from provisor.storage.schema import migrate

ROW = "{:<40}{:>10}{:>10}{:>12}{:>10}"
import_people = __import__("import")  # the benchmark of that name, whose people these are


class Tenant:
    """A directory full of people, served; what is changed in it is changed by verbs of this process."""

    def __init__(self, folder: Path, people: int, groups: int) -> None:
        folder.mkdir(mode=0o700)
        self.admin = build(read_settings({"PROVISOR_DATA": str(folder)}))
        context = self.admin.users.context
        files = CsvImport(users=folder / "users.csv", groups=folder / "groups.csv", members=folder / "members.csv")
        import_people.write_people(folder / "users.csv", people)
        write_groups(folder, people, groups)
        import_csv(context.database, context.tenant, files, now=datetime.now(UTC))
        client = self.admin.machines["client"].create(LOCAL_OPERATOR, "mirror", ["Security Reader"]).to_json()
        self.client = {name: str(value) for name, value in client.items()}
        self.served = Served(folder)

    def settings(self) -> EntraSettings:
        url = self.served.url
        return EntraSettings(tenant=self.client["tenantId"], client=self.client["clientId"], graph=url, login=url)

    def source(self) -> EntraTenant:
        return EntraTenant(self.settings(), {"clientSecret": Secret(self.client["clientSecret"])})

    def change(self, number: int, to: str) -> None:
        """Give so many people another city."""
        for user in self.admin.users.page(LOCAL_OPERATOR, limit=number):
            self.admin.users.set(LOCAL_OPERATOR, user.id, {"city": to})


def write_groups(folder: Path, people: int, groups: int) -> None:
    """Everybody in two groups, and the first one large."""
    with (folder / "groups.csv").open("w", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(["displayName"])
        rows.writerows([f"Group {number}"] for number in range(groups))
    with (folder / "members.csv").open("w", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(["group", "member"])
        for number in range(people):
            name = f"person{number:07}@fjord.example"
            crowds = {number % groups, number * 7 % groups, *([0] if number < people // 5 else [])}
            rows.writerows([f"Group {crowd}", name] for crowd in sorted(crowds))


def timed(what, entries):
    """Run it, and print what it took; gives what it gives."""
    began, cpu = time.perf_counter(), time.process_time()
    number, found = entries()
    seconds, used = time.perf_counter() - began, time.process_time() - cpu
    rate = number / seconds if seconds else 0.0
    print(ROW.format(what, f"{number:,}", f"{seconds:.2f} s", f"{rate:,.0f}/s", f"{used / seconds:.0%}"), flush=True)
    return found


def read(tenant: Tenant, cursor: str | None) -> tuple[int, str]:
    """How many entries and memberships were told, and the cursor at the end."""
    number = 0
    source = tenant.source()
    for page in source.read(cursor):
        cursor = page.cursor
        for told in page.told:
            if isinstance(told, RecordTold | RecordGone):
                members = told.members if isinstance(told, RecordTold) else None
                number += 1 if members is None else len(members.added) + len(members.removed)
    source.close()
    assert cursor is not None
    return number, cursor


async def bare(tenant: Tenant) -> int:
    """The same pages by a client that does nothing with them."""
    settings, number = tenant.settings(), 0
    form = {"grant_type": "client_credentials", "scope": "x/.default", "client_id": settings.client,
            "client_secret": tenant.client["clientSecret"]}  # fmt: skip
    async with aiohttp.ClientSession() as session:
        async with session.post(f"{settings.login}/{settings.tenant}/oauth2/v2.0/token", data=form) as reply:
            headers = {"Authorization": f"Bearer {(await reply.json())['access_token']}"}
        for kind, collection in (("user", "users"), ("group", "groups")):
            link = f"{settings.graph}/v1.0/{collection}/delta?{urlencode({'$select': selected(settings, kind)})}"
            while link:
                async with session.get(link, headers=headers) as reply:
                    page = json.loads(await reply.read())
                number += sum(len(entry.get("members@delta", ["itself"])) for entry in page["value"])
                link = page.get("@odata.nextLink")
    return number


def mirrored(database, source: str, tenant: Tenant, own: str) -> int:
    """One run; how many records it read."""
    connector = tenant.source()
    run = run_source(database, own, SourceOrder(source=source), connector, now=lambda: datetime.now(UTC))
    connector.close()
    assert run.state == "succeeded", run.error
    return run.counters.get("read", 0)


def main() -> None:
    """Fill, serve, read, mirror, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--people", type=int, default=100_000)
    parser.add_argument("--groups", type=int, default=200)
    parser.add_argument("--changes", type=int, default=100)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as made:
        tenant = Tenant(Path(made) / "tenant", options.people, options.groups)
        try:
            print(ROW.format("", "entries", "took", "", "CPU here"), flush=True)
            timed("a bare client, everything", lambda: (asyncio.run(bare(tenant)), None))
            cursor = timed("the connector, everything", lambda: read(tenant, None))
            tenant.change(options.changes, "Oslo")
            cursor = timed(f"the connector, {options.changes} changes", lambda: read(tenant, cursor))
            timed("the connector, nothing new", lambda: read(tenant, cursor))
            database = open_database(f"sqlite:///{Path(made) / 'mirror.sqlite'}")
            own = migrate(database)
            with database.transaction() as connection:
                source = connected_sources.add(
                    connection, own, "tenant", tenant.settings(), precedence=100, interval_seconds=1800,
                    staging=False, deletion_threshold=500, now=datetime.now(UTC),
                ).id  # fmt: skip
            timed("a run from empty", lambda: (mirrored(database, source, tenant, own), None))
            tenant.change(options.changes, "Bergen")
            timed(f"a run of {options.changes} changes", lambda: (mirrored(database, source, tenant, own), None))
            timed("a run without changes", lambda: (mirrored(database, source, tenant, own), None))
            database.close()
        finally:
            tenant.served.stop()


if __name__ == "__main__":
    main()
