"""Queries: filter, sort and page to the rows of one answer (RFC 7644 section 3.4.2).

Synchronous and short where an index answers; anything else is bounded and runs in a thread (the server's business).
Order: the question, the hot look-up, pages without a filter, everything else.
"""

import re
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import msgspec

from provisor.database import Connection
from provisor.scim.errors import invalid_value, shown, too_many
from provisor.scim.filter import MAX_FILTER_CHARACTERS, parse
from provisor.scim.path import getter, parse_path
from provisor.scim.values import Json, fold
from provisor.target.limits import MAX_RESULTS, SCAN_SECONDS
from provisor.target.paging import Positions, end_of
from provisor.target.profiles import Kind
from provisor.target.query import EVERYTHING, Where, column, where
from provisor.target.rows import READ_BY_NAME
from provisor.target.store import Tenant

SCAN_LIMIT = 200_000  # documents a query may read when no column answers it: about a second, in a thread

# `userName eq "x"` is nearly all that a provisioning client ever asks.
_BY_NAME = re.compile(r'\s*(username|displayname)\s+eq\s+("(?:[^"\\]|\\[^u])*")\s*', re.IGNORECASE)
_NAME_OF: dict[Kind, str] = {"User": "username", "Group": "displayname"}
_as_text = msgspec.json.Decoder(str).decode
_load = msgspec.json.Decoder().decode


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What a query asks for; `count` is already within bounds."""

    filter: str | None = None
    start_index: int = 1
    count: int = MAX_RESULTS
    sort_by: str | None = None
    descending: bool = False
    cursor: str | None = None  # "" for the first page by cursor


class Found(NamedTuple):
    """One page: the stored documents in order, and how many there are in all."""

    total: int
    documents: list[str]


def name_asked(text: str | None, kind: Kind) -> str | None:
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
        return None  # the grammar says what is wrong with it


def by_name(connection: Connection, tenant: Tenant, kind: Kind, name_key: str, question: Question) -> Found:
    """The one resource of that name, or none."""
    row = connection.one(READ_BY_NAME, (tenant.number, kind, name_key))
    if row is None:
        return Found(0, [])
    return Found(1, [row[0]] if question.start_index == 1 and question.count > 0 else [])


def page(connection: Connection, tenant: Tenant, kind: Kind, question: Question, positions: Positions) -> Found:
    """A page of everything, by key. May read far: see Positions.far."""
    connection.execute("BEGIN")  # total, position and rows of one moment
    try:
        row = connection.one("SELECT live, removals FROM tally WHERE tenant = ? AND kind = ?", (tenant.number, kind))
        live, removals = row or (0, 0)
        skip = question.start_index - 1
        if question.count == 0 or skip >= live:
            return Found(live, [])
        key = positions.key_before(connection, tenant.number, kind, removals=removals, skip=skip)
        rows = connection.all(
            "SELECT number, document FROM resource WHERE number > ? AND number < ? ORDER BY number LIMIT ?",
            (key, end_of(tenant.number, kind), question.count),
        )
        if rows:
            positions.remember(tenant.number, kind, removals=removals, skip=skip + len(rows), key=rows[-1][0])
        return Found(live, [document for _, document in rows])
    finally:
        connection.execute("COMMIT")


class Query(NamedTuple):
    """A question compiled: what to ask the database, what to ask the documents, and in which order to answer."""

    where: Where
    order: str | None  # SQL; None when the sort key must be read from the documents
    sort_key: Callable[[Json], Json] | None

    @property
    def quick(self) -> bool:
        """Whether an index leads straight to the rows, so that no thread is needed."""
        return self.where.clause.indexed and self.where.rest is None and self.sort_key is None


def compile_query(question: Question, kind: Kind, tenant: Tenant) -> Query:
    """Understand filter and sorting. Raises ScimError invalidFilter or invalidPath."""
    resource_type = tenant.profile.type_of(kind)
    split = EVERYTHING if question.filter is None else where(parse(question.filter, resource_type), kind, resource_type)
    if question.sort_by is None:
        return Query(split, "number", None)
    path = parse_path(question.sort_by, resource_type)
    found = column(path, kind, resource_type)
    direction = "DESC" if question.descending else "ASC"
    if found is not None:
        # Absent ones come last ascending, first descending (RFC 7644 section 3.4.2.3).
        return Query(split, f"({found.name} IS NULL) {direction}, {found.name} {direction}, number", None)
    read = getter(question.sort_by, resource_type)
    return Query(split, None, lambda resource: read(resource) if isinstance(resource, dict) else None)


def answer(connection: Connection, tenant: Tenant, kind: Kind, question: Question, query: Query) -> Found:
    """A page of what a compiled query finds. Raises ScimError tooMany beyond SCAN_LIMIT documents."""
    if query.where.rest is not None or query.sort_key is not None:
        return _scan(connection, tenant, kind, question, query)
    condition = f"tenant = ? AND kind = ? AND {query.where.clause.sql}"
    values = [tenant.number, kind, *query.where.clause.values]
    skip = question.start_index - 1
    rows = connection.all(
        f"SELECT document FROM resource WHERE {condition} ORDER BY {query.order} LIMIT ? OFFSET ?",  # noqa: S608 - built of our own words; values are bound
        (*values, question.count, skip),
    )
    if len(rows) < question.count and (rows or not skip):
        total = skip + len(rows)
    else:
        counted = connection.one(f"SELECT count(*) FROM resource WHERE {condition}", values)  # noqa: S608 - as above
        total = counted[0] if counted else 0
    return Found(total, [row[0] for row in rows])


def _scan(connection: Connection, tenant: Tenant, kind: Kind, question: Question, query: Query) -> Found:
    """Read documents one by one; only keys and numbers are kept, and then the page is read."""
    test, sort_key = query.where.rest, query.sort_key
    found: list[tuple[tuple[bool, str], int]] = []
    rows = connection.stream(
        f"SELECT number, document FROM resource WHERE tenant = ? AND kind = ? AND {query.where.clause.sql} "  # noqa: S608 - as above
        f"ORDER BY {query.order or 'number'} LIMIT ?",
        (tenant.number, kind, *query.where.clause.values, SCAN_LIMIT + 1),
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
            found.append(((False, "") if sort_key is None else _sortable(sort_key(resource)), number))
    if sort_key is not None:
        found.sort(key=lambda item: item[0], reverse=question.descending)
    skip = question.start_index - 1
    documents = []
    for _, number in found[skip : skip + question.count]:
        row = connection.one("SELECT document FROM resource WHERE number = ? AND tenant = ?", (number, tenant.number))
        if row is not None:  # else deleted since
            documents.append(row[0])
    return Found(len(found), documents)


def _sortable(value: Json) -> tuple[bool, str]:
    """A value in an order of its own: absent last, text folded (RFC 7644 section 3.4.2.3)."""
    if isinstance(value, list):
        primary = next((item for item in value if isinstance(item, dict) and item.get("primary") is True), None)
        value = primary or (value[0] if value else None)
    if isinstance(value, dict):
        value = value.get("value")
    if value is None:
        return True, ""
    return False, fold(value) if isinstance(value, str) else fold(str(value))


def whole_number(name: str, text: str) -> int:
    """A number of a query string, kept within what the database can count. Raises ScimError invalidValue."""
    try:
        return max(-1, min(int(text), 2**40))
    except ValueError:
        raise invalid_value(f"{name} must be a whole number, not {shown(text)}.") from None
