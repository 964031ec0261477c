"""A plan is kept and changes nothing else; applied, it does exactly what it holds, less what has changed since."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from provisor.admin.actor import LOCAL_OPERATOR as ME
from provisor.admin.errors import AdminError
from provisor.engine.ports import Rejected, Unreachable
from provisor.runner.explaining import Explaining
from provisor.runner.recording.summary import NotRunnable
from provisor.storage import jobs, plans, resets
from provisor.storage.authors import SERVICE
from provisor.testing.organisation import NOW

# A plan adds to its own tables, and counts itself.
OWN = {"plan", "plan_operation"}


def live_state(world):
    """Every row of every table but those."""
    reader = world.database.reader()
    state = {table: sorted(map(repr, reader.all(f"SELECT * FROM {table}"))) for table in sorted(reader.tables() - OWN)}
    state["setting"] = [row for row in state["setting"] if "lastPlan" not in row]
    return state


@pytest.fixture
def settled(everybody):
    """Six people in two groups, all at the target."""
    org = everybody.organisation
    org.users([f"p{number}@x" for number in range(6)], jobTitle="Engineer")
    org.group("Staff", ["p0@x", "p1@x", "p2@x"])
    org.group("Crew", ["p3@x"])
    everybody.run()
    return everybody


def new_user(world):
    world.organisation.user("new@x")


def changed_user(world):
    world.organisation.change("p0@x", jobTitle="Lead")


def disabled_user(world):
    world.organisation.change("p1@x", accountEnabled=False)


def deleted_user(world):
    world.organisation.purge("p2@x")


def new_group(world):
    world.organisation.group("New", ["p4@x"])


def deleted_group(world):
    world.organisation.purge("Crew", kind="group")


def member_joins(world):
    world.organisation.join("Staff", "p5@x")


def member_leaves(world):
    world.organisation.leave("Staff", "p0@x")


def failed_before(world):
    world.organisation.user("bad@x")
    world.target.fail(1, Rejected("broken", status=500), method="POST")
    world.run()


def cut_short(world):
    world.organisation.users(["cut1@x", "cut2@x"])
    world.target.fail(1, Unreachable("reset"), method="POST", after_effect=True)
    world.run()


def account_vanished(world):
    world.target.lose("user", str(world.account("p3@x")["id"]))
    world.organisation.change("p3@x", jobTitle="Lead")


def restarted(world):
    with world.database.transaction() as connection:
        jobs.change(connection, world.job.number, watermark=None)


HAPPENS = [
    new_user,
    changed_user,
    disabled_user,
    deleted_user,
    new_group,
    deleted_group,
    member_joins,
    member_leaves,
    failed_before,
    cut_short,
    account_vanished,
    restarted,
]


@pytest.mark.parametrize("happens", HAPPENS)
def test_a_plan_changes_nothing_but_the_plan(settled, happens):
    happens(settled)
    before = live_state(settled)

    settled.plan()

    assert live_state(settled) == before
    assert settled.methods().keys() <= {"GET"}


def test_who_turns_out_to_have_no_account_any_more_is_left_out(settled):
    account_vanished(settled)
    number = settled.make_plan()  # an update: what is trusted is not read

    settled.apply(number)

    assert stale(settled, number) == ["p3@x"]
    assert settled.target.sent("POST") == []
    assert is_right(settled)
    assert settled.account("p3@x")["title"] == "Lead"


@pytest.mark.parametrize("happens", [one for one in HAPPENS if one is not account_vanished])
def test_a_plan_applied_at_once_does_exactly_what_it_holds(settled, happens):
    happens(settled)
    number = settled.make_plan()
    planned = plans.read(settled.database.reader(), number).plan

    summary = settled.apply(number)
    sent = settled.target.sent("POST", "PATCH", "DELETE")

    assert summary.state == "succeeded"
    assert stale(settled, number) == []
    assert len(sent) == planned.operations
    assert settled.plan().operations == 0
    assert plans.read(settled.database.reader(), number).state == "applied"


def stale(world, number):
    """What was left out, by name."""
    return sorted(row.detail.name for row in plans.rows(world.database.reader(), number, stale=True))


def is_right(world):
    """One more cycle, and then a look at everybody finds nothing to do."""
    world.run()
    with world.database.transaction() as connection:
        jobs.change(connection, world.job.number, full_evaluation=True, settings={"scope": "all"})
    return world.plan().operations == 0


# What happens after the plan was made; who is left out for it; what the target is sent in all.
SINCE = {
    "nothing": (lambda world: None, []),
    "somebody of the plan changes once more": (
        lambda world: world.organisation.change("p0@x", jobTitle="Head"),
        ["p0@x"],
    ),
    "somebody of the plan changes back": (
        lambda world: world.organisation.change("p0@x", jobTitle="Engineer"),
        ["p0@x"],
    ),
    "the leaver of the plan is back": (
        lambda world: world.organisation.change("p1@x", accountEnabled=True),
        ["p1@x"],
    ),
    "the new one of the plan is gone": (lambda world: world.organisation.purge("new@x"), ["Staff", "new@x"]),
    "another member joins a group of the plan": (lambda world: world.organisation.join("Staff", "p4@x"), ["Staff"]),
    "somebody else changes": (lambda world: world.organisation.change("p4@x", jobTitle="Head"), []),
    "somebody else is deleted for good": (lambda world: world.organisation.purge("p4@x"), []),
    "somebody else leaves a group": (lambda world: world.organisation.leave("Staff", "p2@x"), ["Staff"]),
    "another group is deleted for good": (lambda world: world.organisation.purge("Crew", kind="group"), []),
    "somebody of the plan is deleted for good": (lambda world: world.organisation.purge("p1@x"), ["p1@x"]),
    "somebody else comes": (lambda world: world.organisation.user("other@x"), []),
    "somebody else leaves": (lambda world: world.organisation.change("p4@x", accountEnabled=False), []),
}


@pytest.mark.parametrize(("happens", "left_out"), SINCE.values(), ids=SINCE.keys())
def test_what_changed_since_the_plan_is_left_out_and_comes_with_the_next_cycle(settled, happens, left_out):
    org = settled.organisation
    new_user(settled)
    changed_user(settled)
    disabled_user(settled)
    org.join("Staff", "new@x")
    number = settled.make_plan()
    approved = {(one.operation, one.name) for one in settled.planned(number) if one.status == "planned"}
    happens(settled)

    summary = settled.apply(number)
    sent = {called for _, called in settled.writes()}

    assert summary.state == "succeeded"
    assert stale(settled, number) == left_out
    assert sent == {name for _, name in approved} - set(left_out)
    assert is_right(settled)


@pytest.mark.parametrize(("since", "at_once"), [(lambda world: None, False), (disabled_user, True)])
def test_what_was_left_out_need_not_wait_for_the_interval(settled, since, at_once):
    new_user(settled)
    number = settled.make_plan()
    since(settled)

    settled.apply(number)

    assert (jobs.read(settled.database.reader(), settled.job.number).next_at is not None) is at_once


def test_rules_that_are_not_saved_are_planned_and_nothing_of_them_stays(settled):
    document = jobs.rules(settled.database.reader(), settled.job.number, settled.job.ruleset_version)
    for mapping in document["synchronizationRules"][0]["objectMappings"][0]["attributeMappings"]:
        if mapping["targetAttributeName"] == "displayName":
            mapping["source"] = {"type": "Function", "expression": 'Append([userPrincipalName], "!")'}
    before = live_state(settled)

    plan = settled.plan(rules=document)

    assert plan.counts == {("user", "update"): 6}
    assert live_state(settled) == before


def test_a_scope_that_is_not_saved_is_planned(settled):
    plan = settled.plan(scope="assigned")

    assert plan.counts == {("user", "disable"): 6, ("group", "delete"): 2}
    assert settled.plan().operations == 0


@pytest.mark.parametrize(("method", "nth"), [("GET", 1), ("POST", 1), ("PATCH", 1), ("PATCH", 2), ("PATCH", 3)])
def test_a_plan_can_be_made_while_a_cycle_runs(settled, method, nth):
    for happens in (new_user, changed_user, disabled_user, member_joins):
        happens(settled)
    made = []

    def plan_beside():
        with ThreadPoolExecutor(1) as another:
            made.append(another.submit(settled.make_plan).result())

    settled.at(method, None, nth, plan_beside)
    summary = settled.run()

    assert summary.state == "succeeded"
    assert 0 < plans.read(settled.database.reader(), made[0]).plan.operations <= 4
    assert is_right(settled)


# Approval above a number of operations


@pytest.fixture
def careful(settled):
    """A job that may send two operations without asking."""
    with settled.database.transaction() as connection:
        settings = jobs.read(connection, settled.job.number).settings
        jobs.change(connection, settled.job.number, settings={**settings, "approveAbove": 2})
    return settled


def test_a_cycle_within_the_limit_runs(careful):
    new_user(careful)
    changed_user(careful)

    assert careful.run().state == "succeeded"


def test_a_cycle_above_the_limit_keeps_its_plan_and_sends_nothing(careful):
    for happens in (new_user, changed_user, disabled_user):
        happens(careful)

    summary = careful.run()

    assert (summary.state, summary.error.code) == ("failed", "approval-needed")
    assert careful.methods().keys() == {"GET"}
    (kept,) = plans.of_job(careful.database.reader(), careful.job.number)
    assert kept.plan.operations == 3


def test_the_same_need_is_asked_for_once(careful):
    for happens in (new_user, changed_user, disabled_user):
        happens(careful)
    careful.run()
    careful.run()

    assert len(plans.of_job(careful.database.reader(), careful.job.number)) == 1


def test_the_next_cycle_does_what_was_approved(careful):
    for happens in (new_user, changed_user, disabled_user):
        happens(careful)
    careful.run()
    with careful.database.transaction() as connection:
        (kept,) = plans.of_job(connection, careful.job.number)
        plans.decide(connection, kept.number, "approved", by=SERVICE, at=0)

    summary = careful.run()

    assert summary.state == "succeeded"
    assert is_right(careful)


def approve(world, number):
    with world.database.transaction() as connection:
        assert plans.decide(connection, number, "approved", by=SERVICE, at=0)


def test_an_approved_plan_that_is_too_old_holds_no_cycle_back(settled):
    new_user(settled)
    approve(settled, settled.make_plan())
    disabled_user(settled)

    settled.pass_time(days=7)
    settled.run()

    assert settled.plan().operations == 0


@pytest.mark.parametrize("approved", [False, True])
def test_a_plan_of_a_week_ago_is_expired_and_not_applied(settled, admin_of, approved):
    new_user(settled)
    number, verbs = settled.make_plan(), admin_of(settled).plans
    if approved:
        approve(settled, number)
    settled.pass_time(days=7)

    shown = verbs.show(ME, number)
    with pytest.raises(AdminError) as refused:
        verbs.apply(ME, number)

    assert (shown.state, refused.value.code) == ("expired", "plan-over")
    assert settled.target.by_name("user", "new@x") is None


def test_a_plan_costs_the_requests_that_follow_at_the_rate_of_the_last_cycles(settled):
    settled.organisation.users([f"n{number:02}@x" for number in range(30)])
    settled.run()
    with settled.database.transaction() as connection:
        connection.execute("UPDATE cycle SET ended_at = began_at + 10000000")  # 31 requests in ten seconds
    settled.organisation.users([f"m{number:02}@x" for number in range(15)])

    plan = settled.plan()

    assert plan.requests == 15
    assert plan.seconds == pytest.approx(15 / 3.2, rel=0.2)


def test_two_plans_of_one_job_can_be_made_at_once(settled, monkeypatch):
    changed_user(settled)
    new_user(settled)
    made = []

    def beside(self, *arguments):
        if not made:
            made.append(None)
            with ThreadPoolExecutor(1) as another:
                made.append(another.submit(settled.make_plan).result())
        return rows(self, *arguments)

    rows = Explaining.planned
    monkeypatch.setattr(Explaining, "planned", beside)

    first = settled.make_plan()

    assert len({first, made[1]}) == 2
    assert [len(settled.planned(one)) for one in (first, made[1])] == [2, 2]


def test_the_number_of_a_plan_never_comes_again(settled):
    first = settled.make_plan()
    with settled.database.transaction() as connection:
        connection.execute("DELETE FROM plan")

    assert settled.make_plan() == first + 1


@pytest.mark.parametrize("over", ["applied", "discarded"])
def test_what_is_over_is_not_approved_any_more(settled, over):
    number = settled.make_plan()
    with settled.database.transaction() as connection:
        connection.execute("UPDATE plan SET state = ? WHERE number = ?", (over, number))

        assert not plans.decide(connection, number, "approved", by=SERVICE, at=0)
    assert plans.read(settled.database.reader(), number).state == over


def test_a_job_that_is_deleted_while_it_is_planned_is_said_to_be_gone(settled, monkeypatch):
    new_user(settled)
    rows = Explaining.planned

    def gone_meanwhile(self, *arguments):
        with settled.database.transaction() as connection:
            jobs.delete(connection, settled.job, application_name="Umbrella", now=NOW)
        return rows(self, *arguments)

    monkeypatch.setattr(Explaining, "planned", gone_meanwhile)

    with pytest.raises(NotRunnable, match="deleted"):
        settled.make_plan()
    assert settled.database.reader().all("SELECT 1 FROM plan_operation") == []


@pytest.mark.parametrize("scopes", ["Watermark", "Full"])
def test_a_restart_between_a_plan_and_its_application_sends_nothing_that_was_not_approved(settled, scopes):
    changed_user(settled)
    number = settled.make_plan()
    new_user(settled)
    with settled.database.transaction() as connection:
        resets.reset(connection, settled.job.number, frozenset({scopes}), now=NOW)

    settled.apply(number)

    assert {called for _, called in settled.writes()} <= {"p0@x"}
    assert is_right(settled)


LOST = pytest.mark.parametrize("after_effect", [False, True], ids=["before", "after the effect"])


@LOST
def test_an_answer_that_is_lost_while_a_plan_is_applied_doubles_nobody(settled, after_effect):
    new_user(settled)
    number = settled.make_plan()
    approve(settled, number)
    settled.target.fail(1, Unreachable("reset"), method="POST", after_effect=after_effect)

    assert settled.apply(number).state == "failed"
    settled.run()

    assert [one["userName"] for one in settled.target.resources("user").values()].count("new@x") == 1
    assert is_right(settled)


@LOST
def test_a_leaver_of_a_plan_whose_answer_was_lost_is_not_left_active(settled, after_effect):
    disabled_user(settled)
    number = settled.make_plan()
    approve(settled, number)
    settled.target.fail(1, Unreachable("reset"), method="PATCH", after_effect=after_effect)

    settled.apply(number)
    settled.run()

    assert settled.account("p1@x")["active"] is False
