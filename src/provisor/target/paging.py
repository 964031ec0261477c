"""Where a page begins: from the 1-based startIndex of RFC 7644 section 3.4.2.4 to the key of a row, exactly.

A page that followed another one is found in one step; the first visit of a far page walks the index once. What is
remembered is good until a resource is removed, which the tally in the database tells every process.
"""

from bisect import bisect_right, insort

from provisor.database import Connection
from provisor.target.profiles import Kind

_REMEMBERED = 20_000  # positions a kind; then they are forgotten, so that no client can fill the memory


class Positions:
    """Remembers how many rows come before a key."""

    def __init__(self) -> None:
        self._known: dict[tuple[int, Kind], tuple[int, list[int], dict[int, int]]] = {}

    def key_before(self, connection: Connection, tenant: int, kind: Kind, *, removals: int, skip: int) -> int:
        """The number of the row after which a page begins that leaves out the first `skip` rows."""
        if skip == 0:
            return 0
        order, keys = self._of(tenant, kind, removals)
        nearest = bisect_right(order, skip)
        passed = order[nearest - 1] if nearest else 0
        key = keys.get(passed, 0)
        if passed == skip:
            return key
        row = connection.one(
            "SELECT number FROM resource WHERE tenant = ? AND kind = ? AND number > ? ORDER BY number LIMIT 1 OFFSET ?",
            (tenant, kind, key, skip - passed - 1),
        )
        if row is None:
            return 2**62  # beyond the last row
        self.remember(tenant, kind, removals=removals, skip=skip, key=row[0])
        return int(row[0])

    def remember(self, tenant: int, kind: Kind, *, removals: int, skip: int, key: int) -> None:
        """Keep that `skip` rows end with the row numbered `key`."""
        order, keys = self._of(tenant, kind, removals)
        if skip in keys:
            return
        if len(order) >= _REMEMBERED:
            order.clear()
            keys.clear()
        insort(order, skip)
        keys[skip] = key

    def _of(self, tenant: int, kind: Kind, removals: int) -> tuple[list[int], dict[int, int]]:
        known = self._known.get((tenant, kind))
        if known is None or known[0] != removals:
            known = self._known[tenant, kind] = (removals, [], {})
        return known[1], known[2]
