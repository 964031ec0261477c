"""Statistics to date: what cycles did is counted once with the events that tell it, and no number ever shrinks."""

from datetime import UTC, datetime

import pytest

from provisor.admin.status import status_of
from provisor.storage import cycles, jobs, links, log, resets, statistics
from provisor.storage.log import LogRow
from provisor.storage.statistics import StatisticKey


def counted(world):
    """(kind, action, status) and how many."""
    found = {}
    for key, number in statistics.to_date(world.database.reader(), world.job.number):
        told = (key.kind, key.action, key.status)
        found[told] = found.get(told, 0) + number
    return found


def in_the_log(world):
    found = {}
    for event in world.events():
        told = (
            {"Group": "group", "User": "user"}[event.document["sourceIdentity"]["identityType"]],
            event.action,
            event.status,
        )
        found[told] = found.get(told, 0) + 1
    return found


def ever(world):
    reader = world.database.reader()
    return tuple(links.count_ever(reader, world.job.number, kind) for kind in ("user", "group"))


@pytest.fixture
def staffed(world):
    """Two people in an assigned group, provisioned."""
    org = world.organisation
    org.users(["anna@x.example", "bo@x.example"])
    org.group("Staff", ["anna@x.example", "bo@x.example"])
    org.assign("Staff", kind="group")
    world.run()
    return world


def test_section_16_1_what_is_counted_is_what_the_log_holds(staffed):
    staffed.organisation.unassign("Staff", kind="group")
    staffed.run()

    assert counted(staffed) == in_the_log(staffed)
    assert counted(staffed)["user", "create", "success"] == 2


def test_statistics_stay_when_the_log_is_emptied(staffed):
    before = counted(staffed)

    with staffed.database.transaction() as connection:
        connection.execute("DELETE FROM log_event")

    assert counted(staffed) == before != {}


def test_a_transaction_that_is_undone_counts_nothing(world):
    row = LogRow(
        "id-1", world.organisation.tenant, world.job.number, "c", 1, "create", "success", None, "s", "a", None, "{}"
    )
    with pytest.raises(ZeroDivisionError), world.database.transaction() as connection:
        log.append(connection, [row])
        raise ZeroDivisionError

    assert counted(world) == {}


def test_days_are_counted_apart_and_together(world):
    row = LogRow(
        "id", world.organisation.tenant, world.job.number, "c", 0, "create", "success", None, "s", "a", None, "{}"
    )
    for number, day in enumerate((5, 5, 6, 8)):
        with world.database.transaction() as connection:
            log.append(connection, [row._replace(id=f"id-{number}", at=day * statistics.MICROSECONDS_A_DAY + 7)])

    reader, job = world.database.reader(), world.job.number
    key = StatisticKey(job, 5, "user", "create", "success", "")
    assert statistics.of_days(reader, job, 5, 6) == [(key, 2), (key._replace(day=6), 1)]
    assert statistics.to_date(reader, job) == [(key, 4)]


def test_section_16_1_who_was_ever_in_scope_is_counted_once(staffed):
    """A group is deleted when it is unassigned, and made anew when it comes back."""
    first = ever(staffed)
    staffed.organisation.unassign("Staff", kind="group")
    staffed.run()
    gone = ever(staffed)
    staffed.organisation.assign("Staff", kind="group")
    staffed.run()

    assert (first, gone, ever(staffed)) == ((2, 1), (2, 1), (2, 1))


def test_section_16_1_somebody_deleted_for_good_is_still_counted(staffed):
    staffed.purge("anna@x.example")
    staffed.run()
    status = status_of(
        staffed.database.reader(), staffed.job, held=lambda: False, served=lambda: False, now=datetime.now(UTC)
    )

    assert (ever(staffed), status.entries["User to User"]) == ((2, 1), 2)


def test_section_16_1_counting_begins_anew_when_links_are_forgotten(staffed):
    staffed.purge("anna@x.example")
    staffed.run()
    with staffed.database.transaction() as connection:
        resets.forget_links(connection, staffed.job.number)
        resets.forget_position(connection, staffed.job.number, now=datetime.now(UTC))
    empty = ever(staffed)
    staffed.run()

    assert (empty, ever(staffed)) == ((0, 0), (1, 1))


def test_section_16_3_the_last_successful_execution_is_told_however_long_ago_it_was(staffed):
    newest = staffed.cycles()[0]
    with staffed.database.transaction() as connection:
        for n in range(newest.n + 1, newest.n + 121):
            failed = {name: getattr(newest, name) for name in newest.__slots__} | {
                "n": n,
                "id": f"c-{n}",
                "state": "failed",
            }
            cycles.add(connection, staffed.job.number, cycles.Cycle(**failed))
    job = jobs.read(staffed.database.reader(), staffed.job.number)

    status = status_of(staffed.database.reader(), job, held=lambda: False, served=lambda: False, now=datetime.now(UTC))

    assert status.failures_in_a_row == 120
    assert (status.last_successful.cycle.n, status.last_with_exports.cycle.n) == (newest.n, newest.n)
