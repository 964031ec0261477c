"""A job between a small organisation and an application in memory."""

import asyncio
import copy
import json
import os
import shutil
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from provisor.admin.actor import LOCAL_OPERATOR
from provisor.admin.bundle import Admin
from provisor.admin.context import Context
from provisor.database import Database, Writer, open_database
from provisor.engine.detail import Detail
from provisor.engine.plan import Plan
from provisor.engine.progress import Progress
from provisor.engine.record import Kind
from provisor.gallery import template
from provisor.runner.assembling import Order
from provisor.runner.cycle import run_cycle, run_due
from provisor.runner.planning import begin
from provisor.runner.plans import Proposal, make_plan
from provisor.runner.recording.summary import CycleSummary
from provisor.runner.session import JobSession
from provisor.runner.tidying.sweeping import sweep
from provisor.storage import (
    clock,
    cycles,
    directory_verbs,
    escrow,
    feed,
    jobs,
    log,
    members,
    objects,
    operations,
    plans,
)
from provisor.storage.authors import SERVICE
from provisor.storage.log import LoggedEvent, LogQuery
from provisor.storage.secrets import load_key
from provisor.testing.memory_target import MemoryTarget, Request
from provisor.testing.organisation import Organisation
from support.rehearsed import RehearsedCompany


class World:
    """Everything a test of the runner needs, by name."""

    def __init__(self, database: Database, application: str, behaviour: str, scope: str, capacity: int | None) -> None:
        found = template(application)
        assert found is not None
        self.database = database
        self.organisation = Organisation(database, application)
        self.template = found
        self.target = self.new_target(capacity={} if capacity is None else {"group": capacity})
        with database.transaction() as connection:  # the file was made at a moment of its own
            clock.observe(connection, self.organisation.tenant, now=datetime.now(UTC))
            clock.believe(connection, self.organisation.tenant)
        self.job = self.organisation.job(found.rules, behaviour=behaviour, scope=scope)
        self.progress: list[Progress] = []
        self.stop: asyncio.Event | None = None
        self.passed = timedelta()

    def new_target(self, **settings) -> MemoryTarget:
        """An empty application like the job's."""
        return MemoryTarget(self.template.user_type, self.template.group_type, **settings)

    def run(self, *, allow_deletes: int = 1_000_000) -> CycleSummary:
        """One cycle; the journal then holds only its requests. Tests of the brake allow less."""
        self.target.journal.clear()
        return asyncio.run(
            run_cycle(
                self.order(report=self.progress.append, stop=self.stop or asyncio.Event()), allow_deletes=allow_deletes
            )
        )

    def run_due(self, *, asked: bool = False) -> CycleSummary | None:
        """A run as `provisor serve` makes it when something has changed; every time in a process of its own."""
        self.target.journal.clear()

        async def main() -> CycleSummary | None:
            writer = Writer(self.database)
            session = JobSession(writer)
            try:
                return await run_due(self.order(), session, asked=asked)
            finally:
                await session.close()
                await writer.close()

        return asyncio.run(main())

    def order(self, **settings) -> Order:
        """A cycle or a plan of the world's job."""
        known = {"now": self.now, "random_bytes": os.urandom, "connect": lambda job: self.target}
        return Order(database=self.database, job=self.job.id, **{**known, **settings})

    def now(self) -> datetime:
        """The present, as much later as a test has let pass."""
        return datetime.now(UTC) + self.passed

    def forget(self) -> None:
        """Have what was removed be forgotten, once those who follow changes have had their time to hear of it."""
        self.pass_time(days=9)
        sweep(self.database, self.organisation.tenant, now=self.now)

    def pass_time(self, **time: float) -> None:
        """Let time pass, in steps that nobody doubts the clock for."""
        later, step = self.passed + timedelta(**time), timedelta(days=1)
        while self.passed < later:
            self.passed = min(self.passed + step, later)
            with self.database.transaction() as connection:
                clock.observe(connection, self.organisation.tenant, now=self.now())

    def striking(self, method: str, nth: int, strike: Callable[[], object]) -> None:
        """Have somebody else do something in the middle of the n-th request by this method of the port; once."""
        left = [nth]

        async def struck(original: Callable[..., Awaitable[object]], *asked: object) -> object:
            left[0] -= 1
            if left[0] == 0:
                await asyncio.to_thread(strike)
            return await original(*asked)

        self.target.behave(method, struck)

    def at(self, method: str, kind: str | None, nth: int, do: Callable[[], None]) -> None:
        """Do something when the n-th request of this method and kind arrives; once."""
        left = [nth]

        def heard(request: Request) -> None:
            if request.method == method and kind in (None, request.kind):
                left[0] -= 1
                if left[0] == 0:
                    do()

        self.target.hearing = heard

    def stopped_at(self, method: str, kind: str | None, nth: int) -> None:
        """A cycle that is asked to end when this request arrives."""

        def stop() -> None:
            assert self.stop is not None
            self.stop.set()

        self.at(method, kind, nth, stop)
        self.stop = asyncio.Event()
        self.run()
        self.stop = None

    def rules(self) -> Any:
        """The job's rules, for a test to change."""
        with self.database.transaction() as connection:
            job = jobs.read(connection, self.job.number)
            assert job is not None
            return copy.deepcopy(jobs.rules(connection, job.number, job.ruleset_version))

    def save_rules(self, rules: object) -> None:
        """As the product saves rules: a new version, and whom it can concern is evaluated once."""
        with self.database.transaction() as connection:
            jobs.save_rules(connection, self.job.number, rules, created_by="test", now=datetime.now(UTC))
            jobs.change(connection, self.job.number, rules_changed=True)

    def mapping_of(self, rules: Any, kind: str = "User") -> Any:
        """The object mapping of a kind, within rules."""
        every = [one for rule in rules["synchronizationRules"] for one in rule["objectMappings"]]
        (found,) = [one for one in every if one["sourceObjectName"] == kind]
        return found

    def organisation_has(self, name: str) -> bool:
        """Whether the person is still in the directory, the recycle bin included."""
        item = objects.read(self.database.reader(), self.organisation.tenant, self.organisation.id("user", name))
        return item is not None and item.purged_at is None

    def wanted(self) -> dict[str, set[str]]:
        """Who should be active by what the directory holds, with their groups, told without the engine."""
        connection, application = self.database.reader(), self.organisation.application
        principals = "SELECT principal FROM assignment WHERE application = ? AND removed_at IS NULL"
        assigned = {row[0] for row in connection.all(principals, (application,))}
        live = "deleted_at IS NULL AND purged_at IS NULL"
        groups = dict(connection.all(f"SELECT id, name FROM object WHERE kind = 'group' AND {live}"))
        edges = connection.all("SELECT group_id, member_id FROM member WHERE removed_at IS NULL")
        provisioned = {key: name for key, name in groups.items() if key in assigned}
        nicknames = [
            value
            for group in (self.mapping_of(self.rules()).get("scope") or {}).get("groups", [])
            for clause in group["clauses"]
            for value in clause["targetOperand"]["values"]
        ]
        wanted: dict[str, set[str]] = {}
        people = f"SELECT id, name, attributes FROM object WHERE kind = 'user' AND enabled = 1 AND {live}"
        for key, name, attributes in connection.all(people):
            member_of = {group for group, member in edges if member == key}
            excluded = json.loads(attributes).get("mailNickname") in nicknames
            if not excluded and (key in assigned or member_of & set(provisioned)):
                wanted[name] = {provisioned[group] for group in member_of if group in provisioned}
        return wanted

    def held(self) -> dict[str, set[str]]:
        """Who is active at the target, with their groups."""
        memberships = self.target.memberships()
        return {
            str(one["userName"]): {group for group, member in memberships if member == one["userName"]}
            for one in self.target.resources("user").values()
            if one["active"]
        }

    def plan(self, **proposed) -> Plan:
        """One plan; the journal then holds only its requests."""
        return plans.read(self.database.reader(), self.make_plan(**proposed)).plan

    def make_plan(self, **proposed) -> int:
        """The same; its number."""
        self.target.journal.clear()
        return asyncio.run(make_plan(self.order(), by=SERVICE, proposal=Proposal(**proposed)))

    def apply(self, number: int) -> CycleSummary:
        """One cycle that is held to the plan."""
        self.target.journal.clear()
        return asyncio.run(run_cycle(self.order(), plan=number))

    def planned(self, number: int | None = None) -> list[Detail]:
        """What a plan, the newest where none is named, would do and leaves alone."""
        reader = self.database.reader()
        return [row.detail for row in plans.rows(reader, number or plans.of_job(reader, self.job.number)[0].number)]

    def writes(self) -> list[tuple[str, str]]:
        """(method, userName or displayName or id) of the last run's writes, sorted."""
        return sorted((one.method, self.called(one)) for one in self.target.sent("POST", "PATCH", "DELETE"))

    def called(self, request: Request) -> str:
        """What a person calls the subject of a request."""
        resource = self.target.resources(request.kind).get(request.subject, {})
        return str(resource.get("userName") or resource.get("displayName") or request.subject)

    def heal(self) -> None:
        """The target works again."""
        self.target.heal()

    def methods(self) -> Counter[str]:
        """How many requests of each method the last run sent."""
        return Counter(one.method for one in self.target.journal)

    def events(self, **narrow: str) -> list[LoggedEvent]:
        """The log, oldest first."""
        query = LogQuery(tenant=self.organisation.tenant, **narrow)
        return log.find(self.database.reader(), query, limit=10_000, oldest_first=True)

    def operations(self, state: str) -> list[operations.StoredOperation]:
        """The job's operations in one state."""
        return operations.in_state(self.database.reader(), self.job.number, state)

    def escrow(self) -> list[escrow.EscrowEntry]:
        """Who failed and is tried again."""
        return list(escrow.stream(self.database.reader(), self.job.number))

    def cycles(self) -> list[cycles.Cycle]:
        """The job's cycles, newest first."""
        return cycles.newest(self.database.reader(), self.job.number, 100)

    def purge(self, name: str, kind: Kind = "user") -> None:
        """Delete for good as an administrator does: out of every group, assignment and management at once."""
        org = self.organisation
        with self.database.transaction() as connection:
            item = objects.read(connection, org.tenant, org.id(kind, name))
            assert item is not None
            directory_verbs.purge(connection, org.tenant, item, now=datetime.now(UTC))

    def delete(self, name: str, *, days_ago: int = 0, kind: Kind = "user") -> None:
        """Into the recycle bin, so many days ago."""
        org = self.organisation
        with self.database.transaction() as connection:
            item = objects.read(connection, org.tenant, org.id(kind, name))
            assert item is not None
            directory_verbs.delete(connection, org.tenant, item, now=datetime.now(UTC) - timedelta(days=days_ago))

    def crowd(self, group: str, names: Sequence[str]) -> None:
        """A group with many members at once."""
        org = self.organisation
        org.groups([group])
        with self.database.transaction() as connection:
            edges = [(org.id("group", group), org.id("user", name)) for name in names]
            members.put(connection, org.tenant, edges, change=feed.next_change(connection, org.tenant))

    def failing(self, **methods: Callable[..., Awaitable[object]]) -> None:
        """Replace methods of the target, each by a function of the original one and its arguments."""
        for method, function in methods.items():
            self.target.behave(method, function)

    def account(self, name: str) -> dict[str, object]:
        """The account of that userName."""
        found = self.target.by_name("user", name)
        assert found is not None, f"{name} is not at the target"
        return dict(found)


Make = Callable[..., World]


@pytest.fixture
def make_world(tmp_path: Path, migrated_file: Path) -> Iterator[Make]:
    """Makes worlds: of the Umbrella application unless told otherwise."""
    databases: list[Database] = []

    def make(
        application: str = "ciscoUmbrella",
        *,
        behaviour: str = "provisor",
        scope: str = "assigned",
        capacity: int | None = None,
    ) -> World:
        path = tmp_path / f"service-{len(databases)}.sqlite"
        shutil.copy(migrated_file, path)
        database = open_database(f"sqlite:///{path}")
        databases.append(database)
        return World(database, application, behaviour, scope, capacity)

    yield make
    for database in databases:
        database.close()


@pytest.fixture
def world(make_world: Make) -> World:
    """Umbrella, only who is assigned."""
    return make_world()


@pytest.fixture
def everybody(make_world: Make) -> World:
    """The generic application, which stores managers, with everybody in scope."""
    return make_world("scim", scope="all")


@pytest.fixture(autouse=True)
def _nobody_waits_for_slots(monkeypatch):
    """The rate of `entra` would be kept in real time, 40 ms a request; the tests of the pace have a time of their own."""
    named = begin.behaviour_named
    monkeypatch.setattr(begin, "behaviour_named", lambda name: _at_once(named(name)))


def _at_once(behaviour):
    return None if behaviour is None else replace(behaviour, requests_per_second=None)


@pytest.fixture
def admin_of(tmp_path: Path) -> Callable[[World], Admin]:
    """The verbs of an administrator over a world; its job has credentials, and its application is the one in memory."""

    def make(world: World) -> Admin:
        admin = Admin(
            Context(
                database=world.database,
                tenant=world.organisation.tenant,
                now=world.now,
                random_bytes=os.urandom,
                load_key=lambda: load_key(tmp_path / "secret.key"),
                problem_with_credentials=lambda url, token: None,
                connect=lambda job: world.target,
            )
        )
        admin.jobs.save_credentials(LOCAL_OPERATOR, world.job.id, url="http://127.0.0.1:1", token="a-token")
        return admin

    return make


@pytest.fixture
def company(database, tenant, now, tmp_path):
    """An empty directory whose every import is looked over by a dry run first."""
    return RehearsedCompany(database, tenant, now, tmp_path)
