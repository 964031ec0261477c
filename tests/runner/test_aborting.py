"""A cycle ends within seconds when it is aborted or its process must end, whatever the application does; nothing is
lost or doubled by it.
"""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from provisor.admin.actor import LOCAL_OPERATOR as ME
from provisor.admin.errors import AdminError
from provisor.engine.ports import Throttled
from provisor.runner import ending
from provisor.runner.cycle import run_cycle
from provisor.runner.job_lock import job_lock
from provisor.runner.plans import make_plan
from provisor.runner.run import StopRequested
from provisor.storage import jobs, plans
from provisor.storage.authors import SERVICE

PEOPLE = [f"p{number:02}@x" for number in range(30)]

# The n-th request by a method of the port hangs for ever: in every step of a first cycle.
HANGING = {
    "probe": ("find", 1),
    "listing": ("page", 1),
    "the first account": ("create", 1),
    "an account": ("create", 17),
    "a group": ("create", 31),
    "members": ("patch_members", 1),
}
EFFECTS = pytest.mark.parametrize("after_effect", [False, True], ids=["before", "after-the-target-committed"])


@pytest.fixture(autouse=True)
def _seen_soon(monkeypatch):
    monkeypatch.setattr(ending, "POLL_SECONDS", 0.01)
    monkeypatch.setattr(ending, "GRACE_SECONDS", 0.05)


@pytest.fixture
def full(make_world):
    world = make_world("scim")
    org = world.organisation
    org.users(PEOPLE)
    org.group("Staff", PEOPLE)
    org.assign("Staff", kind="group")
    return world


def right(world):
    names = sorted(str(one["userName"]) for one in world.target.resources("user").values())
    return names == PEOPLE and world.target.memberships() == {("Staff", name) for name in PEOPLE}


def hanging(world, method, nth, then, *, after_effect=False):
    """The n-th request by this method is never answered; `then` happens in it."""
    left = [nth]

    async def hang(original, *asked):
        left[0] -= 1
        if left[0]:
            return await original(*asked)
        if after_effect:
            await original(*asked)
        then()
        return await asyncio.Event().wait()

    world.target.behave(method, hang)


def abort(world):
    with world.database.transaction() as connection:
        jobs.note_abort(connection, world.job.number)


def ended_by(world, how):
    """What ends a cycle: the word of an administrator, or of the process."""
    if how == "abort":
        return lambda: abort(world)
    world.stop = asyncio.Event()
    return world.stop.set


@EFFECTS
@pytest.mark.parametrize("point", HANGING)
@pytest.mark.parametrize("how, code", [("abort", "cycle-aborted"), ("stop", "cycle-interrupted")])
def test_a_cycle_ends_although_the_application_hangs_and_the_next_run_goes_on(full, how, code, point, after_effect):
    hanging(full, *HANGING[point], ended_by(full, how), after_effect=after_effect)
    summary = full.run()
    full.heal()
    full.stop = None

    again = full.run()

    assert (summary.state, summary.error.code) == ("stopped", code)
    assert (again.state, again.n) == ("succeeded", summary.n)
    assert right(full)
    assert full.run().requests == {"GET": 1}


@pytest.mark.parametrize("how", ["abort", "stop"])
@pytest.mark.parametrize("method, nth", [("GET", 1), ("GET", 2), ("POST", 1), ("POST", 31), ("PATCH", 1)])
def test_a_cycle_ends_although_the_application_asked_for_ten_minutes(full, how, method, nth):
    end = ended_by(full, how)
    full.target.fail(nth, Throttled("Later.", until=datetime.now(UTC) + timedelta(minutes=10)), method=method)
    full.at(method, None, nth, end)
    summary = full.run()
    full.heal()
    full.stop = None

    assert summary.state == "stopped"
    assert full.run().state == "succeeded"
    assert right(full)


def test_what_was_answered_before_an_abort_is_recorded(full):
    hanging(full, "create", 17, lambda: abort(full))

    full.run()

    linked = full.database.reader().one("SELECT count(*) FROM link")
    assert linked == (len(full.target.resources("user")),)


def test_what_was_not_sent_before_an_abort_is_not_looked_for(full):
    asked = []

    async def first_hangs(original, kind, document):
        asked.append(document["userName"])
        if len(asked) == 1:
            abort(full)
            await asyncio.Event().wait()
        return await original(kind, document)

    full.target.behave("create", first_hangs)

    full.run()

    assert {one.name for one in full.operations("sent")} <= set(asked)
    assert full.operations("planned") != []


def test_requests_under_way_are_given_time_when_the_process_is_asked_to_end(full, monkeypatch):
    monkeypatch.setattr(ending, "GRACE_SECONDS", 60)
    full.stop = asyncio.Event()

    async def slow(original, *asked):
        full.stop.set()
        for _ in range(20):
            await asyncio.sleep(0)
        return await original(*asked)

    full.target.behave("create", slow)

    full.run()

    assert full.operations("sent") == []
    assert full.target.resources("user") != {}


def test_an_abort_of_a_job_that_does_not_run_leaves_nothing_behind(full, admin_of):
    admin_of(full).cycles.abort(ME, full.job.id)

    assert full.run().state == "succeeded"


def test_an_abort_pauses_a_job_that_runs_on_its_interval(full, admin_of):
    shown = admin_of(full).cycles.abort(ME, full.job.id)

    assert (shown.job.schedule_state, shown.job.status_code) == ("Paused", "Paused")


def test_an_abort_of_a_job_that_was_never_started_leaves_its_schedule(full, admin_of):
    with full.database.transaction() as connection:
        jobs.change(connection, full.job.number, schedule_state="Disabled")

    shown = admin_of(full).cycles.abort(ME, full.job.id)

    assert shown.job.schedule_state == "Disabled"


def test_an_abort_that_is_not_heeded_is_told(full, admin_of, monkeypatch):
    from provisor.admin import following

    monkeypatch.setattr(following, "LONGEST_END_SECONDS", 0.1)
    admin = admin_of(full)

    with job_lock(full.database.path, full.job.id), pytest.raises(AdminError) as told:
        admin.cycles.abort(ME, full.job.id)

    assert told.value.code == "job-busy"


@pytest.mark.parametrize("how", ["abort", "stop"])
def test_a_cycle_ends_although_look_ups_hang(make_world, how):
    world = make_world("scim", behaviour="entra", scope="all")
    world.organisation.users(PEOPLE)
    hanging(world, "find", 7, ended_by(world, how))

    summary = world.run()
    world.heal()
    world.stop = None

    assert summary.state == "stopped"
    assert world.run().state == "succeeded"
    assert len(world.target.resources("user")) == len(PEOPLE)


@EFFECTS
@pytest.mark.parametrize("point", HANGING)
def test_a_run_that_is_cancelled_from_outside_has_ended_before_its_ends_are_given_back(full, point, after_effect):
    runs, said = [], []
    hanging(full, *HANGING[point], lambda: runs[0].cancel(), after_effect=after_effect)

    async def main():
        asyncio.get_running_loop().set_exception_handler(lambda loop, context: said.append(context["message"]))
        runs.append(asyncio.ensure_future(run_cycle(full.order(), allow_deletes=1_000_000)))
        await asyncio.wait(runs)
        return len(asyncio.all_tasks())

    tasks = asyncio.run(main())
    full.heal()
    again = full.run()

    assert (runs[0].cancelled(), tasks, said) == (True, 1, [])
    assert again.state == "succeeded"
    assert right(full)


def test_an_abort_of_the_jobs_cycle_does_not_concern_a_plan(full):
    full.at("GET", "user", 1, lambda: abort(full))

    number = asyncio.run(make_plan(full.order(), by=SERVICE))

    found = plans.read(full.database.reader(), number)
    assert found is not None and found.plan.operations


def test_a_plan_ends_with_its_process_although_the_target_hangs(full):
    stop = asyncio.Event()
    hanging(full, "page", 1, stop.set)

    with pytest.raises(StopRequested):
        asyncio.run(make_plan(full.order(stop=stop), by=SERVICE))

    full.heal()
    assert full.run().state == "succeeded"
    assert right(full)
