"""Change-driven mode: what changes is sent soon, changes that come together are one run, and nothing costs nothing."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from provisor.admin.actor import LOCAL_OPERATOR as ME
from provisor.database import Writer
from provisor.engine.ports import Rejected, Unreachable
from provisor.runner.cycle import run_due
from provisor.runner.due import has_news, is_change_driven, nothing_to_do
from provisor.runner.import_lock import importing
from provisor.runner.scheduler import run_jobs
from provisor.runner.session import JobSession
from provisor.storage import feed, holds, jobs, resets
from provisor.storage.times import to_microseconds

PEOPLE = [f"p{number:02}@x" for number in range(5)]


@pytest.fixture
def served(make_world):
    """Five people whose accounts are there, in a job that served them once."""
    world = make_world("scim", scope="all")
    world.organisation.users(PEOPLE)
    world.run()
    return world


def stored(world):
    job = jobs.read(world.database.reader(), world.job.number)
    assert job is not None
    return job


def set_job(world, **changes):
    with world.database.transaction() as connection:
        jobs.change(connection, world.job.number, **changes)


def due(world, *happening, asked=False, now=None):
    """What comes of one session in which these things happen, with a run that is due after each."""
    world.target.journal.clear()
    connected = []

    def connect(job):
        connected.append(job)
        return world.target

    async def main():
        writer = Writer(world.database)
        session = JobSession(writer)
        found = []
        for happens in happening:
            happens()
            order = world.order(connect=connect, **({} if now is None else {"now": now}))
            found.append(await run_due(order, session, asked=asked))
        await session.close()
        await writer.close()
        return found

    world.connected = connected
    return asyncio.run(main())


def nothing():
    pass


def later(**span):
    moment = datetime.now(UTC) + timedelta(**span)
    return lambda: moment


# Which jobs are, and what is news to them


@pytest.mark.parametrize(
    ("behaviour", "chosen", "is_so"),
    [
        ("provisor", None, True),
        ("entra", None, False),
        ("provisor", False, False),
        ("entra", True, True),
    ],
)
def test_a_job_is_change_driven_as_it_says_or_else_its_behaviour(make_world, admin_of, behaviour, chosen, is_so):
    world = make_world(behaviour=behaviour)
    if chosen is not None:
        admin_of(world).jobs.settings(ME, world.job.id, change_driven=chosen)

    assert is_change_driven(stored(world)) is is_so
    assert stored(world).full_evaluation is False


@pytest.mark.parametrize(
    ("changes", "is_so"),
    [
        ({}, True),
        ({"watermark": 10}, False),
        ({"watermark": 10, "full_evaluation": True}, True),
        ({"watermark": None}, False),
        ({"schedule_state": "Paused"}, False),
        ({"schedule_state": "Disabled"}, False),
        ({"status_code": "Quarantine"}, False),
        ({"behaviour": "entra"}, False),
    ],
)
def test_what_is_news_to_a_job(world, changes, is_so):
    set_job(world, **{"watermark": 9, "status_code": "Active", **changes})

    assert has_news(stored(world), 10) is is_so


# One run


def test_a_change_is_one_request_without_a_probe(served):
    first, second = due(
        served,
        lambda: served.organisation.change("p00@x", displayName="One"),
        lambda: served.organisation.change("p01@x", displayName="Two"),
    )

    assert first.requests == {"GET": 1, "PATCH": 1}  # the session is new: it looks whether the target is there
    assert second.requests == {"PATCH": 1}
    assert [served.account(name)["displayName"] for name in PEOPLE[:2]] == ["One", "Two"]


def test_a_cycle_that_a_person_asks_for_finds_out_whether_the_target_still_accepts_it(served):
    first, second = due(served, nothing, nothing, asked=True)

    assert first.requests == second.requests == {"GET": 1}


def test_nothing_is_no_cycle_no_request_and_no_event(served):
    set_job(served, last_began_at=0)
    before = len(served.cycles()), len(served.events())

    found = due(served, nothing, nothing)

    assert found == [None, None]
    assert served.target.journal == []
    assert (len(served.cycles()), len(served.events())) == before


def test_an_interval_in_which_nothing_was_to_be_done_is_over_all_the_same(served):
    set_job(served, last_began_at=1, last_ended_at=1)

    due(served, nothing)

    job = stored(served)
    assert job.last_began_at == job.last_ended_at == job.steady_last_at > 1


def test_a_run_of_changes_does_not_move_the_interval(served):
    before = stored(served)

    due(served, lambda: served.organisation.change("p00@x", displayName="One"))

    after = stored(served)
    assert (after.last_began_at, after.last_ended_at) == (before.last_began_at, before.last_ended_at)
    assert after.watermark > before.watermark


def test_who_failed_is_tried_again_on_the_interval_and_not_with_every_change(served):
    served.target.fail(1, Rejected("no", status=400), method="PATCH")
    due(served, lambda: served.organisation.change("p00@x", displayName="One"))
    served.heal()

    (by_change,) = due(served, lambda: served.organisation.change("p01@x", displayName="Two"))
    (on_interval,) = due(served, nothing, now=later(hours=1))

    assert by_change.counts == {"user.update": 1}
    assert on_interval.counts == {"user.update": 1}
    assert served.account("p00@x")["displayName"] == "One"


def test_a_faithful_job_does_as_ever_on_its_interval(make_world):
    world = make_world("scim", scope="all", behaviour="entra")
    world.run()

    (first, second) = due(world, nothing, nothing)

    assert [first.requests, second.requests] == [{"GET": 1}, {"GET": 1}]
    assert len(world.cycles()) == 3


def test_who_asks_gets_a_cycle_although_nothing_has_changed(served):
    (summary,) = due(served, nothing, asked=True)

    assert (summary.state, summary.requests) == ("succeeded", {"GET": 1})


# The session


def test_client_and_rules_live_on_until_they_change(served, monkeypatch):
    from provisor.runner.planning import begin

    compiled = []
    original = begin.compile_rules
    monkeypatch.setattr(begin, "compile_rules", lambda *given: compiled.append(1) or original(*given))
    rules = served.rules()
    rules["id"] = "rules that nobody has compiled yet"
    served.save_rules(rules)
    titles = iter("ABC")

    def change():
        served.organisation.change("p00@x", displayName=next(titles))

    due(served, change, change, change)

    assert (len(served.connected), compiled) == (1, [1])


@pytest.mark.parametrize(
    ("change", "clients"),
    [
        (lambda admin, job: admin.jobs.save_credentials(ME, job, url="http://127.0.0.1:1", token="other"), 2),
        (lambda admin, job: admin.jobs.settings(ME, job, behaviour="entra"), 2),
        (lambda admin, job: admin.jobs.settings(ME, job, interval_seconds=7), 1),
        (lambda admin, job: admin.schemas.map(ME, job, "user", source="department", target="nickName"), 1),
    ],
    ids=["credentials", "behaviour", "interval", "rules"],
)
def test_a_client_is_made_anew_only_for_what_it_was_made_from(served, admin_of, change, clients):
    admin = admin_of(served)

    due(
        served,
        lambda: served.organisation.change("p00@x", displayName="One"),
        lambda: (change(admin, served.job.id), served.organisation.change("p00@x", displayName="Two")),
    )

    assert len(served.connected) == clients
    assert served.account("p00@x")["displayName"] == "Two"


def test_after_an_error_the_target_is_asked_whether_it_is_there(served):
    def broken():
        served.organisation.change("p00@x", displayName="One")
        served.target.fail(1, Unreachable("gone", sent=False), method="PATCH")

    def mended():
        served.heal()
        served.organisation.change("p01@x", displayName="Two")

    _, stopped, again = due(served, lambda: served.organisation.change("p02@x", displayName="Zero"), broken, mended)

    assert stopped.error is not None
    assert again.requests["GET"] == 1
    assert served.account("p00@x")["displayName"] == "One"
    assert served.account("p01@x")["displayName"] == "Two"


def test_rules_that_are_saved_are_heeded_at_once(served, admin_of):
    admin = admin_of(served)

    _, after = due(
        served,
        lambda: served.organisation.change("p00@x", department="Sales"),
        lambda: admin.schemas.map(ME, served.job.id, "user", source="department", target="nickName"),
    )

    assert after.kind == "incremental"
    assert served.account("p00@x")["nickName"] == "Sales"


def test_a_failed_cycle_leaves_something_to_do(served):
    served.target.fail(1, Unreachable("gone", sent=False))
    served.run()

    assert not nothing_to_do(served.database.reader(), stored(served), to_microseconds(served.now()))


def test_a_restart_leaves_something_to_do(served):
    with served.database.transaction() as connection:
        resets.forget_position(connection, served.job.number, now=datetime.now(UTC))

    assert not nothing_to_do(served.database.reader(), stored(served), to_microseconds(served.now()))


# Gathering changes


class Looped:
    """The scheduler over a world for so many seconds, or so many runs; they only note themselves."""

    def __init__(self, world, seconds, happening, *, until=None):
        self.world, self.seconds, self.happening, self.until = world, seconds, happening, until
        self.runs = []
        self.fails = False
        self.size = 0

    def __call__(self):
        asyncio.run(self._main())
        return self.runs

    async def _main(self):
        self.stop = stop = asyncio.Event()
        asyncio.get_running_loop().call_later(self.seconds, stop.set)
        happens = asyncio.create_task(self.happening(self))
        await run_jobs(
            self.world.database,
            self.world.organisation.tenant,
            self._run,
            stop=stop,
            now=lambda: datetime.now(UTC),
            failed=lambda job, error: None,
            poll_seconds=0.01,
        )
        happens.cancel()

    async def _run(self, job):
        change = feed.current_change(self.world.database.reader(), self.world.organisation.tenant)
        self.runs.append(change)
        if len(self.runs) == self.until:
            self.stop.set()
        if not self.fails:
            set_job(self.world, watermark=change)
        return False if self.fails else self.size


def test_a_change_is_run_without_waiting_for_the_interval(served):
    async def happening(looped):
        served.organisation.change("p00@x", displayName="One")

    runs = Looped(served, 20, happening, until=1)()

    assert len(runs) == 1


def test_changes_that_come_together_are_one_run(served):
    async def happening(looped):
        for number in range(20):
            served.organisation.change("p00@x", displayName=str(number))
            await asyncio.sleep(0)

    runs = Looped(served, 0.8, happening)()

    assert runs == [feed.current_change(served.database.reader(), served.organisation.tenant)]


def test_changes_that_never_cease_are_sent_all_the_same(served, monkeypatch):
    from provisor.runner import scheduler

    monkeypatch.setattr(scheduler, "QUIET_SECONDS", 60.0)
    monkeypatch.setattr(scheduler, "LONGEST_GATHERED_SECONDS", 0.2)

    async def happening(looped):
        while True:
            served.organisation.change("p00@x", displayName="again")
            await asyncio.sleep(0.02)

    runs = Looped(served, 20, happening, until=2)()

    assert len(runs) == 2


def test_a_storm_of_changes_is_fewer_runs_than_a_steady_drizzle(served, monkeypatch):
    from provisor.runner import scheduler

    monkeypatch.setattr(scheduler, "QUIET_SECONDS", 60.0)
    monkeypatch.setattr(scheduler, "LONGEST_GATHERED_SECONDS", 0.1)

    def runs_of(size):
        async def happening(looped):
            looped.size = size
            while True:
                served.organisation.change("p00@x", displayName="again")
                await asyncio.sleep(0.02)

        return len(Looped(served, 2.5, happening)())

    assert runs_of(10_000) < runs_of(10)


def test_a_target_in_trouble_is_not_asked_with_every_change(served):
    async def happening(looped):
        looped.fails = True
        for number in range(100):
            served.organisation.change("p00@x", displayName=str(number))
            await asyncio.sleep(0.01)

    runs = Looped(served, 1.5, happening)()

    assert len(runs) == 1


@pytest.mark.parametrize("behaviour", ["entra"])
def test_a_job_that_is_not_change_driven_waits_for_its_interval(served, behaviour):
    set_job(served, behaviour=behaviour)

    async def happening(looped):
        served.organisation.change("p00@x", displayName="One")

    assert Looped(served, 0.6, happening)() == []


def test_without_a_change_the_jobs_are_hardly_read(served, monkeypatch):
    reads = []
    original = jobs.scheduled
    monkeypatch.setattr(jobs, "scheduled", lambda *given: reads.append(1) or original(*given))

    async def happening(looped):
        pass

    Looped(served, 0.7, happening)()

    assert len(reads) == 1


# While a long cycle runs


NEWCOMERS = [f"n{number:02}@x" for number in range(40)]


@pytest.fixture
def long(served, monkeypatch):
    """Forty people are to be created, five at a time, beside five who are there, two of them in a group."""
    from provisor.runner.executing import executor, news

    monkeypatch.setattr(executor, "PAGE", 5)
    monkeypatch.setattr(executor, "SENT_BOUND", 10)
    monkeypatch.setattr(news, "LOOKED_EVERY_SECONDS", 0.0)
    served.organisation.group("Staff", PEOPLE[:2])
    served.run()
    served.organisation.users(NEWCOMERS)
    set_job(served, full_evaluation=True)
    return served


def during(world, happens):
    """The requests of a cycle in which something happens with the eighth create; nothing overlaps."""
    world.at("POST", "user", 8, happens)
    due(world, nothing)
    assert world.target.overlaps == []
    return [(one.method, world.called(one)) for one in world.target.journal]


def index(requests, method, name):
    return requests.index((method, name))


def test_a_change_of_somebody_who_is_there_goes_out_while_others_are_created(long):
    requests = during(long, lambda: long.organisation.change("p00@x", displayName="Now"))

    assert index(requests, "PATCH", "p00@x") < index(requests, "POST", NEWCOMERS[-1])
    assert long.account("p00@x")["displayName"] == "Now"


def test_somebody_who_leaves_loses_access_while_others_are_created(long):
    requests = during(long, lambda: long.organisation.change("p00@x", accountEnabled=False))

    assert index(requests, "PATCH", "p00@x") < index(requests, "POST", NEWCOMERS[-1])
    assert long.account("p00@x")["active"] is False


def test_a_membership_that_comes_while_a_cycle_runs_is_told_in_it(long):
    during(long, lambda: long.organisation.join("Staff", "p04@x"))

    assert ("Staff", "p04@x") in long.target.memberships()


def test_somebody_new_waits_for_the_next_cycle(long):
    during(long, lambda: long.organisation.user("late@x"))
    before = long.target.by_name("user", "late@x")

    (after,) = due(long, nothing)

    assert before is None
    assert after.counts["user.create"] == 1


def renamed_and_refused(world, number):
    world.organisation.change("p00@x" if number == 1 else f"r{number - 1}@x", userPrincipalName=f"r{number}@x")
    raise Rejected("it is taken", status=409, scim_type="uniqueness")


def called_otherwise(world, number):
    world.organisation.change("p00@x", displayName=f"Number {number}")


def in_and_out(world, number):
    (world.organisation.join if number % 2 else world.organisation.leave)("Staff", "p04@x")


MANY = 60
ANSWERED_WITH = {"another name": renamed_and_refused, "a value": called_otherwise, "a member": in_and_out}


@pytest.mark.parametrize("change", ANSWERED_WITH)
def test_a_cycle_ends_although_each_change_is_answered_with_another(long, change):
    changes = iter(range(1, MANY + 1))

    async def answered(original, *asked):
        number = next(changes, None)
        if number is not None:
            ANSWERED_WITH[change](long, number)
        return await original(*asked)

    long.failing(patch=answered, patch_members=answered)

    during(long, lambda: [called_otherwise(long, 0), long.organisation.join("Staff", "p03@x")])

    assert next(changes, None) is not None


def test_what_went_out_on_the_way_is_not_sent_again(long):
    during(long, lambda: long.organisation.change("p00@x", displayName="Now"))

    due(long, nothing)

    assert long.target.sent("POST", "PATCH", "DELETE") == []


def test_an_import_under_way_is_left_to_the_next_cycle(long, monkeypatch):
    from provisor.runner.executing import news

    monkeypatch.setattr(news, "MOST", 2)

    requests = during(long, lambda: [long.organisation.change(name, displayName="Now") for name in PEOPLE])
    left = [one for one in requests if one[0] == "PATCH"]
    due(long, nothing)

    assert left == []
    assert {long.account(name)["displayName"] for name in PEOPLE} == {"Now"}


def test_too_many_leavers_on_the_way_are_left_to_the_brake_of_the_next_cycle(long):
    set_job(long, settings={**stored(long).settings, "deletionLimits": {"users": "1"}})

    requests = during(long, lambda: [long.organisation.change(name, accountEnabled=False) for name in PEOPLE])

    assert [one for one in requests if one[0] == "PATCH"] == []
    assert {one for one in requests if one[0] == "POST"} == {("POST", name) for name in NEWCOMERS}


def test_a_job_on_its_interval_alone_takes_nothing_on_the_way(long):
    set_job(long, settings={"scope": "all", "changeDriven": False})

    during(long, lambda: long.organisation.change("p00@x", displayName="Later"))

    assert long.account("p00@x")["displayName"] != "Later"


def test_leavers_on_the_way_above_the_threshold_are_left_to_the_next_cycle_which_holds_them(long):
    limits = dict.fromkeys(("users", "groups", "memberships"), "off")
    above_two = {"deletionLimits": limits, "preventAccidentalDeletions": True, "deletionThreshold": 2}
    set_job(long, settings={**stored(long).settings, **above_two})

    during(long, lambda: [long.organisation.change(name, accountEnabled=False) for name in PEOPLE])
    due(long, nothing, asked=True)

    assert all(long.account(name)["active"] for name in PEOPLE)
    assert len(list(holds.stream(long.database.reader(), long.job.number))) == len(PEOPLE)
    assert all(long.target.by_name("user", name) is not None for name in NEWCOMERS)


def test_a_leaver_on_the_way_waits_for_an_import_that_is_under_way(long):
    with importing(long.database.path):
        during(
            long,
            lambda: [
                long.organisation.change("p00@x", accountEnabled=False),
                long.organisation.change("p01@x", displayName="Now"),
            ],
        )
        waited = long.account("p00@x")["active"], long.account("p01@x")["displayName"]

    due(long, nothing)

    assert waited == (True, "Now")
    assert long.account("p00@x")["active"] is False
