"""What the provisioning log holds of one cycle, as facts and in the order of time: for summaries and lists of a cycle.

Only reads. Ids follow time, so a cycle's events come after the cycle's own id; they are read from a day before it
on, in case the clock was set back. Order: the line, reading.
"""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from provisor.database import Connection
from provisor.engine.log_event import Facts, LoggedAction, Status, decode
from provisor.storage import exchanges
from provisor.storage.cycles import Cycle

PAGE = 500
_MILLISECONDS_A_DAY = 86_400_000


class Line(NamedTuple):
    """One event."""

    action: LoggedAction
    status: Status
    code: str | None
    source_id: str | None
    name: str
    target_id: str | None
    facts: Facts
    id: str = ""


def of_cycle(
    connection: Connection,
    job: int,
    cycle: Cycle,
    statuses: Sequence[Status] = ("success", "warning", "failure", "skipped"),
) -> Iterator[Line]:
    """The cycle's events with one of these outcomes, oldest first; pages keep memory flat."""
    marks = ", ".join("?" * len(statuses))
    statement = f"""SELECT id, action, status, code, source_id, name, target_id, document FROM log_event
        WHERE job = ? AND id > ? AND cycle = ? AND status IN ({marks}) ORDER BY id LIMIT ?"""
    last = _a_day_before(cycle.id)
    while True:
        rows = connection.all(statement, (job, last, cycle.id, *statuses, PAGE))
        for _, action, status, code, source_id, name, target_id, facts in rows:
            yield Line(action, status, code, source_id, name or "", target_id, decode(facts))
        if len(rows) < PAGE:
            return
        last = rows[-1][0]


def of_object(connection: Connection, cycle: str, object_id: str) -> list[Line]:
    """What a cycle's events, or those of a run on demand, tell of one object, oldest first."""
    rows = connection.all(
        """SELECT id, action, status, code, source_id, name, target_id, document FROM log_event
        WHERE cycle = ? AND source_id = ?""",
        (cycle, object_id),
    )
    kept = exchanges.of_events(connection, [row[0] for row in rows])
    found = []
    for event, action, status, code, source_id, name, target_id, text in sorted(rows):
        facts = decode(text)
        facts.sent = kept.get(event, facts.sent)
        found.append(Line(action, status, code, source_id, name or "", target_id, facts, event))
    return found


def _a_day_before(key: str) -> str:
    """The beginning of an id (database.identifiers) that was made a day before this one."""
    milliseconds = int(key[:8] + key[9:13], 16) - _MILLISECONDS_A_DAY
    text = f"{max(milliseconds, 0):012x}"
    return f"{text[:8]}-{text[8:]}"
