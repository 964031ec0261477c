"""Queries: filter, sort and page to the rows of one answer (RFC 7644 section 3.4.2).

Synchronous and short where an index answers; anything else is bounded and runs in a thread (the server's business).
Order: the hot look-up, pages without a filter, everything else.
"""

import re
import time
from collections.abc import Sequence
from typing import NamedTuple

import msgspec

from provisor.database import Connection, Row
from provisor.provider.model.limits import SCAN_SECONDS
from provisor.provider.model.profiles import ResourceKind, at_root
from provisor.provider.model.sorting import ABSENT, Key, SortKey, sort_key, sort_place
from provisor.provider.query.filter_sql import EVERYTHING, Where, column, where
from provisor.provider.query.positions import Positions, end_of
from provisor.provider.store.member_rows import padded
from provisor.provider.store.tables import Tenant
from provisor.provider.verbs.request import ScimRequest
from provisor.scim.errors import invalid_value, shown, too_many
from provisor.scim.filter.grammar import MAX_FILTER_CHARACTERS, parse
from provisor.scim.values import fold

SCAN_LIMIT = 200_000  # documents a query may read when no column answers it: about a second, in a thread

# `userName eq "x"` is nearly all that a provisioning client ever asks.
_BY_NAME = re.compile(r'\s*((?i:username|displayname))\s+(?i:eq)\s+("[^"\\]*(?:\\[^u][^"\\]*)*")\s*')
# The same as a whole query string, with a name that needs no unescaping.
_NAME_ALONE = re.compile(
    rb'filter=(?i:username)(?:\+|%20)(?i:eq)(?:\+|%20)(?:%22|")([\w.@-]{0,1000}(?:%40[\w.-]{0,1000})?)(?:%22|")'
)
_NAME_OF: dict[ResourceKind, str] = {"User": "username", "Group": "displayname"}
_WHOLE = re.compile(r"\s*[+-]?[0-9]+\s*")
_DIGITS = 1_000  # digits read: longer numbers take time and mean the same
LARGEST = 2**40  # larger numbers become this: nobody has so many resources, and every database can count to it
_as_text = msgspec.json.Decoder(str).decode
_load = msgspec.json.Decoder().decode


class FoundPage(NamedTuple):
    """One page: the stored documents in order, and how many there are in all."""

    total: int
    documents: list[str]


def name_alone(query: bytes) -> str | None:
    """The folded userName when the query string of a list of users asks for nothing else, else None.

    What `name_asked` finds in its filter, in a fifth of the time: it comes before nearly every write.
    """
    asked = _NAME_ALONE.fullmatch(query)
    return None if asked is None else asked[1].replace(b"%40", b"@").lower().decode()


def name_asked(text: str | None, kind: ResourceKind) -> str | None:
    """The folded name when a filter only asks for the unique name of a kind, else None."""
    if (
        text is None
        or len(text) > MAX_FILTER_CHARACTERS
        or (asked := _BY_NAME.fullmatch(text)) is None
        or asked[1].lower() != _NAME_OF[kind]
    ):
        return None
    try:
        return fold(_as_text(asked[2]))
    except msgspec.DecodeError:
        return None  # the grammar reports what is wrong with it


def named(row: Row | None, request: ScimRequest) -> FoundPage:
    """The result of a look-up by name."""
    if row is None:
        return FoundPage(0, [])
    return FoundPage(1, [row[0]] if request.start_index == 1 and request.count > 0 else [])


def page(connection: Connection, request: ScimRequest, positions: Positions) -> FoundPage:
    """A page of everything, by key. May read far: see Positions.far."""
    tenant, kind = request.tenant.number, request.kind
    connection.execute("BEGIN")  # total, position and rows of one moment
    try:
        row = connection.one("SELECT live, removals FROM tally WHERE tenant = ? AND kind = ?", (tenant, kind))
        live, removals = row or (0, 0)
        skip = request.start_index - 1
        if request.count == 0 or skip >= live:
            return FoundPage(live, [])
        key = positions.key_before(connection, tenant, kind, removals=removals, skip=skip)
        rows = connection.all(
            "SELECT number, document FROM resource WHERE number > ? AND number < ? ORDER BY number LIMIT ?",
            (key, end_of(tenant, kind), request.count),
        )
        if rows:
            positions.remember(tenant, kind, removals=removals, skip=skip + len(rows), key=rows[-1][0])
        return FoundPage(live, [document for _, document in rows])
    finally:
        connection.execute("COMMIT")


class Query(NamedTuple):
    """A question compiled: what the database filters, what is filtered on documents, and the order of the answer."""

    where: Where
    order: str | None  # SQL; None when the sort key must be read from the documents
    sort_key: SortKey | None

    @property
    def quick(self) -> bool:
        """Whether an index leads straight to the rows, so that no thread is needed."""
        return self.where.clause.indexed and self.where.rest is None and self.sort_key is None


def compile_query(request: ScimRequest, kind: ResourceKind) -> Query:
    """Compile filter and sorting for one kind. Raises ScimError invalidFilter or invalidPath."""
    profile = request.tenant.profile
    resource_type = at_root(profile, kind) if request.root else profile.type_of(kind)
    split = EVERYTHING
    if request.filter is not None:
        split = where(parse(request.filter, resource_type), kind, resource_type, request.base)
    if request.sort_by is None:
        return Query(split, "number", None)
    place = sort_place(request.sort_by, resource_type)
    found = column(place.path, kind, resource_type)
    direction = "DESC" if request.descending else "ASC"
    if found is not None:
        # Absent ones come last ascending, first descending (RFC 7644 section 3.4.2.3).
        return Query(split, f"({found.name} IS NULL) {direction}, {found.name} {direction}, number", None)
    return Query(split, None, sort_key(place))


def answer(connection: Connection, request: ScimRequest, query: Query) -> FoundPage:
    """A page of what a compiled query finds. Raises ScimError tooMany beyond SCAN_LIMIT documents."""
    if query.where.rest is not None or query.sort_key is not None:
        return _scan(connection, request, query)
    condition = f"tenant = ? AND kind = ? AND {query.where.clause.sql}"
    values = [request.tenant.number, request.kind, *query.where.clause.values]
    skip = request.start_index - 1
    rows = connection.all(
        f"SELECT document FROM resource WHERE {condition} ORDER BY {query.order} LIMIT ? OFFSET ?",  # noqa: S608 - built of our own words; values are bound
        (*values, request.count, skip),
    )
    if len(rows) < request.count and (rows or not skip):
        total = skip + len(rows)
    else:
        counted = connection.one(f"SELECT count(*) FROM resource WHERE {condition}", values)  # noqa: S608 - as above
        total = counted[0] if counted else 0
    return FoundPage(total, [row[0] for row in rows])


def _scan(connection: Connection, request: ScimRequest, query: Query) -> FoundPage:
    """Read documents one by one; only keys and numbers are kept, and then the page is read."""
    test, key_of = query.where.rest, query.sort_key
    found: list[tuple[Key, int]] = []
    rows = connection.stream(
        f"SELECT number, document FROM resource WHERE tenant = ? AND kind = ? AND {query.where.clause.sql} "  # noqa: S608 - as above
        f"ORDER BY {query.order or 'number'} LIMIT ?",
        (request.tenant.number, request.kind, *query.where.clause.values, SCAN_LIMIT + 1),
    )
    until = time.monotonic() + SCAN_SECONDS
    for read, (number, document) in enumerate(rows):
        if read >= SCAN_LIMIT or time.monotonic() > until:
            raise too_many(
                f"Only {read} resources could be read for this query; filter by an indexed attribute too, or page by "
                "cursor."
            )
        resource = _load(document)
        if test is None or test(resource):
            found.append((ABSENT if key_of is None else key_of(resource), number))
    if key_of is not None:
        found.sort(key=lambda item: item[0], reverse=request.descending)
    skip = request.start_index - 1
    numbers = [number for _, number in found[skip : skip + request.count]]
    return FoundPage(len(found), _documents(connection, request.tenant, numbers))


def _documents(connection: Connection, tenant: Tenant, numbers: Sequence[int]) -> list[str]:
    """The documents of a page, asked for at once, in the order given, without those that were deleted meanwhile."""
    if not numbers:
        return []
    asked = padded(numbers)
    places = ", ".join("?" * len(asked))
    rows = connection.all(
        f"SELECT number, document FROM resource WHERE number IN ({places}) AND tenant = ?",  # noqa: S608 - as above
        (*asked, tenant.number),
    )
    stored: dict[int, str] = dict(rows)
    return [stored[number] for number in numbers if number in stored]


def whole_number(name: str, text: str) -> int:
    """A number of a query string, kept within what the database can count. Raises ScimError invalidValue."""
    if _WHOLE.fullmatch(text) is None:
        raise invalid_value(f"{name} must be a whole number, not {shown(text)}.")
    return max(-1, min(int(text.strip()[:_DIGITS]), LARGEST))  # longer ones cost time to read
