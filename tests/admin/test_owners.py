"""Who may something with own applications only finds and sees no others, not even by an error or its trace."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from provisor.admin.actor import DIRECTORY_READ, LOCAL_OPERATOR, OF_APPLICATIONS, Actor
from provisor.admin.bundle import Admin
from provisor.admin.context import Context
from provisor.admin.errors import AdminError
from provisor.admin.service_principals import ApplicationKey
from provisor.engine.log_event import Facts, encode
from provisor.engine.plan import Plan
from provisor.storage import audit, log, plans
from provisor.storage.log import LogRow
from provisor.storage.plans import NewPlan
from provisor.storage.secrets import load_key

NOW = datetime(2026, 3, 1, tzinfo=UTC)
UMBRELLA, OWN, FOREIGN = "Cisco Umbrella User Management", "Own", "Foreign"
MISSING = "Foreigm"  # one letter from a name that may not be told


def unreachable(job):
    raise AssertionError("no verb tested here may reach an application")


@pytest.fixture
def admin(database, tenant, tmp_path):
    made = Admin(
        Context(
            database=database,
            tenant=tenant,
            now=lambda: NOW,
            random_bytes=bytes,
            load_key=lambda: load_key(tmp_path / "secret.key"),
            problem_with_credentials=lambda url, token: None,
            connect=unreachable,
            key_file=tmp_path / "secret.key",
        )
    )
    for name in (OWN, FOREIGN):
        made.applications.add(LOCAL_OPERATOR, UMBRELLA, name=name)
        made.jobs.create(LOCAL_OPERATOR, name)
    return made


@pytest.fixture
def ids(admin):
    return {each.application.display_name: each.application.id for each in admin.applications.all(LOCAL_OPERATOR)}


@pytest.fixture
def jobs(admin):
    return {each.application: each.job for each in admin.jobs.all(LOCAL_OPERATOR)}


@pytest.fixture
def owner(ids):
    return Actor(id="o", name="olga", kind="user", own_permissions=OF_APPLICATIONS, owned=frozenset({ids[OWN]}))


@pytest.fixture
def logged(admin, database, tenant, jobs):
    """An event of each job, by application."""
    rows = {
        name: LogRow(
            id=f"event-{name}",
            tenant=tenant,
            job=job.number,
            cycle="c",
            at=1,
            action="create",
            status="success",
            code=None,
            source_id="o1",
            name="anna",
            target_id="t1",
            facts=encode(Facts(kind="user")).decode(),
        )
        for name, job in jobs.items()
    }
    with database.transaction() as connection:
        log.append(connection, rows.values())
    return {name: row.id for name, row in rows.items()}


def refusal(verb, *arguments, **given):
    with pytest.raises(AdminError) as caught:
        verb(*arguments, **given)
    return caught.value


VERBS = {
    "applications.show": {},
    "applications.assign": {"users": ()},
    "applications.assignments": {},
    "app_roles.all": {},
    "jobs.show": {},
    "jobs.pause": {},
    "jobs.in_force": {},
    "jobs.create": {},
    "schemas.export": {},
    "schemas.restore": {},
    "escrow.causes": {},
    "escrow.retry": {},
    "deletions.show": {},
    "deletions.reject": {},
    "removals.job_outlook": {},
    "removals.delete_job": {},
    "removals.delete_application": {},
    "credentials.show": {},
    "plans.all": {},
    "reports.report": {},
    "reports.statistics": {},
    "cycles.status": {},
    "cycles.succeeded": {},
    "cycles.run": {},
}


@pytest.mark.parametrize("verb", VERBS)
def test_a_foreign_application_is_refused_word_for_word_as_one_that_is_not_there(admin, owner, ids, verb):
    group, name = verb.split(".")
    asked = getattr(getattr(admin, group), name)

    foreign = refusal(asked, owner, FOREIGN, **VERBS[verb])
    by_id = refusal(asked, owner, ids[FOREIGN], **VERBS[verb])
    missing = refusal(asked, owner, MISSING, **VERBS[verb])

    assert foreign.code == by_id.code == missing.code == "not-found"
    for found, key in ((foreign, FOREIGN), (by_id, ids[FOREIGN])):
        assert (found.message.replace(key, MISSING), found.hint) == (missing.message, missing.hint)


def test_a_foreign_job_is_not_found_by_its_id(admin, owner, jobs):
    assert refusal(admin.jobs.show, owner, jobs[FOREIGN].id).code == "not-found"


def test_the_own_application_and_its_job_are_found(admin, owner, ids, jobs):
    assert admin.applications.show(owner, OWN).application.id == ids[OWN]
    assert admin.jobs.pause(owner, jobs[OWN].id).job.schedule_state == "Paused"


def test_lists_hold_the_own_ones_alone(admin, owner, ids):
    assert [each.application.id for each in admin.applications.all(owner)] == [ids[OWN]]
    assert [each.application for each in admin.jobs.all(owner)] == [OWN]


@pytest.mark.parametrize("noun", ["application", "job"])
def test_no_foreign_name_is_suggested(admin, owner, noun):
    error = AdminError("not-found", "There is none.", "See the list.", (noun, MISSING))

    told = [admin.nearest.hinted(who, error).hint for who in (LOCAL_OPERATOR, owner)]

    assert told == [f"Did you mean {FOREIGN}? See the list.", "See the list."]


def test_of_two_applications_of_one_name_the_own_one_is_meant(admin, database, owner, ids):
    with database.transaction() as connection:
        connection.execute("UPDATE application SET display_name = ? WHERE id = ?", (OWN, ids[FOREIGN]))

    assert admin.applications.show(owner, OWN).application.id == ids[OWN]


def test_the_log_shows_events_of_own_jobs_alone(admin, owner, logged):
    page = admin.logs.page(owner)
    exported = [*admin.logs.export(owner)]
    followed, _ = admin.logs.follow(owner, 0)

    assert [[one.id for one in found] for found in (page, exported, followed)] == [[logged[OWN]]] * 3


@pytest.mark.parametrize("verb", [lambda logs, who, event: logs.show(who, event),
                                  lambda logs, who, event: logs.page(who, before=event)])  # fmt: skip
def test_a_foreign_event_is_refused_as_one_that_is_not_there(admin, owner, logged, verb):
    foreign = refusal(verb, admin.logs, owner, logged[FOREIGN])
    missing = refusal(verb, admin.logs, owner, "event-x")

    assert (foreign.code, foreign.hint) == (missing.code, missing.hint)
    assert foreign.message.replace(logged[FOREIGN], "event-x") == missing.message


def test_the_log_of_a_deleted_job_stays_its_owners(admin, owner, logged):
    for name in (OWN, FOREIGN):
        admin.removals.delete_job(LOCAL_OPERATOR, name)

    assert [one.id for one in admin.logs.page(owner, job=OWN)] == [logged[OWN]]
    assert [one.id for one in admin.logs.page(owner)] == [logged[OWN]]
    assert refusal(admin.logs.page, owner, job=FOREIGN).code == "not-found"


@pytest.fixture
def plan(database, tenant, jobs):
    """The number of a plan of the foreign job."""
    made = NewPlan(tenant, jobs[FOREIGN].number, 1, "x", "x", 1, 1, None, Plan(cycle="initial", application=FOREIGN))
    with database.transaction() as connection:
        number = plans.add(connection, made)
        plans.made(connection, number)
    return number


@pytest.mark.parametrize("verb", ["show", "approve", "discard", "apply"])
def test_a_foreign_plan_is_refused_as_one_that_is_not_there(admin, owner, plan, verb):
    foreign, missing = (refusal(getattr(admin.plans, verb), owner, number) for number in (plan, 8))

    assert (foreign.code, foreign.message.replace(str(plan), "8")) == (missing.code, missing.message)


def events(database, tenant):
    return [one for one in audit.newest(database.reader(), tenant) if one.result == "failure"]


def test_a_refusal_within_a_change_is_in_the_audit_log_with_what_it_was_about(admin, database, tenant, owner, ids):
    refusal(admin.jobs.pause, owner, FOREIGN)

    (event,) = events(database, tenant)
    assert (event.author, event.activity) == (owner.author, "Disable/pause provisioning configuration")
    assert (event.target, event.detail) == (ids[FOREIGN], {"permission": "job.write"})


def test_a_refused_look_is_in_the_audit_log_whether_the_thing_is_there_or_not(admin, database, tenant, owner, ids):
    refusal(admin.applications.show, owner, FOREIGN)
    refusal(admin.applications.show, owner, MISSING)

    assert [one.target for one in reversed(events(database, tenant))] == [ids[FOREIGN], MISSING]


def test_who_may_see_and_not_do_is_told_which_permission_it_takes(admin, database, tenant, ids):
    reader = Actor(id="r", name="rita", kind="user", permissions=frozenset({"application.read", "job.read"}))
    owner = Actor(
        id="h", name="hal", kind="user", own_permissions=frozenset({"job.write"}), owned=frozenset({ids[OWN]}),
        permissions=reader.permissions,
    )  # fmt: skip

    told = [refusal(admin.jobs.pause, who, FOREIGN) for who in (reader, owner)]

    assert {one.code for one in told} == {"permission-denied"}
    assert all("job.write" in one.message for one in told)
    assert [one.target for one in events(database, tenant)] == [ids[FOREIGN], "job.write"]


def test_an_owner_adds_no_application_and_serves_no_jobs(admin, owner):
    assert refusal(admin.applications.add, owner, UMBRELLA).code == "permission-denied"
    assert refusal(admin.cycles.serve, owner, said=print, failed=print).code == "permission-denied"


def test_an_extension_of_a_foreign_application_is_shown_without_its_name(admin, owner, ids):
    for name in (OWN, FOREIGN):
        admin.extension_properties.register(
            LOCAL_OPERATOR, ApplicationKey("named", name), attribute="badge", data_type="String", targets=["User"]
        )

    shown = admin.extension_properties.available(replace(owner, permissions=frozenset({DIRECTORY_READ})))

    assert sorted(one.application for one in shown) == ["", OWN]
