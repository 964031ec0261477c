"""No verb on one object, no list and no filter of the log reads more in a large directory than in a small one.

Two ways of looking: the steps of SQLite's machine for every verb at two sizes, and the query plan of every statement
that all verbs together really execute. A plan can say SEARCH and go through everybody all the same (everybody has the
same tenant), so the steps are what counts; the plans are of statements that no size here would show.
"""

import inspect
import re
import shutil
import sqlite3
from contextlib import closing, suppress
from datetime import UTC, datetime
from functools import partial

import pytest

from provisor.admin.actor import LOCAL_OPERATOR as ME
from provisor.admin.app_roles import GivenRole
from provisor.admin.applications import DEFAULT_ACCESS, DEFAULT_ROLES
from provisor.admin.assignments import Narrowed, PrincipalKey
from provisor.admin.bundle import Admin
from provisor.admin.context import Context
from provisor.admin.errors import AdminError
from provisor.admin.health import Pulse
from provisor.admin.service_principals import ApplicationKey
from provisor.database.sqlite import SqliteDatabase
from provisor.directory.query import ObjectQuery, Position, PropertyEquals, Related
from provisor.gallery import template
from provisor.runner.importing.import_source import CsvImport
from provisor.runner.tidying.sweeping import sweep
from provisor.storage import audit, tenants
from provisor.storage.plans import PlanSearch
from provisor.storage.secrets import load_key
from provisor.testing.memory_target import MemoryTarget
from support.large_directory import Size, called, fill, group, person
from support.sourced import AD, PASSWORD

pytestmark = pytest.mark.slow  # many of them; the fast tests do without

APP = "Cisco Umbrella User Management"
SMALL = Size(people=600, groups=120, large=150)
LARGE = Size(people=6_000, groups=1_200, large=1_500)
NEW = "somebody.new@fjord.example"


class WatchedDatabase(SqliteDatabase):
    """The same file; counts the steps of every connection, and keeps what was executed."""

    def __init__(self, path):
        super().__init__(path)
        self.steps = 0
        self.statements = set()

    def connect(self, **options):
        connection = super().connect(**options)
        connection.raw.set_progress_handler(self.count, 1)
        connection.raw.set_trace_callback(self.statements.add)
        return connection

    def count(self):
        self.steps += 1


def newcomers(admin):
    """A file of people whose managers are named in both ways, and who are there in part already."""
    path = admin.users.context.database.path.with_name("newcomers.csv")
    rows = [f"new{number}@fjord.example,New,{called(number, SMALL)}" for number in range(10)]
    path.write_text("\n".join(["userPrincipalName,displayName,manager", *rows, f"{called(3, SMALL)},Old,"]), "utf-8")
    return path


def opened(migrated_file, folder, target=None):
    """All verbs over a watched copy of an empty database, and that database."""
    folder.mkdir()
    shutil.copy(migrated_file, folder / "service.db")
    database = WatchedDatabase(folder / "service.db")
    return database, Admin(
        Context(
            database=database,
            tenant=tenants.only(database.reader()),
            now=lambda: datetime.now(UTC),
            random_bytes=bytes,
            load_key=lambda: load_key(folder / "secret.key"),
            problem_with_credentials=lambda url, token: None,
            connect=lambda job: target,
        )
    )


# What is done to one object, and every list: steps at two sizes

UMBRELLA = ApplicationKey("named", APP)
ROLES = [GivenRole(id=role.id, display_name=role.display_name, description=role.description) for role in DEFAULT_ROLES]


def who(admin):
    return admin.users.show(ME, NEW).object.id


def rules(admin):
    return admin.schemas.export(ME, APP)


def assignment(admin):
    return admin.assignments.of_principal(ME, PrincipalKey("user", NEW))[0].id


NATIVE = "urn:ietf:params:scim:schemas:extension:ciscoumbrella:2.0:User:nativeObjectId"
BADGE = "urn:ietf:params:scim:schemas:extension:Acme:2.0:Group:badge"
VERBS = {
    "users.create": lambda admin: admin.users.create(ME, {"userPrincipalName": NEW, "displayName": "New"}),
    "imports.csv": lambda admin: admin.imports.csv(ME, CsvImport(users=newcomers(admin))),
    "users.show": lambda admin: admin.users.show(ME, NEW),
    "users.show by id": lambda admin: admin.users.show(ME, person(1)),
    "users.page": lambda admin: admin.users.page(ME),
    "users.page from the middle": lambda admin: admin.users.page(ME, after=person(300)),
    "users.page of the deleted": lambda admin: admin.users.page(ME, deleted=True, limit=5),
    "users.page with many found": lambda admin: admin.users.page(ME, search="fjord", limit=20),
    "users.set": lambda admin: admin.users.set(ME, NEW, {"department": "Sales", "manager": person(1)}),
    "users.set_enabled": lambda admin: admin.users.set_enabled(ME, NEW, enabled=False),
    "typed_users.read": lambda admin: admin.typed_users.read(ME, NEW),
    "typed_users.page": lambda admin: admin.typed_users.page(ME, ObjectQuery(), limit=20),
    "typed_users.page by name": lambda admin: admin.typed_users.page(
        ME, ObjectQuery(order_by="userPrincipalName"), after=Position("person0000300", ""), limit=20
    ),
    "typed_users.page of one": lambda admin: admin.typed_users.page(
        ME, ObjectQuery(condition=PropertyEquals("userPrincipalName", NEW)), limit=20
    ),
    "typed_users.page of the managed": lambda admin: admin.typed_users.page(
        ME, ObjectQuery(condition=Related("managed by", person(1))), limit=20
    ),
    "typed_groups.page of one member": lambda admin: admin.typed_groups.page(
        ME, ObjectQuery(condition=Related("has member", person(1))), limit=20
    ),
    "typed_users.update": lambda admin: admin.typed_users.update(ME, NEW, {"department": None}),
    "typed_users.set_manager": lambda admin: admin.typed_users.set_manager(ME, NEW, person(1)),
    "typed_users.manager": lambda admin: admin.typed_users.manager(ME, NEW),
    "typed_groups.page": lambda admin: admin.typed_groups.page(ME, ObjectQuery(order_by="displayName"), limit=20),
    "typed_groups.read": lambda admin: admin.typed_groups.read(ME, group(0)),
    "provenance.sources": lambda admin: admin.provenance.sources(ME, person(1)),
    "provenance.last_runs": lambda admin: admin.provenance.last_runs(ME, [person(1), group(0)]),
    "members_by_id.page": lambda admin: admin.members_by_id.page(ME, group(0), after=person(50), limit=20),
    "members_by_id.groups": lambda admin: admin.members_by_id.groups(ME, "user", person(1)),
    "members_by_id.add": lambda admin: admin.members_by_id.add(ME, group(0), who(admin)),
    "members_by_id.remove": lambda admin: admin.members_by_id.remove(ME, group(0), who(admin)),
    "deleted_objects.page": lambda admin: admin.deleted_objects.page(ME, "user", limit=5),
    "deleted_objects.live": lambda admin: admin.deleted_objects.live(ME, person(1)),
    "deleted_objects.live_by_ids": lambda admin: admin.deleted_objects.live_by_ids(ME, [person(1), group(0)]),
    "directory_changes.page": lambda admin: admin.directory_changes.page(
        ME, admin.directory_changes.latest(ME, admin.directory_changes.begin(ME, "group", ("members",)))
    ),
    "directory_changes.page of everything": lambda admin: admin.directory_changes.page(
        ME, admin.directory_changes.begin(ME, "user", ("displayName",)), limit=20
    ),
    "extension_properties.available": lambda admin: admin.extension_properties.available(ME),
    "extension_properties.by_name": lambda admin: admin.extension_properties.by_name(ME),
    "members.add": lambda admin: admin.members.add(ME, "Group 0", NEW),
    "members.add a group": lambda admin: admin.members.add(ME, "Group 0", "Group 3"),
    "members.remove a group": lambda admin: admin.members.remove(ME, "Group 0", "Group 3"),
    "members.page": lambda admin: admin.members.page(ME, "Group 0", limit=20),
    "members.remove": lambda admin: admin.members.remove(ME, "Group 0", NEW),
    "applications.assign": lambda admin: admin.applications.assign(ME, APP, users=[NEW], groups=["Group 3"]),
    "applications.assignments": lambda admin: admin.applications.assignments(ME, APP, limit=20),
    "assignments.of_application": lambda admin: admin.assignments.of_application(ME, UMBRELLA, Narrowed(), limit=20),
    "assignments.of_application from the middle": lambda admin: admin.assignments.of_application(
        ME, UMBRELLA, Narrowed(), after=person(300), limit=20
    ),
    "assignments.of_application of one": lambda admin: admin.assignments.of_application(
        ME, UMBRELLA, Narrowed(principal=who(admin))
    ),
    "assignments.of_principal": lambda admin: admin.assignments.of_principal(ME, PrincipalKey("user", NEW)),
    "assignments.show": lambda admin: admin.assignments.show(ME, UMBRELLA, assignment(admin)),
    "assignments.remove": lambda admin: admin.assignments.remove(ME, UMBRELLA, assignment(admin)),
    "assignments.add": lambda admin: admin.assignments.add(
        ME,
        PrincipalKey("user", NEW),
        principal=who(admin),
        resource=admin.service_principals.show(ME, UMBRELLA).application.id,
        role=DEFAULT_ACCESS.id,
    ),
    "service_principals.show": lambda admin: admin.service_principals.show(ME, UMBRELLA),
    "service_principals.assigned": lambda admin: admin.service_principals.assigned(
        ME, [admin.service_principals.show(ME, UMBRELLA).application.id], most=20
    ),
    "service_principals.change": lambda admin: admin.service_principals.change(ME, UMBRELLA, notes="x", roles=ROLES),
    "service_principals.add_owner": lambda admin: admin.service_principals.add_owner(ME, UMBRELLA, who(admin)),
    "service_principals.owners": lambda admin: admin.service_principals.owners(ME, UMBRELLA),
    "service_principals.remove_owner": lambda admin: admin.service_principals.remove_owner(ME, UMBRELLA, who(admin)),
    "applications.unassign": lambda admin: admin.applications.unassign(ME, APP, users=[NEW]),
    "applications.add_owner": lambda admin: admin.applications.add_owner(ME, APP, NEW),
    "applications.remove_owner": lambda admin: admin.applications.remove_owner(ME, APP, NEW),
    "users.delete": lambda admin: admin.users.delete(ME, NEW),
    "users.show deleted": lambda admin: admin.users.show(ME, NEW, deleted=True),
    "users.restore": lambda admin: admin.users.restore(ME, NEW),
    "users.purge": lambda admin: admin.users.purge(ME, NEW),
    "groups.create": lambda admin: admin.groups.create(ME, {"displayName": "New"}),
    "groups.show": lambda admin: admin.groups.show(ME, "New"),
    "groups.page": lambda admin: admin.groups.page(ME, limit=20),
    "groups.page of the deleted": lambda admin: admin.groups.page(ME, deleted=True),
    "groups.set": lambda admin: admin.groups.set(ME, "New", {"description": "Nobody yet"}),
    "groups.delete": lambda admin: admin.groups.delete(ME, "New"),
    "groups.restore": lambda admin: admin.groups.restore(ME, "New"),
    "groups.purge": lambda admin: admin.groups.purge(ME, "New"),
    "jobs.all": lambda admin: admin.jobs.all(ME),
    "jobs.show": lambda admin: admin.jobs.show(ME, APP),
    "jobs.save_credentials": lambda admin: admin.jobs.save_credentials(ME, APP, url="http://x/scim", token="t" * 20),
    "jobs.start": lambda admin: admin.jobs.start(ME, APP),
    "jobs.abort": lambda admin: admin.jobs.abort(ME, APP),
    "jobs.pause": lambda admin: admin.jobs.pause(ME, APP),
    "jobs.settings": lambda admin: admin.jobs.settings(ME, APP, interval_seconds=60),
    "jobs.in_force": lambda admin: admin.jobs.in_force(ME, APP),
    "jobs.check_settings": lambda admin: admin.jobs.check_settings(ME, APP, leavers="disable"),
    "attributes.all": lambda admin: admin.attributes.all(ME, APP, "user"),
    "attributes.add": lambda admin: admin.attributes.add(ME, APP, "group", BADGE),
    "attributes.set": lambda admin: admin.attributes.set(ME, APP, "group", BADGE, type="Integer"),
    "attributes.remove": lambda admin: admin.attributes.remove(ME, APP, "group", BADGE),
    "schemas.concerned": lambda admin: admin.schemas.concerned(ME, APP),
    "schemas.export": lambda admin: admin.schemas.export(ME, APP),
    "schemas.map": lambda admin: admin.schemas.map(ME, APP, "user", source="mail", target="displayName"),
    "schemas.save": lambda admin: admin.schemas.save(ME, APP, admin.schemas.export(ME, APP)),
    "attributes.added": lambda admin: admin.attributes.added(ME, APP, rules(admin), "group", BADGE),
    "attributes.said": lambda admin: admin.attributes.said(
        ME, APP, rules(admin), "user", "displayName", case_exact=False
    ),
    "attributes.without": lambda admin: admin.attributes.without(ME, APP, rules(admin), "user", NATIVE),
    "schemas.draft": lambda admin: admin.schemas.draft(ME, APP),
    "schemas.change_draft": lambda admin: admin.schemas.change_draft(
        ME, APP, rules(admin), edition=admin.schemas.draft(ME, APP).edition
    ),
    "schemas.save_draft": lambda admin: admin.schemas.save_draft(ME, APP, edition=admin.schemas.draft(ME, APP).edition),
    "schemas.discard_draft": lambda admin: admin.schemas.discard_draft(ME, APP),
    "schemas.surroundings": lambda admin: admin.schemas.surroundings(ME, APP),
    "schemas.problems": lambda admin: admin.schemas.problems(ME, APP, rules(admin)),
    "schemas.would_concern": lambda admin: admin.schemas.would_concern(ME, APP, rules(admin)),
    "schemas.subject": lambda admin: admin.schemas.subject(ME, APP, "user", person(1), rules(admin)),
    "schemas.current": lambda admin: admin.schemas.current(ME, APP),
    "schemas.replace": lambda admin: admin.schemas.replace(ME, APP, admin.schemas.export(ME, APP)),
    "cycles.ask": lambda admin: admin.cycles.ask(ME, APP),
    "schemas.restore": lambda admin: admin.schemas.restore(ME, APP),
    "logs.show": lambda admin: admin.logs.show(ME, "event-000000000005"),
    "logs.forward": lambda admin: admin.logs.forward(ME, "syslog", "unix:/dev/log"),
    "logs.receivers": lambda admin: admin.logs.receivers(ME),
    "retentions.set": lambda admin: admin.retentions.set(ME, log_days=90),
    "reports.cycles": lambda admin: admin.reports.cycles(ME, APP),
    "reports.asked": lambda admin: admin.reports.asked(ME, APP),
    "reports.report": lambda admin: admin.reports.report(ME, APP),
    "source_told.problems": lambda admin: admin.sources.told.problems(ME, "corp", limit=20),
    "source_told.problems from the middle": lambda admin: admin.sources.told.problems(
        ME, "corp", after=person(300), limit=20
    ),
    "source_told.leaving": lambda admin: admin.sources.told.leaving(ME, "corp", limit=20),
    "source_runs.history": lambda admin: admin.sources.runs.history(ME, "corp", limit=20),
    "source_runs.ask": lambda admin: admin.sources.runs.ask(ME, "corp"),
    "source_extensions.chosen": lambda admin: admin.sources.extensions.chosen(ME, "corp"),
    "health.look": lambda admin: admin.health.look(ME, Pulse()),
    "retentions.show": lambda admin: admin.retentions.show(ME),
    "logs.position": lambda admin: admin.logs.position(ME),
    "logs.follow": lambda admin: admin.logs.follow(ME, admin.logs.position(ME) - 20),
    "audit": lambda admin: audit.newest(admin.users.context.database.reader(), admin.users.context.tenant, limit=20),
}
FILTERS = {
    "nothing": {},
    "job": {"job": APP},
    "cycle": {"cycle": "cycle-0"},
    "a cycle that never was": {"cycle": "cycle-99"},
    "cycle and failure": {"cycle": "cycle-0", "status": "failure"},
    "identity by name": {"identity": called(11, SMALL)},
    "identity by source": {"identity": person(11)},
    "identity by target": {"identity": "t" + person(11)},
    "identity of nobody": {"identity": "nobody"},
    "identity and cycle": {"identity": person(11), "cycle": "cycle-0"},
    "identity and status": {"identity": person(11), "status": "failure"},
    "action": {"action": "create"},
    "an action that never was": {"action": "delete"},
    "status": {"status": "success"},
    "a rare status": {"status": "failure"},
    "a status that never was": {"status": "warning"},
    "code": {"code": "EntryConflict"},
    "what does not go together": {"action": "create", "status": "success", "code": "EntryConflict"},
    "since": {"since": datetime.fromtimestamp(0, UTC)},
    "since, with nothing so new": {"since": datetime.now(UTC)},
    "since and status": {"since": datetime.fromtimestamp(0, UTC), "status": "failure"},
    "until": {"until": datetime.fromtimestamp(0.0003, UTC)},
    "a time": {"since": datetime.fromtimestamp(0.0002, UTC), "until": datetime.fromtimestamp(0.0003, UTC)},
    "change": {"change": "event-000000000300"},
    "a change that never was": {"change": "x"},
    "change and status": {"change": "event-000000000300", "status": "failure"},
    "application": {"application": APP},
    "an application that never was": {"application": "x"},
    "source system": {"source_system": "Provisor Directory"},
    "target system": {"target_system": APP},
    "target system and failure": {"target_system": APP, "status": "failure"},
    "before": {"before": "event-000000000300"},
    "before, and a rare status": {"before": "event-000000000300", "status": "failure"},
}
AUDIT_FILTERS = {
    "nothing": {},
    "actor": {"by": "somebody"},
    "actor by id": {"by": "somebody-id"},
    "nobody": {"by": "nobody"},
    "activity": {"activity": "Update user"},
    "an activity that never was": {"activity": "x"},
    "target": {"target": person(11)},
    "target and actor": {"target": person(11), "by": "somebody"},
    "refused": {"result": "failure"},
    "done": {"result": "success"},
    "time": {"since": datetime.fromtimestamp(0.0002, UTC), "until": datetime.fromtimestamp(0.0003, UTC)},
    "before": {"before": person(300)},
}
# Why these are not among them.
OF_EVERYTHING = {
    "attributes.discover": "it asks the application, and reads nothing of the directory",
    "attributes.asked": "as attributes.discover",
    "schemas.count_scope": "judges everybody, for as long as it is given: tests/admin/test_scope_counting.py",
    "users.count": "counts everybody, in an index",
    **dict.fromkeys(("typed_users.count", "typed_groups.count", "deleted_objects.count"), "counts, in an index"),
    "deleted_objects.numbers": "counts, in an index",
    "members_by_id.count": "counts one group, whose members it looks at",
    **dict.fromkeys((f"typed_users.{verb}" for verb in ("create", "delete")), "as users.…"),
    **dict.fromkeys(
        (f"typed_groups.{verb}" for verb in ("create", "update", "delete", "manager", "set_manager")),
        "as typed_users.…",
    ),
    **dict.fromkeys((f"deleted_objects.{verb}" for verb in ("read", "restore", "purge")), "as users.…"),
    **dict.fromkeys((f"directory_changes.{verb}" for verb in ("begin", "latest")), "with directory_changes.page"),
    **dict.fromkeys(
        (f"extension_properties.{verb}" for verb in ("of_application", "read", "register")), "extensions are few"
    ),
    "extension_properties.valued": "counts, of everybody",
    "schemas.examine": "reads the extensions",
    "extension_properties.delete": "goes through the rules of every job, for the name",
    "imports.sources": "sources are few",
    "groups.count": "counts everybody, in an index",
    "members.count": "counts everything, in an index",
    "applications.all": "counts who is assigned, in an index",
    "applications.show": "counts who is assigned, in an index",
    "applications.add": "counts who is assigned, in an index",
    "cycles.status": "counts links, in an index",
    "cycles.succeeded": "reads one cycle, as cycles.status",
    "cycles.run": "tests/runner/test_cost_follows_change.py",
    "cycles.done": "tells of a whole cycle",
    "cycles.causes": "tells of a whole cycle",
    "cycles.serve": "runs cycles",
    "cycles.runnable": "reads the job and its rules",
    "plans.make": "copies what the job knows of its target",
    "plans.all": "the plans of one job, 20 at most",
    "plans.show": "reads one plan and its job",
    "plans.details": "tells a plan whole, a page at a time",
    "plans.stale": "tells of a whole plan",
    "plans.causes": "tells of a whole plan",
    "plans.compare": "goes through two plans, a page at a time",
    "plans.approve": "changes one plan",
    "plans.discard": "changes one plan",
    "plans.apply": "runs a cycle",
    "plans.ask_to_apply": "notes that somebody asked",
    "plans.operations": "a page of one plan",
    "plans.page": "a page of one plan, in its index",
    "plans.plannable": "reads the job and its rules",
    **dict.fromkeys(("logs.search", "audits.search", "audits.show"), "at most so many events a page (storage.walking)"),
    **dict.fromkeys(("logs.count", "audits.count"), "counts, in an index, or is refused"),
    "audits.activities": "from one name to the next, in an index",
    "cycles.abort": "as jobs.abort; waits for the lock",
    "cycles.test_connection": "reads the job, asks the application",
    "jobs.create": "there is one already",
    "jobs.restart": "forgets links and escrows of the whole job",
    "backups.back_up": "copies everything",
    "health.figures": "counts what is left to do, in an index",
    "reports.people": "tells all that fits, a page at a time",
    "reports.statistics": "counts links, in an index",
    "logs.export": "tells all that fits, a page at a time",
    "applications.gallery": "asks no database",
    "service_principals.gallery": "asks no database",
    "service_principals.template": "asks no database",
    "service_principals.all": "tells all applications",
    "service_principals.instantiate": "adds one row",
    "service_principals.several": "reads those of a page by their ids",
    "service_principals.delete": "as removals",
    "assignments.count_of_application": "counts who is assigned",
    "assignments.remove_several": "as assignments.remove, one by one",
    "health.places": "asks no database",
    **dict.fromkeys(
        (f"source_settings.{verb}" for verb in ("all", "show", "add", "start", "pause", "stage", "delete")),
        "counts whom the source feeds, in an index",
    ),
    **dict.fromkeys(
        ("source_previews.ask", "source_previews.look"), "a thread and memory; the preview is a run in a copy"
    ),
    "source_settings.change": "has every record judged anew where they may mean something else now",
    "source_told.status": "counts whom the source feeds, in an index",
    **dict.fromkeys(("source_told.allow", "source_told.reject"), "decides about everybody who is held"),
    **dict.fromkeys(("source_runs.test", "source_runs.test_unsaved"), "asks the source"),
    "source_runs.run": "tests/runner/sourcing",
    "source_previews.preview": "copies the directory",
    "source_extensions.available": "asks the source",
    "source_extensions.choose": "has every record judged anew",
}


def every_verb():
    """The verbs that there are: methods that begin with an actor."""
    blank = Admin(None)
    for name in ("settings", "runs", "previews", "told", "extensions"):
        for verb, method in inspect.getmembers(getattr(blank.sources, name), inspect.ismethod):
            if not verb.startswith("_") and next(iter(inspect.signature(method).parameters), "") == "actor":
                yield f"source_{name}.{verb}"
    for name in (
        "users",
        "groups",
        "members",
        "typed_users",
        "typed_groups",
        "members_by_id",
        "deleted_objects",
        "provenance",
        "extension_properties",
        "directory_changes",
        "imports",
        "applications",
        "service_principals",
        "assignments",
        "jobs",
        "cycles",
        "plans",
        "schemas",
        "attributes",
        "logs",
        "retentions",
        "audits",
        "reports",
        "health",
        "backups",
    ):
        for verb, method in inspect.getmembers(getattr(blank, name), inspect.ismethod):
            if not verb.startswith("_") and next(iter(inspect.signature(method).parameters), "") == "actor":
                yield f"{name}.{verb}"


@pytest.fixture(scope="module")
def costs(migrated_file, tmp_path_factory):
    """Steps of everything, among few and among ten times as many."""
    return {
        size: costs_among(size, migrated_file, tmp_path_factory.mktemp("directory") / "of") for size in (SMALL, LARGE)
    }


def costs_among(size, migrated_file, folder):
    database, admin = opened(migrated_file, folder)
    admin.applications.add(ME, APP)
    fill(database, admin.users.context.tenant, admin.jobs.create(ME, APP).job, size)
    tell(database, admin)
    steps = {name: counted(database, partial(verb, admin)) for name, verb in VERBS.items()}
    for name, given in FILTERS.items():
        steps["log: " + name] = counted(database, partial(admin.logs.page, ME, limit=20, **given))
    for name, given in AUDIT_FILTERS.items():
        steps["audit: " + name] = counted(database, partial(admin.audits.page, ME, limit=20, **given))
    database.close()
    return steps


def tell(database, admin):
    """A source that told of everybody, and feeds nobody yet: one in ten is left out, another one in ten is leaving."""
    source = admin.sources.settings.add(ME, "corp", AD, given_secrets=PASSWORD).source.id
    with database.transaction() as connection:
        connection.execute(
            """INSERT INTO source_record (source, anchor, tenant, kind, reference, document, presence, reason,
            dirty, seen) SELECT ?, id, tenant, kind, id, '{}',
            CASE WHEN substr(id, -1) = '3' THEN 'leaving' ELSE 'here' END,
            CASE WHEN substr(id, -1) = '5' THEN '{"code": "x", "message": "x"}' END, 0, 1 FROM object""",
            (source,),
        )


def counted(database, work):
    before = database.steps
    work()
    return database.steps - before


@pytest.mark.parametrize(
    "name", [*VERBS, *("log: " + name for name in FILTERS), *("audit: " + name for name in AUDIT_FILTERS)]
)
def test_it_costs_the_same_among_ten_times_as_many(costs, name):
    assert costs[LARGE][name] <= costs[SMALL][name] * 1.1 + 40


def test_counting_would_notice_a_scan(costs, migrated_file, tmp_path):
    database, admin = opened(migrated_file, tmp_path / "of")
    admin.applications.add(ME, APP)
    fill(database, admin.users.context.tenant, admin.jobs.create(ME, APP).job, SMALL)

    steps = counted(database, lambda: database.reader().all("SELECT id FROM object WHERE name = 'x'"))

    assert steps > costs[SMALL]["users.show"] * 10
    database.close()


def test_every_verb_is_counted_or_said_why_not():
    counted_verbs = {name.partition(" ")[0] for name in VERBS} | {
        "logs.page",
        "audits.page",
        "groups.set_enabled",
    }  # as users.…

    assert set(every_verb()) == counted_verbs - {"audit"} | set(OF_EVERYTHING)


# The plan of every statement that is really executed

PEOPLE = """userPrincipalName,displayName,department,manager
anna@fjord.example,Anna,Sales,
bo@fjord.example,Bo,Sales,anna@fjord.example
carl@fjord.example,Carl,,anna@fjord.example
"""
GROUPS = "displayName,description\nStaff,All\nSales,Some\n"
MEMBERS = "group,member\nStaff,anna@fjord.example\nStaff,bo@fjord.example\nSales,bo@fjord.example\nStaff,Sales\n"


PASSED_OVER = {
    "tenant", "setting", "feed", "source", "application", "application_owner", "extension_property", "job", "ruleset",
    "secret", "cycle", "log_facet", "log_frame", "plan",
}  # fmt: skip
# What may go through a table, or sort what it found: a pattern of the statement, and why.
ALLOWED = {
    r"^SELECT count\(\*\) FROM": "counts, in an index",
    r"^SELECT \(SELECT count\(\*\) FROM member": "counts, in an index",
    r"^SELECT 1 FROM (waiting|unknown_create|escrow|had_link) WHERE job = \d+ LIMIT 1$": "the first one ends it",
    r"^SELECT 1 FROM held WHERE job = \d+ (AND allowed_at IS (NOT )?NULL )?LIMIT 1$": "the first one ends it",
    r"^SELECT o.stage, o.object_kind, sum\(": "the numbers of those who are to go, in an index",
    r"^SELECT stage, object_kind, sum\(removes\) FROM held": "the numbers of those who are held, in an index",
    r"^DELETE FROM held WHERE job = \d+ AND \(": "who was held, at the end of a cycle",
    r"^SELECT 1 FROM member_link ml JOIN link l .* LIMIT 1$": "the first one ends it",
    r"FROM unknown_create WHERE job = ": "creates whose outcome is not known: as many as were under way",
    r"^(INSERT INTO|DELETE FROM) had_link ": "a restart: who was linked; nobody, when a cycle ends after no restart",
    r"^DELETE FROM (link|once_linked|member_link|member_taken|operation|escrow|waiting) WHERE job = \d+$": "a job that starts anew, of everything",
    r"^DELETE FROM (listing|work) WHERE job = \d+( AND kind = coalesce\(\S+, kind\))?$": "what a cycle looked at, at its end",
    r"FROM escrow e WHERE e.job = \d+ AND \(e.removes > 0": "a restart: who failed",
    r"SELECT object FROM escrow WHERE job = \d+ AND kind = 'reference'": "a restart: the groups whose members failed",
    r"FROM escrow WHERE job = \d+ GROUP BY": "the numbers of those who failed, in an index",
    r"FROM link l WHERE l.job = \d+ AND l.kind = 'group'": "a cycle that looks at everybody: the groups",
    r"SELECT DISTINCT w.job, 'references', w.object": "a cycle that looks at everybody: who waits for somebody",
    r"SELECT DISTINCT ml.job, 'members', ml.group_id": "groups with memberships left to write, of those memberships",
    r"SELECT DISTINCT g.job, 'members', g.object": "groups of the memberships that changed",
    r"SELECT DISTINCT inside.top AS group_id": "everybody in one group, which is compared whole",
    r"GROUP BY object_kind, kind, state$": "the numbers of one cycle's plan, which is as long as what changed",
    r"AND \(phase, stage, object\) > \(": "a plan printed whole",
    r"AND state = 'sent' ORDER BY phase": "requests whose answer is not known: as many as were under way",
    r"FROM log_event WHERE (source_id|target_id|name) = ": "the events of one person",
    r"FROM audit_event WHERE .* ORDER BY at DESC, id DESC LIMIT \d+$": "a page in the order of its index; its steps are counted",
    r"^SELECT a.id, a.role FROM assignment a": "the app roles of one person",
    r"ORDER BY g.folded_name, g.id$": "the groups of one person",
    r"ORDER BY o.folded_name, o.id$": "the owners of one application",
}


def everything_done(migrated_file, folder, application, nested):
    """Cycles over every kind of change, and imports; returns the file and all that was executed."""
    found = template(application)
    database, admin = opened(migrated_file, folder, MemoryTarget(found.user_type, found.group_type))
    for name, text in (("users", PEOPLE), ("groups", GROUPS), ("members", MEMBERS)):
        (folder / f"{name}.csv").write_text(text, encoding="utf-8")
    files = {name: folder / f"{name}.csv" for name in ("users", "groups", "members")}
    admin.imports.csv(ME, CsvImport(**files))
    admin.applications.add(ME, found.display_name, name=APP)
    admin.jobs.create(ME, APP)
    admin.jobs.save_credentials(ME, APP, url="http://127.0.0.1/scim", token="t" * 20)
    admin.applications.assign(ME, APP, groups=["Staff"], users=["carl@fjord.example"], all_groups=True)
    admin.jobs.settings(ME, APP, nested_groups=nested)
    admin.jobs.start(ME, APP)
    admin.cycles.test_connection(ME, APP)
    for change in (
        lambda: None,
        lambda: admin.users.set_enabled(ME, "anna@fjord.example", enabled=False),
        lambda: admin.users.set(ME, "bo@fjord.example", {"userPrincipalName": "bob@fjord.example"}),
        lambda: admin.members.remove(ME, "Staff", "bob@fjord.example"),
        lambda: admin.members.add(ME, "Staff", "anna@fjord.example"),
        lambda: admin.users.set(ME, "bob@fjord.example", {"manager": "carl@fjord.example"}),
        lambda: admin.users.delete(ME, "carl@fjord.example"),
        lambda: admin.users.restore(ME, "carl@fjord.example"),
        lambda: admin.members.remove(ME, "Staff", "Sales"),
        lambda: admin.members.add(ME, "Staff", "Sales"),
        lambda: admin.groups.delete(ME, "Sales"),
        lambda: admin.users.purge(ME, "carl@fjord.example"),
        lambda: admin.jobs.settings(ME, APP, scope="all", behaviour="entra", nested_groups="direct"),
        lambda: admin.jobs.restart(ME, APP),
        lambda: admin.jobs.restart(ME, APP, reset_scope="Full"),
        lambda: admin.imports.csv(ME, CsvImport(**files, complete=True, allow_deletes=5)),
    ):
        change()
        for dry_run in (True, False):
            on_demand(admin, dry_run)
        made = admin.plans.make(ME, APP).stored.number
        admin.plans.causes(ME, made)
        list(admin.plans.details(ME, made, each=3))
        admin.plans.page(ME, made, PlanSearch("create", "bo"), after=0)
        admin.plans.page(ME, made, PlanSearch(), before=5)
        list(admin.escrow.entries(ME, APP, cause="x", search="bo"))
        list(admin.deletions.entries(ME, APP, search="bo"))
        admin.links.leavers(ME, APP)
        list(admin.plans.compare(ME, made, max(made - 1, 1)))
        admin.plans.all(ME, APP)
        admin.plans.apply(ME, made)
        list(admin.plans.stale(ME, made))
        admin.cycles.run(ME, APP)
        admin.cycles.status(ME, APP)
    for count in (admin.users.count, admin.groups.count, admin.members.count, admin.applications.all):
        count(ME)
    for narrow in FILTERS.values():
        admin.logs.page(ME, **{name: value for name, value in narrow.items() if name != "before"})
    for narrow in AUDIT_FILTERS.values():
        admin.audits.page(ME, **{name: value for name, value in narrow.items() if name != "before"})
    list(admin.logs.export(ME, identity="anna@fjord.example"))
    list(admin.reports.people(ME, APP))
    admin.reports.report(ME, APP)
    admin.logs.follow(ME, 0)
    sweep(database, admin.users.context.tenant, now=lambda: datetime.now(UTC))
    database.close()
    return folder / "service.db", database.statements


def on_demand(admin, dry_run):
    """A person and a group, of whom either may be gone by now, or is not found by this behaviour."""
    with suppress(AdminError):
        admin.on_demand.user(ME, APP, "anna@fjord.example", dry_run=dry_run)
    with suppress(AdminError):
        admin.on_demand.group(ME, APP, "Staff", ["bob@fjord.example"], dry_run=dry_run)


@pytest.mark.parametrize(
    ("application", "nested"), [("ciscoUmbrella", "direct"), ("scim", "direct"), ("scim", "flatten")]
)
def test_no_statement_reads_a_whole_table(migrated_file, tmp_path, application, nested):
    file, statements = everything_done(migrated_file, tmp_path / "done", application, nested)

    with closing(sqlite3.connect(file)) as connection:
        found = {
            f"{step}: {' '.join(statement.split())[:500]}"
            for statement in statements
            for step in steps_of_plan(connection, statement)
            if is_dear(step, statement) and not any(re.search(one, " ".join(statement.split())) for one in ALLOWED)
        }

    assert found == set()


def steps_of_plan(connection, statement):
    """The lines of a statement's query plan; none for what reads nothing."""
    if statement.split(maxsplit=1)[0].upper() not in ("SELECT", "INSERT", "UPDATE", "DELETE", "WITH"):
        return []
    if re.search(r"\bimport_seen_\d", statement):  # tables of an import, which reads its files whole
        return []
    return [row[3] for row in connection.execute("EXPLAIN QUERY PLAN " + statement)]


def is_dear(step, statement):
    """Whether a line of a plan means reading everything, of something that grows with the directory."""
    if step.startswith("USE TEMP B-TREE"):
        return not set(re.findall(r"\bFROM (\w+)", statement)) <= PASSED_OVER
    # An index entered by what nearly all rows share. (An order or a further key would be named too.)
    if walked := re.match(r"SEARCH (\w+) USING .*\((tenant|application|job)=\?( AND kind=\?)?\)$", step):
        return table_of(walked[1], statement) not in PASSED_OVER
    scanned = re.match(r"SCAN (\w+)$|SCAN (\w+) USING", step)
    if scanned is None:  # constant rows
        return False
    name = scanned[1] or scanned[2]
    if re.match(rf"WITH {name} \([^)]*\) AS \(VALUES", statement):  # what the statement brings itself
        return False
    table = table_of(name, statement)
    if re.search(rf"\b{table} \([^)]*\) AS \(", statement) or re.search(rf"\) {table}\b", statement):
        return False  # what the statement has found before, in steps that are looked at themselves
    return table not in PASSED_OVER


def table_of(name, statement):
    """The table that a plan calls by its alias."""
    table = re.search(rf"\b(?:FROM|JOIN|INTO|UPDATE) (\w+)(?: AS)? {name}\b", statement)
    return table[1] if table else name
