"""One trial of sources under fire: two domains that feed one directory, killed runs, lies, changes by hand and jobs.

From one seed: rounds of changes at the sources and by hand; runs that a kill ends before or after some commit, that a
source breaks off, or in the middle of which the other source, a job or an administrator is at work. After a run of each
in peace the directory must equal what the domains hold, and the target the directory; the next run changes nothing.
Left out: a page of a delta that is lost, which no client can notice, and members told in pieces that are lost.
"""

import asyncio
import json
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

from provisor.database import Connection, Database, open_database
from provisor.gallery import template
from provisor.rules.source_settings import ActiveDirectorySettings, Server
from provisor.runner.assembling import Order
from provisor.runner.cycle import run_cycle
from provisor.runner.source_lock import SourceBusy
from provisor.runner.sourcing.run_source import SourceOrder, run_source
from provisor.storage import connected_sources, directory_verbs, members, objects
from provisor.testing.crash.leaping import run_leaping
from provisor.testing.crash.trial import MEMORY
from provisor.testing.faults import Killed
from provisor.testing.memory_domain import DOMAIN, Domain
from provisor.testing.memory_source import MemoryRecord
from provisor.testing.memory_target import MemoryTarget
from provisor.testing.organisation import NOW, Organisation

PEOPLE = tuple(f"p{number:02}" for number in range(12))
GROUPS = ("g0", "g1")
_FAULTS = ("down", "breaks_before_page", "repeats_page", "skips_page", "empty", "half", "loses_cursor")


class MortalDatabase:
    """A database whose transactions a kill ends: `dies_in` counts them down, and then nothing is written any more."""

    def __init__(self, held: Database) -> None:
        self._held = held
        self.dies_in: int | None = None
        self.after_commit = False

    def __getattr__(self, name: str) -> Any:
        return getattr(self._held, name)

    @contextmanager
    def transaction(self) -> Iterator[Connection]:
        """One that may be the last."""
        if self.dies_in is not None:
            self.dies_in -= 1
            if self.dies_in < 0:
                raise Killed
        with self._held.transaction() as connection:
            yield connection
            if self.dies_in == 0 and not self.after_commit:
                raise Killed
        if self.dies_in == 0:
            raise Killed


@dataclass(slots=True)
class SourceTrial:
    """One seed on its way. `problems` is what was found wrong."""

    seed: int
    database: Any
    problems: list[str] = field(default_factory=list)
    chance: Random = field(init=False)
    organisation: Organisation = field(init=False)
    target: MemoryTarget = field(init=False)
    domains: list[Domain] = field(init=False)
    sources: list[str] = field(default_factory=list)
    job: str = ""
    by_hand: dict[str, bool] = field(default_factory=dict)  # people made by hand: whether they are enabled
    passed: timedelta = timedelta()
    _busy: bool = False
    _removed: set[str] = field(default_factory=set)  # from a domain since a run began
    _told: list[str] = field(default_factory=list)

    def run(self) -> list[str]:
        """Every round, then peace."""
        self._begin()
        for _ in range(self.chance.randint(2, 6)):
            self._round()
        self._peace()
        return [*self.problems, *(["it was:", *self._told] if self.problems else [])]

    def _begin(self) -> None:
        self.chance = Random(f"source {self.seed}")  # noqa: S311 - a test's choice, no secret
        self.organisation = Organisation(self.database, "scim")
        found = template("scim")
        assert found is not None  # noqa: S101 - it is in the gallery
        self.target = MemoryTarget(found.user_type, found.group_type, unique=True)
        self.job = self.organisation.job(found.rules, scope="all").id
        self.domains = [Domain(page_size=self.chance.choice((1, 3, 100))) for _ in range(2)]
        for number in range(2):
            server = Server(addresses=("dc.example",), user="reader")
            settings = ActiveDirectorySettings(server=server, base=DOMAIN)
            with self.database.transaction() as connection:
                made = connected_sources.add(
                    connection, self.organisation.tenant, f"source {number}", settings, precedence=10 + number,
                    interval_seconds=1, staging=False, deletion_threshold=self.chance.choice((2, 500, None)), now=NOW,
                )  # fmt: skip
            self.sources.append(made.id)

    def _now(self) -> datetime:
        self.passed += timedelta(milliseconds=1)
        return NOW + self.passed

    # What happens

    def _round(self) -> None:
        for _ in range(self.chance.randrange(8)):
            self._change_source()
        for _ in range(self.chance.randrange(3)):
            self._change_by_hand()
        if self.chance.random() < 0.5:
            self._misfortune()
        for number in self.chance.sample((0, 1), k=self.chance.randint(1, 2)):
            self._run_source(number, full=self.chance.random() < 0.3)
        if self.chance.random() < 0.6:
            self._run_job()

    def _change_source(self) -> None:
        number = self.chance.randrange(2)
        domain, name = self.domains[number], self.chance.choice(PEOPLE)
        what = self.chance.choice(("person", "person", "person", "disable", "remove", "group", "group", "ungroup"))
        self._told.append(f"domain {number}: {what} {name}")
        if what == "remove":
            if any(name == one for one, _ in self._alive(domain)):
                domain.remove(name)
                self._removed.add(name)
        elif what in ("person", "disable"):
            manager = self.chance.choice((None, *PEOPLE))
            department = self.chance.choice(("Sales", "Works"))
            domain.person(name, disabled=what == "disable", manager=manager, department=department)
        else:
            group = f"{self.chance.choice(GROUPS)}-{number}"
            if what == "group":
                domain.group(group, *self.chance.sample(PEOPLE, k=self.chance.randrange(6)))
            elif self._has(domain, group):
                domain.remove(group)

    def _change_by_hand(self) -> None:
        name = f"h{self.chance.randrange(4)}"
        self._told.append(f"by hand: {name}")
        with self.database.transaction() as connection:
            tenant, called = self.organisation.tenant, f"{name}@contoso.example"
            found = objects.by_name(connection, tenant, "user", called)
            binned = objects.by_name(connection, tenant, "user", called, deleted=True)
            if binned and not found:  # made anew, his name would be that of an account that the first one has
                directory_verbs.restore(connection, tenant, binned[0])
                self.by_hand[name] = binned[0].enabled
            elif not found:
                given = {"userPrincipalName": f"{name}@contoso.example", "displayName": name}
                directory_verbs.create(connection, self.organisation.tenant, "user", given, now=self._now())
                self.by_hand[name] = True
            elif self.chance.random() < 0.5:
                enabled = self.chance.random() < 0.5
                directory_verbs.set_enabled(connection, self.organisation.tenant, found[0], enabled=enabled)
                self.by_hand[name] = enabled
            else:
                directory_verbs.delete(connection, self.organisation.tenant, found[0], now=self._now())
                self.by_hand.pop(name, None)

    def _misfortune(self) -> None:
        fault, number = self.chance.choice(_FAULTS), self.chance.randrange(2)
        faults = self.domains[number].source.faults
        self._told.append(f"domain {number}: {fault}")
        setattr(faults, fault, self.chance.randrange(4) if fault.endswith("_page") else True)

    def _run_source(self, number: int, *, full: bool = False) -> None:
        mortal = MortalDatabase(self.database)
        if self.chance.random() < 0.5:
            mortal.dies_in, mortal.after_commit = self.chance.randrange(14), self.chance.random() < 0.5
        self._told.append(f"run of source {number}: full {full}, dies in {mortal.dies_in} {mortal.after_commit}")
        order = SourceOrder(source=self.sources[number], full=full, stop=self._meanwhile)
        if not self._busy:
            self._removed = set()
        domain = self.domains[number]
        before = {name for name, _, _ in self._people()} & {name for name, _ in self._alive(domain)}
        with suppress(Killed, SourceBusy):
            run_source(
                mortal,
                self.organisation.tenant, order, self.domains[number].source, now=self._now,
            )  # fmt: skip
        self.domains[number].source.faults.down = False
        stayed = before & {name for name, _ in self._alive(domain)} - self._removed
        lost = stayed - {name for name, _, _ in self._people()}
        if lost:
            self.problems.append(f"{sorted(lost)} never left, and a run of source {number} deleted them.")

    def _meanwhile(self) -> bool:
        """Asked between two transactions of a run: others may be at work. True ends the run."""
        if self._busy:
            return False
        self._busy = True
        try:
            what = self.chance.random()
            if what < 0.05:
                self._change_source()
            elif what < 0.1:
                self._change_by_hand()
            elif what < 0.13:
                self._run_job()
            elif what < 0.16:
                self._run_source(self.chance.randrange(2))
            return what > 0.98
        finally:
            self._busy = False

    def _run_job(self) -> None:
        order = Order(
            database=self.database, job=self.job, connect=lambda job: self.target, now=self._now,
            random_bytes=self.chance.randbytes, stop=asyncio.Event(),
        )  # fmt: skip
        self._told.append("run of the job")
        run_leaping(run_cycle(order, allow_deletes=1_000_000))

    # What must be so afterwards

    def _peace(self) -> None:
        self._busy = True
        self._told.append("peace")
        for number, domain in enumerate(self.domains):
            domain.source.faults = type(domain.source.faults)()
            for full in (False, True, False):
                self._in_peace(number, full=full)
        self._in_peace(0)  # who was waited for came with the other
        self._run_job()
        self.passed += timedelta(days=1)  # all who failed are due: a name may have been free only later
        self._run_job()
        self._judge_directory()
        self._judge_target()
        before, journal = self._everything(), len(self.target.journal)
        for number in (0, 1):
            self._in_peace(number, full=True)
        self._run_job()
        if self._everything() != before:
            self.problems.append("A run that had nothing to do changed the directory.")
        changing = [one for one in self.target.journal[journal:] if one.method not in ("GET",)]
        if changing:
            self.problems.append(f"A cycle that had nothing to do sent {changing[:3]}.")

    def _in_peace(self, number: int, *, full: bool = False) -> None:
        order = SourceOrder(source=self.sources[number], full=full)
        tenant, domain = self.organisation.tenant, self.domains[number]
        run = run_source(self.database, tenant, order, domain.source, now=self._now)
        if run.state == "held":  # an administrator looks, and lets those go
            with self.database.transaction() as connection:
                connected_sources.allow(connection, order.source, run.counters["held"])
            run = run_source(self.database, tenant, order, domain.source, now=self._now)
        if run.state != "succeeded":
            self.problems.append(f"A run of source {number} in peace ended as {run.state}: {run.error}.")

    def _alive(self, domain: Domain) -> list[tuple[str, Any]]:
        return [
            (_first(record, "sAMAccountName"), record)
            for record in domain.source.records.values()
            if not record.gone and record.kind == "user"
        ]

    def _has(self, domain: Domain, group: str) -> bool:
        return any(
            record.kind == "group" and not record.gone and record.values["cn"] == [group]
            for record in domain.source.records.values()
        )

    def _judge_directory(self) -> None:
        wanted: dict[str, tuple[bool, str]] = {name: (enabled, "") for name, enabled in self.by_hand.items()}
        for domain in reversed(self.domains):  # the first comes first by precedence
            for name, record in self._alive(domain):
                enabled = record.values["userAccountControl"] == ["512"]
                wanted[name] = (enabled, record.values["department"][0])
        held = self._people()
        if len(held) != len(set(held)):
            self.problems.append("Somebody is in the directory twice.")
        found = {name: (enabled, department) for name, enabled, department in held}
        for name in sorted({*wanted, *found}):
            if wanted.get(name) != found.get(name):
                self.problems.append(f"{name} should be {wanted.get(name)} and is {found.get(name)}.")
        for domain in self.domains:
            self._judge_groups(domain)

    def _judge_groups(self, domain: Domain) -> None:
        reader, tenant = self.database.reader(), self.organisation.tenant
        names = {anchor: name for name, record in self._alive(domain) for anchor in record.values["objectGUID"]}
        for record in domain.source.records.values():
            if record.kind != "group":
                continue
            name = _first(record, "cn")
            found = objects.by_name(reader, tenant, "group", name)
            if record.gone != (not found):
                self.problems.append(f"The group {name} is {'still' if record.gone else 'not'} there.")
            if len(found) != 1 or record.gone:
                continue
            wanted = {names[one] for one in record.members if one in names}
            there = {one.name.partition("@")[0] for one in members.of_group(reader, found[0].id, limit=1_000)}
            # Somebody whom the other domain still has keeps what he had of this one.
            if not wanted <= there or there - wanted - {name for one in self.domains for name, _ in self._alive(one)}:
                self.problems.append(f"{name} should have {sorted(wanted)} and has {sorted(there)}.")

    def _people(self) -> list[tuple[str, bool, str]]:
        page = objects.page(self.database.reader(), self.organisation.tenant, "user", limit=1_000)
        return [(one.name.partition("@")[0], one.enabled, str(one.attributes.get("department", ""))) for one in page]

    def _judge_target(self) -> None:
        accounts = list(self.target.resources("user").values())
        names = [str(one["userName"]) for one in accounts]
        if len(names) != len(set(names)):
            self.problems.append("Somebody has two accounts.")
        active = {str(one["userName"]).partition("@")[0] for one in accounts if one.get("active") is not False}
        wanted = {name for name, enabled, _ in self._people() if enabled}
        if active != wanted:
            self.problems.append(f"Active should be {sorted(wanted)} and are {sorted(active)}.")

    def _everything(self) -> str:
        reader = self.database.reader()
        rows = reader.all(
            "SELECT id, attributes, manager, enabled, deleted_at, purged_at, change FROM object ORDER BY id"
        )
        edges = reader.all("SELECT group_id, member_id, removed_at, change FROM member ORDER BY group_id, member_id")
        return json.dumps([[list(one) for one in rows], [list(one) for one in edges]])


def _first(record: MemoryRecord, name: str) -> str:
    values = record.values[name]
    return str(values[0] if isinstance(values, list) else values)


def attempt_source(seed: int) -> list[str]:
    """Carry a seed out and say what is wrong then; nothing when everything is right."""
    parent = MEMORY if MEMORY.is_dir() else None
    with tempfile.TemporaryDirectory(dir=parent) as made:
        database = open_database(f"sqlite:///{Path(made) / 'service.sqlite'}")
        try:
            return SourceTrial(seed, database).run()
        finally:
            database.close()
