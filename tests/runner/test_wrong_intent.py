"""What somebody did not mean: it stops before the first disable or deletion, says why in one sentence, and goes on.

Ways to be wrong × behaviours (in entra with the threshold of section 12) × the doors that lead to an application.
"""

import pytest

from provisor.admin.actor import LOCAL_OPERATOR as ME
from provisor.admin.errors import AdminError
from provisor.engine.notice import read
from provisor.storage import audit, holds, jobs, quarantine

PEOPLE = [f"p{number:02}@x" for number in range(40)]
HALF = PEOPLE[:20]


@pytest.fixture(params=["provisor", "entra"])
def office(request, make_world, admin_of):
    """Forty people, assigned by one group and provisioned, and a newcomer who is not."""
    world = make_world(behaviour=request.param)
    world.organisation.users(PEOPLE)
    world.organisation.group("Staff", PEOPLE)
    world.organisation.assign("Staff", kind="group")
    world.admin = admin_of(world)
    if request.param == "entra":
        world.admin.jobs.settings(ME, world.job.id, deletion_threshold=10)
    assert world.run().state == "succeeded"
    world.organisation.user("new@x")
    world.organisation.assign("new@x")
    change(world, schedule_state="Active", settings={**stored(world).settings, "changeDriven": True})
    return world


def stored(world):
    job = jobs.read(world.database.reader(), world.job.number)
    assert job is not None
    return job


def change(world, **changes):
    with world.database.transaction() as connection:
        jobs.change(connection, world.job.number, **changes)


# Ways to be wrong; each returns how it is put right.


def source_lost_half(world):
    for name in HALF:
        world.delete(name)
    return lambda: [world.admin.users.restore(ME, name) for name in HALF]


def group_deleted(world):
    world.delete("Staff", kind="group")
    return lambda: world.admin.groups.restore(ME, "Staff")


def group_unassigned(world):
    world.organisation.unassign("Staff", kind="group")
    return lambda: world.organisation.assign("Staff", kind="group")


def all_blocked(world):
    for name in HALF:
        world.organisation.change(name, accountEnabled=False)
    return lambda: [world.organisation.change(name, accountEnabled=True) for name in HALF]


def filtered_out(world):
    before, rules = world.rules(), world.rules()
    clause = {"sourceOperandName": "displayName", "operatorName": "EQUALS", "targetOperand": {"values": ["Nobody"]}}
    world.mapping_of(rules)["scope"] = {"groups": [{"name": "one", "clauses": [clause]}]}
    world.save_rules(rules)
    return lambda: world.save_rules(before)


def mapped_inactive(world):
    before, rules = world.rules(), world.rules()
    (row,) = [one for one in world.mapping_of(rules)["attributeMappings"] if one["targetAttributeName"] == "active"]
    row["source"] = {"type": "Constant", "name": "False", "expression": '"False"', "parameters": []}
    world.save_rules(rules)
    return lambda: world.save_rules(before)


WAYS = {
    "a source that lost half": (source_lost_half, "20 of 41 users of the source"),
    "a deleted group that carried the scope": (
        group_deleted,
        "the group Staff, by which 40 of them were assigned, was",
    ),
    "a group that is not assigned any more": (group_unassigned, "is not assigned any more"),
    "half of them blocked": (all_blocked, "20 of them are disabled in the directory"),
    "a filter that puts everybody out": (filtered_out, "the rules were changed (version 2)"),
    "a mapping that makes everybody inactive": (mapped_inactive, "the mappings make 40 accounts inactive"),
}


# Doors


def cycle(world):
    return world.run(allow_deletes=0)


def by_change(world):
    return world.run_due()


DOORS = {"cycle": cycle, "by change": by_change}


def active(world):
    return {name for name in PEOPLE if world.target.by_name("user", name)["active"]}


def held(world):
    return holds.read(world.database.reader(), world.job.number)


def everybody_is_there(world):
    return active(world) == set(PEOPLE)


@pytest.mark.fast_rows(4)
@pytest.mark.parametrize("door", DOORS)
@pytest.mark.parametrize("way", WAYS)
def test_it_stops_before_the_first_disable_or_deletion_and_says_why_in_one_sentence(office, way, door):
    do, why = WAYS[way]
    do(office)

    summary = DOORS[door](office)

    assert everybody_is_there(office)
    assert office.target.sent("DELETE") == []
    failure = held(office).failure
    assert why in failure.message
    assert failure.message.count(". ") == 0 and failure.message.endswith(".")
    if office.job.behaviour == "provisor":
        assert (summary.state, summary.error.code) == ("failed", "too-many-deletions")
        assert office.writes() == []
    else:
        assert quarantine.read(office.database.reader(), office.job.number).reason == "TooManyDeletes"
        if way not in ("a filter that puts everybody out", "a mapping that makes everybody inactive"):
            assert office.target.by_name("user", "new@x") is not None  # everything else of the cycle is done


@pytest.mark.fast_rows(4)
@pytest.mark.parametrize("door", DOORS)
@pytest.mark.parametrize("way", WAYS)
def test_it_goes_on_when_it_is_allowed(office, way, door):
    WAYS[way][0](office)
    DOORS[door](office)
    number = len(list(holds.stream(office.database.reader(), office.job.number)))

    allowed = office.admin.deletions.allow(ME, office.job.id)
    summary = cycle(office)

    assert allowed == number > 10
    assert summary.state == "succeeded"
    assert not everybody_is_there(office)
    assert held(office) is None
    assert list(holds.stream(office.database.reader(), office.job.number)) == []
    assert stored(office).status_code == "Active"
    assert cycle(office).requests == {"GET": 1}


@pytest.mark.fast_rows(4)
@pytest.mark.parametrize("door", DOORS)
@pytest.mark.parametrize("way", WAYS)
def test_it_goes_on_when_the_cause_is_put_right_and_it_is_rejected(office, way, door):
    mend = WAYS[way][0](office)
    DOORS[door](office)

    mend()
    office.admin.deletions.reject(ME, office.job.id)
    summary = cycle(office)

    assert summary.state == "succeeded"
    assert everybody_is_there(office)
    assert held(office) is None
    assert stored(office).status_code == "Active"
    assert cycle(office).requests == {"GET": 1}


def test_what_was_rejected_and_is_still_due_is_held_again(office):
    source_lost_half(office)
    cycle(office)

    office.admin.deletions.reject(ME, office.job.id)
    cycle(office)

    assert everybody_is_there(office)
    assert held(office) is not None


@pytest.mark.parametrize("way", WAYS)
def test_a_plan_says_so_and_is_not_applied_unless_that_is_allowed(office, way):
    do, why = WAYS[way]
    do(office)
    plans = office.admin.plans
    made = plans.make(ME, office.job.id)

    with pytest.raises(AdminError) as refused:
        plans.apply(ME, made.stored.number)

    assert why in made.stored.plan.brake.message
    assert refused.value.code == "too-many-deletions"
    assert everybody_is_there(office)
    summary = plans.apply(ME, made.stored.number, allow_deletes=made.stored.plan.removes)
    assert summary.state == "succeeded"
    assert not everybody_is_there(office)


@pytest.fixture
def unmatched(office):
    """The row by which people are matched gives names that nobody has, and links were forgotten."""
    right = office.rules()
    rules = office.rules()
    for row in office.mapping_of(rules)["attributeMappings"]:
        if row["targetAttributeName"] == "userName":
            row["source"] = {
                "type": "Function",
                "name": "Append",
                "expression": 'Append([userPrincipalName], ".broken")',
                "parameters": [],
            }
    office.save_rules(rules)
    office.admin.jobs.restart(ME, office.job.id, reset_scope="ConnectorDataStore")
    office.target.journal.clear()
    return office, right


def test_a_mapping_that_breaks_matching_disables_and_deletes_nobody(unmatched):
    office, _ = unmatched

    cycle(office)

    assert office.target.sent("DELETE") == []
    assert everybody_is_there(office)


@pytest.mark.parametrize("run", [*DOORS, "plan"])
@pytest.mark.parametrize("office", ["provisor"], indirect=True)
def test_a_mapping_that_breaks_matching_creates_nobody_a_second_time(unmatched, run):
    office, _ = unmatched
    before = office.target.resources("user").copy()

    if run == "plan":
        said = office.admin.plans.make(ME, office.job.id).stored.plan.brake
    else:
        said = DOORS[run](office).error

    assert said.code == "accounts-not-matched"
    assert f"{len(PEOPLE)} of {len(PEOPLE)} users who had an account" in said.message
    assert office.target.resources("user") == before
    assert office.target.sent("POST", "PATCH", "DELETE") == []


@pytest.mark.parametrize("office", ["provisor"], indirect=True)
def test_a_plan_by_which_nobody_is_matched_is_not_approved(unmatched):
    office, _ = unmatched
    number = office.admin.plans.make(ME, office.job.id).stored.number

    with pytest.raises(AdminError, match="who had an account") as refused:
        office.admin.plans.apply(ME, number, allow_deletes=1_000)

    assert refused.value.code == "accounts-not-matched"
    assert office.target.sent("POST") == []


@pytest.mark.parametrize("office", ["provisor"], indirect=True)
def test_second_accounts_are_not_allowed_before_a_cycle_has_stopped_for_them(unmatched):
    office, _ = unmatched

    with pytest.raises(AdminError, match="holds nothing back"):
        office.admin.deletions.allow(ME, office.job.id)
    stopped = cycle(office)

    assert stopped.error.code == "accounts-not-matched"


@pytest.mark.parametrize("office", ["provisor"], indirect=True)
def test_second_accounts_are_not_made_by_a_run_that_goes_on_with_one_cut_short(unmatched):
    office, _ = unmatched
    office.striking("find", 5, lambda: office.admin.jobs.abort(ME, office.job.id))
    cycle(office)
    change(office, schedule_state="Active")

    stopped = cycle(office)

    assert stopped.error.code == "accounts-not-matched"
    assert office.target.sent("POST") == []


@pytest.mark.parametrize("office", ["provisor"], indirect=True)
def test_once_the_matching_is_put_right_the_next_cycle_goes_on(unmatched):
    office, right = unmatched
    cycle(office)
    office.save_rules(right)
    office.admin.deletions.reject(ME, office.job.id)

    summary = cycle(office)

    assert summary.state == "succeeded"
    assert len(office.target.resources("user")) == len(PEOPLE) + 1
    with pytest.raises(AdminError, match="holds nothing back"):
        office.admin.deletions.allow(ME, office.job.id)


@pytest.mark.parametrize("office", ["provisor"], indirect=True)
def test_where_the_accounts_are_gone_they_are_created_once_that_is_allowed(office):
    for key in list(office.target.resources("user")):
        office.target.lose("user", key)
    office.admin.jobs.restart(ME, office.job.id, reset_scope="Full")
    stopped = cycle(office)

    office.admin.deletions.allow(ME, office.job.id)
    cycle(office)

    assert stopped.error is not None and stopped.error.code == "accounts-not-matched"
    assert len(office.target.resources("user")) == len(PEOPLE) + 1


@pytest.mark.parametrize("office", ["provisor"], indirect=True)  # in entra nobody who is deleted can be named
def test_one_person_named_on_demand_is_let_through_while_others_are_held(office):
    source_lost_half(office)
    cycle(office)

    (result, *_) = office.admin.on_demand.user(ME, office.job.id, PEOPLE[0])

    assert result.result == "Success"
    assert active(office) == set(PEOPLE[1:])


def test_every_held_object_is_told_once_in_the_log_and_the_hold_once_in_the_audit_log_and_by_mail(office):
    source_lost_half(office)

    for _ in range(3):
        cycle(office)

    told = [one for one in office.events() if one.action in ("stagedAction", "stagedDelete")]
    assert sorted(one.name for one in told) == HALF
    assert {one.action for one in told} == {"stagedAction"}
    events = audit.newest(office.database.reader(), office.organisation.tenant)
    assert sum(one.activity in ("Quarantine", "Hold deletions") for one in events) == 1


@pytest.mark.parametrize("end", ["allow", "reject", "put right"])
def test_by_mail_and_webhook_it_is_told_once_that_it_began_and_once_that_it_is_over(office, end):
    office.admin.webhooks.add(ME, "https://hooks.example.org/provisor")
    mend = source_lost_half(office)
    for _ in range(3):
        cycle(office)

    if end != "allow":
        mend()
    if end != "put right":
        getattr(office.admin.deletions, end)(ME, office.job.id)
    cycle(office)
    cycle(office)

    notices = [read(row[0]) for row in office.database.reader().all("SELECT document FROM notice ORDER BY id")]
    assert [one.turn for one in notices] == ["began", "over"]
    assert {one.trouble for one in notices} == {"deletions" if office.job.behaviour == "provisor" else "quarantine"}
