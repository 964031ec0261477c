"""The change feed: one number for every write transaction that changes what a target should hold.

Source: explanation/settled-cases.md section *Change feed*. The number is taken inside the transaction, so that its
order is the order of commits: reading up to the newest number in one read misses nothing below it.
"""

from provisor.database import Connection


def next_change(connection: Connection, tenant: str) -> int:
    """The number of this write transaction; take it once, and only when something really changes."""
    row = connection.one("UPDATE feed SET number = number + 1 WHERE tenant = ? RETURNING number", (tenant,))
    if row is None:
        raise LookupError(f"There is no tenant {tenant} in this database.")
    return int(row[0])


def current_change(connection: Connection, tenant: str) -> int:
    """The newest number given out; 0 before the first change."""
    row = connection.one("SELECT number FROM feed WHERE tenant = ?", (tenant,))
    return int(row[0]) if row else 0
