"""What each transition and each reset scope leads to in the cycles that follow, in both behaviours.

spec/provisioning-service.md sections 2.2 and 2.3. States alone are in tests/admin/test_job_states.py, verbs that come
while a cycle runs in test_verbs_in_a_cycle.py.
"""

from datetime import timedelta

import pytest

from provisor.admin.actor import LOCAL_OPERATOR as ME
from provisor.engine.ports import Rejected, Unauthorized
from provisor.runner.scheduler import next_start
from provisor.storage import jobs, quarantine
from provisor.storage.times import to_microseconds

PEOPLE = ["anna@x", "bo@x", "cleo@x"]


class Office:
    """A job with three people, who are assigned, its verbs, and what it stored."""

    def __init__(self, world, admin):
        self.world, self.admin, self.key = world, admin, world.job.id

    def __getattr__(self, name):
        return getattr(self.world, name)

    def stored(self):
        return jobs.read(self.world.database.reader(), self.world.job.number)

    def state(self):
        job = self.stored()
        return job.schedule_state, job.status_code

    def starts(self):
        """Whether the scheduler ever starts it by itself."""
        return next_start(self.stored(), to_microseconds(self.world.now())) is not None

    def kinds(self):
        """The kinds of its cycles, oldest first."""
        return [cycle.kind for cycle in reversed(self.world.cycles())]

    def refuse_credentials(self):
        async def find(original, kind, path, value):
            raise Unauthorized("no")

        self.world.failing(find=find)


@pytest.fixture(params=["provisor", "entra"])
def fresh(request, make_world, admin_of):
    """Configured and not started."""
    world = make_world("scim", behaviour=request.param)
    world.organisation.users(PEOPLE, department="Sales")
    world.organisation.assign(*PEOPLE)
    office = Office(world, admin_of(world))
    with world.database.transaction() as connection:
        jobs.change(connection, world.job.number, schedule_state="Disabled")
    return office


@pytest.fixture
def running(fresh):
    """Started, and through with its initial cycle."""
    fresh.admin.jobs.start(ME, fresh.key)
    assert fresh.run().state == "succeeded"
    return fresh


# Section 2.2


def test_section_2_2_the_first_start_leads_to_an_initial_cycle_after_which_the_job_is_active(fresh):
    fresh.admin.jobs.start(ME, fresh.key)
    before = fresh.state()

    fresh.run()

    assert (before, fresh.state()) == (("Active", "NotRun"), ("Active", "Active"))
    assert (fresh.kinds(), fresh.methods()["POST"]) == (["initial"], 3)
    assert fresh.stored().watermark is not None
    fresh.run()
    assert fresh.kinds() == ["initial", "incremental"]


def test_section_2_2_a_paused_job_goes_on_where_it_stopped(running):
    running.admin.jobs.pause(ME, running.key)
    assert (running.state(), running.starts()) == (("Paused", "Paused"), False)
    running.organisation.change("anna@x", displayName="Anna B")

    running.admin.jobs.start(ME, running.key)
    running.run()

    assert (running.state(), running.kinds()[-1]) == (("Active", "Active"), "incremental")
    assert running.writes() == [("PATCH", "anna@x")]


def test_section_2_2_too_many_or_critical_errors_quarantine_the_job_and_a_start_ends_that(running):
    running.refuse_credentials()
    running.organisation.change("anna@x", displayName="Anna B")
    running.run()
    assert running.state() == ("Active", "Quarantine")
    running.heal()

    running.admin.jobs.start(ME, running.key)
    lifted = running.state()
    running.run()

    assert (lifted, running.state()) == (("Active", "Active"), ("Active", "Active"))
    assert running.writes() == [("PATCH", "anna@x")]


@pytest.mark.parametrize("way_out", ["start", "restart"])
def test_section_2_2_after_28_days_in_quarantine_only_an_administrator_makes_it_run(running, way_out):
    running.refuse_credentials()
    running.run()
    running.pass_time(days=28, hours=1)
    running.run()
    assert (running.state(), running.starts()) == (("Disabled", "Quarantine"), False)
    running.heal()

    getattr(running.admin.jobs, way_out)(ME, running.key)

    assert (running.state()[0], running.starts()) == ("Active", True)
    assert running.run().state == "succeeded"
    assert running.state() == ("Active", "Active")


def test_section_2_2_a_restart_looks_at_everybody_again_and_keeps_the_links(running):
    running.admin.jobs.restart(ME, running.key)

    summary = running.run()

    assert (running.kinds(), running.state()) == (["initial", "initial"], ("Active", "Active"))
    assert running.writes() == []
    assert "user.link" not in summary.counts


def map_department(office):
    office.admin.schemas.map(ME, office.key, "user", source="department", target="title")


def filter_bo(office):
    document = office.admin.schemas.export(ME, office.key)
    clause = {
        "sourceOperandName": "userPrincipalName",
        "operatorName": "EQUALS",
        "targetOperand": {"values": ["bo@x"]},
    }
    office.mapping_of(document)["scope"] = {"groups": [{"name": "Bo", "clauses": [clause]}]}
    office.admin.schemas.save(ME, office.key, document)


def upload(office):
    document = office.admin.schemas.export(ME, office.key)
    rows = office.mapping_of(document)["attributeMappings"]
    rows[:] = [row for row in rows if row["targetAttributeName"] != "displayName"]
    office.admin.schemas.save(ME, office.key, document)


def restore(office):
    office.admin.schemas.restore(ME, office.key)


SAVED = {  # what is saved, what must follow at the target
    "a mapping": (map_department, {("PATCH", name) for name in PEOPLE}),
    "a scoping filter": (filter_bo, {("PATCH", "anna@x"), ("PATCH", "cleo@x")}),
    "a schema": (upload, set()),
    "the mappings of the template": (restore, set()),
}


def _after_new_rules(office):
    """In `provisor` a look at whom the rules can concern is enough."""
    return "initial" if office.stored().behaviour == "entra" else "incremental"


@pytest.mark.parametrize("what", SAVED)
def test_section_2_2_the_cycle_after_new_rules_is_made_by_them_and_in_entra_an_initial_one(running, what):
    save, follows = SAVED[what]
    if what == "the mappings of the template":
        map_department(running)
        running.run()
    save(running)

    running.run()

    concerns_all = what == "a scoping filter"
    assert running.kinds()[-1] == ("initial" if concerns_all else _after_new_rules(running))
    assert set(running.writes()) == follows
    running.run()
    assert running.kinds()[-1] == "incremental"


def test_section_2_2_a_cycle_that_runs_ends_with_the_rules_it_began_with(fresh):
    fresh.admin.jobs.start(ME, fresh.key)
    fresh.striking("create", 1, lambda: map_department(fresh))

    fresh.run()
    titles = {account.get("title") for account in fresh.target.resources("user").values()}
    fresh.run()

    assert titles == {None}
    assert {account.get("title") for account in fresh.target.resources("user").values()} == {"Sales"}
    assert fresh.kinds() == ["initial", _after_new_rules(fresh)]


def test_section_2_2_a_killed_cycle_is_gone_on_with(fresh):
    fresh.admin.jobs.start(ME, fresh.key)
    fresh.stopped_at("GET", "user", 2)
    (cut_short,) = fresh.cycles()

    fresh.run()

    (ended,) = fresh.cycles()
    assert (cut_short.id, cut_short.phase == "done") == (ended.id, False)
    assert {str(one["userName"]) for one in fresh.target.resources("user").values()} == set(PEOPLE)
    assert len(fresh.target.resources("user")) == 3


def test_section_2_2_of_a_deleted_job_links_position_and_failures_are_gone_and_its_accounts_stay(running):
    running.admin.removals.delete_job(ME, running.key)

    reader = running.database.reader()
    assert [reader.one(f"SELECT count(*) FROM {table}") for table in ("link", "escrow", "job")] == [(0,)] * 3
    assert len(running.target.resources("user")) == 3


# Section 2.3


def troubled(office):
    """Cleo's change was refused and is not due; the job is in quarantine; the application has everything else."""

    async def patch(original, kind, target_id, operations):
        if office.target.resources("user")[target_id]["userName"] == "cleo@x":
            raise Rejected("no", status=422)
        return await original(kind, target_id, operations)

    office.failing(patch=patch)
    office.organisation.change("cleo@x", displayName="Cleo B")
    for _ in range(2):
        office.run()
    assert [entry.name for entry in office.escrow()] == ["cleo@x"]
    office.heal()
    office.refuse_credentials()
    office.run()
    office.heal()
    assert office.state() == ("Active", "Quarantine")


LIFTED, STAYS = False, True
SCOPES = {  # the kind of the next cycle, whether Cleo is told, whether anybody is matched anew, whether it is lifted
    "": ("initial", True, False, LIFTED),
    "None": ("incremental", False, False, LIFTED),
    "Watermark": ("initial", True, False, STAYS),
    "Escrows": ("incremental", False, False, STAYS),
    "QuarantineState": ("incremental", False, False, LIFTED),
    "ConnectorDataStore": ("initial", True, True, STAYS),
    "ForceDeletes": ("incremental", False, False, STAYS),
    "Full": ("initial", True, True, LIFTED),
    "Watermark, Escrows, QuarantineState": ("initial", True, False, LIFTED),
}


@pytest.mark.parametrize("words", SCOPES)
def test_section_2_3_what_follows_a_restart(running, words):
    kind, told, matched, stays = SCOPES[words]
    troubled(running)

    running.admin.jobs.restart(ME, running.key, reset_scope=words)
    in_quarantine = quarantine.read(running.database.reader(), running.world.job.number) is not None
    summary = running.run()

    assert in_quarantine is stays
    assert running.kinds()[-1] == kind
    assert running.writes() == ([("PATCH", "cleo@x")] if told else [])
    assert summary.counts.get("user.link", 0) == (3 if matched else 0)
    assert [entry.name for entry in running.escrow()] == (["cleo@x"] if words in KEEPS else [])


KEEPS = ("None", "QuarantineState", "ForceDeletes")


def test_section_2_3_dropped_failures_come_back_when_somebody_is_evaluated_again(running):
    troubled(running)
    running.admin.jobs.restart(ME, running.key, reset_scope="Escrows, QuarantineState")
    assert running.run().counts == {}

    running.organisation.change("cleo@x", mobile="+49 1")
    running.run()

    assert running.account("cleo@x")["displayName"] == "Cleo B"


def test_section_2_3_a_quarantine_that_is_lifted_comes_back_if_its_cause_remains(running):
    running.refuse_credentials()
    running.run()

    running.admin.jobs.restart(ME, running.key, reset_scope="QuarantineState")
    lifted = running.state()
    running.run()

    assert (lifted, running.state()) == (("Active", "Active"), ("Active", "Quarantine"))


def test_section_2_3_memberships_of_somebody_enabled_again_are_not_replayed(running):
    running.organisation.group("Sales", PEOPLE)
    running.organisation.assign("Sales", kind="group")
    running.run()
    running.organisation.change("anna@x", accountEnabled=False)
    running.run()
    running.organisation.change("anna@x", accountEnabled=True)

    running.run()

    assert running.writes() == [("PATCH", "anna@x")]


def test_section_2_3_a_member_who_comes_into_scope_late_needs_a_restart_in_the_faithful_behaviour(running):
    running.organisation.user("dan@x", enabled=False)
    running.organisation.group("Sales", ["anna@x", "dan@x"])
    running.organisation.assign("Sales", kind="group")
    running.run()
    running.organisation.change("dan@x", accountEnabled=True)
    running.run()
    late = ("Sales", "dan@x") in running.target.memberships()

    running.admin.jobs.restart(ME, running.key)
    running.run()

    assert late is (running.job.behaviour == "provisor")
    assert ("Sales", "dan@x") in running.target.memberships()


def test_section_2_3_a_scope_that_becomes_narrower_needs_a_restart_in_the_faithful_behaviour(running):
    running.organisation.user("dan@x")
    running.admin.jobs.settings(ME, running.key, scope="all")
    running.run()
    assert running.account("dan@x")["active"] is True

    running.admin.jobs.settings(ME, running.key, scope="assigned")
    running.run()
    kept = running.account("dan@x")["active"]
    running.admin.jobs.restart(ME, running.key)
    running.run()

    assert kept is (running.job.behaviour == "entra")
    assert running.account("dan@x")["active"] is False


def test_the_interval_counts_from_the_start_of_the_last_cycle(running):
    due = next_start(running.stored(), to_microseconds(running.now()))

    assert due - running.stored().last_began_at == timedelta(minutes=40) // timedelta(microseconds=1)
