"""The request and the answer behind each failure and each quarantine, kept for a time that the job's settings say.

Redacted and bounded when they were captured; never a secret (connectors.capture, engine.redaction). One a log event.
Order: keeping, reading, sweeping.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import timedelta

import msgspec

from provisor.database import Connection
from provisor.engine.log_event import Sent
from provisor.scim.values import Json
from provisor.storage import clock
from provisor.storage.jobs import Job

SETTING = "keepExchangesDays"
DEFAULT_DAYS = 30
SWEPT_AT_ONCE = 1_000  # what is left goes with the next cycle
_A_DAY = timedelta(days=1) // timedelta(microseconds=1)
_AT_ONCE = 500

_decode = msgspec.json.Decoder(Sent).decode


def keep(connection: Connection, rows: Iterable[tuple[str, int, int, str]]) -> None:
    """(event, job, at, exchange as JSON text)."""
    connection.many("INSERT INTO exchange (event, job, at, document) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING", rows)


def of_events(connection: Connection, events: Sequence[str]) -> dict[str, Sent]:
    """What is still kept of these events."""
    found: dict[str, Sent] = {}
    for start in range(0, len(events), _AT_ONCE):
        part = events[start : start + _AT_ONCE]
        marks = ",".join("?" * len(part))
        rows = connection.all(f"SELECT event, document FROM exchange WHERE event IN ({marks})", tuple(part))
        found.update((row[0], _decode(row[1])) for row in rows)
    return found


def job_of(connection: Connection, event: str) -> int | None:
    """The number of the job whose failure this event is about, if its exchange is kept."""
    row = connection.one("SELECT job FROM exchange WHERE event = ?", (event,))
    return None if row is None else int(row[0])


def days(settings: Mapping[str, Json]) -> int:
    """How long a job keeps them."""
    stored = settings.get(SETTING)
    return stored if isinstance(stored, int) else DEFAULT_DAYS


def sweep(connection: Connection, job: Job, at: int) -> None:
    """Forget some that are older than the job keeps them; none while the clock is doubted."""
    if clock.doubt(connection, job.tenant) is None:
        connection.execute(
            """DELETE FROM exchange WHERE event IN (
                SELECT event FROM exchange WHERE job = ? AND at < ? ORDER BY at LIMIT ?)""",
            (job.number, at - days(job.settings) * _A_DAY, SWEPT_AT_ONCE),
        )
