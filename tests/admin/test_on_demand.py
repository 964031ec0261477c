"""Who may provision on demand, how often, and what the audit log keeps of it."""

import os
import shutil
from datetime import UTC, datetime, timedelta

import pytest

from provisor.admin.actor import DIRECTORY_READ, JOB_READ, JOB_RUN, Actor
from provisor.admin.actor import LOCAL_OPERATOR as ME
from provisor.admin.bundle import Admin
from provisor.admin.context import Context
from provisor.admin.errors import AdminError
from provisor.database import open_database
from provisor.gallery import template
from provisor.storage import audit, tenants
from provisor.storage.secrets import load_key
from provisor.testing.memory_target import MemoryTarget

APP = "Cisco Umbrella User Management"
NOON = datetime(2026, 11, 28, 12, tzinfo=UTC)
ANNA = "anna@x.example"


class Service:
    """All verbs, with a clock that a test sets."""

    def __init__(self, folder, migrated_file, behaviour):
        shutil.copy(migrated_file, folder / "service.db")
        found = template("ciscoUmbrella")
        self.target = MemoryTarget(found.user_type, found.group_type)
        self.now = NOON
        self.database = open_database(f"sqlite:///{folder / 'service.db'}")
        self.tenant = tenants.only(self.database.reader())
        self.admin = Admin(
            Context(
                database=self.database,
                tenant=self.tenant,
                now=lambda: self.now,
                random_bytes=os.urandom,
                load_key=lambda: load_key(folder / "secret.key"),
                problem_with_credentials=lambda url, token: None,
                connect=lambda job: self.target,
            )
        )
        self.admin.applications.add(ME, APP)
        self.admin.jobs.create(ME, APP, behaviour=behaviour)
        self.admin.jobs.save_credentials(ME, APP, url="http://127.0.0.1/scim", token="t" * 20)
        self.admin.users.create(ME, {"userPrincipalName": ANNA, "displayName": "Anna"})
        self.admin.applications.assign(ME, APP, users=[ANNA])

    def run(self, *, after=0.0, **given):
        self.now += timedelta(seconds=after)
        return self.admin.on_demand.user(ME, APP, ANNA, **given)

    def refused(self, **given):
        try:
            self.run(**given)
        except AdminError as error:
            return error.code
        return ""


@pytest.fixture
def make_service(tmp_path, migrated_file):
    made = []

    def make(behaviour="entra"):
        made.append(Service(tmp_path, migrated_file, behaviour))
        return made[-1]

    yield make
    for one in made:
        one.database.close()


# When each run begins, in seconds after the one before, and which of them are refused.
PACES = {
    "six at once": ([0] * 6, [6]),
    "six within ten seconds": ([0, 2, 2, 2, 2, 1], [6]),
    "the first is ten seconds ago": ([0, 2, 2, 2, 2, 2], []),
    "eleven, two seconds apart": ([2] * 11, []),
    "a refused one does not count": ([0] * 6 + [10], [6]),
    "a clock that is put back": ([0] * 5 + [-3600], []),
    "a clock that was put back and comes forward": ([0] * 5 + [-3600, 3600], [7]),
}


@pytest.mark.parametrize(("pauses", "refused"), PACES.values(), ids=PACES.keys())
def test_section_13_five_runs_within_ten_seconds(make_service, pauses, refused):
    service = make_service()

    codes = [service.refused(after=pause) for pause in pauses]

    assert [number for number, code in enumerate(codes, 1) if code == "too-many-requests"] == refused
    assert set(codes) <= {"", "too-many-requests"}


def test_better_than_the_original_there_is_no_limit(make_service):
    service = make_service("provisor")

    assert [service.refused() for _ in range(12)] == [""] * 12


def test_dry_runs_are_neither_limited_nor_counted(make_service):
    service = make_service()

    assert [service.refused(dry_run=True) for _ in range(6)] == [""] * 6
    assert [service.refused() for _ in range(5)] == [""] * 5


def test_section_18_the_audit_log_keeps_who_provisioned_whom(make_service):
    service = make_service()

    service.run()

    newest = audit.newest(service.database.reader(), service.tenant, limit=1)[0]
    assert (newest.activity, newest.actor) == ("Provision on demand", "local operator")
    assert newest.detail["names"] == [ANNA]


def test_a_dry_run_leaves_no_event(make_service):
    service = make_service()
    before = audit.newest(service.database.reader(), service.tenant)

    service.run(dry_run=True)

    assert audit.newest(service.database.reader(), service.tenant) == before


@pytest.mark.parametrize("dry_run", [False, True])
@pytest.mark.parametrize("missing", [JOB_RUN, DIRECTORY_READ])
def test_who_may_not_run_the_job_or_see_people_may_not(make_service, missing, dry_run):
    service = make_service()
    actor = Actor(
        id="eve", name="eve", kind="user", permissions=frozenset({JOB_READ, JOB_RUN, DIRECTORY_READ}) - {missing}
    )

    with pytest.raises(AdminError, match=missing):
        service.admin.on_demand.user(actor, APP, ANNA, dry_run=dry_run)

    assert service.target.journal == []


def test_the_scope_of_somebody_is_told_without_a_trace(make_service):
    service = make_service()
    anna = service.admin.users.show(ME, ANNA).object.id

    before = audit.newest(service.database.reader(), service.tenant)
    told = service.admin.on_demand.scope(ME, APP, anna)

    assert audit.newest(service.database.reader(), service.tenant) == before
    assert (told.step.name, told.step.status, told.linked) == ("determine scope", "success", False)
    assert told.step.details["Assigned"] == "True"
    service.run()
    assert service.admin.on_demand.scope(ME, APP, anna).linked


def test_the_scope_of_nobody_is_not_found(make_service):
    with pytest.raises(AdminError, match="There is no user and no group none"):
        make_service().admin.on_demand.scope(ME, APP, "none")
