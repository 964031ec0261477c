"""A cycle without changes costs the same whatever the size of the directory: counted in SQLite's own steps, not timed.

A step is one instruction of SQLite's virtual machine; reading one more row takes several. Rows the target has long had
are put into the tables directly: provisioning 100,000 people first would only make the test slow.
"""

import pytest

from provisor.database.sqlite import SqliteDatabase
from support.nested_groups import set_policy

STEP = 1
PEOPLE = """WITH RECURSIVE numbers (n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM numbers WHERE n + 1 < ?),
    people (id) AS (SELECT printf('00000000-0000-7000-8000-%012d', n) FROM numbers) """
LONG_AGO = 1  # a change number that every watermark has passed


@pytest.fixture
def settled(world):
    """Two people, one of them through a group, everything provisioned."""
    org = world.organisation
    org.users(["anna@x", "bo@x"])
    org.group("Staff", ["bo@x"])
    org.assign("anna@x")
    org.assign("Staff", kind="group")
    assert world.run().state == "succeeded"
    return world


def add_people_long_provisioned(world, number):
    """As many people, linked, assigned and in the group, as if cycles long ago had dealt with them."""
    with world.database.transaction() as connection:
        tenant, group = connection.one("SELECT tenant, id FROM object WHERE kind = 'group' AND name = 'Staff'")
        source, attributes = connection.one("SELECT source, attributes FROM object WHERE name = 'anna@x'")
        for statement, values in (
            (
                "INSERT INTO object (id, tenant, source, kind, anchor, name, folded_name, attributes, enabled, created_at,"
                " change, alive_change) SELECT id, ?, ?, 'user', id, id, id, ?, 1, 1, ?, ? FROM people",
                (tenant, source, attributes, LONG_AGO, LONG_AGO),
            ),
            (
                "INSERT INTO member (group_id, member_id, tenant, change) SELECT ?, id, ?, ? FROM people",
                (group, tenant, LONG_AGO),
            ),
            (
                "INSERT INTO link (job, object, kind, target_id, state, wanted_hash, pushed_hash, pushed_document)"
                " SELECT ?, id, 'user', id, 'linked', 'x', 'x', '{}' FROM people",
                (world.job.number,),
            ),
            (
                "INSERT INTO member_link (job, group_id, member_id, pushed, pending) SELECT ?, ?, id, 1, 0 FROM people",
                (world.job.number, group),
            ),
        ):
            connection.execute(PEOPLE + statement, (number, *values))


def take_them_away(world):
    with world.database.transaction() as connection:
        for table, column in (
            ("object", "id"),
            ("member", "member_id"),
            ("link", "object"),
            ("member_link", "member_id"),
        ):
            connection.execute(f"DELETE FROM {table} WHERE {column} LIKE '00000000-0000-7000-8000-%'")


class CountingDatabase(SqliteDatabase):
    """The same file; every connection counts the steps that SQLite does for it."""

    steps = 0

    def connect(self, **options):
        connection = super().connect(**options)
        connection.raw.set_progress_handler(self.count, STEP)
        return connection

    def count(self):
        self.steps += 1


def steps_of_a_cycle(world):
    """Run a cycle and count what SQLite did for it."""
    usual = world.database
    world.database = CountingDatabase(usual.path)
    try:
        assert dict(world.run().requests) == {"GET": 1}
        return world.database.steps
    finally:
        world.database.close()
        world.database = usual


@pytest.mark.slow
def test_a_cycle_without_changes_does_the_same_for_1_000_and_for_100_000_people(settled):
    settled.run()  # a first idle cycle, so that both counted ones find the same state

    add_people_long_provisioned(settled, 1_000)
    few = steps_of_a_cycle(settled)
    take_them_away(settled)
    add_people_long_provisioned(settled, 100_000)
    many = steps_of_a_cycle(settled)

    assert few > 0
    assert many == few


def test_the_count_would_notice_a_scan(settled):
    add_people_long_provisioned(settled, 1_000)
    idle = steps_of_a_cycle(settled)
    database = CountingDatabase(settled.database.path)

    database.reader().one("SELECT count(*) FROM object WHERE attributes LIKE '%nothing%'")

    assert database.steps > idle
    database.close()


def test_a_changed_person_costs_the_same_among_1_000_and_among_10_000(settled):
    costs = []
    for number in (1_000, 10_000):
        add_people_long_provisioned(settled, number)
        settled.organisation.change("anna@x", department=f"Sales {number}")  # nothing that Umbrella holds
        costs.append(steps_of_a_cycle(settled))
        take_them_away(settled)

    assert costs[1] <= costs[0] * 1.05


@pytest.mark.slow
@pytest.mark.parametrize("change", ["joins", "leaves"])
def test_one_who_joins_or_leaves_costs_the_same_in_a_group_of_50_and_of_50_000(settled, change):
    org = settled.organisation
    org.users(["newcomer@x"])
    org.assign("newcomer@x")
    if change == "leaves":
        org.join("Staff", "newcomer@x")
    assert settled.run().state == "succeeded"
    costs = []
    for number in (50, 50_000):
        add_people_long_provisioned(settled, number)
        (org.join if change == "joins" else org.leave)("Staff", "newcomer@x")
        costs.append(steps_of_one_membership(settled))
        (org.leave if change == "joins" else org.join)("Staff", "newcomer@x")
        assert settled.run().state == "succeeded"
        take_them_away(settled)

    assert costs[1] <= costs[0] * 1.05


def steps_of_one_membership(world):
    """Run a cycle that writes one membership, and count what SQLite did for it."""
    usual = world.database
    world.database = CountingDatabase(usual.path)
    try:
        assert world.run().requests["PATCH"] == 1
        return world.database.steps
    finally:
        world.database.close()
        world.database = usual


@pytest.fixture
def flattened(settled):
    """Staff has Inner, which has Deep; nobody else is in them. Bo is in Staff still."""
    org = settled.organisation
    set_policy(settled, "flatten")
    org.groups(["Inner", "Deep"])
    org.join("Staff", "Inner", "group")
    org.join("Inner", "Deep", "group")
    org.users(["newcomer@x"])
    org.assign("newcomer@x")
    assert settled.run().state == "succeeded"
    return settled


@pytest.mark.slow
@pytest.mark.parametrize("change", ["joins", "leaves"])
def test_one_who_joins_or_leaves_deep_down_costs_the_same_under_a_group_of_50_and_of_50_000(flattened, change):
    org = flattened.organisation
    if change == "leaves":
        org.join("Deep", "newcomer@x")
        assert flattened.run().state == "succeeded"
    costs = []
    for number in (50, 50_000):
        add_people_long_provisioned(flattened, number)
        (org.join if change == "joins" else org.leave)("Deep", "newcomer@x")
        costs.append(steps_of_one_membership(flattened))
        (org.leave if change == "joins" else org.join)("Deep", "newcomer@x")
        assert flattened.run().state == "succeeded"
        take_them_away(flattened)

    assert costs[1] <= costs[0] * 1.05


@pytest.mark.slow
@pytest.mark.parametrize("change", ["joins", "leaves", "deleted"])
def test_a_group_that_joins_leaves_or_goes_costs_what_is_in_it_not_what_is_in_the_group_above(flattened, change):
    org = flattened.organisation
    org.join("Deep", "newcomer@x")
    if change == "joins":
        org.leave("Inner", "Deep", "group")
    assert flattened.run().state == "succeeded"
    there, back = {
        "joins": (lambda: org.join("Inner", "Deep", "group"), lambda: org.leave("Inner", "Deep", "group")),
        "leaves": (lambda: org.leave("Inner", "Deep", "group"), lambda: org.join("Inner", "Deep", "group")),
        "deleted": (lambda: org.delete("Deep", "group"), lambda: org.restore("Deep", "group")),
    }[change]
    costs = []
    for number in (50, 50_000):
        add_people_long_provisioned(flattened, number)
        there()
        costs.append(steps_of_one_membership(flattened))
        back()
        assert flattened.run().state == "succeeded"
        take_them_away(flattened)

    assert costs[1] <= costs[0] * 1.05


@pytest.mark.slow
def test_an_idle_cycle_costs_the_same_whether_groups_are_flattened(flattened):
    flattened.run()
    idle = steps_of_a_cycle(flattened)
    set_policy(flattened, "direct")
    flattened.run()
    flattened.run()

    assert idle <= steps_of_a_cycle(flattened) * 1.05
