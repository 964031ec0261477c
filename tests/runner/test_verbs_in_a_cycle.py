"""What an administrator asks for while a cycle runs is never lost: every verb, at every point of a cycle.

spec/provisioning-service.md sections 2.2 and 2.3.
"""

import asyncio
import contextlib
from datetime import UTC, datetime

import pytest

from provisor.admin.actor import LOCAL_OPERATOR as ME
from provisor.admin.errors import AdminError
from provisor.database import DatabaseError
from provisor.runner.cycle import run_cycle
from provisor.runner.on_demand import Wish, provision_on_demand
from provisor.storage import jobs, resets, run_requests
from provisor.testing.faults import Killed

PEOPLE = [f"p{number}@x" for number in range(6)]
LEFT_OUT = "stranger@x"

# Where in a first cycle: the n-th request by a method of the port.
POINTS = {
    "probe": ("find", 1),
    "planning": ("page", 1),
    "the first account": ("create", 1),
    "an account": ("create", 4),
    "a group": ("create", 7),
    "members": ("patch_members", 1),
}


@pytest.fixture
def organised(make_world, admin_of, request):
    """Six people in two groups that are assigned, and somebody who is not."""
    world = make_world(behaviour=getattr(request, "param", "provisor"))
    world.organisation.users([*PEOPLE, LEFT_OUT], department="Sales")
    for number in range(2):
        world.organisation.group(f"G{number}", PEOPLE[number::2])
    world.organisation.assign("G0", "G1", kind="group")
    return world, admin_of(world)


def right(world, extra=()):
    """Whether the target holds what the directory says, each once, and every account is linked."""
    names = sorted(str(one["userName"]) for one in world.target.resources("user").values())
    edges = {(f"G{number}", name) for number in range(2) for name in PEOPLE[number::2]}
    linked = world.database.reader().one("SELECT count(*) FROM link WHERE job = ? AND state = 'linked'", (1,))
    return (
        names == sorted([*PEOPLE, *extra])
        and world.target.memberships() == edges
        and linked == (len(names) + len(world.target.resources("group")),)
    )


def stored(world):
    job = jobs.read(world.database.reader(), world.job.number)
    assert job is not None
    return job


def start(admin, job):
    admin.jobs.start(ME, job)


def pause(admin, job):
    admin.jobs.pause(ME, job)


def restart(words):
    return lambda admin, job: admin.jobs.restart(ME, job, reset_scope=words)


def widen(admin, job):
    admin.jobs.settings(ME, job, scope="all")


def map_title(admin, job):
    admin.schemas.map(ME, job, "user", source="department", target="name.formatted")


def save_credentials(admin, job):
    admin.jobs.save_credentials(ME, job, url="http://127.0.0.1:2", token="another")


def abort(admin, job):
    admin.jobs.abort(ME, job)


def nothing_more(world):
    return right(world)


def runs_initially(world):
    """A cycle that looked at everybody began after the last restart, and came to its end."""
    restarts = stored(world).restarts
    passed = [one for one in world.cycles() if (one.kind, one.state) == ("initial", "succeeded")]
    return right(world) and restarts == 1 and any(one.restarts == restarts for one in passed)


def is_wider(world):
    return right(world, [LEFT_OUT])


def has_titles(world):
    accounts = world.target.resources("user").values()
    return right(world) and {one["name"]["formatted"] for one in accounts} == {"Sales"}


# The verb, and what it must have led to after the cycle in which it struck and the next run.
VERBS = {
    "start": (start, nothing_more),
    "pause": (pause, nothing_more),
    "restart": (restart(""), runs_initially),
    "restart None": (restart("None"), nothing_more),
    "restart Watermark": (restart("Watermark"), runs_initially),
    "restart Escrows": (restart("Escrows"), nothing_more),
    "restart QuarantineState": (restart("QuarantineState"), nothing_more),
    "restart ConnectorDataStore": (restart("ConnectorDataStore"), runs_initially),
    "restart ForceDeletes": (restart("ForceDeletes"), nothing_more),
    "restart Full": (restart("Full"), runs_initially),
    "scope": (widen, is_wider),
    "rules": (map_title, has_titles),
    "credentials": (save_credentials, nothing_more),
    "abort": (abort, nothing_more),
}


@pytest.mark.fast_rows(12)
@pytest.mark.parametrize("organised", ["provisor", "entra"], indirect=True)
@pytest.mark.parametrize("point", POINTS)
@pytest.mark.parametrize("verb", VERBS)
def test_section_2_a_verb_that_comes_while_a_cycle_runs_is_not_lost(organised, verb, point):
    world, admin = organised
    do, led_to = VERBS[verb]
    method, nth = POINTS[point]
    world.striking(method, nth, lambda: do(admin, world.job.id))

    world.run()
    world.heal()
    after = [world.run().state for _ in range(2)]

    assert after[-1] == "succeeded"
    assert led_to(world)
    assert world.run().requests == {"GET": 1}


@pytest.mark.parametrize("point", POINTS)
@pytest.mark.parametrize("verb, state", [("pause", "Paused"), ("abort", "Paused"), ("start", "Active")])
def test_section_2_2_the_schedule_is_as_it_was_told_while_a_cycle_ran(organised, verb, state, point):
    world, admin = organised
    method, nth = POINTS[point]
    world.striking(method, nth, lambda: VERBS[verb][0](admin, world.job.id))

    world.run()

    assert stored(world).schedule_state == state


@pytest.mark.parametrize("point", POINTS)
def test_section_2_2_a_cycle_goes_on_to_its_end_when_its_job_is_paused(organised, point):
    world, admin = organised
    world.striking(*POINTS[point], lambda: pause(admin, world.job.id))

    summary = world.run()

    assert summary.state == "succeeded"
    assert right(world)
    assert stored(world).status_code == "Paused"


@pytest.mark.parametrize("point", POINTS)
def test_section_2_2_a_job_that_is_deleted_takes_its_cycle_with_it(organised, point):
    world, admin = organised
    gone = []
    world.striking(*POINTS[point], lambda: gone.append(admin.removals.delete_job(ME, world.job.id)))

    world.run()

    (outlook,) = wait_for(gone)
    assert outlook.id == world.job.id
    assert jobs.read(world.database.reader(), world.job.number) is None
    assert admin.logs.page(ME, job=world.job.id, limit=1000) == admin.logs.page(ME, limit=1000)


def wait_for(results):
    """What another thread is about to add."""
    import time

    deadline = time.monotonic() + 10
    while not results and time.monotonic() < deadline:
        time.sleep(0.01)
    return results


@pytest.mark.parametrize("point", [point for point in POINTS if point != "probe"])  # the cycle begins after that
def test_deletions_that_were_allowed_while_a_cycle_ran_are_allowed_in_the_next_one(organised, point):
    world, admin = organised
    world.striking(*POINTS[point], lambda: restart("ForceDeletes")(admin, world.job.id))

    world.run()
    allowed = stored(world).force_deletes
    world.heal()
    world.run()

    assert allowed is not None
    assert stored(world).force_deletes is None


def test_a_restart_with_force_deletes_lets_one_cycle_take_everything_away(organised):
    world, admin = organised
    names = [f"n{number:02}@x" for number in range(30)]
    world.organisation.users(names)
    world.organisation.assign(*names)
    world.run()
    world.organisation.unassign(*names)
    held = world.run(allow_deletes=0)

    admin.jobs.restart(ME, world.job.id, reset_scope="ForceDeletes")
    let_through = world.run(allow_deletes=0)

    assert (held.error.code, let_through.state) == ("too-many-deletions", "succeeded")
    assert not any(world.account(name)["active"] for name in names)


@pytest.mark.parametrize("state", ["Active", "Paused", "Disabled"])
@pytest.mark.parametrize("words", ["", "None", "Watermark", "Full"])
def test_section_2_3_a_restart_starts_the_job_and_asks_for_a_run_at_once(organised, words, state):
    world, admin = organised
    with world.database.transaction() as connection:
        jobs.change(connection, world.job.number, schedule_state=state)

    admin.jobs.restart(ME, world.job.id, reset_scope=words)

    assert [(job.id, asked) for job, asked in jobs.scheduled(world.database.reader(), world.organisation.tenant)] == [
        (world.job.id, True)
    ]


def test_a_pause_after_a_start_keeps_the_job_from_running(organised):
    world, admin = organised
    admin.jobs.pause(ME, world.job.id)
    admin.jobs.start(ME, world.job.id)

    admin.jobs.pause(ME, world.job.id)

    assert jobs.scheduled(world.database.reader(), world.organisation.tenant) == []
    assert run_requests.unanswered(world.database.reader(), world.job.number) != []


def test_section_2_2_a_start_of_a_running_job_changes_nothing(organised):
    world, admin = organised
    admin.jobs.restart(ME, world.job.id, reset_scope="None")
    before = world.database.reader().all("SELECT * FROM job")

    admin.jobs.start(ME, world.job.id)

    assert world.database.reader().all("SELECT * FROM job") == before


# Single links, section 2.3


def test_section_2_3_a_link_is_forgotten_only_while_the_job_is_paused(organised):
    world, admin = organised
    world.run()

    with pytest.raises(AdminError) as refused:
        admin.links.forget(ME, world.job.id, "p0@x")

    assert refused.value.code == "job-not-paused"
    assert admin.links.show(ME, world.job.id, "p0@x").state == "linked"


@pytest.mark.parametrize("kind, name", [("user", "p0@x"), ("group", "G0")])
def test_section_2_3_whose_link_was_forgotten_is_matched_anew(organised, kind, name):
    world, admin = organised
    world.run()
    before = admin.links.show(ME, world.job.id, name)
    admin.jobs.pause(ME, world.job.id)

    forgotten = admin.links.forget(ME, world.job.id, name)
    again = admin.links.forget(ME, world.job.id, name)
    summary = world.run()

    assert (forgotten, again) == (before, None)
    assert summary.counts.get(f"{kind}.link") == 1
    assert admin.links.show(ME, world.job.id, name) == before
    assert right(world)


@pytest.mark.parametrize("by", ["object", "target", "name"])
def test_section_2_3_a_link_is_looked_up_by_its_object_then_by_the_id_at_the_target(organised, by):
    world, admin = organised
    world.run()
    link = admin.links.show(ME, world.job.id, "p0@x")

    assert admin.links.show(ME, world.job.id, getattr(link, by)) == link


def test_section_2_3_a_link_that_is_not_there_is_not_found(organised):
    world, admin = organised

    with pytest.raises(AdminError, match="no link of") as refused:
        admin.links.show(ME, world.job.id, "p0@x")

    assert refused.value.code == "not-found"


def at_look(world, nth, do):
    """A clock that has somebody do something at its n-th look, unless a transaction is under way just then."""
    left = [nth]

    def now():
        left[0] -= 1
        if left[0] <= 0 and not do.done:
            one = world.database.connect(busy_seconds=0)
            try:
                one.begin()
                do(one)
                one.commit()
            except DatabaseError:
                pass  # the next look will do
            finally:
                world.database.disconnect(one)
        return datetime.now(UTC)

    return now


class Restart:
    """A restart, within a transaction."""

    def __init__(self, world, scope):
        self.job, self.scope, self.done = world.job.number, scope, False

    def __call__(self, connection):
        resets.reset(connection, self.job, {self.scope}, now=datetime.now(UTC))
        self.done = True


@pytest.mark.test_rows(20)
@pytest.mark.slow
@pytest.mark.parametrize("on_demand", [False, True], ids=["cycle", "on demand"])
@pytest.mark.parametrize("scope", ["Full", "ConnectorDataStore"])
@pytest.mark.parametrize("nth", range(1, 60, 4))
def test_section_2_3_what_is_sent_as_a_restart_comes_is_looked_for_after_a_kill(organised, scope, nth, on_demand):
    world, _ = organised
    restarted = Restart(world, scope)
    order = world.order(now=at_look(world, nth, restarted))
    world.target.fail(1, Killed(), method="POST", after_effect=True)

    with contextlib.suppress(Killed):
        if on_demand:
            wish = Wish(object=world.organisation.id("user", PEOPLE[0]), by="a test")
            asyncio.run(provision_on_demand(order, wish, wait_seconds=0))
        else:
            asyncio.run(run_cycle(order))
    world.heal()
    for name in PEOPLE:
        world.organisation.change(name, accountEnabled=False)
    world.run()
    world.run()

    assert world.held() == {}
