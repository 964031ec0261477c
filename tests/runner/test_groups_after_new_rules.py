"""After a change of rules everybody is looked at; memberships are compared whole only when the rules of groups changed.

Whether a group was compared whole is seen by a membership that our own tables have lost: only then is it found.
"""

import pytest

from provisor.storage import jobs


@pytest.fixture
def staff(world):
    """A group of two, provisioned."""
    org = world.organisation
    org.users(["anna@x", "bo@x", "cleo@x"])
    org.group("Staff", ["anna@x", "bo@x"])
    org.assign("anna@x", "bo@x", "cleo@x")
    org.assign("Staff", kind="group")
    assert world.run().state == "succeeded"
    assert members(world) == {"anna@x", "bo@x"}
    return world


def members(world):
    """Who is in the group as far as we know what the target holds, by name."""
    with world.database.transaction() as connection:
        return {
            row[0]
            for row in connection.all(
                "SELECT o.name FROM member_link m JOIN object o ON o.id = m.member_id WHERE m.pushed = 1"
            )
        }


def lose(world, name):
    with world.database.transaction() as connection:
        connection.execute("DELETE FROM member_link WHERE member_id = (SELECT id FROM object WHERE name = ?)", (name,))


def change_rules(world, kind, change):
    rules = world.rules()
    change(world.mapping_of(rules, kind))
    world.save_rules(rules)


def map_also(target, source):
    def change(mapping):
        mapping["attributeMappings"].append(
            {"targetAttributeName": target, "source": {"type": "Function", "expression": f"[{source}]"}}
        )

    return change


def rules_of_users(world):
    change_rules(world, "User", map_also("preferredLanguage", "preferredLanguage"))


def rules_of_groups(world):
    def without_external_id(mapping):
        rows = mapping["attributeMappings"]
        mapping["attributeMappings"] = [one for one in rows if one["targetAttributeName"] != "externalId"]

    change_rules(world, "Group", without_external_id)


def scope(world):
    with world.database.transaction() as connection:
        settings = {**jobs.read(connection, world.job.number).settings, "scope": "all"}
        jobs.change(connection, world.job.number, settings=settings, full_evaluation=True)


def restart(world):
    with world.database.transaction() as connection:
        jobs.change(connection, world.job.number, watermark=None)


WHOLE = [rules_of_groups, scope, restart]


def test_after_a_change_of_the_rules_of_users_no_group_is_compared_whole(staff):
    lose(staff, "bo@x")
    rules_of_users(staff)

    assert staff.run().state == "succeeded"

    assert members(staff) == {"anna@x"}


@pytest.mark.parametrize("change", WHOLE, ids=[one.__name__ for one in WHOLE])
def test_after_any_other_change_every_group_is(staff, change):
    lose(staff, "bo@x")
    change(staff)

    assert staff.run().state == "succeeded"

    assert members(staff) == {"anna@x", "bo@x"}


def test_as_entra_every_group_is_compared_whole(make_world):
    world = make_world("scim", behaviour="entra")
    org = world.organisation
    org.users(["anna@x", "bo@x"])
    org.group("Staff", ["anna@x", "bo@x"])
    org.assign("anna@x", "bo@x")
    org.assign("Staff", kind="group")
    assert world.run().state == "succeeded"
    lose(world, "bo@x")
    rules_of_users(world)

    assert world.run().state == "succeeded"

    assert members(world) == {"anna@x", "bo@x"}


def test_rules_of_groups_that_no_cycle_was_carried_through_with_are_not_forgotten(staff):
    lose(staff, "bo@x")
    rules_of_groups(staff)
    rules_of_users(staff)

    assert staff.run().state == "succeeded"

    assert members(staff) == {"anna@x", "bo@x"}


def test_what_changed_in_the_directory_together_with_the_rules_of_users_is_told(staff):
    staff.organisation.join("Staff", "cleo@x")
    staff.organisation.leave("Staff", "anna@x")
    rules_of_users(staff)

    assert staff.run().state == "succeeded"

    assert members(staff) == {"bo@x", "cleo@x"}


def test_who_enters_by_new_rules_of_users_enters_his_groups(world):
    org = world.organisation
    org.users(["anna@x", "bo@x"])
    org.group("Staff", ["anna@x", "bo@x"])
    org.assign("anna@x")
    org.assign("Staff", kind="group")
    world.run()
    known = members(world)

    with world.database.transaction() as connection:
        settings = {**jobs.read(connection, world.job.number).settings, "scope": "all"}
        jobs.change(connection, world.job.number, settings=settings)
    rules_of_users(world)
    assert world.run().state == "succeeded"

    assert known <= members(world)
    assert members(world) == {"anna@x", "bo@x"}
