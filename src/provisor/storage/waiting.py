"""Who must be looked at again once somebody else has an account: late members and late managers.

A row says: `object` needs `waits_for` at the target before its `attribute` (`members`, or a reference such as manager)
can be written. Rows become work in the very cycle in which `waits_for` is linked (explanation/settled-cases.md section
*References*).
"""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from provisor.database import Connection
from provisor.engine.behaviour import NestedGroups
from provisor.engine.record import Kind
from provisor.storage import wanted_members
from provisor.storage.member_links import READY


def anything(connection: Connection, job: int) -> bool:
    """Whether anyone waits at all; most cycles need not look further."""
    return connection.one("SELECT 1 FROM waiting WHERE job = ? LIMIT 1", (job,)) is not None


def replace_references(connection: Connection, job: int, wanted: Iterable[tuple[str, str, str | None]]) -> None:
    """For each (object, attribute, waits_for): the reference is needed; None when there is nothing to write."""
    rows = list(wanted)
    connection.many(
        "DELETE FROM waiting WHERE job = ? AND object = ? AND attribute = ?",
        ((job, object_id, attribute) for object_id, attribute, _ in rows),
    )
    needed = [(job, waits_for, object_id, attribute) for object_id, attribute, waits_for in rows if waits_for]
    connection.many(
        "INSERT INTO waiting (job, waits_for, object, attribute) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING", needed
    )
    connection.many(
        "INSERT INTO work (job, kind, object) VALUES (?, 'references', ?) ON CONFLICT DO NOTHING",
        ((job, object_id) for _, _, object_id, _ in needed),
    )


def wake(connection: Connection, job: int, entering: Iterable[str]) -> None:
    """These people are about to be linked: turn what waited for them into pending memberships and work."""
    for person in entering:
        connection.execute(
            """INSERT INTO member_link (job, group_id, member_id, pushed, pending)
            SELECT w.job, w.object, w.waits_for, 0, 1 FROM waiting w
            JOIN link g ON g.job = w.job AND g.object = w.object AND g.state = 'linked'
            WHERE w.job = ? AND w.waits_for = ? AND w.attribute = 'members'
            ON CONFLICT (job, group_id, member_id) DO UPDATE SET
            pending = CASE member_link.pushed WHEN 1 THEN 0 ELSE 1 END""",
            (job, person),
        )
        connection.execute(
            """INSERT INTO work (job, kind, object)
            SELECT w.job, CASE w.attribute WHEN 'members' THEN 'members' ELSE 'references' END, w.object FROM waiting w
            WHERE w.job = ? AND w.waits_for = ? ON CONFLICT DO NOTHING""",
            (job, person),
        )
        connection.execute(
            """DELETE FROM waiting WHERE job = ? AND waits_for = ? AND attribute = 'members'
            AND EXISTS (SELECT 1 FROM link g WHERE g.job = waiting.job AND g.object = waiting.object
                AND g.state = 'linked')""",
            (job, person),
        )


def who_refer_to(connection: Connection, job: int, people: Sequence[str]) -> list[str]:
    """Everyone who waits to refer to one of these people."""
    if not people:
        return []
    marks = ",".join("?" * len(people))
    rows = connection.all(
        f"SELECT DISTINCT object FROM waiting WHERE job = ? AND waits_for IN ({marks}) AND attribute <> 'members'",
        (job, *people),
    )
    return [row[0] for row in rows]


def all_references(connection: Connection, job: int) -> None:
    """Put everyone who waits for a reference into the work set (a full evaluation looks at all of them)."""
    connection.execute(
        """INSERT INTO work (job, kind, object) SELECT DISTINCT w.job, 'references', w.object FROM waiting w
        WHERE w.job = ? AND w.attribute <> 'members' ON CONFLICT DO NOTHING""",
        (job,),
    )


def writable_references(connection: Connection, job: int, object_id: str) -> list[tuple[str, str]]:
    """(attribute, waits_for) of the object's references both ends of which are linked or about to be."""
    rows = connection.all(
        f"""SELECT w.attribute, w.waits_for FROM waiting w
        WHERE w.job = ? AND w.object = ? AND w.attribute <> 'members'
        AND {READY.format(job="w.job", object="w.object")} AND {READY.format(job="w.job", object="w.waits_for")}
        ORDER BY w.attribute""",
        (job, object_id),
    )
    return [(attribute, waits_for) for attribute, waits_for in rows]


class Reference(NamedTuple):
    """One reference of an object. `target_id` is that of the account it leads to, which is `linked` or was once."""

    attribute: str
    waits_for: str
    target_id: str | None
    linked: bool


def references(connection: Connection, job: int, object_id: str) -> list[Reference]:
    """The object's references that are to be written."""
    rows = connection.all(
        """SELECT w.attribute, w.waits_for, l.target_id, l.state FROM waiting w
        LEFT JOIN link l ON l.job = w.job AND l.object = w.waits_for
        WHERE w.job = ? AND w.object = ? AND w.attribute <> 'members' ORDER BY w.attribute""",
        (job, object_id),
    )
    return [Reference(row[0], row[1], row[2], row[3] == "linked") for row in rows]


def unwritable_references(connection: Connection, job: int, objects: Sequence[str]) -> dict[str, list[Reference]]:
    """Of these objects, those that are at the target or about to be, and lead to somebody who is not."""
    if not objects:
        return {}
    rows = connection.all(
        f"""SELECT w.object, w.attribute, w.waits_for, l.target_id FROM waiting w
        LEFT JOIN link l ON l.job = w.job AND l.object = w.waits_for
        WHERE w.job = ? AND w.object IN ({",".join("?" * len(objects))}) AND w.attribute <> 'members'
        AND {READY.format(job="w.job", object="w.object")} AND NOT {READY.format(job="w.job", object="w.waits_for")}
        ORDER BY w.object, w.attribute""",
        (job, *objects),
    )
    found: dict[str, list[Reference]] = {}
    for object_id, attribute, waits_for, target_id in rows:
        found.setdefault(object_id, []).append(Reference(attribute, waits_for, target_id, False))
    return found


def written(connection: Connection, job: int, rows: Iterable[tuple[str, str]]) -> None:
    """These (object, attribute) references are at the target now."""
    connection.many(
        "DELETE FROM waiting WHERE job = ? AND object = ? AND attribute = ?",
        ((job, object_id, attribute) for object_id, attribute in rows),
    )


def refer_again(connection: Connection, job: int, people: Sequence[str], attributes: Sequence[str]) -> None:
    """The accounts of these people are lost: everyone who refers to one by these attributes waits for another."""
    connection.many(
        """INSERT INTO waiting (job, waits_for, object, attribute)
        SELECT l.job, o.manager, o.id, ? FROM object o CROSS JOIN link l
        WHERE l.job = ? AND l.object = o.id AND o.manager = ? ON CONFLICT DO NOTHING""",
        ((attribute, job, person) for attribute in attributes for person in people),
    )


def follow(
    connection: Connection,
    job: int,
    kind: Kind,
    objects: Sequence[str],
    references: Sequence[str],
    nested: NestedGroups,
) -> None:
    """The accounts of these have other ids than were known: memberships and `references` are sent again with them."""
    for object_id in objects:
        wanted_members.doubt_account(connection, job, kind, object_id, nested)
    if kind == "user" and references:
        refer_again(connection, job, objects, references)
        wake(connection, job, objects)


def forget(connection: Connection, job: int, objects: Iterable[str]) -> None:
    """These objects are gone from the target: nothing of theirs is to be written any more."""
    connection.many("DELETE FROM waiting WHERE job = ? AND object = ?", ((job, object_id) for object_id in objects))
