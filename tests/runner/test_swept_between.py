"""History that is removed while a job is in the middle of something: it goes on as if nothing had been removed."""

from datetime import UTC, datetime

import pytest

from provisor.runner.tidying.sweeping import sweep
from provisor.storage import cycles, retention
from provisor.storage.retention import Retention


@pytest.fixture
def swept(world):
    """Removes everything that may be removed."""
    world.organisation.users([f"p{number}@x.example" for number in range(6)])
    world.organisation.assign(*(f"p{number}@x.example" for number in range(6)))
    with world.database.transaction() as connection:
        kept = Retention(log_days=1, audit_days=1, cycles=1, rule_sets=1)
        retention.save(connection, world.organisation.tenant, kept)

    def run():
        return sweep(world.database, world.organisation.tenant, now=lambda: datetime.now(UTC))

    return run


@pytest.mark.parametrize("nth", [1, 2])
def test_a_cycle_that_was_cut_short_goes_on_with_the_rules_it_began_with(world, swept, nth):
    world.stopped_at("GET", "user", nth)
    cut_short = cycles.interrupted(world.database.reader(), world.job.number)
    for _ in range(3):
        world.save_rules(world.rules())

    swept()
    summary = world.run()

    assert cut_short is not None
    assert summary.error is None
    assert world.held() == world.wanted()
    assert len(world.target.resources("user")) == 6


def test_a_job_whose_history_is_gone_sends_nothing_twice(world, swept):
    world.run()
    for _ in range(3):
        world.run()

    removed = swept()
    world.run()

    assert removed["cycles"] >= 1
    assert world.writes() == []


def test_saved_rules_reach_whom_they_concern_after_older_ones_were_removed(world, swept):
    world.run()
    for _ in range(3):
        world.save_rules(world.rules())
    swept()
    rules = world.rules()
    (row,) = [
        one for one in world.mapping_of(rules)["attributeMappings"] if one["targetAttributeName"] == "displayName"
    ]
    row["source"] = {"type": "Constant", "name": "Somebody", "expression": '"Somebody"', "parameters": []}
    world.save_rules(rules)
    swept()

    world.run()

    assert {one["displayName"] for one in world.target.resources("user").values()} == {"Somebody"}
