"""People and groups as the dashboard lists them: SCIM's and the AD connector's together, by name, a page by key.

Reads only. Two sources may hold the same name; both are shown, side by side (spec/scim-wire.md section 11.5, DEFAULT).
Order: what a row is, lists, counts.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple, cast

from provisor.database import Connection
from provisor.provider.model.documents import load
from provisor.provider.model.profiles import ResourceKind
from provisor.provider.store.ad_connector import SOURCE as AD
from provisor.provider.store.tables import Tenant
from provisor.scim.values import fold

SCIM = "scim"
SOURCES = {SCIM: "SCIM", AD: "AD connector"}
STATES = ("active", "disabled")
SortOrder = Literal["ASC", "DESC"]
PAGE_ROWS = 50
LONGEST_SEARCH = 200

# Up to this many matches of a search are looked up in the cheapest order. With more, walking through the names soon
# finds a page.
FEW = 2_000


class Identity(NamedTuple):
    """One row of the list."""

    id: str
    name: str
    display: str
    source: str
    active: bool
    modified_at: int
    name_key: str

    @property
    def place(self) -> str:
        """Where a page begins or ends, as it stands in a link."""
        return f"{self.source}:{self.name_key}"


@dataclass(frozen=True, slots=True, kw_only=True)
class IdentityQuery:
    """What a list is asked for; `after` and `before` are places of rows."""

    kind: ResourceKind
    search: str = ""
    source: str = ""
    state: str = ""
    after: str = ""
    before: str = ""


class IdentityPage(NamedTuple):
    """A page of a list, and the places where the pages beside it begin."""

    rows: list[Identity]
    earlier: str | None
    later: str | None


def list_identities(connection: Connection, tenant: Tenant, wanted: IdentityQuery) -> IdentityPage:
    """One page in the order of names; of equal names the AD connector's comes first."""
    backwards = bool(wanted.before)
    found: list[Identity] = []
    if wanted.source in ("", SCIM):
        found += _of_scim(connection, tenant, wanted)
    if wanted.source in ("", AD) and wanted.state != "disabled":
        found += _of_connector(connection, tenant, wanted)
    found.sort(key=lambda row: (row.name_key, row.source), reverse=backwards)
    more = len(found) > PAGE_ROWS
    rows = found[:PAGE_ROWS]
    if backwards:
        rows.reverse()
    earlier = rows[0].place if rows and (more if backwards else wanted.after) else None
    later = rows[-1].place if rows and (backwards or more) else None
    return IdentityPage(rows, earlier, later)


def _of_scim(connection: Connection, tenant: Tenant, wanted: IdentityQuery) -> list[Identity]:
    clause, values, order = _place(wanted, SCIM)
    if wanted.state:
        clause += " AND active = 0" if wanted.state == "disabled" else " AND (active IS NULL OR active = 1)"
    if wanted.search.strip():
        among = _Among("resource", ("external_id", "id"), tenant, wanted, clause, values, order)
        clause, values = _named(_keys_found(connection, among))
    return [
        _scim_identity(wanted.kind, row)
        for row in connection.all(
            "SELECT id, document, active, modified_at, name_key FROM resource "
            f"WHERE tenant = ? AND kind = ?{clause} ORDER BY name_key {order} LIMIT ?",
            (tenant.number, wanted.kind, *values, PAGE_ROWS + 1),
        )
    ]


def _scim_identity(kind: ResourceKind, row: Sequence[object]) -> Identity:
    id_, document, active, modified, key = row
    content = load(cast(str, document))
    name = str(content.get("userName" if kind == "User" else "displayName"))
    display = content.get("displayName") if kind == "User" else ""
    return Identity(cast(str, id_), name, str(display or ""), SCIM, active != 0, cast(int, modified), cast(str, key))


def _of_connector(connection: Connection, tenant: Tenant, wanted: IdentityQuery) -> list[Identity]:
    clause, values, order = _place(wanted, AD)
    if wanted.search.strip():
        among = _Among("ad_identity", ("object_guid", "id"), tenant, wanted, clause, values, order)
        clause, values = _named(_keys_found(connection, among))
    return [
        Identity(id_, name, (display or "") if wanted.kind == "User" else "", AD, True, changed, key)
        for id_, name, display, changed, key in connection.all(
            "SELECT id, name, display_name, changed_at, name_key FROM ad_identity "
            f"WHERE tenant = ? AND kind = ?{clause} ORDER BY name_key {order} LIMIT ?",
            (tenant.number, wanted.kind, *values, PAGE_ROWS + 1),
        )
    ]


def _place(wanted: IdentityQuery, source: str) -> tuple[str, Sequence[object], SortOrder]:
    """The condition of a page that begins or ends beside a row, and the order of reading it."""
    place = wanted.before or wanted.after
    if not place:
        return "", (), "ASC"
    beside, _, key = place.partition(":")
    compared = "<" if wanted.before else ">"
    # Of one name the AD connector's row comes first: whether the other source's row of that name is still to come
    # follows from the source alone.
    equal = source < beside if wanted.before else source > beside
    return f" AND name_key {compared}{'=' if equal else ''} ?", (key,), "DESC" if wanted.before else "ASC"


class _Among(NamedTuple):
    """Where a search looks: a table of either source, the columns that an id may stand in, the page's condition."""

    table: Literal["resource", "ad_identity"]
    ids: Sequence[str]
    tenant: Tenant
    wanted: IdentityQuery
    clause: str
    values: Sequence[object]
    order: SortOrder


def _keys_found(connection: Connection, among: _Among) -> list[str]:
    """The names of a page of whatever a search finds. Each question is answered out of one index."""
    given = among.wanted.search.strip()[:LONGEST_SEARCH]
    part = fold(given)
    found = {
        *_keys_with(connection, among, "name_key", part),
        *_keys_with(connection, among, "display_key", part),
        *(key for column in among.ids for key in _keys(connection, among, f"{column} = ?", given)),
    }
    return sorted(found, reverse=among.order == "DESC")[: PAGE_ROWS + 1]


def _keys_with(connection: Connection, among: _Among, column: str, part: str) -> list[str]:
    few = _keys(connection, among, f"{column} IS NOT NULL AND instr({column}, ?) > 0", part)
    if len(few) < FEW:
        return few
    # No test for NULL: it would use the index of display names and read it to the end.
    return _keys_in_order(connection, among, f"instr({column}, ?) > 0", part)


def _keys(connection: Connection, among: _Among, condition: str, value: str) -> list[str]:
    """Names that fit a condition which has an index of its own; without an order, or the index of names would win."""
    rows = connection.all(
        f"SELECT name_key FROM {among.table} WHERE tenant = ? AND kind = ? AND {condition}{among.clause} LIMIT ?",
        (among.tenant.number, among.wanted.kind, value, *among.values, FEW),
    )
    return [row[0] for row in rows]


def _keys_in_order(connection: Connection, among: _Among, condition: str, value: str) -> list[str]:
    """A page of the names that fit, found by walking through the names."""
    rows = connection.all(
        f"SELECT name_key FROM {among.table} WHERE tenant = ? AND kind = ? AND {condition}{among.clause} "
        f"ORDER BY name_key {among.order} LIMIT ?",
        (among.tenant.number, among.wanted.kind, value, *among.values, PAGE_ROWS + 1),
    )
    return [row[0] for row in rows]


def _named(keys: Sequence[str]) -> tuple[str, Sequence[object]]:
    return f" AND name_key IN ({', '.join('?' * len(keys)) or 'NULL'})", keys


class IdentityCounts(NamedTuple):
    """How many identities there are, by source."""

    scim: int
    ad: int

    @property
    def all(self) -> int:
        return self.scim + self.ad


def count_identities(connection: Connection, tenant: Tenant, kind: ResourceKind) -> IdentityCounts:
    """How many there are of a kind."""
    live = connection.one("SELECT live FROM tally WHERE tenant = ? AND kind = ?", (tenant.number, kind))
    ad = connection.one("SELECT count(*) FROM ad_identity WHERE tenant = ? AND kind = ?", (tenant.number, kind))
    return IdentityCounts(live[0] if live else 0, ad[0] if ad else 0)
