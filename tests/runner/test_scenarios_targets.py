"""Targets that misbehave: what one object meets must not hold up the others."""

from datetime import UTC, datetime

from provisor.engine.ports import Malformed, Rejected, Throttled, Unauthorized, Unreachable

# One object that cannot be provisioned


def test_an_object_that_always_fails_stops_no_other_and_is_tried_again_each_cycle(world):
    names = [f"p{number}@x" for number in range(20)]
    world.organisation.users(names)
    world.organisation.assign(*names)

    async def create(original, kind, document):
        if document["userName"] == "p7@x":
            raise Rejected("broken", status=500)
        return await original(kind, document)

    world.failing(create=create)
    first, second = world.run(), world.run()

    assert (first.counts["user.create"], first.counts["user.fail"], second.counts["user.fail"]) == (19, 1, 1)
    assert world.events(identity="p7@x")[-1].code == "InternalServerError"


def test_a_member_who_vanished_from_the_target_does_not_block_the_others(world):
    names = [f"p{number:03}@x" for number in range(120)]
    world.organisation.users(names)
    world.organisation.assign(*names)
    world.run()
    world.target.lose("user", str(world.account("p050@x")["id"]))
    world.crowd("Staff", names)
    world.organisation.assign("Staff", kind="group")

    first = world.run()

    assert len(world.target.memberships()) >= 119
    second = world.run()
    assert len(world.target.memberships()) == 120
    assert (first.state, second.state) == ("succeeded", "succeeded")
    assert world.account("p050@x")["active"] is True


def test_a_member_whom_the_target_refuses_for_another_reason_blocks_nobody_else(world):
    names = [f"p{number}@x" for number in range(8)]
    world.organisation.users(names)
    world.organisation.assign(*names)
    world.run()
    bad = str(world.account("p3@x")["id"])
    asked = []
    world.crowd("Staff", names)
    world.organisation.assign("Staff", kind="group")

    async def patch_members(original, target_id, add, remove):
        asked.append(len(add))
        if bad in add:
            raise Rejected("no", status=400, detail="p3 may not be in groups")
        return await original(target_id, add, remove)

    world.failing(patch_members=patch_members)
    first = world.run()

    assert len(world.target.memberships()) == 7
    assert (first.state, first.counts["group.fail"]) == ("entry-level-errors", 1)
    assert "p3 may not be in groups" in str(world.events(status="failure")[-1].document)
    asked.clear()
    assert world.run().counts["group.fail"] == 1
    assert asked == [1]


def test_a_target_that_answers_another_accounts_id_fails_that_object_only(world):
    world.organisation.users(["anna@x", "bo@x", "cleo@x"])
    world.organisation.assign("anna@x")
    world.run()
    anna = str(world.account("anna@x")["id"])
    world.organisation.assign("bo@x", "cleo@x")

    async def create(original, kind, document):
        answer = await original(kind, document)
        if document["userName"] == "bo@x":
            answer = type(answer)(resource={**answer.resource, "id": anna}, exchange=answer.exchange)
        return answer

    world.failing(create=create)

    summary = world.run()

    assert (summary.counts["user.create"], summary.counts["user.fail"]) == (1, 1)


def test_a_target_that_refuses_to_be_listed_is_asked_for_each(world):
    names = [f"p{number}@x" for number in range(10)]
    world.organisation.users(names)
    world.organisation.assign(*names)

    async def page(original, kind, start, count):
        raise Rejected("a filter is required", status=400)

    world.failing(page=page)

    summary = world.run()

    assert (summary.state, summary.counts["user.create"]) == ("succeeded", 10)


def test_a_request_that_is_throttled_is_repeated_and_nothing_else_is(world):
    names = [f"p{number}@x" for number in range(10)]
    world.organisation.users(names)
    world.organisation.assign(*names)
    world.target.fail(3, Throttled("slow down", until=datetime.now(UTC)), method="POST")

    summary = world.run()

    assert (summary.state, summary.counts["user.create"]) == ("succeeded", 10)
    assert world.methods()["POST"] == 11


def test_a_create_whose_answer_cannot_be_read_is_found_at_once_by_what_was_sent(world):
    world.organisation.users(["anna@x", "bo@x"])
    world.organisation.assign("anna@x", "bo@x")
    world.target.fail(1, Malformed("a web page"), method="POST", after_effect=True)

    summary = world.run()

    assert summary.state == "succeeded"
    assert len(world.target.resources("user")) == 2
    assert summary.counts["user.create"] == 2
    assert dict(world.run().requests) == {"GET": 1}


def test_a_connection_lost_while_members_are_written_is_taken_up_again(world):
    names = [f"p{number}@x" for number in range(250)]
    world.organisation.users(names)
    world.crowd("Staff", names)
    world.organisation.assign("Staff", kind="group")
    world.target.fail(2, Unreachable("reset", sent=True), method="PATCH", after_effect=True)

    first = world.run()
    second = world.run()

    assert (first.state, second.state, second.n) == ("failed", "succeeded", first.n)
    assert len(world.target.memberships()) == 250
    assert dict(world.run().requests) == {"GET": 1}


def test_a_deletion_of_what_is_gone_already_is_a_success(world):
    world.organisation.users(["anna@x"])
    world.organisation.assign("anna@x")
    world.run()
    world.target.lose("user", str(world.account("anna@x")["id"]))

    world.organisation.purge("anna@x")

    assert world.run().state == "succeeded"
    assert dict(world.run().requests) == {"GET": 1}


def test_a_leaver_whose_account_vanished_is_forgotten(world):
    world.organisation.users(["anna@x"])
    world.organisation.assign("anna@x")
    world.run()
    world.target.lose("user", str(world.account("anna@x")["id"]))

    world.organisation.change("anna@x", accountEnabled=False)

    assert world.run().state == "succeeded"
    assert dict(world.run().requests) == {"GET": 1}


# Members of groups


def test_a_group_of_2000_is_written_100_at_a_time_and_changed_by_deltas(world):
    names = [f"p{number:04}@x" for number in range(2000)]
    world.organisation.users(names)
    world.crowd("Staff", names)
    world.organisation.assign("Staff", kind="group")
    world.run()
    assert world.methods()["PATCH"] == 20
    assert len(world.target.memberships()) == 2000
    for name in names[:3]:
        world.organisation.leave("Staff", name)
    summary = world.run()
    assert len(world.target.memberships()) == 1997
    assert summary.counts["membership.remove"] == 3
    assert summary.counts["user.disable"] == 3


def test_a_deletion_that_failed_is_done_by_the_next_cycle(world):
    org = world.organisation
    org.users(["anna@x", "bo@x"])
    org.assign("anna@x", "bo@x")
    org.group("Staff", ["anna@x", "bo@x"])
    org.assign("Staff", kind="group")
    world.run()
    world.purge("anna@x")
    world.target.fail(1, Rejected("x", status=500), method="DELETE")
    assert world.run().state == "entry-level-errors"
    assert world.run().state == "succeeded"
    assert world.target.memberships() == {("Staff", "bo@x")}
    assert dict(world.run().requests) == {"GET": 1}


def test_a_removal_of_a_member_that_failed_is_done_by_the_next_cycle(world):
    org = world.organisation
    org.users(["anna@x", "bo@x"])
    org.assign("anna@x", "bo@x")
    org.group("Staff", ["anna@x", "bo@x"])
    org.assign("Staff", kind="group")
    world.run()
    org.leave("Staff", "anna@x")
    world.target.fail(1, Rejected("x", status=500), method="PATCH", kind="group")
    assert world.run().state == "entry-level-errors"
    assert world.run().state == "succeeded"
    assert world.target.memberships() == {("Staff", "bo@x")}
    assert dict(world.run().requests) == {"GET": 1}


def test_the_members_of_a_group_whose_creation_failed_come_with_it(world):
    org = world.organisation
    org.users(["anna@x", "bo@x"])
    org.group("Staff", ["anna@x", "bo@x"])
    org.assign("Staff", kind="group")
    world.target.fail(1, Rejected("x", status=500), method="POST", kind="group")
    assert world.run().state == "entry-level-errors"
    assert world.run().state == "succeeded"
    assert world.target.memberships() == {("Staff", "bo@x"), ("Staff", "anna@x")}
    assert dict(world.run().requests) == {"GET": 1}


def test_a_token_revoked_while_members_are_written_repeats_only_what_is_missing(world):
    names = [f"p{number:04}@x" for number in range(500)]
    world.organisation.users(names)
    world.crowd("Staff", names)
    world.organisation.assign("Staff", kind="group")
    world.target.fail(3, Unauthorized("revoked"), method="PATCH", times=100)
    assert world.run().state == "failed"
    world.heal()
    summary = world.run()
    assert summary.state == "succeeded"
    assert world.methods()["PATCH"] == 3
    assert len(world.target.memberships()) == 500


def test_members_who_are_all_forbidden_are_one_request_and_one_failure(world):
    names = [f"p{number:04}@x" for number in range(300)]
    world.organisation.users(names)
    world.crowd("Staff", names)
    world.organisation.assign("Staff", kind="group")
    world.target.fail(1, Rejected("no", status=403), method="PATCH", times=100)
    summary = world.run()
    assert (summary.state, world.methods()["PATCH"]) == ("entry-level-errors", 1)


def test_a_target_that_takes_no_members_at_all_is_not_asked_for_each(world):
    names = [f"p{number:04}@x" for number in range(500)]
    world.organisation.users(names)
    world.crowd("Staff", names)
    world.organisation.assign("Staff", kind="group")
    world.target.fail(1, Rejected("no", status=400), method="PATCH", times=100000)
    summary = world.run()
    assert summary.state == "entry-level-errors"
    assert world.methods()["PATCH"] < 300


def test_section_10_a_group_refused_at_a_limit_we_do_not_know_comes_when_a_place_is_free(make_world):
    world = make_world(capacity=2)
    org = world.organisation
    org.groups(["A", "B", "C"])
    org.assign("A", "B", "C", kind="group")
    summary = world.run()
    assert summary.counts["group.fail"] == 1
    org.unassign("A", kind="group")
    summary = world.run()
    assert summary.state == "succeeded"
    assert len(world.target.resources("group")) == 2
