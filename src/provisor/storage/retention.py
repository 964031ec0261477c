"""What is kept for how long: events of both logs by age, cycles and rule sets by number. Removed in short steps.

The newest event of the provisioning log stays whatever its age, because a tail goes by numbers, which must not come
again. Of cycles stay those that a status or the next cycle asks for; of rule sets those that a cycle that is left was
made by. Order: the settings, a step of each.
"""

from typing import Final

import msgspec

from provisor.database import Connection
from provisor.storage import cycles, tenants
from provisor.storage.statistics import MICROSECONDS_A_DAY

STEP = 1_000  # rows in one transaction: some milliseconds
_NAME = "retention"
FOR_EVER: Final = 0


class Retention(msgspec.Struct, frozen=True, kw_only=True):
    """How many days of either log, and how many cycles and rule sets of every job; 0 is for ever."""

    log_days: int = 30  # as Entra's with a premium licence
    audit_days: int = 365
    cycles: int = 1_000
    rule_sets: int = 100


def read(connection: Connection, tenant: str) -> Retention:
    """What is set, or the defaults."""
    text = tenants.setting(connection, tenant, _NAME)
    return Retention() if text is None else msgspec.json.decode(text, type=Retention)


def save(connection: Connection, tenant: str, retention: Retention) -> None:
    """Keep for so long from now on."""
    tenants.save_setting(connection, tenant, _NAME, msgspec.json.encode(retention).decode())


def remove_events(connection: Connection, tenant: str, retention: Retention, now: int) -> int:
    """A step through the provisioning log; returns how many events were removed, 0 when it is done."""
    if retention.log_days == FOR_EVER:
        return 0
    before, found = now - retention.log_days * MICROSECONDS_A_DAY, list[tuple[object, ...]]()
    for (facet,) in connection.all("SELECT id FROM log_facet WHERE tenant = ?", (tenant,)):
        found += connection.all(
            """SELECT number FROM log_event WHERE facet = ? AND at < ? AND number < (SELECT max(number) FROM log_event)
            ORDER BY at, id LIMIT ?""",
            (facet, before, STEP - len(found)),
        )
        if len(found) >= STEP:
            break
    connection.many("DELETE FROM log_event WHERE number = ?", found)
    return len(found)


def remove_audit_events(connection: Connection, tenant: str, retention: Retention, now: int) -> int:
    """A step through the audit log."""
    if retention.audit_days == FOR_EVER:
        return 0
    before = now - retention.audit_days * MICROSECONDS_A_DAY
    found = connection.all(
        "SELECT id FROM audit_event WHERE tenant = ? AND at < ? ORDER BY at, id LIMIT ?", (tenant, before, STEP)
    )
    connection.many("DELETE FROM audit_event WHERE id = ?", found)
    return len(found)


def remove_cycles(connection: Connection, tenant: str, retention: Retention) -> int:
    """A step through the cycles of every job: what is over, and neither among the newest nor asked for."""
    if retention.cycles == FOR_EVER:
        return 0
    removed = 0
    for (job,) in connection.all("SELECT number FROM job WHERE tenant = ?", (tenant,)):
        wanted = cycles.landmarks(connection, job)
        marks = ",".join("?" * len(wanted))
        found = connection.all(
            f"""SELECT job, n FROM cycle WHERE job = ? AND n <= (SELECT max(n) FROM cycle WHERE job = ?) - ?
            AND phase = 'done' AND n NOT IN ({marks}) ORDER BY n LIMIT ?""",
            (job, job, retention.cycles, *wanted, STEP),
        )
        connection.many("DELETE FROM cycle WHERE job = ? AND n = ?", found)
        removed += len(found)
    return removed


def remove_rule_sets(connection: Connection, tenant: str, retention: Retention) -> int:
    """A step through the rule sets of every job: those that no cycle was made by, and that are not among the newest."""
    if retention.rule_sets == FOR_EVER:
        return 0
    removed = 0
    for job, version in connection.all("SELECT number, ruleset_version FROM job WHERE tenant = ?", (tenant,)):
        found = connection.all(
            """SELECT job, version FROM ruleset WHERE job = ? AND version <= ?
            AND version NOT IN (SELECT ruleset_version FROM cycle WHERE job = ?) ORDER BY version LIMIT ?""",
            (job, version - retention.rule_sets, job, STEP),
        )
        connection.many("DELETE FROM ruleset WHERE job = ? AND version = ?", found)
        removed += len(found)
    return removed
