"""The first cycle of a job: matching, creating, linking, skipping."""

from provisor.engine.ports import Rejected


def test_people_assigned_directly_or_through_a_group_are_created_and_others_are_not(world):
    org = world.organisation
    org.users(["anna@x", "bo@x", "cleo@x"])
    org.group("Staff", ["bo@x"])
    org.assign("anna@x")
    org.assign("Staff", kind="group")

    summary = world.run()

    assert summary.state == "succeeded"
    assert world.writes() == [("PATCH", "Staff"), ("POST", "Staff"), ("POST", "anna@x"), ("POST", "bo@x")]
    assert world.target.memberships() == {("Staff", "bo@x")}
    assert [event.code for event in world.events(status="skipped")] == ["NotEffectivelyEntitled"]


def test_an_empty_target_is_listed_with_one_request_per_kind(world):
    org = world.organisation
    org.assign(*[name for name in [f"p{number}@x" for number in range(20)] if org.user(name)])

    world.run()

    probe, count = world.target.sent("GET")
    assert (count.subject, world.methods()["POST"]) == ("1", 20)
    assert probe.subject != "1"


def test_few_people_are_looked_up_one_by_one(world):
    world.organisation.user("anna@x")
    world.organisation.assign("anna@x")

    world.run()

    assert [request.subject for request in world.target.sent("GET")][1:] == ["anna@x"]


def test_many_people_at_a_filled_target_are_matched_by_listing_it(world):
    org = world.organisation
    names = [f"p{number}@x" for number in range(30)]
    org.users(names)
    org.assign(*names)
    for name in names[:10]:
        world.target.put("user", {"userName": name.upper(), "displayName": name})

    summary = world.run()

    assert world.methods()["GET"] == 3  # the probe, the count, one page
    assert (summary.counts["user.link"], summary.counts["user.create"]) == (10, 20)


def test_a_behaviour_like_entras_looks_everybody_up(make_world):
    world = make_world(behaviour="entra")
    names = [f"p{number}@x" for number in range(15)]
    world.organisation.users(names)
    world.organisation.assign(*names)

    world.run()

    assert world.methods() == {"GET": 16, "POST": 15}
    assert world.target.highest_in_flight <= 10


def test_a_match_is_linked_and_gets_only_what_differs(world):
    world.organisation.user("anna@x", displayName="Anna")
    world.organisation.assign("anna@x")
    key = world.target.put("user", {"userName": "anna@x", "displayName": "Somebody", "active": True})

    world.run()

    assert world.writes() == [("PATCH", "anna@x")]
    assert world.account("anna@x")["displayName"] == "Anna"
    (event,) = world.events()
    assert (event.action, event.status, event.target_id) == ("update", "success", key)
    assert "Matched existing" in str(event.document["provisioningSteps"])


def test_several_matches_fail_with_their_ids_and_nothing_is_written(make_world):
    world = make_world("scim", scope="all")
    world.organisation.user("anna@x")
    world.target = world.new_target(unique=False)
    twins = [world.target.put("user", {"userName": "anna@x"}) for _ in range(2)]

    summary = world.run()

    assert summary.state == "entry-level-errors"
    (event,) = world.events(status="failure")
    assert event.code == "DuplicateTargetEntries"
    assert [key for key in twins if key not in str(event.document)] == []
    assert world.target.sent("POST", "PATCH", "DELETE") == []


def test_a_second_person_with_the_same_user_name_is_refused_by_name(world):
    org = world.organisation
    org.user("anna@x", displayName="First")
    org.user("ANNA@x", displayName="Second")
    org.assign("anna@x", "ANNA@x")

    summary = world.run()

    assert summary.counts == {"user.create": 1, "user.fail": 1}
    (event,) = world.events(status="failure")
    assert event.code == "DuplicateSourceEntries"
    assert world.account("anna@x")["displayName"] == "First"


def test_a_conflict_with_an_account_made_meanwhile_is_matched_and_linked(world):
    world.organisation.user("anna@x", displayName="Anna")
    world.organisation.assign("anna@x")
    world.target.fail(1, Rejected("taken", status=409, scim_type="uniqueness"), after_effect=True, method="POST")

    summary = world.run()

    assert summary.state == "succeeded"
    assert summary.counts == {"user.link": 1}
    assert len(world.target.resources("user")) == 1


def test_a_disabled_person_is_never_created(world):
    world.organisation.user("anna@x", enabled=False)
    world.organisation.assign("anna@x")

    world.run()

    assert world.writes() == []
    assert [(event.status, event.code) for event in world.events()] == [("skipped", "NotEffectivelyEntitled")]


def test_the_total_is_known_before_the_first_write_and_progress_never_goes_back(world):
    org = world.organisation
    names = [f"p{number}@x" for number in range(30)]
    org.users(names)
    org.group("Staff", names)
    org.assign("Staff", kind="group")

    world.run()

    executing = [one for one in world.progress if one.total]
    assert {tuple(sorted(one.total.items())) for one in executing} == {(("group", 1), ("members", 1), ("user", 30))}
    done = [one.completed_objects for one in executing]
    assert done == sorted(done)
    assert executing[-1].fraction == 1.0
