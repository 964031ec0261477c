"""A directory that is put into the tables as provisioned is what a first cycle makes of it."""

from provisor.storage import feed, jobs
from support.provisioned import fill, provision

PEOPLE = 1_100
TABLES = ("link", "member_link", "once_linked", "member_taken", "waiting", "operation", "unknown_create", "escrow")


def state(world):
    """What a job knows of its target, by whom it is about instead of ids that the target chose."""
    reader, found = world.database.reader(), {}
    for table in TABLES:
        columns = [one for one in sorted(reader.columns(table)) if one != "target_id"]
        found[table] = sorted(reader.all(f"SELECT {', '.join(columns)} FROM {table}"))
    job = jobs.read(reader, world.job.number)
    seen = feed.current_change(reader, world.organisation.tenant)
    return found, job.watermark == seen, job.full_evaluation, job.status_code


def test_it_holds_the_rows_that_a_first_cycle_writes(make_world):
    filled, ran = (make_world(scope="all") for _ in range(2))
    for world in (filled, ran):
        fill(world.database, world.organisation.tenant, PEOPLE, large=700)

    provision(filled.database, filled.job)
    assert ran.run().state == "succeeded"

    assert len(state(filled)[0]["link"]) == PEOPLE + 1 + 3
    assert state(filled) == state(ran)
    assert filled.run().requests == {"GET": 1}
