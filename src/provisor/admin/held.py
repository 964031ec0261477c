"""What of a job's deletions is held back, or waits: a value, and how it is read."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from provisor.database import Connection
from provisor.engine.brake import Amounts
from provisor.runner.import_lock import LONGEST_WAIT_SECONDS
from provisor.scim.values import Json
from provisor.storage import holds, taken
from provisor.storage.holds import Hold
from provisor.storage.jobs import Job
from provisor.storage.times import from_microseconds

_LONGEST_WAIT = timedelta(seconds=LONGEST_WAIT_SECONDS)


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldShown:
    """What of a job is held until a person decides: `number` accounts and groups, the allowed ones included.

    `taken` counts what was taken away since the last full cycle; `starts`: the job starts by itself; `waits_since`:
    since when what takes access away waits for the end of an import.
    """

    job: str
    hold: Hold | None
    held: Amounts
    allowed: Amounts
    taken: Amounts
    number: int
    starts: bool
    waits_since: datetime | None

    @property
    def waits_until(self) -> datetime | None:
        """When it waits no longer, whatever the import does."""
        return None if self.waits_since is None else self.waits_since + _LONGEST_WAIT

    def to_json(self) -> dict[str, Json]:
        """For another program; times are UTC in ISO 8601, or null."""
        hold = self.hold
        return {
            "job": self.job,
            "since": None if hold is None else _iso(from_microseconds(hold.since)),
            "code": None if hold is None else hold.failure.code,
            "message": None if hold is None else hold.failure.message,
            "hint": None if hold is None else hold.failure.hint,
            "counts": {
                "held": dict(self.held._asdict()),
                "allowed": dict(self.allowed._asdict()),
                "taken": dict(self.taken._asdict()),
            },
            "waitsForImportSince": _iso(self.waits_since),
            "waitsForImportUntil": _iso(self.waits_until),
        }


def held_of(connection: Connection, job: Job) -> HeldShown:
    """What is held of this job."""
    since = taken.waits_since(connection, job.number)
    return HeldShown(
        job=job.id,
        hold=holds.read(connection, job.number),
        held=holds.count(connection, job.number, allowed=False),
        allowed=holds.count(connection, job.number, allowed=True),
        taken=taken.since_full_cycle(connection, job.number),
        number=holds.number(connection, job.number),
        starts=job.schedule_state == "Active",
        waits_since=None if since is None else from_microseconds(since),
    )


def _iso(moment: datetime | None) -> str | None:
    return None if moment is None else moment.strftime("%Y-%m-%dT%H:%M:%SZ")
