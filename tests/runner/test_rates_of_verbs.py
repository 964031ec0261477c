"""What verbs of one process share of a target: the pause that it asked for, and what it was found to bear."""

import asyncio
from datetime import timedelta

import pytest

from provisor.admin.actor import LOCAL_OPERATOR
from provisor.admin.errors import AdminError
from provisor.engine.ports import Throttled


@pytest.fixture
def paused(world, admin_of):
    """Anna, and a target that asked somebody on demand to come back in five minutes."""
    world.organisation.user("anna@x")
    world.organisation.assign("anna@x")
    admin = admin_of(world)
    world.target.fail(2, Throttled("later", until=world.now() + timedelta(minutes=5)))
    ran = admin.on_demand.user(LOCAL_OPERATOR, world.job.id, "anna@x")
    world.target.heal()
    world.target.journal.clear()
    return admin, world, ran


def test_on_demand_a_long_pause_is_told_and_not_waited_for(paused):
    _, world, (ran,) = paused

    assert (ran.result, ran.code) == ("Failure", "TooManyRequests")
    assert world.target.by_name("user", "anna@x") is None


def test_a_test_of_the_connection_says_so_and_sends_nothing(paused):
    admin, world, _ = paused

    with pytest.raises(AdminError) as told:
        admin.cycles.test_connection(LOCAL_OPERATOR, world.job.id)

    assert "nothing be sent before" in str(told.value)
    assert world.target.journal == []


def test_on_demand_again_sends_nothing_either(paused):
    admin, world, _ = paused

    (again,) = admin.on_demand.user(LOCAL_OPERATOR, world.job.id, "anna@x")

    assert again.code == "TooManyRequests"
    assert world.target.journal == []


def test_all_jobs_of_a_process_share_what_is_known(world, admin_of):
    cycles = admin_of(world).cycles
    orders = [cycles.order(job, asyncio.Event()) for job in (world.job.id, "another")]

    assert orders[0].rates is orders[1].rates


def test_another_target_is_not_held_up(paused):
    admin, world, _ = paused
    world.target = world.new_target()

    admin.cycles.test_connection(LOCAL_OPERATOR, world.job.id)

    assert world.target.journal != []
