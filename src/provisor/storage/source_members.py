"""Who is in a group, as a source says, and what of it the directory has still to follow.

A source may name somebody of whom it has not told yet: that membership waits, and is added in the run in which the
record comes to feed somebody. States are those of migration 0003.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from provisor.database import Connection

TO_ADD: Final = 1
FOLLOWED: Final = 0
WAITS: Final = 2
TO_REMOVE: Final = -1


@dataclass(frozen=True, slots=True)
class SourceEdge:
    """A membership that is to be added or removed, with the objects at both ends where there are any."""

    group_anchor: str
    reference: str
    state: int
    group: str | None
    member: str | None


def replace(
    connection: Connection, tenant: str, source: str, group: str, references: Collection[str], *, read: int
) -> list[str]:
    """These are all members of a group; returns the references that came or went."""
    rows = connection.all(
        "SELECT reference, state FROM source_member WHERE source = ? AND group_anchor = ?", (source, group)
    )
    known = {row[0] for row in rows if row[1] != TO_REMOVE}
    wanted = set(references)
    connection.execute(
        "UPDATE source_member SET seen = ? WHERE source = ? AND group_anchor = ? AND state <> -1", (read, source, group)
    )
    add(connection, tenant, source, group, sorted(wanted - known), read=read)
    remove(connection, source, group, sorted(known - wanted))
    return sorted(wanted ^ known)


def add(connection: Connection, tenant: str, source: str, group: str, references: Iterable[str], *, read: int) -> None:
    """These are members of a group; who is one already stays as he is."""
    connection.many(
        """INSERT INTO source_member (source, group_anchor, reference, tenant, state, seen) VALUES (?,?,?,?,1,?)
        ON CONFLICT (source, group_anchor, reference) DO UPDATE SET seen = excluded.seen,
        state = CASE WHEN state = -1 THEN 1 ELSE state END""",
        ((source, group, reference, tenant, read) for reference in references),
    )


def remove(connection: Connection, source: str, group: str, references: Iterable[str]) -> None:
    """These are no members of a group any more."""
    connection.many(
        "UPDATE source_member SET state = -1 WHERE source = ? AND group_anchor = ? AND reference = ?",
        ((source, group, reference) for reference in references),
    )


def remove_unseen(connection: Connection, source: str, *, read: int) -> None:
    """Memberships of groups that are here, and that the full read of this number did not tell of, are to go."""
    connection.execute(
        """UPDATE source_member SET state = -1 WHERE source = ? AND seen < ? AND state <> -1
        AND EXISTS (SELECT 1 FROM source_record g WHERE g.source = source_member.source
            AND g.anchor = source_member.group_anchor AND g.presence = 'here')""",
        (source, read),
    )


def wake(connection: Connection, source: str, *, references: Collection[str], groups: Collection[str]) -> None:
    """These records, or groups, feed an object that they did not feed before: their memberships are to be added."""
    connection.many(
        "UPDATE source_member SET state = 1 WHERE source = ? AND reference = ? AND state IN (0, 2)",
        ((source, reference) for reference in references),
    )
    connection.many(
        "UPDATE source_member SET state = 1 WHERE source = ? AND group_anchor = ? AND state IN (0, 2)",
        ((source, group) for group in groups),
    )


def to_follow(connection: Connection, source: str, *, limit: int) -> Sequence[SourceEdge]:
    """The first memberships that the directory has not followed: removals before additions.

    A domain takes whom it deletes out of his groups: as long as his deletion is held back, he stays in them here.
    """
    rows = connection.all(
        """SELECT m.group_anchor, m.reference, m.state, g.object,
        (SELECT r.object FROM source_record r WHERE r.source = m.source AND r.reference = m.reference
            AND r.object IS NOT NULL ORDER BY r.presence = 'here' DESC LIMIT 1)
        FROM source_member m LEFT JOIN source_record g ON g.source = m.source AND g.anchor = m.group_anchor
        WHERE m.source = ? AND m.state IN (1, -1) AND NOT (m.state = -1 AND EXISTS (SELECT 1 FROM source_record h
            WHERE h.source = m.source AND h.reference = m.reference AND h.presence = 'leaving'))
        ORDER BY m.state, m.group_anchor, m.reference LIMIT ?""",
        (source, limit),
    )
    return [SourceEdge(row[0], row[1], row[2], row[3], row[4]) for row in rows]


def followed(connection: Connection, source: str, edges: Iterable[SourceEdge], *, state: int) -> None:
    """These are as in the directory now (FOLLOWED), or wait (WAITS)."""
    connection.many(
        "UPDATE source_member SET state = ? WHERE source = ? AND group_anchor = ? AND reference = ?",
        ((state, source, edge.group_anchor, edge.reference) for edge in edges),
    )


def forget(connection: Connection, source: str, edges: Iterable[SourceEdge]) -> None:
    """These are gone from the directory too."""
    connection.many(
        "DELETE FROM source_member WHERE source = ? AND group_anchor = ? AND reference = ? AND state = -1",
        ((source, edge.group_anchor, edge.reference) for edge in edges),
    )


def said_by_others(connection: Connection, source: str, edges: Collection[tuple[str, str]]) -> set[tuple[str, str]]:
    """Of these memberships (objects), those that another source says too."""
    found = set()
    for group, member in edges:
        row = connection.one(
            """SELECT 1 FROM source_record g
            JOIN source_member m ON m.source = g.source AND m.group_anchor = g.anchor AND m.state <> -1
            JOIN source_record r ON r.source = m.source AND r.reference = m.reference AND r.object = ?
            WHERE g.object = ? AND g.source <> ? AND g.presence = 'here' LIMIT 1""",
            (member, group, source),
        )
        if row is not None:
            found.add((group, member))
    return found


def counts(connection: Connection, source: str, groups: Collection[str]) -> dict[str, int]:
    """How many members these groups have, as the source says; of those that have any."""
    marks = ",".join("?" * len(groups))
    rows = connection.all(
        f"""SELECT group_anchor, count(*) FROM source_member WHERE source = ? AND state <> -1
        AND group_anchor IN ({marks}) GROUP BY group_anchor""",
        [source, *groups],
    )
    return {row[0]: int(row[1]) for row in rows}


def references_of(connection: Connection, source: str, group: str, references: Collection[str]) -> set[str]:
    """Of these, those who are in the group of this anchor, as the source says."""
    marks = ",".join("?" * len(references))
    rows = connection.all(
        f"""SELECT reference FROM source_member WHERE source = ? AND group_anchor = ? AND state <> -1
        AND reference IN ({marks})""",
        [source, group, *references],
    )
    return {row[0] for row in rows}
