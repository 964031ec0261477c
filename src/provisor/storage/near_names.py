"""Names of users and groups close to a name in the alphabet: what a misspelt name may have meant.

Bounded: two short walks along the index of names, however many there are. In a small directory they cover everybody.
"""

from provisor.database import Connection
from provisor.directory.objects import DirectoryKind
from provisor.scim.values import fold

EACH_WAY = 250


def near_names(
    connection: Connection, tenant: str, key: str, kind: DirectoryKind, *, deleted: bool = False
) -> list[str]:
    """Up to 250 names of live (or soft-deleted) objects before this one and as many behind it."""
    found: list[str] = []
    for sign, order in ((">=", "ASC"), ("<", "DESC")):
        rows = connection.all(
            f"""SELECT name FROM (SELECT name, deleted_at, purged_at FROM object
                WHERE tenant = ? AND kind = ? AND folded_name {sign} ? ORDER BY folded_name {order} LIMIT ?) AS near
            WHERE purged_at IS NULL AND deleted_at IS {"NOT NULL" if deleted else "NULL"}""",
            (tenant, kind, fold(key), EACH_WAY),
        )
        found += [row[0] for row in rows]
    return found
