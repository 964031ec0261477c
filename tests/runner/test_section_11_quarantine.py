"""How a job enters quarantine, what it is like there, and every way out: spec/provisioning-service.md section 11."""

from datetime import timedelta

import pytest

from provisor.engine.ports import Malformed, Rejected, Throttled, Unauthorized, Unreachable
from provisor.runner.scheduler import next_start
from provisor.storage import audit, escrow, jobs, quarantine
from provisor.storage.times import from_microseconds, to_microseconds

HOUR = timedelta(hours=1)


@pytest.fixture(params=["provisor", "entra"])
def office(request, make_world):
    """Six people with accounts, in a job that is started."""
    world = make_world("scim", behaviour=request.param, scope="all")
    world.organisation.users([f"p{number}@x" for number in range(6)])
    world.run()
    change(world, schedule_state="Active")
    return world


def change(world, **changes):
    with world.database.transaction() as connection:
        jobs.change(connection, world.job.number, **changes)


def job(world):
    return jobs.read(world.database.reader(), world.job.number)


def of(world):
    return quarantine.read(world.database.reader(), world.job.number)


def wrong(world, error):
    async def find(original, kind, path, value):
        raise error

    world.failing(find=find)


def told(world):
    events = audit.newest(world.database.reader(), world.organisation.tenant)
    return [one.detail["turn"] for one in reversed(events) if one.activity == "Quarantine"]


def due(world):
    """In how many hours the scheduler runs the job."""
    at = next_start(job(world), to_microseconds(world.now()))
    return None if at is None else round((from_microseconds(at) - world.now()) / HOUR, 1)


EXCEPTIONS = {
    "401": Unauthorized("no"),
    "unreachable": Unreachable("gone", sent=False),
    "time-out": Unreachable("late", timed_out=True),
    "404 on a filter": Rejected("no", status=404),
    "not SCIM": Malformed("<html>", status=200),
    "403": Rejected("no", status=403),
}


@pytest.mark.parametrize("word", EXCEPTIONS)
def test_section_11_1_credentials_network_and_a_target_that_is_none_quarantine_at_once(office, word):
    wrong(office, EXCEPTIONS[word])

    office.run()

    assert of(office).reason == "EncounteredQuarantineException"
    assert (job(office).status_code, job(office).schedule_state) == ("Quarantine", "Active")
    assert told(office) == ["entered"]


def test_section_11_1_a_target_that_asks_to_wait_is_no_reason(office):
    wrong(office, Throttled("wait", until=office.now()))

    office.run()

    assert of(office) is None


def failing(world, number, *, least=4, **thresholds):
    """So many of the six people fail from now on."""
    settings = {**job(world).settings, "quarantine": {"least": least, **thresholds}}
    change(world, settings=settings)

    async def patch(original, kind, target_id, operations):
        name = world.target.resources("user")[target_id]["userName"]
        if int(name[1]) < number:
            raise Rejected("no", status=400)
        return await original(kind, target_id, operations)

    world.failing(patch=patch)
    for person in range(6):
        world.organisation.change(f"p{person}@x", displayName=f"New {person}")


THRESHOLDS = {
    "proportion": (4, {}, "EncounteredEscrowProportionThreshold"),
    "base": (5, {"objects": 4}, "EncounteredBaseEscrowThreshold"),
    "total": (3, {"total": 2}, "EncounteredTotalEscrowThreshold"),
    "too few": (3, {}, None),
}


@pytest.mark.parametrize(("number", "thresholds", "reason"), THRESHOLDS.values(), ids=THRESHOLDS)
def test_section_11_1_what_failed_is_judged_at_the_end_of_a_cycle(office, number, thresholds, reason):
    failing(office, number, **thresholds)

    office.run()

    assert (of(office).reason if of(office) else None) == reason


def test_section_11_1_failures_of_earlier_cycles_count_too(office):
    failing(office, 3)
    office.run()
    assert of(office) is None
    failing(office, 4)
    office.organisation.change("p3@x", displayName="Newer")

    office.run()

    assert of(office).reason == "EncounteredEscrowProportionThreshold"


# Section 11.2


def test_section_11_2_it_is_tried_after_6_12_and_24_hours_then_daily(office):
    wrong(office, EXCEPTIONS["401"])
    office.run()
    seen = []

    for _ in range(5):
        seen.append(due(office))
        office.pass_time(hours=seen[-1] + 0.01)
        office.run()

    assert [round(one) for one in seen] == [6, 6, 12, 24, 24]
    assert of(office).series_count == 5
    assert told(office) == ["entered"]


def test_section_11_2_a_new_reason_is_told_and_the_series_goes_on(office):
    wrong(office, EXCEPTIONS["401"])
    office.run()
    began = of(office).series_began
    office.heal()
    failing(office, 5)

    office.run()

    assert (of(office).reason, of(office).series_began) == ("EncounteredEscrowProportionThreshold", began)
    assert told(office) == ["entered", "changed"]


def test_section_11_2_after_28_days_the_job_is_disabled(office):
    wrong(office, EXCEPTIONS["401"])
    office.run()
    office.pass_time(days=27)
    office.run()
    assert job(office).schedule_state == "Active"
    office.pass_time(days=1, hours=1)

    office.run()

    assert (job(office).schedule_state, due(office)) == ("Disabled", None)
    assert told(office) == ["entered", "disabled"]


def test_section_11_2_no_job_is_disabled_while_the_clock_is_doubted(office):
    wrong(office, EXCEPTIONS["401"])
    office.run()
    office.passed = timedelta(days=300)

    office.run()

    assert job(office).schedule_state == "Active"


def test_a_quarantine_written_by_a_clock_that_was_ahead_delays_no_run_by_more_than_a_day(office):
    office.passed = timedelta(days=300)
    wrong(office, EXCEPTIONS["401"])
    office.run()
    office.passed = timedelta()

    assert due(office) < 0 or due(office) <= 24


def test_a_run_that_was_killed_in_quarantine_stays_there(office):
    wrong(office, EXCEPTIONS["401"])
    office.run()
    before = of(office)

    async def find(original, kind, path, value):
        raise KeyboardInterrupt

    office.failing(find=find)
    with pytest.raises(KeyboardInterrupt):
        office.run()

    assert of(office) == before


# Section 11.3


def test_section_11_3_a_retry_that_succeeds_lifts_it(office):
    wrong(office, EXCEPTIONS["401"])
    office.run()
    office.heal()

    office.run()

    assert (of(office), job(office).status_code, job(office).next_at) == (None, "Active", None)
    assert due(office) == 0.7
    assert told(office) == ["entered", "left"]


def test_section_11_3_thresholds_that_hold_again_lift_it(office):
    failing(office, 5)
    office.run()
    assert of(office) is not None
    office.heal()
    office.pass_time(hours=6)

    office.run()

    assert (of(office), office.escrow()) == (None, [])


@pytest.mark.parametrize("code", ["Paused", "Active"])
def test_the_first_cycle_of_a_job_may_be_quarantined(make_world, code):
    world = make_world("scim", scope="all")
    change(world, status_code=code if code == "Paused" else "NotRun")
    wrong(world, EXCEPTIONS["401"])

    world.run()

    assert job(world).status_code == ("Paused" if code == "Paused" else "Quarantine")
    world.heal()
    world.run()
    assert job(world).status_code == code


# escrowsPruned


def test_section_10_an_initial_cycle_with_too_many_errors_ends_clears_them_and_pauses_the_job(make_world):
    world = make_world("scim", scope="all")
    world.organisation.users([f"p{number}@x" for number in range(6)])
    change(world, schedule_state="Active", settings={**job(world).settings, "quarantine": {"least": 3}})

    async def create(original, kind, document):
        if document["userName"] in ("p0@x", "p1@x", "p2@x"):
            raise Rejected("no", status=400)
        return await original(kind, document)

    world.failing(create=create)

    summary = world.run()

    assert summary.counts["user.create"] == 3
    found = job(world)
    assert (found.schedule_state, found.status_code, found.escrows_pruned) == ("Paused", "Paused", True)
    assert (of(world), escrow.count(world.database.reader(), found.number)) == (None, {"object": 0, "reference": 0})
    assert found.watermark is not None


def test_what_is_asked_for_while_a_cycle_runs_is_not_lost(office):
    office.organisation.user("new@x")
    asked = to_microseconds(office.now() + HOUR)
    office.at("POST", "user", 1, lambda: change(office, next_at=asked))

    office.run()

    assert job(office).next_at == asked


def test_the_next_run_follows_at_once_when_a_cause_is_seen_to_be_gone(make_world):
    world = make_world("scim", scope="all")
    world.organisation.users(["anna@x", "bo@x"])
    world.target.fail(1, Rejected("no", status=403), method="POST", times=4)
    world.run()
    world.run()
    change(world, schedule_state="Active")
    world.organisation.change("anna@x", displayName="Now")

    world.run()

    assert due(world) <= 0
    world.run()
    assert (job(world).next_at, world.escrow()) == (None, [])


@pytest.mark.parametrize("office", ["provisor"], indirect=True)
def test_a_run_that_was_asked_for_and_is_stopped_by_a_limit_does_not_begin_again_at_once(office):
    office.organisation.users([f"q{number}@x" for number in range(20)])
    office.run()
    for person in range(20):
        office.purge(f"q{person}@x")
    change(office, next_at=to_microseconds(office.now()))

    stopped = office.run(allow_deletes=0)

    assert stopped.error.code == "too-many-deletions"
    assert (job(office).next_at, of(office)) == (None, None)


@pytest.mark.parametrize("office", ["provisor"], indirect=True)
def test_a_run_in_quarantine_that_stops_for_something_else_stays_in_its_series(office):
    office.organisation.users([f"q{number}@x" for number in range(20)])
    office.run()
    wrong(office, EXCEPTIONS["401"])
    office.run()
    for person in range(20):
        office.purge(f"q{person}@x")
    office.heal()
    office.pass_time(hours=6.1)

    assert office.run(allow_deletes=0).error.code == "too-many-deletions"

    assert round(due(office)) == 6
