"""A scratch database for planning: what a plan would write of a job's state goes to copies, and is gone with the block.

So a plan is made by the very code of a cycle, beside one that runs, and cannot change what the job knows.
"""

from contextlib import AbstractContextManager

from provisor.database import Database
from provisor.database.sqlite_scratch import scratch

_OF_THE_JOB = (
    "cycle",
    "ruleset",
    "link",
    "member_link",
    "member_taken",
    "waiting",
    "operation",
    "unknown_create",
    "once_linked",
    "escrow",
    "quarantine",
    "statistic",
)
_MADE_BY_PLANNING = ("work", "listing", "log_event", "log_facet", "log_frame", "exchange")


def scratch_for(database: Database, job: int) -> AbstractContextManager[Database]:
    """The service's database with the state of this job as a copy, all of one moment; the rest can only be read."""
    copies = [("job", "number = ?", (job,)), *((table, "job = ?", (job,)) for table in _OF_THE_JOB)]
    return scratch(database.path, [*copies, *((table, "0", ()) for table in _MADE_BY_PLANNING)])
