"""Scratch databases: what a plan would write of a job's state, or a dry run of the directory, goes to copies, and is
gone with the block.

So a plan is made by the very code of a cycle, and a dry run by that of an import, beside others that write, and neither
can change what the service knows.
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
    "had_link",
    "escrow",
    "quarantine",
    "statistic",
)
_MADE_BY_PLANNING = ("work", "listing", "log_event", "log_facet", "log_frame", "exchange")

_OF_THE_DIRECTORY = ("feed", "source", "extension_property", "object", "object_search")
_OF_SOURCES = ("connected_source", "source_record", "source_member", "source_assignment", "source_run", "member")
_CUT_BY_PURGES = ("assignment", "application_owner")


def scratch_for(database: Database, job: int) -> AbstractContextManager[Database]:
    """The service's database with the state of this job as a copy, all of one moment; the rest can only be read."""
    copies = [("job", "number = ?", (job,)), *((table, "job = ?", (job,)) for table in _OF_THE_JOB)]
    return scratch(database.path, [*copies, *((table, "0", ()) for table in _MADE_BY_PLANNING)])


def scratch_directory(database: Database, tenant: str, *, members: bool) -> AbstractContextManager[Database]:
    """The service's database with the tenant's directory as a copy, all of one moment; the rest can only be read.

    `members`: with the memberships too, which may be many more than all else. Raises DatabaseError for PostgreSQL.
    """
    tables = [*_OF_THE_DIRECTORY, *(["member"] if members else [])]
    return scratch(database.path, [(table, "tenant = ?", (tenant,)) for table in tables])


def scratch_sources(database: Database, tenant: str) -> AbstractContextManager[Database]:
    """The same with memberships, assignments, and all that sources told: for a run of a source that changes nothing."""
    tables = [*_OF_THE_DIRECTORY, *_OF_SOURCES, *_CUT_BY_PURGES]
    return scratch(database.path, [(table, "tenant = ?", (tenant,)) for table in tables])
