"""What the harness under fire (provisor.testing.crash) found: each fault as small as it could be made."""

from provisor.engine.ports import Rejected
from provisor.storage import jobs, waiting


def test_a_name_is_swapped_between_somebody_who_left_and_somebody_who_stays(everybody):
    org = everybody.organisation
    org.users(["anna@x", "bo@x"])
    everybody.run()
    org.change("bo@x", userPrincipalName="bo.was@x", accountEnabled=False)
    org.change("anna@x", userPrincipalName="bo@x")
    org.change("bo.was@x", userPrincipalName="anna@x")

    summary = everybody.run()

    assert summary.state == "succeeded"
    assert everybody.account("bo@x")["active"] is True
    assert everybody.account("anna@x")["active"] is False
    assert everybody.run().requests == {"GET": 1}


def test_nobody_waits_for_a_member_who_is_in_the_group(everybody):
    org = everybody.organisation
    org.user("anna@x")
    org.group("Sales", ["anna@x"])
    everybody.target.fail(1, Rejected("no", status=409), method="POST", kind="user", times=9)
    everybody.target.fail(1, Rejected("no", status=409), method="POST", kind="group", times=9)
    everybody.run()
    everybody.heal()

    everybody.run()

    assert everybody.target.memberships() == {("Sales", "anna@x")}
    assert not waiting.anything(everybody.database.reader(), everybody.job.id)


def test_members_that_were_refused_are_not_tried_again_once_their_group_is_gone(everybody):
    org = everybody.organisation
    org.user("anna@x")
    org.group("Sales", ["anna@x"])
    everybody.target.fail(1, Rejected("no", status=400), method="PATCH", kind="group", times=9)
    everybody.run()
    everybody.heal()
    org.delete("Sales", kind="group")

    everybody.run()

    assert everybody.target.by_name("group", "Sales") is None
    assert everybody.operations("retry") == []


def test_somebody_who_is_out_of_use_already_is_released_although_a_name_is_refused(everybody):
    org = everybody.organisation
    org.users(["anna@x", "bo@x"])
    org.assign("anna@x", "bo@x")
    everybody.run()
    org.change("anna@x", accountEnabled=False)
    everybody.run()
    everybody.target.put("user", {"userName": "anna.new@x"})
    org.change("anna@x", userPrincipalName="anna.new@x")
    org.unassign("anna.new@x")
    with everybody.database.transaction() as connection:
        jobs.change(connection, everybody.job.id, settings={"scope": "assigned"}, full_evaluation=True)

    summary = everybody.run()

    assert summary.state == "succeeded"
    assert everybody.run().requests == {"GET": 1}
