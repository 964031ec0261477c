"""After a backup was restored applications have gone on: the next cycle puts right whatever differs, and doubles nobody."""

import shutil
from contextlib import closing

import pytest

from provisor.database import open_database
from provisor.database.backup import back_up
from provisor.storage import jobs, plans, run_requests
from provisor.storage.authors import SERVICE
from provisor.storage.restoring import doubt_everything


@pytest.fixture
def backed_up(world, tmp_path):
    """Two people in a group, provisioned, and a backup of that moment; restores it."""
    org = world.organisation
    org.users(["anna@x.example", "bo@x.example"], title="Old")
    org.group("Staff", ["anna@x.example", "bo@x.example"])
    org.assign("Staff", kind="group")
    world.run()
    back_up(world.database, tmp_path / "backup")

    def restore():
        path = world.database.path
        world.database.close()
        for ending in ("-wal", "-shm"):
            path.with_name(path.name + ending).unlink(missing_ok=True)
        shutil.copy(tmp_path / "backup", path)
        with closing(open_database(f"sqlite:///{path}")) as database, database.transaction() as connection:
            doubt_everything(connection)

    return world, restore


def test_a_value_that_was_changed_since_is_what_the_backup_says(backed_up):
    world, restore = backed_up
    world.organisation.change("anna@x.example", displayName="New")
    world.run()
    changed = world.account("anna@x.example")["displayName"]

    restore()
    world.run()

    assert changed == "New"
    assert world.account("anna@x.example")["displayName"] != "New"


def test_somebody_created_since_is_found_and_not_doubled_when_imported_again(backed_up):
    world, restore = backed_up
    world.organisation.user("carl@x.example")
    world.organisation.assign("carl@x.example")
    world.run()

    restore()
    world.organisation.user("carl@x.example")
    world.organisation.assign("carl@x.example")
    world.run()

    names = sorted(str(one["userName"]) for one in world.target.resources("user").values())
    assert names == ["anna@x.example", "bo@x.example", "carl@x.example"]
    assert world.held() == world.wanted()


def test_a_membership_taken_away_since_is_there_again(backed_up):
    world, restore = backed_up
    world.organisation.leave("Staff", "anna@x.example")
    world.run()
    without = world.target.memberships()

    restore()
    world.run()

    assert len(without) == 1
    assert world.held() == world.wanted() == {"anna@x.example": {"Staff"}, "bo@x.example": {"Staff"}}


def test_somebody_disabled_since_is_active_again_as_the_backup_says(backed_up):
    world, restore = backed_up
    world.organisation.unassign("Staff", kind="group")
    world.run()

    restore()
    world.run()

    assert world.held() == world.wanted() == {"anna@x.example": {"Staff"}, "bo@x.example": {"Staff"}}


def test_where_nothing_has_changed_nothing_is_written_but_memberships_said_again(backed_up):
    world, restore = backed_up

    restore()
    world.run()
    again = world.writes()
    world.run()

    assert {method for method, name in again if name != "Staff"} == set()
    assert world.writes() == []


def test_what_was_asked_or_allowed_before_the_backup_is_asked_or_allowed_no_more(world):
    with world.database.transaction() as connection:
        run_requests.ask(connection, world.job.number, at=1, by_hand=True, allow_deletes=100)
        jobs.change(connection, world.job.number, force_deletes=1)

        doubt_everything(connection)

    job = jobs.read(world.database.reader(), world.job.number)
    assert job is not None and job.force_deletes is None
    assert run_requests.unanswered(world.database.reader(), world.job.number) == []


def test_a_plan_that_was_approved_before_the_backup_is_not_applied_after_it(world):
    number = world.make_plan()
    with world.database.transaction() as connection:
        plans.decide(connection, number, "approved", by=SERVICE, at=0)

        doubt_everything(connection)

    assert plans.read(world.database.reader(), number).state == "discarded"
