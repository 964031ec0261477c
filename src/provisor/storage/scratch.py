"""Scratch databases: what a plan would write of a job's state, or a dry run of the directory, goes to copies, and is
gone with the block.

So a plan is made by the very code of a cycle, and a dry run by that of an import, beside others that write, and neither
can change what the service knows.
"""

from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager
from typing import NamedTuple

import msgspec

from provisor.database import Connection, Database
from provisor.database.sqlite_scratch import scratch
from provisor.directory.objects import DirectoryKind, DirectoryValue

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
_FOLLOWED = ("member", "assignment", "application_owner")  # what a run of a source writes besides
_OF_SOURCES = ("connected_source", "source_record", "source_member", "source_assignment")


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


def scratch_source(database: Database, tenant: str, source: str) -> AbstractContextManager[Database]:
    """The service's database with the tenant's directory and what this source told as copies, all of one moment.

    Raises DatabaseError for PostgreSQL.
    """
    directory = [(table, "tenant = ?", (tenant,)) for table in (*_OF_THE_DIRECTORY, *_FOLLOWED)]
    told = [(table, "tenant = ?", (tenant,)) for table in _OF_SOURCES]
    return scratch(database.path, [*directory, *told, ("source_run", "source = ?", (source,))])


class ObjectDifference(NamedTuple):
    """An object as a scratch database has it, and as it is in the directory (None: not there)."""

    id: str
    kind: DirectoryKind
    name: str
    before: Mapping[str, DirectoryValue] | None
    after: Mapping[str, DirectoryValue]
    was_gone: bool
    is_gone: bool
    manager_differs: bool


def differences(connection: Connection, tenant: str, *, since: int) -> Iterator[ObjectDifference]:
    """The objects of a scratch database that changed after this change number, by kind and name."""
    rows = connection.stream(
        """SELECT m.id, m.kind, m.name, o.attributes, m.attributes, o.deleted_at IS NOT NULL OR o.purged_at IS NOT NULL,
        m.deleted_at IS NOT NULL OR m.purged_at IS NOT NULL, m.manager IS NOT o.manager
        FROM main.object m LEFT JOIN other.object o ON o.id = m.id
        WHERE m.tenant = ? AND m.change > ? ORDER BY m.kind DESC, m.folded_name, m.id""",
        (tenant, since),
    )
    for row in rows:
        before = None if row[3] is None else msgspec.json.decode(row[3])
        yield ObjectDifference(
            row[0], row[1], row[2], before, msgspec.json.decode(row[4]), bool(row[5]), bool(row[6]), bool(row[7])
        )
