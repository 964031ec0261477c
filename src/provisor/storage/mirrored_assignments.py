"""Assignments that a source makes: as it has them, beside those made by hand, which it never takes away.

Facts: explanation/settled-cases.md section *What a source masters*.
"""

from collections.abc import Callable, Sequence, Set
from dataclasses import dataclass
from datetime import datetime

from provisor.database import Connection
from provisor.database.identifiers import new_id
from provisor.storage.times import to_microseconds


@dataclass(frozen=True, slots=True)
class Mirrored:
    """How many assignments of a source came and went."""

    added: int
    removed: int


def mirror_assignments(
    connection: Connection,
    tenant: str,
    *,
    source: str,
    application: str,
    wanted: Set[tuple[str, str]],
    now: datetime,
    change: Callable[[], int],
) -> Mirrored:
    """Make the assignments of a source those that are wanted: pairs of the ids of a principal and an app role.

    One made by hand, or by another source, is left as it is. `change` gives the number of this transaction, and is
    asked only where something changes. Principals that the directory does not have alive are passed over; those of
    somebody in the recycle bin stay, as those made by hand do.
    """
    rows = connection.all(
        "SELECT principal, role, source FROM assignment WHERE application = ? AND removed_at IS NULL", (application,)
    )
    held = {(row[0], row[1]): row[2] for row in rows}
    gone = sorted(pair for pair, by in held.items() if by == source and pair not in wanted)
    fresh = _of_people_there(connection, tenant, sorted(pair for pair in wanted if pair not in held))
    at = to_microseconds(now)
    if gone:
        number = change()
        connection.many(
            "UPDATE assignment SET removed_at = ?, change = ? WHERE principal = ? AND application = ? AND role = ?",
            ((at, number, principal, application, role) for principal, role in gone),
        )
    if fresh:
        number = change()
        connection.many(
            """INSERT INTO assignment
            (id, tenant, application, principal, principal_kind, role, created_at, change, source)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (principal, application, role)
            DO UPDATE SET removed_at = NULL, created_at = excluded.created_at, change = excluded.change,
            source = excluded.source""",
            (
                (new_id(), tenant, application, principal, kind, role, at, number, source)
                for principal, role, kind in fresh
            ),
        )
    return Mirrored(len(fresh), len(gone))


def leave_to_hand(connection: Connection, source: str) -> None:
    """What a source assigned stays, from now on as if it had been made by hand."""
    connection.execute("UPDATE assignment SET source = NULL WHERE source = ? AND removed_at IS NULL", (source,))


def made_by_source(
    connection: Connection, application: str, principals: Sequence[str], role: str | None
) -> tuple[str, str] | None:
    """Of the assignments of these users and groups, in one role or all, one that a source made: whose, and which."""
    row = connection.one(
        f"""SELECT o.name, f.name FROM assignment a JOIN source f ON f.id = a.source JOIN object o ON o.id = a.principal
        WHERE a.application = ? AND a.principal IN ({",".join("?" * len(principals))}) AND a.removed_at IS NULL
        AND a.role = coalesce(?, a.role) LIMIT 1""",
        (application, *principals, role),
    )
    return None if row is None else (row[0], row[1])


def _of_people_there(connection: Connection, tenant: str, pairs: list[tuple[str, str]]) -> list[tuple[str, str, str]]:
    """Those pairs whose user or group is alive, with its kind."""
    found = list[tuple[str, str, str]]()
    for principal, role in pairs:
        row = connection.one(
            "SELECT kind FROM object WHERE tenant = ? AND id = ? AND deleted_at IS NULL AND purged_at IS NULL",
            (tenant, principal),
        )
        if row is not None:
            found.append((principal, role, row[0]))
    return found
