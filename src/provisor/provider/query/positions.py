"""Where a page begins: from the 1-based startIndex of RFC 7644 section 3.4.2.4 to the key of a row, exactly.

A page that followed another one is found in one step. A far page visited first counts all rows once, by blocks of
their numbers, over an index. What is remembered is valid until a resource is removed, which the tally in the database
shows to every process; new rows come last and change nothing.
"""

import threading
from bisect import bisect_right, insort
from itertools import accumulate

from provisor.database import Connection
from provisor.provider.model.profiles import ResourceKind
from provisor.provider.store.tables import before_first

BLOCK_BITS = 9  # 512 numbers a block: walking one takes about as long as reading a page
NEAR_ROWS = 2_000  # short enough to walk on the event loop
_REMEMBERED = 50_000  # positions a kind; then they are forgotten, so that no client can fill the memory

_COUNT_BLOCKS = (
    f"SELECT number >> {BLOCK_BITS}, count(*) FROM resource WHERE tenant = ? AND kind = ? "  # noqa: S608 - our constant
    "GROUP BY 1 ORDER BY 1"
)


def end_of(tenant: int, kind: ResourceKind) -> int:
    """A number behind the last possible one of a kind."""
    return before_first(tenant, kind) + 2**40


class Positions:
    """Remembers how many rows come before a key. Used from the event loop and from query threads."""

    def __init__(self) -> None:
        self._known: dict[tuple[int, ResourceKind], tuple[int, list[int], dict[int, int]]] = {}
        self._lock = threading.Lock()

    def far(self, tenant: int, kind: ResourceKind, skip: int) -> bool:
        """Whether finding the page may take long: then it belongs in a thread."""
        with self._lock:
            known = self._known.get((tenant, kind))
            return skip - (_nearest(known[1], skip) if known else 0) > NEAR_ROWS

    def key_before(self, connection: Connection, tenant: int, kind: ResourceKind, *, removals: int, skip: int) -> int:
        """The number of the row after which a page begins that leaves out the first `skip` rows."""
        if self.far(tenant, kind, skip):
            for passed, key in _blocks(connection, tenant, kind):
                self.remember(tenant, kind, removals=removals, skip=passed, key=key)
        with self._lock:
            order, keys = self._of(tenant, kind, removals)
            passed = _nearest(order, skip)
            key = keys.get(passed, before_first(tenant, kind))
        if passed == skip:
            return key
        row = connection.one(
            "SELECT number FROM resource WHERE number > ? AND number < ? ORDER BY number LIMIT 1 OFFSET ?",
            (key, end_of(tenant, kind), skip - passed - 1),
        )
        return end_of(tenant, kind) if row is None else int(row[0])

    def remember(self, tenant: int, kind: ResourceKind, *, removals: int, skip: int, key: int) -> None:
        """Keep that `skip` rows end with the row numbered `key`."""
        with self._lock:
            _remember(*self._of(tenant, kind, removals), skip, key)

    def _of(self, tenant: int, kind: ResourceKind, removals: int) -> tuple[list[int], dict[int, int]]:
        known = self._known.get((tenant, kind))
        if known is None or known[0] != removals:
            known = self._known[tenant, kind] = (removals, [], {})
        return known[1], known[2]


def _nearest(order: list[int], skip: int) -> int:
    index = bisect_right(order, skip)
    return order[index - 1] if index else 0


def _remember(order: list[int], keys: dict[int, int], skip: int, key: int) -> None:
    if skip in keys:
        return
    if len(order) >= _REMEMBERED:
        order.clear()
        keys.clear()
    insort(order, skip)
    keys[skip] = key


def _blocks(connection: Connection, tenant: int, kind: ResourceKind) -> list[tuple[int, int]]:
    """For every block of numbers: how many rows there are up to its end, and its last possible number."""
    counted = connection.all(_COUNT_BLOCKS, (tenant, kind))
    totals = accumulate(count for _, count in counted)
    return [(total, ((block + 1) << BLOCK_BITS) - 1) for total, (block, _) in zip(totals, counted, strict=True)]
