"""Filters as SQL: tree -> WHERE clause over the columns of `resource`, and what is left for Python to judge.

Pure. Anything the columns cannot answer stays a filter over documents, which the listing bounds. Every comparison is
written so that it is never NULL: NOT must invert it (an absent attribute matches `ne` and nothing else).
Source: RFC 7644 section 3.4.2.2, spec/scim-wire.md section 8. Order: clauses, columns, members, comparisons.
"""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import NamedTuple, assert_never

from provisor.provider.model.native_ids import URNS, key_of
from provisor.provider.model.profiles import ResourceKind
from provisor.scim.errors import invalid_filter, shown
from provisor.scim.filter.evaluation import date_time, matcher
from provisor.scim.filter.tree import And, Compare, Filter, Not, Or, Path, Present, Scalar, ValuePath
from provisor.scim.schemas.schema import ResourceType
from provisor.scim.values import Json, fold

SqlValues = list[object]
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Column(NamedTuple):
    """A column that answers for an attribute."""

    name: str
    sort: str  # exact, folded, boolean, time
    indexed: bool = False


class SqlClause(NamedTuple):
    """A piece of SQL with its values; `indexed` says that an index leads straight to the few rows that can match."""

    sql: str
    values: SqlValues
    indexed: bool = False


class Where(NamedTuple):
    """A filter split in two: what SQL answers, and what must be checked on every remaining document."""

    clause: SqlClause
    rest: Callable[[Json], bool] | None


EVERYTHING = Where(SqlClause("1 = 1", []), None)

_META = {"created": Column("created_at", "time"), "lastmodified": Column("modified_at", "time")}
_COLUMNS: dict[ResourceKind, dict[str, Column]] = {
    "User": {
        "id": Column("id", "exact", True),
        "username": Column("name_key", "folded", True),
        "externalid": Column("external_id", "exact", True),
        "displayname": Column("display_key", "folded", True),
        "active": Column("active", "boolean"),
    },
    "Group": {
        "id": Column("id", "exact", True),
        "displayname": Column("name_key", "folded", True),
        "externalid": Column("external_id", "exact", True),
    },
}


class Edge(NamedTuple):
    """An attribute that is not in the document but composed of membership rows."""

    attribute: str
    own: str  # the column that holds the id of the resource asked about
    columns: dict[str, Column]


_EDGES: dict[ResourceKind, Edge] = {
    "Group": Edge(
        "members", "group_id", {"value": Column("member_id", "exact"), "type": Column("lower(member_kind)", "folded")}
    ),
    "User": Edge(
        "groups",
        "member_id",
        {"value": Column("group_id", "exact"), "type": Column("CAST('direct' AS TEXT)", "folded")},
    ),
}
_NEVER = SqlClause("1 = 0", [], indexed=True)
_ALWAYS = SqlClause("1 = 1", [])


def where(tree: Filter, kind: ResourceKind, resource_type: ResourceType, base: str = "") -> Where:
    """Split a filter; `base` is the server's address, which a document lacks before its location.

    Raises ScimError invalidFilter for attributes, operators and types that do not go together.
    """
    matcher(tree, resource_type)  # refuses nonsense before any row is read
    clauses: list[SqlClause] = []
    rest: list[Filter] = []
    for term in tree.filters if isinstance(tree, And) else (tree,):
        clause = _clause(term, kind, resource_type)
        if clause is None:
            rest.append(term)
        else:
            clauses.append(clause)
    test = None
    if rest:
        _check_composed(rest, kind, resource_type)
        test = matcher(rest[0] if len(rest) == 1 else And(tuple(rest)), resource_type)
        if any(_names(term, "meta", "location") for term in rest):
            test = _with_location(test, base)
    return Where(_joined("AND", clauses), test)


def _check_composed(rest: Sequence[Filter], kind: ResourceKind, resource_type: ResourceType) -> None:
    """Refuse conditions that neither documents nor columns can answer: better than a wrong answer."""
    name = _EDGES[kind].attribute
    if resource_type.schema.attribute(name) is None:
        return
    if any(_names(term, name) for term in rest):
        raise invalid_filter(f"This condition on {name} is not supported; compare {name}.value or {name}.type.")
    if kind == "User" and any(_names(term, "meta", "version") for term in rest):
        raise invalid_filter("meta.version of a user tells the groups too and cannot be asked for; ask with an ETag.")


def _with_location(test: Callable[[Json], bool], base: str) -> Callable[[Json], bool]:
    def located(document: Json) -> bool:
        meta = document.get("meta") if isinstance(document, dict) else None
        if isinstance(document, dict) and isinstance(meta, dict):
            document = {**document, "meta": {**meta, "location": f"{base}{meta.get('location')}"}}
        return test(document)

    return located


def column(path: Path, kind: ResourceKind, resource_type: ResourceType) -> Column | None:
    """The column that answers for a path, if one does."""
    if path.filter is not None:
        return None
    if path.urn is not None and path.urn.lower() != resource_type.schema.id.lower():
        return None
    name = path.attribute.lower()
    if name == "meta" and path.sub is not None:
        return _META.get(path.sub.lower())
    return _COLUMNS[kind].get(name) if path.sub is None else None


def _clause(tree: Filter, kind: ResourceKind, resource_type: ResourceType) -> SqlClause | None:
    match tree:
        case And() | Or():
            clauses = [_clause(item, kind, resource_type) for item in tree.filters]
            known = [clause for clause in clauses if clause is not None]
            if len(known) < len(clauses):
                return None
            return _joined("AND" if isinstance(tree, And) else "OR", known)
        case Not():
            inner = _clause(tree.filter, kind, resource_type)
            return None if inner is None else SqlClause(f"NOT ({inner.sql})", inner.values)
        case Compare():
            if _ignored(tree.path, resource_type):
                return _ALWAYS if (tree.op == "eq") is (tree.value is None) and tree.op in ("eq", "ne") else _NEVER
            if (edge := _edge(tree.path, kind, resource_type)) is not None:
                return _edge_compare(tree, edge)
            found = column(tree.path, kind, resource_type)
            return _native_id(tree, kind, resource_type) if found is None else _compare(found, tree)
        case Present():
            if _ignored(tree.path, resource_type):
                return _NEVER
            if (edge := _edge(tree.path, kind, resource_type)) is not None and tree.path.filter is None:
                return SqlClause(_any(edge), [])
            found = column(tree.path, kind, resource_type)
            return None if found is None else _present(found)
        case ValuePath():
            if _ignored(tree.path, resource_type):
                return _NEVER
            edge = _edge(tree.path, kind, resource_type)
            return None if edge is None else _edge_where(tree.filter, edge)
        case _:
            assert_never(tree)


def _ignored(path: Path, resource_type: ResourceType) -> bool:
    """Whether no resource of this type ever has the attribute, though the client may name it."""
    located = resource_type.locate(path.urn, path.attribute)
    return located is not None and located.ignored


def _native_id(tree: Compare, kind: ResourceKind, resource_type: ResourceType) -> SqlClause | None:
    """`nativeObjectId eq "…"` by the bytes it means; other comparisons are left to the documents."""
    path = tree.path
    if path.attribute.lower() != "nativeobjectid" or tree.op != "eq" or not isinstance(tree.value, str):
        return None
    located = resource_type.locate(path.urn, path.attribute)
    if located is None or located.urn != URNS[kind] or path.sub is not None or path.filter is not None:
        return None
    # The query around this one names the tenant.
    sql = "resource.id IN (SELECT resource_id FROM native_object WHERE guid = ?)"
    return SqlClause(sql, [key_of(tree.value)], indexed=True)


def _joined(word: str, clauses: Sequence[SqlClause]) -> SqlClause:
    """The clauses in brackets as a balanced tree: SQLite refuses expressions more than 1,000 deep."""
    if not clauses:
        return EVERYTHING.clause
    if len(clauses) == 1:
        return clauses[0]
    half = len(clauses) // 2
    left, right = _joined(word, clauses[:half]), _joined(word, clauses[half:])
    indexed = word == "AND" and (left.indexed or right.indexed)
    return SqlClause(f"({left.sql} {word} {right.sql})", left.values + right.values, indexed)


def _names(tree: Filter, attribute: str, sub: str | None = None) -> bool:
    match tree:
        case And() | Or():
            return any(_names(item, attribute, sub) for item in tree.filters)
        case Not():
            return _names(tree.filter, attribute, sub)
        case Compare() | Present() | ValuePath():
            path = tree.path
            return path.attribute.lower() == attribute and (sub is None or (path.sub or "").lower() == sub)
        case _:
            assert_never(tree)


def _edge(path: Path, kind: ResourceKind, resource_type: ResourceType) -> Edge | None:
    """The memberships that a path asks about, if it does."""
    edge = _EDGES[kind]
    if path.attribute.lower() != edge.attribute or resource_type.schema.attribute(edge.attribute) is None:
        return None
    return edge if path.urn is None or path.urn.lower() == resource_type.schema.id.lower() else None


def _any(edge: Edge) -> str:
    return f"EXISTS (SELECT 1 FROM membership WHERE {edge.own} = resource.id)"  # noqa: S608 - our own words


def _edge_compare(tree: Compare, edge: Edge) -> SqlClause | None:
    """`members eq "id"`, `members.value eq "id"` and `members[...].value eq "id"`; `groups` of a user likewise."""
    path = tree.path
    if tree.value is None:
        return SqlClause(f"NOT {_any(edge)}" if tree.op == "eq" else _any(edge), [])
    inner: Filter = Compare(path=Path(attribute=path.sub or "value"), op=tree.op, value=tree.value)
    if path.filter is not None:
        inner = And((path.filter, inner))
    found = _edge_where(inner, edge)
    if found is None or tree.op != "ne":
        return found
    return SqlClause(f"({found.sql} OR NOT {_any(edge)})", found.values)


def _edge_where(tree: Filter, edge: Edge) -> SqlClause | None:
    inner = _edge_clause(tree, edge)
    if inner is None:
        return None
    other = edge.columns["value"].name
    return SqlClause(
        f"resource.id IN (SELECT {edge.own} FROM membership WHERE {inner.sql})",  # noqa: S608 - our own words
        inner.values,
        inner.sql.startswith(f"{other} = ?"),
    )


def _edge_clause(tree: Filter, edge: Edge) -> SqlClause | None:
    match tree:
        case And() | Or():
            known = [clause for item in tree.filters if (clause := _edge_clause(item, edge)) is not None]
            if len(known) < len(tree.filters):
                return None
            return _joined("AND" if isinstance(tree, And) else "OR", known)
        case Not():
            inner = _edge_clause(tree.filter, edge)
            return None if inner is None else SqlClause(f"NOT ({inner.sql})", inner.values)
        case Compare():
            found = edge.columns.get(tree.path.attribute.lower())
            return None if found is None else _compare(found, tree, nullable=False)
        case Present():
            return SqlClause("1 = 1", []) if tree.path.attribute.lower() in edge.columns else None
        case ValuePath():
            return None
        case _:
            assert_never(tree)


def _present(found: Column) -> SqlClause:
    if found.sort in ("exact", "folded"):
        return SqlClause(f"({found.name} IS NOT NULL AND {found.name} <> '')", [])
    return SqlClause(f"({found.name} IS NOT NULL)", [])


_ORDERS = {"gt": ">", "ge": ">=", "lt": "<", "le": "<="}


def _compare(found: Column, tree: Compare, *, nullable: bool = True) -> SqlClause | None:
    name, op = found.name, tree.op
    nullable = nullable and name not in ("id", "name_key", "created_at", "modified_at")
    present = f"{name} IS NOT NULL AND " if nullable else ""
    if tree.value is None:
        return SqlClause(f"{name} IS NULL" if op == "eq" else f"{name} IS NOT NULL", [])
    value = _literal(found, tree.value)
    if value is None or (found.sort in ("time", "boolean") and op in ("co", "sw", "ew")):
        return None
    if op == "eq":
        sql = f"({present}{name} = ?)" if nullable else f"{name} = ?"
        return SqlClause(sql, [value], found.indexed)
    if op == "ne":
        return SqlClause(f"({name} IS NULL OR {name} <> ?)" if nullable else f"{name} <> ?", [value])
    if op in _ORDERS:
        return SqlClause(f"({present}{name} {_ORDERS[op]} ?)", [value])
    part = str(value)
    if not part:
        return SqlClause(f"({name} IS NOT NULL)", [])
    if op == "co":
        return SqlClause(f"({present}instr({name}, ?) > 0)", [part])
    if op == "ew":
        return SqlClause(f"({present}substr({name}, length({name}) - {len(part) - 1}) = ?)", [part])
    after = _successor(part)
    if after is None:
        return SqlClause(f"({present}{name} >= ?)", [part])
    return SqlClause(f"({present}{name} >= ? AND {name} < ?)", [part, after])


def _literal(found: Column, value: Scalar) -> object | None:
    """The literal as the column holds it; None leaves the comparison to Python, which knows every tolerance."""
    if found.sort == "boolean":
        said = {"true": True, "false": False}.get(value.lower()) if isinstance(value, str) else value
        return int(said) if isinstance(said, bool) else None
    if found.sort == "time":
        moment = date_time(value)
        return None if moment is None else (moment - _EPOCH) // timedelta(microseconds=1)
    text = value if isinstance(value, str) else str(value).lower() if isinstance(value, bool) else str(value)
    if "\0" in text:
        raise invalid_filter(f"A value cannot hold the character NUL: {shown(text)}.")
    return fold(text) if found.sort == "folded" else text


def _successor(prefix: str) -> str | None:
    """The least text greater than every text that begins with `prefix`; None when there is none."""
    for index in range(len(prefix) - 1, -1, -1):
        code = ord(prefix[index]) + 1
        if code == 0xD800:  # surrogates are not characters
            code = 0xE000
        if code <= 0x10FFFF:
            return prefix[:index] + chr(code)
    return None
