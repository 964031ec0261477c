"""How lists that are in the order of their times are gone through: several indexes merged, a page at a time.

Of each index is read what a page needs. What no index answers is looked for by going through rows in order: a page
looks at no more than so many, and where that finds less than a page it says how far it came, so that every page is
quick however rare what is asked for. Order: values, a page, a count, one index.
"""

from collections.abc import Sequence
from typing import Final, NamedTuple

from provisor.database import Connection

LOOKED_AT: Final = 20_000  # rows that one page goes through where no index answers: some tens of milliseconds
_LEAST_LOOKED_AT: Final = 500  # of one index


class IndexRange(NamedTuple):
    """Some rows of a table: a condition that an index answers in order, and what must hold besides.

    What must hold besides is written so that no index answers it (coalesce), or SQLite might enter by that one.
    `keyed`: few rows fit the condition, and are all looked at, in whatever order they come.
    """

    condition: str
    values: tuple[object, ...]
    rest: str = ""
    rest_values: tuple[object, ...] = ()
    keyed: bool = False


class TimePlace(NamedTuple):
    """Where a page ends: the time and the id of the last row that it looked at."""

    at: int
    id: str


class Uncountable(Exception):
    """No index answers how many there are."""


class Walk(NamedTuple):
    """How a table is gone through."""

    table: str
    oldest_first: bool = False
    looked_at: int = LOOKED_AT


def page(
    connection: Connection, walk: Walk, places: Sequence[IndexRange], *, limit: int, after: TimePlace | None
) -> tuple[list[str], TimePlace | None]:
    """The ids of the next rows, in order, and where the next page begins; None: there is none."""
    walked = sum(1 for place in places if place.rest and not place.keyed)
    budget = max(walk.looked_at // max(walked, 1), min(walk.looked_at, _LEAST_LOOKED_AT))
    found: set[TimePlace] = set()
    horizon: TimePlace | None = None
    for place in places:
        keys, reached = _in_place(connection, walk, place, limit + 1, after, budget)
        found.update(keys)
        if reached is not None:
            horizon = reached if horizon is None else _first(horizon, reached, walk)
    ordered = sorted(found, reverse=not walk.oldest_first)
    if horizon is not None:
        ordered = [key for key in ordered if _first(key, horizon, walk) == key]
    shown = ordered[:limit]
    return [key.id for key in shown], shown[-1] if len(ordered) > limit else horizon


def count(connection: Connection, table: str, places: Sequence[IndexRange], *, apart: bool = False) -> int:
    """How many rows there are in all; `apart`: none is in two places. Raises Uncountable where only going through them
    could tell.
    """
    if not places:
        return 0
    if any(place.rest and not place.keyed for place in places):
        raise Uncountable
    if apart and len(places) > 1:
        return sum(count(connection, table, [place]) for place in places)
    either = " OR ".join(f"({place.condition}{place.rest})" for place in places)
    values = [value for place in places for value in (*place.values, *place.rest_values)]
    row = connection.one(f"SELECT count(*) FROM {table} WHERE {either}", values)
    return int(row[0]) if row else 0


def _first(one: TimePlace, other: TimePlace, walk: Walk) -> TimePlace:
    return min(one, other) if walk.oldest_first else max(one, other)


def _in_place(
    connection: Connection, walk: Walk, place: IndexRange, limit: int, after: TimePlace | None, budget: int
) -> tuple[list[TimePlace], TimePlace | None]:
    """The next rows of a place, and how far it was gone through where that is not to its end or to the limit."""
    order, sign, back = ("ASC", ">", "<=") if walk.oldest_first else ("DESC", "<", ">=")
    on, on_values = ("", ()) if after is None else (f" AND (at, id) {sign} (?, ?)", tuple(after))
    sorting = f"ORDER BY at {order}, id {order}"
    if not place.rest or place.keyed:
        statement = f"SELECT at, id FROM {walk.table} WHERE {place.condition}{place.rest}{on} {sorting} LIMIT ?"
        return _read(connection, statement, *place.values, *place.rest_values, *on_values, limit), None
    start, values = f"SELECT at, id FROM {walk.table} WHERE {place.condition}{on}", (*place.values, *on_values)
    far = _read(connection, f"{start} {sorting} LIMIT 1 OFFSET ?", *values, budget - 1)
    near, bound = (f" AND (at, id) {back} (?, ?)", tuple(far[0])) if far else ("", ())
    keys = _read(
        connection, f"{start}{near}{place.rest} {sorting} LIMIT ?", *(*values, *bound, *place.rest_values, limit)
    )
    return keys, keys[-1] if len(keys) == limit else far[0] if far else None


def _read(connection: Connection, statement: str, *values: object) -> list[TimePlace]:
    return [TimePlace(row[0], row[1]) for row in connection.all(statement, values)]
