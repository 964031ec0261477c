"""Who had an account when the links of a job were forgotten, and which.

Whoever gets a new one now had one already; and the account of who is not wanted any more is looked for by nobody, so
that it would stay in use. Noted by a restart that forgets links, and kept until its object has a link again, whatever
comes in between: who could not be matched yet, because something failed, may leave before it is tried again.
"""

from collections.abc import Sequence

from provisor.database import Connection
from provisor.engine.brake import Amounts
from provisor.engine.record import Kind
from provisor.storage.links import NOBODY_KNOWS, StoredLink

_IS_LINKED = "EXISTS (SELECT 1 FROM link l WHERE l.job = {0}.job AND l.object = {0}.object)"
_IS_ANOTHERS = """EXISTS (SELECT 1 FROM link l WHERE l.job = {0}.job AND l.kind = {0}.kind
    AND l.target_id = {0}.target_id AND l.object <> {0}.object)"""


def note(connection: Connection, job: int) -> None:
    """Everybody who is linked now; before the links go. Whose account was released is no concern any more."""
    forget_settled(connection, job)
    connection.execute(
        """INSERT INTO had_link (job, object, kind, target_id, document)
        SELECT job, object, kind, target_id, pushed_document FROM link WHERE job = ? AND state = 'linked'""",
        (job,),
    )


def anybody(connection: Connection, job: int) -> bool:
    """Whether there is anybody."""
    return connection.one("SELECT 1 FROM had_link WHERE job = ? LIMIT 1", (job,)) is not None


def former(connection: Connection, job: int, kind: Kind, objects: Sequence[str]) -> dict[str, StoredLink]:
    """The links that these had, of accounts of which nobody knows what they hold now; without those of an account that
    is somebody else's by now.
    """
    if not objects:
        return {}
    marks = ",".join("?" * len(objects))
    rows = connection.all(
        f"""SELECT h.object, h.target_id, h.document FROM had_link h WHERE h.job = ? AND h.kind = ?
        AND h.object IN ({marks}) AND NOT {_IS_ANOTHERS.format("h")}""",
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


def forget_settled(connection: Connection, job: int) -> None:
    """Those who are linked again, or whose account is somebody else's now."""
    settled = f"({_IS_LINKED.format('had_link')} OR {_IS_ANOTHERS.format('had_link')})"
    connection.execute(f"DELETE FROM had_link WHERE job = ? AND {settled}", (job,))


def forget(connection: Connection, job: int) -> None:
    """Nobody looks for these accounts: they are of another place, or left alone for good."""
    connection.execute("DELETE FROM had_link WHERE job = ?", (job,))


def allow(connection: Connection, job: int) -> int:
    """They may have new accounts; returns how many there were. Who is not wanted any more is found all the same."""
    return connection.execute("UPDATE had_link SET allowed = 1 WHERE job = ? AND allowed = 0", (job,)).rowcount


def count_unlinked(connection: Connection, job: int) -> Amounts:
    """How many of them have no link yet."""
    statement = "SELECT count(*) FROM had_link h WHERE h.job = ? AND h.kind = ? AND h.allowed = 0 AND NOT "
    return _amounts(connection, statement + _IS_LINKED.format("h"), job)


def count_created(connection: Connection, job: int) -> Amounts:
    """For how many of them an account or group is planned to be created."""
    return _amounts(
        connection,
        """SELECT count(*) FROM had_link h CROSS JOIN operation o WHERE h.job = ? AND h.kind = ? AND h.allowed = 0
        AND o.job = h.job AND o.stage = 1 AND o.object = h.object AND o.kind = 'create' AND o.state = 'planned'""",
        job,
    )


def _amounts(connection: Connection, statement: str, job: int) -> Amounts:
    users, groups = (connection.one(statement, (job, kind)) for kind in ("user", "group"))
    return Amounts(0 if users is None else int(users[0]), 0 if groups is None else int(groups[0]))
