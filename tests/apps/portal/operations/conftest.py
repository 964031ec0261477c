"""A service whose application is in memory, with a job that has provisioned four people and a group."""

import os
from dataclasses import dataclass

import msgspec
import pytest

from provisor.admin.actor import LOCAL_OPERATOR as ME
from provisor.admin.bundle import Admin
from provisor.admin.context import Context
from provisor.engine.behaviour import PROVISOR
from provisor.engine.log_event import Sent
from provisor.gallery import template
from provisor.rules.failure import Failure
from provisor.storage import escrow, exchanges
from provisor.storage.escrow import FailedRow
from provisor.storage.secrets import load_key
from provisor.storage.times import to_microseconds
from provisor.testing.memory_target import MemoryTarget

APP = "Cisco Umbrella User Management"
PEOPLE = ("anna", "bo", "carl", "dora")
HOSTILE = "<script>alert(1)</script>\"'&amp; \u202eevil"


@dataclass
class OperationsWorld:
    """The job, and what a test does with it."""

    admin: Admin
    database: object
    application: str
    job: str
    target: MemoryTarget
    clock: object

    @property
    def address(self):
        return f"/applications/{self.application}/provisioning/{self.job}"

    def person(self, name, **more):
        upn = f"{name}@x.example"
        made = self.admin.users.create(ME, {"userPrincipalName": upn, "displayName": name.capitalize(), **more}).object
        self.admin.applications.assign(ME, APP, users=[upn])
        return made.id

    def id(self, name):
        return self.admin.users.show(ME, f"{name}@x.example").object.id

    def group(self):
        return self.admin.groups.show(ME, "Staff").object.id

    def disable(self, *names):
        for name in names:
            self.admin.users.set_enabled(ME, f"{name}@x.example", enabled=False)

    def rename(self, name, display):
        self.admin.users.set(ME, f"{name}@x.example", {"displayName": display})

    def run(self):
        return self.admin.cycles.run(ME, APP)

    def plan(self, by=ME):
        return self.admin.plans.make(by, APP).stored.number

    def fail(
        self, name, code="EntryConflict", why="userName is already taken", *, sent=True, answer='{"status":"409"}'
    ):
        """Somebody in escrow, with an exchange behind it."""
        number, event = self.admin.jobs.show(ME, APP).job.number, f"event-{name}"
        at = to_microseconds(self.clock.now())
        upn = f"{name}@x.example"
        failure = Failure(code=code, message=f"{APP} refused to create {upn}: {why}.", hint="Rename the other account.")
        row = FailedRow(1, self.id(name), failure, at, event=event, who=("user", upn))
        exchange = Sent("POST", "https://u.example/Users", 409, '{"userName":"x"}', answer, 12.0)
        with self.database.transaction() as connection:
            escrow.record(connection, number, [row], PROVISOR)
            if sent:
                exchanges.keep(connection, [(event, number, at, encoded(exchange))])


def encoded(sent):
    return msgspec.json.encode(sent).decode()


@pytest.fixture
def target():
    found = template("ciscoUmbrella")
    return MemoryTarget(found.user_type, found.group_type)


@pytest.fixture
def admin(database, tenant, tmp_path, clock, target):
    return Admin(
        Context(
            database=database,
            tenant=tenant,
            now=clock.now,
            random_bytes=os.urandom,
            load_key=lambda: load_key(tmp_path / "secret.key"),
            problem_with_credentials=lambda url, token: None,
            connect=lambda job: target,
        )
    )


@pytest.fixture
def world(admin, database, target, clock):
    application = admin.applications.add(ME, APP).application
    job = admin.jobs.create(ME, APP).job
    admin.jobs.save_credentials(ME, APP, url="http://127.0.0.1/scim", token="t" * 20)
    made = OperationsWorld(admin, database, application.id, job.id, target, clock)
    for name in PEOPLE:
        made.person(name)
    admin.groups.create(ME, {"displayName": "Staff"})
    for name in PEOPLE[:2]:
        admin.members.add(ME, "Staff", f"{name}@x.example")
    admin.applications.assign(ME, APP, groups=["Staff"])
    made.run()
    return made


@pytest.fixture
def as_role(world, admin, make_account, make_browser):
    """A browser of somebody with one role; an owner owns the application."""

    def browser(role):
        name = f"{role.replace(' ', '.').lower()}@contoso.com"
        if role == "Application Owner":
            admin.users.create(ME, {"userPrincipalName": "owner@x.example"})
            admin.applications.add_owner(ME, APP, "owner@x.example")
            admin.accounts.add(ME, name, [role], password="correct horse battery", person="owner@x.example")
        else:
            make_account(name, roles=(role,))
        made = make_browser()
        assert made.sign_in(name).status == 303
        return made

    return browser
