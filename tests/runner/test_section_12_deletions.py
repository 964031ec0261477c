"""Accidental-deletion prevention, row by row: spec/provisioning-service.md section 12; and what changes meanwhile."""

import pytest

from provisor.admin.actor import LOCAL_OPERATOR as ME
from provisor.admin.errors import AdminError
from provisor.engine.brake import threshold_of
from provisor.storage import audit, holds, jobs, quarantine, restoring
from provisor.testing.faults import Killed

PEOPLE = [f"p{number:02}@x" for number in range(30)]
GROUPS = [f"G{number}" for number in range(12)]
THRESHOLD = 10


@pytest.fixture(params=["provisor", "entra"])
def office(request, make_world, admin_of):
    """Thirty people and twelve groups, each assigned, with a threshold of ten and no other limit."""
    return an_office(make_world, admin_of, request.param)


def an_office(make_world, admin_of, behaviour, **settings):
    world = make_world(behaviour=behaviour, **settings)
    world.organisation.users(PEOPLE)
    world.organisation.groups(GROUPS)
    world.organisation.assign(*PEOPLE)
    world.organisation.assign(*GROUPS, kind="group")
    world.admin = admin_of(world)
    if behaviour == "provisor":
        world.admin.jobs.settings(ME, world.job.id, limits=dict.fromkeys(("users", "groups", "memberships"), "off"))
    world.admin.jobs.settings(ME, world.job.id, deletion_threshold=THRESHOLD)
    with world.database.transaction() as connection:
        jobs.change(connection, world.job.number, schedule_state="Active")
    assert world.run().state == "succeeded"
    return world


def cycle(world):
    return world.run(allow_deletes=0)


def job(world):
    return jobs.read(world.database.reader(), world.job.number)


def reason(world):
    found = quarantine.read(world.database.reader(), world.job.number)
    return None if found is None else found.reason


def held(world):
    return sorted(one.name for one in holds.stream(world.database.reader(), world.job.number))


def active(world):
    return sum(bool(one["active"]) for one in world.target.resources("user").values())


def unassigned(world, number):
    world.organisation.unassign(*PEOPLE[:number])


def filtered(world, number):
    rules = world.rules()
    clauses = [
        {"sourceOperandName": "userPrincipalName", "operatorName": "NOT EQUALS", "targetOperand": {"values": [name]}}
        for name in PEOPLE[:number]
    ]
    world.mapping_of(rules)["scope"] = {"groups": [{"name": "not these", "clauses": clauses}]}
    world.save_rules(rules)


def soft_deleted(world, number):
    for name in PEOPLE[:number]:
        world.delete(name)


def purged(world, number):
    for name in PEOPLE[:number]:
        world.purge(name)


def blocked(world, number):
    for name in PEOPLE[:number]:
        world.organisation.change(name, accountEnabled=False)


def groups_unassigned(world, number):
    world.organisation.unassign(*GROUPS[:number], kind="group")


def mixed(world, number):
    blocked(world, 4)
    for name in PEOPLE[4:7]:
        world.purge(name)
    groups_unassigned(world, number - 7)


CAUSES = {one.__name__: one for one in (unassigned, filtered, soft_deleted, purged, blocked, groups_unassigned, mixed)}


# Setting


@pytest.mark.parametrize("behaviour", ["provisor", "entra"])
def test_section_12_it_is_off_until_it_is_switched_on(make_world, admin_of, behaviour):
    world = an_office(make_world, admin_of, behaviour)
    world.admin.jobs.settings(ME, world.job.id, prevent_deletions=False)
    soft_deleted(world, 30)

    assert cycle(world).state == "succeeded"
    assert (active(world), reason(world)) == (0, None)


@pytest.mark.parametrize("behaviour", ["provisor", "entra"])
def test_section_12_switched_on_without_a_number_it_is_500(make_world, admin_of, behaviour):
    world = make_world(behaviour=behaviour)

    settings = admin_of(world).jobs.settings(ME, world.job.id, prevent_deletions=True).job.settings

    assert threshold_of(settings) == 500


@pytest.mark.parametrize("limit", ["users", "groups", "memberships"])
def test_the_behaviour_entra_has_no_other_limits(make_world, admin_of, limit):
    world = make_world(behaviour="entra")

    with pytest.raises(AdminError, match="no limits for users, groups and memberships"):
        admin_of(world).jobs.settings(ME, world.job.id, limits={limit: "5"})


@pytest.mark.parametrize("text", ["many", "101%", "5%+5%", ""])
def test_what_is_no_limit_is_refused(make_world, admin_of, text):
    with pytest.raises(AdminError, match="is no limit for users"):
        admin_of(world := make_world()).jobs.settings(ME, world.job.id, limits={"users": text})


# Counts and window


@pytest.mark.fast_rows(4)
@pytest.mark.parametrize("cause", CAUSES)
@pytest.mark.parametrize("number", [10, 11])
def test_section_12_and_9_2_one_count_whatever_the_cause_and_more_than_the_threshold_trips(office, cause, number):
    CAUSES[cause](office, number)
    before = dict(office.target.resources("group"))

    summary = cycle(office)

    assert summary.state == "succeeded"
    if number > THRESHOLD:
        assert (active(office), office.target.resources("group")) == (30, before)
        assert len(held(office)) == number
        assert reason(office) == "TooManyDeletes"
    else:
        assert (held(office), reason(office)) == ([], None)
        assert active(office) < 30 or len(office.target.resources("group")) < 12


def test_section_12_it_counts_within_one_cycle_and_nothing_is_carried_over(office):
    for start in (0, 10, 20):
        for name in PEOPLE[start : start + 10]:
            office.organisation.change(name, accountEnabled=False)
        assert cycle(office).state == "succeeded"

    assert (active(office), reason(office)) == (0, None)


# Trip


def test_section_12_everything_else_of_the_cycle_is_done(office):
    soft_deleted(office, 11)
    office.organisation.user("new@x")
    office.organisation.assign("new@x")
    office.organisation.change(PEOPLE[29], displayName="Changed")
    office.organisation.join("G0", PEOPLE[29])

    cycle(office)

    assert office.target.by_name("user", "new@x") is not None
    assert office.account(PEOPLE[29])["displayName"] == "Changed"
    assert ("G0", PEOPLE[29]) in office.target.memberships()
    assert active(office) == 31


def test_section_12_and_9_4_held_disables_are_staged_actions_and_held_deletions_staged_deletes(office):
    mixed(office, 11)

    cycle(office)
    cycle(office)

    events = [one for one in office.events() if one.action.startswith("staged")]
    assert {one.name: one.action for one in events} == {
        **dict.fromkeys(PEOPLE[:4], "stagedAction"),
        **dict.fromkeys([*PEOPLE[4:7], *GROUPS[:4]], "stagedDelete"),
    }
    assert len(events) == 11  # told once, however often the cycle comes
    assert {(one.status, one.code) for one in events} == {("skipped", "TooManyDeletes")}


def test_section_12_and_11_1_the_quarantine_is_audited_and_mailed_once(office):
    office.admin.webhooks.add(ME, "https://hooks.example.org/provisor")
    soft_deleted(office, 11)

    cycle(office)
    cycle(office)

    assert reason(office) == "TooManyDeletes"
    events = audit.newest(office.database.reader(), office.organisation.tenant)
    assert [one.detail["turn"] for one in events if one.activity == "Quarantine"] == ["entered"]
    assert not [one for one in events if one.activity == "Hold deletions"]
    (notices,) = office.database.reader().one("SELECT count(*) FROM notice")
    assert notices == 1


def test_section_12_a_group_that_is_held_frees_no_place(make_world, admin_of):
    world = an_office(make_world, admin_of, "provisor", capacity=200)
    more = [f"M{number:03}" for number in range(188)]
    world.organisation.groups(more)
    world.organisation.assign(*more, kind="group")
    cycle(world)
    groups_unassigned(world, 11)
    world.organisation.group("New")
    world.organisation.assign("New", kind="group")

    cycle(world)

    assert [one.name for one in world.operations("waiting")] == ["New"]
    assert world.target.by_name("group", "New") is None
    world.admin.deletions.allow(ME, world.job.id)
    cycle(world)
    assert world.target.by_name("group", "New") is not None


# Allow


def test_section_12_allowed_is_a_restart_with_force_deletes_and_healthy_with_the_next_cycle(office):
    soft_deleted(office, 11)
    cycle(office)

    office.admin.deletions.allow(ME, office.job.id)
    status = job(office).status_code, job(office).force_deletes is not None
    asked = [who.id for who, due in jobs.scheduled(office.database.reader(), office.organisation.tenant) if due]
    cycle(office)

    assert status == ("Quarantine", office.job.behaviour == "entra")
    assert asked == [office.job.id]
    assert (job(office).status_code, reason(office), active(office)) == ("Active", None, 19)


def test_a_bigger_wave_that_came_meanwhile_was_not_allowed_but_in_entra(office):
    soft_deleted(office, 11)
    cycle(office)

    office.admin.deletions.allow(ME, office.job.id)
    for name in PEOPLE[11:25]:
        office.delete(name)
    cycle(office)

    assert active(office) == {"entra": 5, "provisor": 19}[office.job.behaviour]
    assert held(office) == ([] if office.job.behaviour == "entra" else PEOPLE[11:25])


def test_a_disable_that_was_allowed_is_no_deletion_that_was(make_world, admin_of):
    world = an_office(make_world, admin_of, "provisor")
    soft_deleted(world, 11)
    cycle(world)
    world.admin.deletions.allow(ME, world.job.id)

    purged(world, 11)
    cycle(world)

    assert world.target.sent("DELETE") == []
    assert len(held(world)) == 11


def test_who_returned_after_it_was_allowed_keeps_access(office):
    soft_deleted(office, 11)
    cycle(office)
    office.admin.deletions.allow(ME, office.job.id)

    office.admin.users.restore(ME, PEOPLE[0])
    cycle(office)

    assert active(office) == 20
    assert (held(office), reason(office)) == ([], None)


def test_allowed_is_allowed_once(office):
    blocked(office, 11)
    cycle(office)
    office.admin.deletions.allow(ME, office.job.id)
    cycle(office)
    for name in PEOPLE[:11]:
        office.organisation.change(name, accountEnabled=True)
    cycle(office)
    blocked(office, 11)

    cycle(office)

    assert active(office) == 30
    assert len(held(office)) == 11


def test_a_backup_that_is_restored_has_allowed_nobody(office):
    soft_deleted(office, 11)
    cycle(office)
    office.admin.deletions.allow(ME, office.job.id)

    with office.database.transaction() as connection:
        restoring.doubt_everything(connection)
    cycle(office)

    assert active(office) == 30


# Reject


@pytest.mark.parametrize("way", ["reject", "start", "restart"])
def test_section_12_rejected_after_its_cause_was_put_right_everybody_stays(office, way):
    soft_deleted(office, 11)
    cycle(office)

    for name in PEOPLE[:11]:
        office.admin.users.restore(ME, name)
    decided(office, way)
    cycle(office)

    assert (active(office), held(office), reason(office)) == (30, [], None)


@pytest.mark.parametrize("way", ["reject", "start", "restart", "QuarantineState", "Watermark", "Escrows"])
def test_section_12_rejected_before_its_cause_was_put_right_it_trips_again(office, way):
    soft_deleted(office, 11)
    cycle(office)

    decided(office, way)
    cycle(office)

    assert (active(office), len(held(office)), reason(office)) == (30, 11, "TooManyDeletes")


def decided(world, way):
    match way:
        case "reject":
            world.admin.deletions.reject(ME, world.job.id)
        case "start":
            world.admin.jobs.start(ME, world.job.id)
        case "restart":
            world.admin.jobs.restart(ME, world.job.id)
        case _:
            world.admin.jobs.restart(ME, world.job.id, reset_scope=way)


def test_nothing_that_is_not_held_can_be_decided(office):
    for verb in (office.admin.deletions.allow, office.admin.deletions.reject):
        with pytest.raises(AdminError) as refused:
            verb(ME, office.job.id)
        assert refused.value.code == "nothing-held"


# Changed meanwhile


def test_a_threshold_raised_while_they_are_held_lets_them_go(office):
    soft_deleted(office, 11)
    cycle(office)

    office.admin.jobs.settings(ME, office.job.id, deletion_threshold=11)
    cycle(office)

    assert (active(office), held(office), reason(office)) == (19, [], None)


def test_one_who_returned_makes_few_enough(office):
    soft_deleted(office, 11)
    cycle(office)

    office.admin.users.restore(ME, PEOPLE[0])
    cycle(office)

    assert (active(office), held(office), reason(office)) == (20, [], None)


def test_who_returned_and_who_left_besides_are_told_as_it_is(office):
    soft_deleted(office, 12)
    cycle(office)

    office.admin.users.restore(ME, PEOPLE[0])
    office.delete(PEOPLE[20])
    cycle(office)

    assert held(office) == [*PEOPLE[1:12], PEOPLE[20]]
    assert active(office) == 30


@pytest.mark.parametrize("moment", [("POST", "user", 1), ("POST", "user", 3)])
@pytest.mark.parametrize("decides", [None, "allow"])
def test_a_run_that_is_cut_short_while_they_are_held_holds_them_still_unless_it_was_decided(office, moment, decides):
    soft_deleted(office, 11)
    names = [f"n{number}@x" for number in range(5)]
    office.organisation.users(names)
    office.organisation.assign(*names)
    office.target.journal.clear()
    stop_at(office, *moment)

    if decides == "allow":
        office.admin.deletions.allow(ME, office.job.id)
    cycle(office)

    assert all(office.target.by_name("user", name) is not None for name in names)
    assert active(office) == (24 if decides else 35)
    assert reason(office) == (None if decides else "TooManyDeletes")
    assert cycle(office).counts.get("user.held") is None  # told once


def stop_at(world, method, kind, nth):
    import asyncio

    world.stop = asyncio.Event()
    world.at(method, kind, nth, world.stop.set)
    world.run(allow_deletes=0)
    world.stop = None
    world.target.hearing = lambda request: None


def test_a_failed_deletion_that_was_allowed_stays_allowed(office):
    from provisor.engine.ports import Rejected

    soft_deleted(office, 11)
    cycle(office)
    office.admin.deletions.allow(ME, office.job.id)
    office.target.fail(1, Rejected("no", status=400), method="PATCH")

    for _ in range(3):
        cycle(office)
        office.pass_time(hours=1.1)

    assert (active(office), reason(office)) == (19, None)
    assert held(office) == []


@pytest.mark.parametrize("after_effect", [False, True], ids=["before", "after-the-target-committed"])
@pytest.mark.parametrize("nth", [1, 2, 3])
def test_killed_while_they_are_held_they_are_held_and_told_once(office, nth, after_effect):
    soft_deleted(office, 11)
    names = [f"n{number}@x" for number in range(4)]
    office.organisation.users(names)
    office.organisation.assign(*names)
    office.target.fail(nth, Killed(), after_effect=after_effect, method="POST")
    with pytest.raises(Killed):
        cycle(office)
    office.heal()

    cycle(office)

    assert active(office) == 34
    assert (held(office), reason(office)) == (PEOPLE[:11], "TooManyDeletes")
    assert len([one for one in office.events() if one.action == "stagedAction"]) == 11


@pytest.mark.parametrize("after_effect", [False, True], ids=["before", "after-the-target-committed"])
@pytest.mark.parametrize("nth", [1, 5, 11])
@pytest.mark.parametrize("cause", [blocked, purged])
def test_killed_while_the_allowed_are_taken_away_the_rest_goes_with_the_next_cycle(office, cause, nth, after_effect):
    cause(office, 11)
    cycle(office)
    office.admin.deletions.allow(ME, office.job.id)
    office.target.fail(nth, Killed(), after_effect=after_effect, method="DELETE" if cause is purged else "PATCH")
    with pytest.raises(Killed):
        cycle(office)
    office.heal()

    cycle(office)
    cycle(office)

    assert active(office) == 19
    assert (held(office), reason(office)) == ([], None)


def test_section_12_what_is_planned_anew_while_the_cycle_runs_counts_too(office):
    names = [f"q{number}@x" for number in range(3)]
    office.organisation.users(names)
    office.organisation.assign(*names)
    for name in PEOPLE[:11]:
        office.organisation.change(name, displayName="Changed")
    office.target.journal.clear()
    office.at("GET", "user", 2, lambda: blocked(office, 11))

    cycle(office)
    office.target.hearing = lambda request: None
    cycle(office)

    assert all(office.account(name)["active"] for name in PEOPLE)
    assert (held(office), reason(office)) == (PEOPLE[:11], "TooManyDeletes")
    assert all(office.target.by_name("user", name) is not None for name in names)
