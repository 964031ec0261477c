"""Removes what was kept for long enough, in steps of a transaction each, so that nobody waits for it.

What goes by age stays while the clock is doubted (storage.clock): a clock that is years ahead for a minute would empty
both logs. Deleted objects and tombstones are looked after by cycles too; here for a directory without jobs.
"""

from collections import Counter
from collections.abc import Callable
from datetime import datetime

from provisor.database import Connection, Database
from provisor.storage import clock, directory_verbs, jobs, retention, tombstones
from provisor.storage.times import to_microseconds

Sweep = Callable[[Connection, datetime], int]


def sweep(
    database: Database, tenant: str, *, now: Callable[[], datetime], stopping: Callable[[], bool] = lambda: False
) -> Counter[str]:
    """Remove everything that is due; returns how much of what. Blocks for as long as that takes: not for a loop."""
    steps = _steps(tenant)
    removed: Counter[str] = Counter()
    for name, step in steps.items():
        while not stopping():
            with database.transaction() as connection:
                number = step(connection, now())
            if number == 0:
                break
            removed[name] += number
    return removed


def _steps(tenant: str) -> dict[str, Sweep]:
    """What is removed, in this order."""

    def events(connection: Connection, moment: datetime) -> int:
        return retention.remove_events(connection, tenant, retention.read(connection, tenant), to_microseconds(moment))

    def audit(connection: Connection, moment: datetime) -> int:
        kept = retention.read(connection, tenant)
        return retention.remove_audit_events(connection, tenant, kept, to_microseconds(moment))

    def cycles(connection: Connection, moment: datetime) -> int:
        return retention.remove_cycles(connection, tenant, retention.read(connection, tenant))

    def rule_sets(connection: Connection, moment: datetime) -> int:
        return retention.remove_rule_sets(connection, tenant, retention.read(connection, tenant))

    def expired(connection: Connection, moment: datetime) -> int:
        return directory_verbs.purge_expired(connection, tenant, now=moment)

    def gone(connection: Connection, moment: datetime) -> int:
        passed = jobs.lowest_watermark(connection, tenant)
        return 0 if passed is None else tombstones.clean(connection, tenant, passed, now=moment)

    return {
        "events": _by_age(tenant, events),
        "auditEvents": _by_age(tenant, audit),
        "cycles": cycles,
        "ruleSets": rule_sets,
        "deletedObjects": _by_age(tenant, expired),
        "tombstones": _by_age(tenant, gone),
    }


def _by_age(tenant: str, step: Sweep) -> Sweep:
    """The same while the clock is believed; else nothing."""

    def believed(connection: Connection, moment: datetime) -> int:
        return 0 if clock.observe(connection, tenant, now=moment) is not None else step(connection, moment)

    return believed
