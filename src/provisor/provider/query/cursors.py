"""Paging by cursor (RFC 9865): what a cursor holds, and the page that follows or precedes it.

A cursor is a place in the order of numbers, so the next page begins where this one ended however much was created or
deleted meanwhile, and a far page costs what the first one costs. It is a Fernet token: it can be neither read nor
forged, and fits its own query only. With sorting it holds an offset instead. Order: cursors, their secret, pages.
"""

import base64
import hmac
import secrets
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal, NamedTuple

import msgspec

from provisor.database import Connection, Database
from provisor.provider.model.limits import CURSOR_SECONDS, SCAN_SECONDS
from provisor.provider.model.profiles import ResourceKind
from provisor.provider.query.filter_sql import Where
from provisor.provider.query.find import SCAN_LIMIT, compile_query
from provisor.provider.query.positions import end_of
from provisor.provider.store.tables import Tenant, before_first, setting, store_setting
from provisor.provider.verbs.request import ScimRequest
from provisor.scim.errors import ScimError, shown

if TYPE_CHECKING:
    from cryptography.fernet import Fernet

_KEY_SETTING = "cursor-key"
_STEP = 500  # rows read at once where documents are filtered

CursorMode = Literal["after", "before", "offset", "back"]

_load = msgspec.json.Decoder().decode
_load_place = msgspec.json.Decoder(tuple[CursorMode, int, int]).decode


class PageCursor(NamedTuple):
    """A place: behind or before a row's number; or, with sorting, how many rows to skip (offset, back)."""

    mode: CursorMode
    position: int
    issued: int  # seconds
    page_size: int  # results a page, as the first query asked


class CursorPage(NamedTuple):
    """Rows in order, the numbers that the pages before and after them touch, the total where it is cheap to know."""

    rows: list[tuple[int, ResourceKind, str]]
    before: int | None
    after: int | None
    total: int | None


def write(cursor: PageCursor, key: bytes, query: str) -> str:
    """The cursor as text; `query` is what it belongs to."""
    place = msgspec.json.encode((cursor.mode, cursor.position, cursor.page_size))
    return _fernet(key, query).encrypt_at_time(place, cursor.issued).rstrip(b"=").decode()


def read(text: str, key: bytes, query: str, *, now: int, count: int | None) -> PageCursor | None:
    """The cursor of a request; None for the first page. `count` None: as many a page as at first.

    Raises ScimError invalidCursor for one that is not ours or of another query, expiredCursor, invalidCount.
    """
    if not text:
        return None
    from cryptography.fernet import InvalidToken

    fernet, token = _fernet(key, query), f"{text}{'=' * (-len(text) % 4)}"
    try:
        mode, position, first_count = _load_place(fernet.decrypt(token))
        issued = fernet.extract_timestamp(token)
    except (InvalidToken, ValueError):  # ValueError: half a character
        raise ScimError(
            400, "invalidCursor", f"{shown(text)} is not a cursor of this query; begin again with an empty one."
        ) from None
    if now - issued > CURSOR_SECONDS:
        raise ScimError(400, "expiredCursor", f"The cursor is older than {CURSOR_SECONDS} seconds; begin again.")
    if count is not None and count != first_count:
        raise ScimError(400, "invalidCount", f"count was {first_count} for the first page and is {count} now.")
    return PageCursor(mode, position, issued, first_count)


def _fernet(key: bytes, query: str) -> "Fernet":
    """Every query has a key of its own, so that a cursor of another query is invalid."""
    from cryptography.fernet import Fernet  # 7 MiB, which few clients need

    return Fernet(base64.urlsafe_b64encode(hmac.digest(key, query.encode("utf-8", "replace"), "sha256")))


def secret(database: Database, tenant: Tenant) -> bytes:
    """The key of a tenant's cursors, made at first use; blocks, so call it in a thread."""
    known = setting(database.reader(), tenant, _KEY_SETTING)
    if known is None:
        with database.transaction() as connection:
            known = setting(connection, tenant, _KEY_SETTING)
            if known is None:
                known = secrets.token_hex(32)
                store_setting(connection, tenant, _KEY_SETTING, known)
    return bytes.fromhex(known)


def query_of(question: ScimRequest, kinds: Sequence[ResourceKind]) -> str:
    """What must stay the same from page to page."""
    return repr((tuple(kinds), question.filter, question.sort_by, question.descending))


def page(
    connection: Connection,
    tenant: Tenant,
    kinds: Sequence[ResourceKind],
    question: ScimRequest,
    cursor: PageCursor | None,
) -> CursorPage:
    """The page behind or before a cursor, in the order of numbers. Raises ScimError invalidFilter.

    A filter that only documents can answer may end a page early; the next one continues from there.
    """
    asked = [(kind, compile_query(question, kind).where) for kind in kinds]
    backwards = cursor is not None and cursor.mode == "before"
    start = before_first(tenant.number, "User") if cursor is None else cursor.position
    walk = _Walk(connection, tenant, question.count, start, backwards)
    connection.execute("BEGIN")  # rows and total of one moment
    try:
        if question.count:
            for kind, where in reversed(asked) if backwards else asked:
                walk.through(kind, where)
        total = _total(connection, tenant, asked, filtered=question.filter is not None)
    finally:
        connection.execute("COMMIT")
    if backwards:
        walk.rows.reverse()
        return CursorPage(walk.rows, walk.last if walk.more else None, start - 1, total)
    first = walk.rows[0][0] if walk.rows else start + 1
    return CursorPage(walk.rows, None if cursor is None else first, walk.last if walk.more else None, total)


def _total(
    connection: Connection, tenant: Tenant, asked: Sequence[tuple[ResourceKind, Where]], *, filtered: bool
) -> int | None:
    """How many there are in all; None where every document would have to be read (RFC 9865 section 2)."""
    total = 0
    for kind, where in asked:
        if where.rest is not None:
            return None
        row = (
            connection.one(
                f"SELECT count(*) FROM resource WHERE tenant = ? AND kind = ? AND {where.clause.sql}",  # noqa: S608 - built of our own words; values are bound
                (tenant.number, kind, *where.clause.values),
            )
            if filtered
            else connection.one("SELECT live FROM tally WHERE tenant = ? AND kind = ?", (tenant.number, kind))
        )
        total += row[0] if row else 0
    return total


class _Walk:
    """Goes through rows in one direction until it has enough, or has read as many as allowed."""

    def __init__(self, connection: Connection, tenant: Tenant, wanted: int, start: int, backwards: bool) -> None:
        self._connection = connection
        self._tenant = tenant
        self._wanted = wanted
        self._backwards = backwards
        self._budget = SCAN_LIMIT
        self._until = time.monotonic() + SCAN_SECONDS
        self.rows: list[tuple[int, ResourceKind, str]] = []
        self.last = start  # the number of the last row looked at
        self.more = False  # whether there is something behind it

    def through(self, kind: ResourceKind, where: Where) -> None:
        """Read the rows of one kind, from where the walk stands."""
        low, high = before_first(self._tenant.number, kind), end_of(self._tenant.number, kind)
        step = self._wanted + 1 if where.rest is None else _STEP
        sql = (
            f"SELECT number, document FROM resource WHERE number > ? AND number < ? AND tenant = ? AND kind = ? "  # noqa: S608 - as above
            f"AND {where.clause.sql} ORDER BY number {'DESC' if self._backwards else 'ASC'} LIMIT ?"
        )
        while not self.more:
            bounds = (low, min(high, self.last)) if self._backwards else (max(low, self.last), high)
            some = self._connection.all(sql, (*bounds, self._tenant.number, kind, *where.clause.values, step))
            for number, document in some:
                if not self._take(number, kind, document, where):
                    self.more = True
                    return
            if len(some) < step:
                return

    def _take(self, number: int, kind: ResourceKind, document: str, where: Where) -> bool:
        if not self._budget or time.monotonic() > self._until:
            return False
        self._budget -= 1
        if where.rest is None or where.rest(_load(document)):
            if len(self.rows) >= self._wanted:
                return False
            self.rows.append((number, kind, document))
        self.last = number
        return True
