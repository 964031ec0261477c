"""Cycles that stop or are cut short: nothing is lost, nothing is done twice."""

import asyncio

import pytest

from provisor.engine.ports import Malformed, Rejected, Unauthorized, Unreachable
from provisor.runner.job_lock import JobBusy, job_lock
from provisor.storage import jobs
from provisor.testing.faults import Killed
from provisor.testing.organisation import NOW

PEOPLE = [f"p{number:02}@x" for number in range(40)]


@pytest.fixture
def full(world):
    """Forty people in four groups, a few of them known to the target already, nothing provisioned yet."""
    org = world.organisation
    org.users(PEOPLE)
    for number in range(4):
        org.group(f"G{number}", PEOPLE[number::4])
    org.assign("G0", "G1", "G2", "G3", kind="group")
    return world


def right(world):
    """Whether the target holds exactly what the directory says."""
    names = sorted(str(one["userName"]) for one in world.target.resources("user").values())
    edges = {(f"G{number}", name) for number in range(4) for name in PEOPLE[number::4]}
    return names == sorted(PEOPLE) and world.target.memberships() == edges


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (Unauthorized("the token has expired"), "Unauthorized"),
        (Unreachable("connection refused", sent=False), "WebExceptionProtocolError"),
        (Rejected("not found", status=404), "SystemForCrossDomainIdentityManagementServiceIncompatible"),
        (Malformed("a web page"), "SystemForCrossDomainIdentityManagementServiceIncompatible"),
    ],
    ids=["401", "unreachable", "404-on-filter", "not-scim"],
)
def test_a_target_that_cannot_be_used_stops_the_cycle_with_one_sentence(full, error, code):
    full.target.fail(1, error)

    summary = full.run()

    assert (summary.state, summary.error.code) == ("failed", code)
    assert len(full.target.journal) == 1
    assert [event for event in full.events() if event.source_id] == []
    assert full.run().state == "succeeded"
    assert right(full)


def test_a_token_revoked_in_the_middle_stops_the_cycle_and_the_next_run_goes_on(full):
    full.target.fail(20, Unauthorized("revoked"), method="POST", times=1000)
    first = full.run()
    assert (first.state, first.error.code) == ("failed", "Unauthorized")
    assert [event for event in full.events(status="failure") if event.source_id] == []
    assert full.operations("sent") == []

    full.heal()
    second = full.run()

    assert (second.state, second.n) == ("succeeded", first.n)
    assert right(full)
    assert len(full.target.sent("POST")) == 44 - 19


def test_a_lost_answer_is_looked_up_and_not_created_twice(full):
    full.target.fail(10, Unreachable("reset"), after_effect=True, method="POST")
    full.run()
    assert len(full.operations("sent")) == 1

    summary = full.run()

    assert summary.state == "succeeded"
    assert right(full)


@pytest.mark.fast_rows(5)
@pytest.mark.parametrize("after_effect", [False, True], ids=["before", "after-the-target-committed"])
@pytest.mark.parametrize("nth", [1, 2, 3, 9, 30, 41, 42, 44, 45, 46, 48, 49])
def test_killed_at_the_nth_request_and_run_again_nothing_is_double_or_missing(full, nth, after_effect):
    full.target.fail(nth, Killed(), after_effect=after_effect)
    with pytest.raises(Killed):
        full.run()
    full.heal()

    summary = full.run()

    assert summary.state == "succeeded"
    assert right(full)
    assert full.run().requests == {"GET": 1}


@pytest.mark.fast_rows(5)
@pytest.mark.parametrize("after_effect", [False, True], ids=["before", "after-the-target-committed"])
@pytest.mark.parametrize("nth", range(2, 12))
def test_killed_in_an_incremental_cycle_and_run_again_everything_is_right(full, nth, after_effect):
    full.run()
    org = full.organisation
    org.change("p00@x", displayName="Zero")
    org.change("p01@x", accountEnabled=False)
    org.purge("p02@x")
    org.leave("G3", "p03@x")
    org.join("G3", "p00@x")
    org.unassign("G2", kind="group")
    org.user("new@x")
    org.assign("new@x")
    full.target.fail(nth, Killed(), after_effect=after_effect)
    try:
        full.run()
    except Killed:
        full.heal()

    summary = full.run()

    assert summary.state == "succeeded"
    assert full.account("p00@x")["displayName"] == "Zero"
    assert [full.account(name)["active"] for name in ("p01@x", "p03@x", "new@x")] == [False, False, True]
    assert full.target.by_name("user", "p02@x") is None
    assert full.target.by_name("group", "G2") is None
    assert len(full.target.resources("user")) == 40
    expected = {(f"G{number}", name) for number in (0, 1, 3) for name in PEOPLE[number::4]}
    assert full.target.memberships() == expected - {("G3", "p03@x")} | {("G3", "p00@x")}


def test_never_more_than_the_bound_is_sent_at_once(make_world, monkeypatch):
    from provisor.runner.executing import executor
    from provisor.runner.planning import planner

    for module in (executor, planner):
        monkeypatch.setattr(module, "PAGE", 10)
    monkeypatch.setattr(executor, "SENT_BOUND", 20)
    world = make_world()
    names = [f"p{number:03}@x" for number in range(100)]
    world.organisation.users(names)
    world.organisation.assign(*names)
    world.target.fail(50, Killed(), method="POST")

    with pytest.raises(Killed):
        world.run()

    assert 0 < len(world.operations("sent")) <= 20


def test_a_process_asked_to_end_leaves_a_cycle_that_is_continued(full):
    class Ending(type(full.target)):
        async def create(self, kind, document):
            if len(self.resources("user")) == 10:
                full.stop.set()
            return await super().create(kind, document)

    full.target.__class__ = Ending
    full.stop = asyncio.Event()
    first = full.run()
    full.stop = None

    second = full.run()

    assert first.state in ("stopped", "succeeded")
    assert second.state == "succeeded"
    assert right(full)


def test_a_second_run_of_a_job_is_refused_with_a_sentence(full):
    with job_lock(full.database.path, full.job.id), pytest.raises(JobBusy, match="is running already"):
        full.run()


def test_the_lock_is_free_again_after_a_run(full):
    full.run()

    with job_lock(full.database.path, full.job.id):
        pass


def test_rules_changed_after_a_stop_start_an_initial_cycle_with_the_new_rules(full):
    full.target.fail(20, Unauthorized("revoked"), method="POST", times=1000)
    first = full.run()
    full.heal()
    with full.database.transaction() as connection:
        document = jobs.rules(connection, full.job.number, 1)
        jobs.save_rules(connection, full.job.number, document, created_by="test", now=NOW)
        jobs.change(connection, full.job.number, full_evaluation=True)

    second = full.run()

    assert (second.state, second.kind, second.n) == ("succeeded", "initial", first.n + 1)
    assert full.cycles()[0].ruleset_version == 2
    assert right(full)
