"""Who had an account when the links of a job were forgotten, and which.

Whoever gets a new one now had one already; and the account of who is not wanted any more is looked for by nobody, so
that it would stay in use. Noted by a restart that forgets links, and forgotten once a cycle has been through with
everybody.
"""

from collections.abc import Sequence

from provisor.database import Connection
from provisor.engine.brake import Amounts
from provisor.engine.record import Kind
from provisor.storage.links import NOBODY_KNOWS, StoredLink


def note(connection: Connection, job: int) -> None:
    """Everybody who is linked now; before the links go."""
    connection.execute(
        """INSERT INTO had_link (job, object, kind, target_id, document)
        SELECT job, object, kind, target_id, pushed_document FROM link WHERE job = ? AND state = 'linked'
        ON CONFLICT (job, object) DO UPDATE SET target_id = excluded.target_id, document = excluded.document""",
        (job,),
    )


def anybody(connection: Connection, job: int) -> bool:
    """Whether there is anybody."""
    return connection.one("SELECT 1 FROM had_link WHERE job = ? LIMIT 1", (job,)) is not None


def former(connection: Connection, job: int, kind: Kind, objects: Sequence[str]) -> dict[str, StoredLink]:
    """The links that these had, of accounts of which nobody knows what they hold now; without those of an account that
    is somebody else's by now, or is to be.
    """
    if not objects:
        return {}
    marks = ",".join("?" * len(objects))
    rows = connection.all(
        f"""SELECT h.object, h.target_id, h.document FROM had_link h WHERE h.job = ? AND h.kind = ?
        AND h.object IN ({marks})
        AND NOT EXISTS (SELECT 1 FROM link l WHERE l.job = h.job AND l.kind = h.kind AND l.target_id = h.target_id)
        AND NOT EXISTS (SELECT 1 FROM operation o WHERE o.job = h.job AND o.object_kind = h.kind
            AND o.target_id = h.target_id AND o.kind = 'link')""",
        (job, kind, *objects),
    )
    return {
        object_id: StoredLink(
            target_id=target_id,
            state="linked",
            wanted_hash=NOBODY_KNOWS,
            pushed_hash=NOBODY_KNOWS,
            pushed_document=document,
        )
        for object_id, target_id, document in rows
    }


def forget(connection: Connection, job: int) -> int:
    """They are matched, or may have new accounts; returns how many there were."""
    return connection.execute("DELETE FROM had_link WHERE job = ?", (job,)).rowcount


def count(connection: Connection, job: int) -> Amounts:
    """How many there are."""
    return _amounts(connection, "SELECT count(*) FROM had_link WHERE job = ? AND kind = ?", job)


def count_unlinked(connection: Connection, job: int) -> Amounts:
    """How many of them have no link yet."""
    return _amounts(
        connection,
        """SELECT count(*) FROM had_link h WHERE h.job = ? AND h.kind = ?
        AND NOT EXISTS (SELECT 1 FROM link l WHERE l.job = h.job AND l.object = h.object)""",
        job,
    )


def count_created(connection: Connection, job: int) -> Amounts:
    """For how many of them an account or group is planned to be created."""
    return _amounts(
        connection,
        """SELECT count(*) FROM had_link h CROSS JOIN operation o WHERE h.job = ? AND h.kind = ? AND o.job = h.job
        AND o.stage = 1 AND o.object = h.object AND o.kind = 'create' AND o.state = 'planned'""",
        job,
    )


def _amounts(connection: Connection, statement: str, job: int) -> Amounts:
    users, groups = (connection.one(statement, (job, kind)) for kind in ("user", "group"))
    return Amounts(0 if users is None else int(users[0]), 0 if groups is None else int(groups[0]))
