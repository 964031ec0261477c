"""Who is assigned to a mirrored application, as a source says."""

from collections.abc import Iterable, Sequence

from provisor.database import Connection


def replace(
    connection: Connection, tenant: str, source: str, application: str, assigned: Iterable[tuple[str, str]]
) -> None:
    """These pairs of reference and role are all assignments of an application."""
    rows = connection.all(
        "SELECT reference, role FROM source_assignment WHERE source = ? AND application = ?", (source, application)
    )
    known, wanted = {(row[0], row[1]) for row in rows}, set(assigned)
    connection.many(
        "INSERT INTO source_assignment (source, application, reference, role, tenant) VALUES (?, ?, ?, ?, ?)",
        ((source, application, reference, role, tenant) for reference, role in sorted(wanted - known)),
    )
    connection.many(
        "DELETE FROM source_assignment WHERE source = ? AND application = ? AND reference = ? AND role = ?",
        ((source, application, reference, role) for reference, role in sorted(known - wanted)),
    )


def objects_assigned(connection: Connection, source: str, application: str) -> Sequence[tuple[str, str, str]]:
    """(object, its kind, role value) of everybody assigned whose record feeds somebody."""
    rows = connection.all(
        """SELECT r.object, r.kind, a.role FROM source_assignment a
        JOIN source_record r ON r.source = a.source AND r.reference = a.reference AND r.object IS NOT NULL
        WHERE a.source = ? AND a.application = ? AND r.presence <> 'gone'""",
        (source, application),
    )
    return [(row[0], row[1], row[2]) for row in rows]
