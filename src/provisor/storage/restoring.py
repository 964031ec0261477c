"""What a database that comes from a backup must forget to know: applications have gone on since.

Every account and membership is read or said once more, by a cycle that looks at everybody. What was done since the
backup is found again by the same rules as after a lost answer. Nobody waits any more for a run that was asked for, and
what a cycle was allowed to take away may be taken by now. Whoever follows changes by a delta link begins anew.
"""

from typing import Final

from provisor.database import Connection
from provisor.storage import links

_BEYOND: Final = 1_000_000_000  # change numbers; more than were given out since any backup, so none is given out twice


def doubt_everything(connection: Connection) -> None:
    """What applications hold nobody knows; what was asked for or allowed once is over."""
    doubted = links.NOBODY_KNOWS
    connection.execute("UPDATE link SET wanted_hash = ?, pushed_hash = ? WHERE state = 'linked'", (doubted, doubted))
    connection.execute("UPDATE member_link SET pushed = 2 WHERE pushed = 1")
    connection.execute("UPDATE job SET full_evaluation = 1, force_deletes = NULL")
    connection.execute("UPDATE held SET allowed_at = NULL")
    connection.execute("DELETE FROM run_request")
    connection.execute("UPDATE feed SET number = number + ?, cleaned = number + ?", (_BEYOND, _BEYOND))
    connection.execute("UPDATE plan SET state = 'discarded' WHERE state = 'approved'")
