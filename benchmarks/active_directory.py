"""A domain of Active Directory (Samba, in memory) as a source: reading it, and how soon a change in it is at a target.

    .venv/bin/python benchmarks/active_directory.py [--people 1000] [--groups 50] [--changes 30]

First the connector alone beside a bare search that asks for the same attributes; then whole runs into an empty
directory, with as many people and with twice as many, after a hundred changes, and after none. Last `provisor serve` in
a process of its own: from the moment before somebody is changed in the domain to the moment the request is at the
application. Without Samba it says so, and measures nothing.
"""

import argparse
import random
import ssl
import sys
import tempfile
import time
from contextlib import ExitStack, closing
from datetime import UTC, datetime
from pathlib import Path

import ldap3
import msgspec

sys.path += [str(Path(__file__).parent), str(Path(__file__).parents[1] / "tests")]
from mirror import ROW, timed
from provisor.admin.actor import LOCAL_OPERATOR as ME
from provisor.connectors.active_directory import ActiveDirectory
from provisor.connectors.active_directory.asking import QUERIES, asked_by
from provisor.database import open_database
from provisor.engine.ports import Secret
from provisor.engine.sources import RecordGone, RecordTold
from provisor.main import build
from provisor.rules.source_settings import ActiveDirectorySettings, Server, SourceExtension
from provisor.runner.sourcing.run_source import SourceOrder, run_source
from provisor.settings import read_settings
from provisor.storage import connected_sources
from provisor.storage.schema import migrate
from provisor.testing.samba import SambaMissing
from service import TOKEN, Application, Served
from support.samba_ad import PASSWORD, name, person, samba_domain

GOAL_SECONDS = 5.0
CHANGED = 100
UMBRELLA = "Cisco Umbrella User Management"


class Mirror:
    """A directory of its own, and a run into it."""

    def __init__(self, folder, settings):
        self.settings = settings
        self.database = open_database(f"sqlite:///{folder}")
        self.tenant = migrate(self.database)
        with self.database.transaction() as connection:
            self.source = connected_sources.add(
                connection, self.tenant, "corp", settings, precedence=100, interval_seconds=1800,
                staging=False, deletion_threshold=500, now=now(),
            ).id  # fmt: skip

    def run(self):
        """How many records it read."""
        with connected(self.settings) as connector:
            done = run_source(self.database, self.tenant, SourceOrder(source=self.source), connector, now=now)
        assert done.state == "succeeded", done.error
        return done.counters.get("read", 0), None


def now():
    return datetime.now(UTC)


def connected(settings):
    return closing(ActiveDirectory(settings, Secret(PASSWORD)))


def settings_of(domain):
    server = Server(
        addresses=(domain.address,),
        user=domain.administrator,
        ca_file=str(domain.ca_file),
        certificate_names=(domain.name,),
    )
    return ActiveDirectorySettings(
        server=server,
        base=domain.base,
        containers=tuple(f"OU={unit},{domain.base}" for unit in ("People", "Groups")),
        user_extensions=(SourceExtension(attribute="objectGUID", type="Binary"),),
    )


def bare(domain, settings):
    """How many objects a search by pages of a thousand brings, of which nothing is made."""
    tls = ldap3.Tls(validate=ssl.CERT_REQUIRED, ca_certs_file=str(domain.ca_file), valid_names=[domain.name])
    server = ldap3.Server(domain.address, use_ssl=True, get_info=ldap3.NONE, tls=tls)
    number = 0
    with ldap3.Connection(server, domain.administrator, PASSWORD, auto_bind=True) as session:
        for kind, names in asked_by(settings).attributes.items():
            found = session.extend.standard.paged_search(
                domain.base, QUERIES[kind], attributes=list(names), paged_size=1000, generator=True
            )
            number += sum(1 for _ in found)
    return number, None


def read(settings, cursor):
    """How many records the connector told, and the cursor at the end."""
    number = 0
    with connected(settings) as source:
        for page in source.read(cursor):
            cursor = page.cursor
            number += sum(isinstance(told, RecordTold | RecordGone) for told in page.told)
    return number, cursor


def readings(domain, folder, people):
    """Everything, a delta and nothing, by the connector and by whole runs; then everything of twice as many."""
    settings = settings_of(domain)
    print(ROW.format("", "records", "took", "", "CPU here"), flush=True)
    timed(f"a bare search, {people:,} people", lambda: bare(domain, settings))
    cursor = timed("the connector, everything", lambda: read(settings, None))
    first = Mirror(folder / "first.sqlite", settings)
    timed("a run from empty", first.run)
    change(domain, CHANGED, "Oslo")
    timed(f"the connector, {CHANGED} changes", lambda: read(settings, cursor))
    timed(f"a run of {CHANGED} changes", first.run)
    timed("a run without changes", first.run)
    domain.write([person(number, domain) for number in range(people, 2 * people)])
    timed(f"a bare search, {2 * people:,} people", lambda: bare(domain, settings))
    timed("a run from empty", Mirror(folder / "second.sqlite", settings).run)


def change(domain, number, to):
    """Give so many people another city."""
    domain.write([{"do": "replace", "dn": name(each, domain), "values": {"l": [to]}} for each in range(number)])


def soon(domain, folder, changes):
    """From a change in the domain to the request at the application, while the service runs."""
    folder.mkdir(mode=0o700)
    admin, application = build(read_settings({"PROVISOR_DATA": str(folder)})), Application()
    stored = connected_document(domain)
    admin.sources.settings.add(ME, "corp", stored, given_secrets={"password": PASSWORD})
    admin.sources.runs.run(ME, "corp")
    admin.applications.add(ME, UMBRELLA)
    admin.jobs.create(ME, UMBRELLA)
    admin.jobs.save_credentials(ME, UMBRELLA, url=application.url, token=TOKEN)
    admin.jobs.settings(ME, UMBRELLA, scope="all")
    admin.jobs.start(ME, UMBRELLA)
    admin.cycles.run(ME, UMBRELLA)
    admin.sources.settings.start(ME, "corp")
    served, taken, chance = Served(folder), [], random.Random(2)
    try:
        until_asked(admin)
        for number in range(changes):
            time.sleep(chance.uniform(0.5, 2.5))  # out of step with what is asked once a second
            before, began = len(application.arrived), time.perf_counter()
            domain.set(name(10 * number + 1, domain), displayName=f"Changed {number}")
            application.until(before + 1, seconds=60.0)
            taken.append(application.arrived[before][1] - began)
    finally:
        served.end()
    taken.sort()
    worst = taken[int(len(taken) * 0.95)]
    print(
        f"a change in the domain to the request at the application, {changes} changes: p50 {taken[len(taken) // 2]:.2f}"
        f" s, p95 {worst:.2f}, at most {taken[-1]:.2f} (goal: p95 below {GOAL_SECONDS:g} s, "
        f"{'met' if worst < GOAL_SECONDS else 'MISSED'})"
    )


def connected_document(domain):
    """The settings as an administrator gives them."""
    settings = settings_of(domain)
    return {"type": "active-directory", **msgspec.to_builtins(settings)}


def until_asked(admin):
    """Wait until the service has read the source, and asks it from then on."""
    while (status := admin.sources.told.status(ME, "corp")).running or not status.served or len(status.runs) < 2:
        time.sleep(0.1)


def main() -> None:
    """Make a domain, read it, change it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--people", type=int, default=1000)
    parser.add_argument("--groups", type=int, default=50)
    parser.add_argument("--changes", type=int, default=30)
    options = parser.parse_args()
    with ExitStack() as stack:
        try:
            domain = stack.enter_context(samba_domain(options.people, options.groups))
        except SambaMissing as missing:
            print(f"Nothing was measured. {missing}")
            return
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        readings(domain, folder, options.people)
        soon(domain, folder / "served", options.changes)


if __name__ == "__main__":
    main()
