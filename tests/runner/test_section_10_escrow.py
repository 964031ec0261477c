"""Who failed, when they are tried again, and what ends that: spec/provisioning-service.md section 10."""

from datetime import timedelta

import pytest

from provisor.engine.ports import Rejected, Unreachable
from provisor.storage import escrow, resets
from support.on_demand import on_demand

REFUSED = Rejected("no", status=422)
FORBIDDEN = Rejected("no", status=403)
BROKEN = Rejected("broken", status=500)
LONGER_THAN_28_DAYS = {"days": 28, "hours": 2}


@pytest.fixture(params=["provisor", "entra"])
def office(request, make_world):
    """Three people, who are to have accounts, in both behaviours."""
    world = make_world("scim", behaviour=request.param, scope="all")
    world.organisation.users(["anna@x", "bo@x", "cleo@x"])
    return world


@pytest.fixture
def better(make_world):
    """The same in the better behaviour alone."""
    world = make_world("scim", scope="all")
    world.organisation.users(["anna@x", "bo@x", "cleo@x"])
    return world


def refuse(world, name, error=REFUSED):
    """Every create of that person is refused from now on."""

    asked = []

    async def create(original, kind, document):
        if document.get("userName", document.get("displayName")) == name:
            asked.append(name)
            raise error
        return await original(kind, document)

    world.failing(create=create)
    return asked


def of(world, kind="object"):
    (entry,) = [one for one in world.escrow() if one.kind == kind]
    return entry


# Section 10: cadence


def test_section_10_one_failure_stops_nobody_else(office):
    refuse(office, "anna@x")

    summary = office.run()

    assert (summary.state, summary.counts["user.create"], summary.counts["user.fail"]) == ("entry-level-errors", 2, 1)
    assert (of(office).name, of(office).code, of(office).attempts) == ("anna@x", "UnprocessableEntity", 1)


def test_section_10_who_failed_is_tried_by_the_next_cycle_then_after_6_12_and_24_hours_then_daily(office):
    asked = refuse(office, "anna@x")
    office.run()
    tries = []

    for hour in range(60):
        asked.clear()
        office.run()
        tries += [hour] * len(asked)
        office.pass_time(hours=1)

    assert tries == [0, 6, 12, 24, 48]


def test_section_10_a_cycle_with_nobody_due_asks_one_thing_of_the_target_and_nothing_of_the_log(office):
    refuse(office, "anna@x")
    office.run()
    office.run()
    told = len(office.events())

    summary = office.run()

    assert (summary.state, summary.requests, summary.counts) == ("succeeded", {"GET": 1}, {})
    assert len(office.events()) == told


def test_section_10_success_removes_the_entry(office):
    refuse(office, "anna@x")
    office.run()
    office.heal()

    assert office.run().state == "succeeded"
    assert office.escrow() == []


def test_section_10_who_is_tried_again_has_the_values_of_the_present(office):
    refuse(office, "anna@x")
    office.run()
    office.organisation.change("anna@x", displayName="Anna Now")
    office.heal()

    office.run()

    assert office.account("anna@x")["displayName"] == "Anna Now"


def test_section_10_a_change_in_the_directory_is_tried_at_once(office):
    refuse(office, "anna@x")
    office.run()
    office.run()
    office.heal()
    office.organisation.change("anna@x", displayName="Anna Now")

    assert office.run().counts["user.create"] == 1


def test_section_10_after_28_days_the_entry_goes_with_a_last_event(office):
    asked = refuse(office, "anna@x")
    office.run()
    office.run()
    office.pass_time(**LONGER_THAN_28_DAYS)

    office.run()

    assert (office.escrow(), len(asked)) == ([], 2)
    last = office.events(identity="anna@x")[-1]
    information = last.document["provisioningStatusInfo"]["errorInformation"]
    assert (last.status, last.code) == ("failure", "UnprocessableEntity")
    assert "28 days" in information["recommendedAction"]


def test_section_10_who_was_given_up_is_tried_again_once_changed(office):
    refuse(office, "anna@x")
    office.run()
    office.run()
    office.pass_time(**LONGER_THAN_28_DAYS)
    office.run()
    office.heal()
    assert office.run().requests == {"GET": 1}

    office.organisation.change("anna@x", displayName="Anna Now")

    assert office.run().counts["user.create"] == 1


def test_nobody_is_given_up_while_the_clock_is_doubted(office):
    refuse(office, "anna@x")
    office.run()
    office.run()
    office.passed += office.now() - office.now().replace(year=office.now().year - 1)

    office.run()

    assert [one.name for one in office.escrow()] == ["anna@x"]


@pytest.mark.parametrize("days", [-400, -1])
def test_a_clock_that_was_ahead_keeps_nobody_waiting(office, days):
    refuse(office, "anna@x")
    office.run()
    office.run()
    office.heal()
    office.passed = timedelta(days=days)

    office.run()

    assert office.escrow() == [] or days == -1
    office.passed = timedelta(hours=7)
    office.run()
    assert office.escrow() == []


@pytest.mark.parametrize("scope", ["Watermark", "a new rule"])
def test_section_10_a_restart_without_escrows_and_new_rules_try_everybody_at_once(office, scope):
    refuse(office, "anna@x")
    office.run()
    office.run()
    office.heal()
    if scope == "Watermark":
        with office.database.transaction() as connection:
            resets.forget_position(connection, office.job.number, now=office.now())
    else:
        office.save_rules(office.rules())

    assert office.run().counts["user.create"] == 1
    assert office.escrow() == []


def test_section_10_a_restart_with_escrows_drops_whoever_waits(office):
    refuse(office, "anna@x")
    office.run()
    office.heal()
    with office.database.transaction() as connection:
        resets.forget_failures(connection, office.job.number)

    assert office.run().requests == {"GET": 1}
    assert office.escrow() == []


def test_section_10_retry_now_tries_at_once_whom_it_names(office):
    async def create(original, kind, document):
        raise REFUSED

    office.failing(create=create)
    office.run()
    office.run()
    anna = next(one for one in office.escrow() if one.name == "anna@x")

    with office.database.transaction() as connection:
        escrow.retry(connection, office.job.number, 1, object_id=anna.object)
    office.run()

    assert {one.name: one.attempts for one in office.escrow()} == {"anna@x": 3, "bo@x": 2, "cleo@x": 2}


@pytest.mark.parametrize("refused", [True, False])
def test_section_10_on_demand_tries_at_once(office, refused):
    refuse(office, "anna@x")
    office.run()
    office.run()
    if not refused:
        office.heal()

    (told,) = on_demand(office, "anna@x")

    assert told.result == ("Failure" if refused else "Success")
    assert [(entry.name, entry.attempts) for entry in office.escrow()] == ([("anna@x", 3)] if refused else [])
    assert office.run().requests == {"GET": 1}


def test_an_entry_goes_when_nothing_is_to_be_done_any_more(office):
    refuse(office, "anna@x")
    office.run()
    office.delete("anna@x")

    office.run()

    assert office.escrow() == []


@pytest.mark.parametrize("plan", [False, True])
def test_a_plan_changes_nobody_in_escrow(office, plan):
    refuse(office, "anna@x")
    office.run()
    before = office.escrow()
    if plan:
        office.plan()

    assert office.escrow() == before
    office.heal()
    assert office.run().counts["user.create"] == 1


# Objects and references apart


@pytest.fixture
def staff(office):
    """All three are in a group, whose members cannot be changed."""
    office.organisation.group("Staff", ["anna@x", "bo@x", "cleo@x"])

    async def patch_members(original, target_id, add, remove):
        raise FORBIDDEN

    office.failing(patch_members=patch_members)
    return office


def test_section_10_references_that_fail_are_counted_apart(staff):
    summary = staff.run()

    assert summary.counts["group.create"] == 1
    assert escrow.count(staff.database.reader(), staff.job.number) == {"object": 0, "reference": 1}
    assert (of(staff, "reference").object_kind, of(staff, "reference").code) == ("group", "InsufficientRights")
    assert staff.cycles()[0].counters["failed.reference"] == 1


def test_section_10_memberships_that_failed_are_not_told_of_in_every_cycle(staff):
    staff.run()
    staff.run()
    staff.organisation.user("dora@x")

    staff.run()

    assert [request.method for request in staff.target.sent("PATCH")] == []
    staff.pass_time(hours=6)
    staff.heal()
    staff.run()
    assert len(staff.target.memberships()) == 3


def test_section_10_a_membership_that_changes_is_told_of_at_once_with_all_others_of_the_group(staff):
    staff.run()
    staff.run()
    staff.heal()
    staff.organisation.leave("Staff", "anna@x")

    staff.run()

    assert staff.target.memberships() == {("Staff", "bo@x"), ("Staff", "cleo@x")}
    assert staff.escrow() == []


def test_a_restart_with_escrows_drops_memberships_too_but_none_that_is_to_go(staff):
    staff.heal()
    staff.run()

    async def patch_members(original, target_id, add, remove):
        raise FORBIDDEN

    staff.failing(patch_members=patch_members)
    staff.organisation.user("dora@x")
    staff.organisation.join("Staff", "dora@x")
    staff.organisation.leave("Staff", "anna@x")
    staff.run()
    staff.heal()
    with staff.database.transaction() as connection:
        resets.forget_failures(connection, staff.job.number)

    staff.run()

    assert staff.target.memberships() == {("Staff", "bo@x"), ("Staff", "cleo@x")}


def test_memberships_that_were_given_up_are_left_alone(staff):
    staff.run()
    staff.run()
    staff.pass_time(**LONGER_THAN_28_DAYS)
    staff.run()
    staff.heal()
    staff.organisation.user("dora@x")

    staff.run()

    assert (staff.target.memberships(), staff.escrow()) == (set(), [])


def test_a_group_whose_other_members_were_told_goes_on_with_the_next_cycle(office):
    names = [f"p{number}@x" for number in range(6)]
    office.organisation.users(names)
    office.organisation.group("Staff", names)
    refused = []

    async def patch_members(original, target_id, add, remove):
        if len(add) > 1 or len(refused) < len(add):
            refused.extend(add)
            raise Rejected("too many", status=400)
        return await original(target_id, add, remove)

    office.failing(patch_members=patch_members)
    office.run()

    assert all(one.attempts == 1 for one in office.escrow())


# Causes that are gone


def blocked(world, error, *names):
    async def create(original, kind, document):
        if document.get("userName") in names:
            raise error
        return await original(kind, document)

    world.failing(create=create)


SEEN = {
    "403": FORBIDDEN,
    "500": BROKEN,
    "405": Rejected("no", status=405),
    "501": Rejected("no", status=501),
    "no connection": Unreachable("gone", sent=False, timed_out=True),
}


@pytest.mark.parametrize("word", SEEN)
def test_section_10_somebody_who_gets_through_shows_that_the_cause_of_others_is_gone(better, word):
    blocked(better, SEEN[word], "anna@x", "bo@x")
    better.run()
    better.run()
    better.heal()
    better.organisation.change("anna@x", displayName="Anna Now")

    better.run()
    summary = better.run()

    assert (summary.counts.get("user.create"), better.escrow()) == (1, [])


def test_in_the_faithful_behaviour_nobody_is_tried_before_it_is_due(make_world):
    world = make_world("scim", behaviour="entra", scope="all")
    world.organisation.users(["anna@x", "bo@x"])
    blocked(world, FORBIDDEN, "anna@x", "bo@x")
    world.run()
    world.run()
    world.heal()
    world.organisation.change("anna@x", displayName="Anna Now")
    world.run()

    assert world.run().requests == {"GET": 1}


def test_a_value_that_is_refused_is_not_tried_because_another_was_taken(better):
    blocked(better, REFUSED, "anna@x", "bo@x")
    better.run()
    better.run()
    better.heal()
    better.organisation.change("anna@x", displayName="Anna Now")
    better.run()

    assert better.run().requests == {"GET": 1}


def test_section_10_a_rival_that_goes_frees_whoever_had_failed_for_it(make_world):
    world = make_world("scim", scope="all")
    org = world.organisation
    org.user("anna@x")
    world.run()
    world.target.put("user", {"userName": "bo@x", "displayName": "Bo", "active": True})
    org.user("bo@x")
    world.run()
    org.change("bo@x", userPrincipalName="other@x")
    world.failing(patch=_refuse_patch)
    org.user("bo@x", mailNickname="new")
    world.run()
    world.run()
    world.run()
    (entry,) = [one for one in world.escrow() if one.code == "DuplicateSourceEntries"]
    world.heal()
    org.change("other@x", displayName="Gives it up")

    world.run()
    world.run()

    assert entry.name == "bo@x"
    assert world.escrow() == []


async def _refuse_patch(original, kind, target_id, operations):
    raise FORBIDDEN


def test_section_10_a_place_that_comes_free_is_offered_to_whoever_waits_longest(better):
    better.organisation.users([f"p{number}@x" for number in range(2)])
    better.run()
    better.organisation.users(["late@x", "later@x"])
    blocked(better, Rejected("no licence left", status=402, detail="No licences left"), "late@x", "later@x")
    better.run()
    better.run()
    better.heal()
    better.organisation.change("p0@x", accountEnabled=False)

    better.run()
    better.run()

    assert len(better.escrow()) == 1


def test_section_10_who_gets_an_id_is_put_into_groups_in_the_same_cycle(make_world):
    world = make_world("scim", scope="all")
    world.organisation.users(["anna@x", "bo@x"])
    world.organisation.group("Staff", ["anna@x", "bo@x"])
    refuse(world, "anna@x", FORBIDDEN)
    world.run()
    world.run()
    world.heal()
    world.pass_time(hours=6)

    world.run()

    assert world.target.memberships() == {("Staff", "anna@x"), ("Staff", "bo@x")}
