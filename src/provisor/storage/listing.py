"""What the target said it holds, read page by page when that is cheaper than one look-up for each object.

Filled at the start of matching, asked by value, emptied with the cycle. Values are folded (scim.values.fold), because
targets compare matching attributes without case; for exact case the document is checked again.
"""

from collections.abc import Iterable, Sequence

from provisor.database import Connection
from provisor.engine.record import Kind

# job, kind, path, folded value, target id, document as JSON text
ListingRow = tuple[int, Kind, str, str, str, str]


def add(connection: Connection, rows: Iterable[ListingRow]) -> None:
    """Keep one page of the target's resources under their matching values."""
    connection.many(
        """INSERT INTO listing (job, kind, path, folded_value, target_id, document) VALUES (?,?,?,?,?,?)
        ON CONFLICT (job, kind, path, folded_value, target_id) DO UPDATE SET document = excluded.document""",
        rows,
    )


def find(
    connection: Connection, *, job: int, kind: Kind, path: str, folded: Sequence[str]
) -> dict[str, list[tuple[str, str]]]:
    """(target id, document) of every resource listed under each of these folded values; absent ones are left out."""
    found: dict[str, list[tuple[str, str]]] = {}
    if folded:
        marks = ",".join("?" * len(folded))
        rows = connection.all(
            f"""SELECT folded_value, target_id, document FROM listing
            WHERE job = ? AND kind = ? AND path = ? AND folded_value IN ({marks})""",
            (job, kind, path, *folded),
        )
        for value, target_id, document in rows:
            found.setdefault(value, []).append((target_id, document))
    return found


def clear(connection: Connection, job: int, kind: Kind | None = None) -> None:
    """Forget what was listed for the job, of one kind or of all."""
    connection.execute("DELETE FROM listing WHERE job = ? AND kind = coalesce(?, kind)", (job, kind))
