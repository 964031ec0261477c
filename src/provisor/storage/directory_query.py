"""Answers questions about users and groups (directory.query): pages in an order, and how many there are.

Only live objects are found. What is asked of a name as a whole or its beginning goes through an index; anything else
reads the narrow rows of object_search from end to end, some 30 ms for 100,000 people, and never the objects themselves
but those of the page. Pages go by keys, so that nobody is left out or met twice when somebody comes or goes.
"""

from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple, assert_never

from provisor.database import Connection
from provisor.directory.objects import NAMING, DirectoryKind
from provisor.directory.query import (
    AllHold,
    AnyHolds,
    Condition,
    ObjectPage,
    ObjectQuery,
    Position,
    PropertyContains,
    PropertyEndsWith,
    PropertyEquals,
    PropertyIn,
    PropertyStartsWith,
    Related,
    Relation,
    Unless,
    Value,
    parts_of,
)
from provisor.scim.values import fold
from provisor.storage.object_search import TEXT_COLUMNS
from provisor.storage.objects import COLUMNS, count, object_of

_OF_OBJECT: Final = ", ".join(f"o.{column.strip()}" for column in COLUMNS.split(","))
_FLAGS: Final[Mapping[str, str]] = {
    "accountEnabled": "s.enabled",
    "securityEnabled": "s.enabled",
    "onPremisesSyncEnabled": "s.synced",
}
# Who stands in a relation, found from its other end, and whether somebody does, for whoever is looked at.
_THOSE: Final[Mapping[Relation, str]] = {
    "in group": "SELECT m.member_id FROM member m WHERE m.group_id = ? AND m.removed_at IS NULL",
    "has member": "SELECT m.group_id FROM member m WHERE m.member_id = ? AND m.removed_at IS NULL",
    "managed by": "SELECT r.id FROM object r WHERE r.manager = ?",
    "from source": "SELECT r.id FROM object r WHERE r.source = ? AND r.tenant = ? AND r.kind = ?",
}
_DOES: Final[Mapping[Relation, str]] = {
    "in group": "SELECT 1 FROM member m WHERE m.member_id = {key} AND m.group_id = ? AND m.removed_at IS NULL",
    "has member": "SELECT 1 FROM member m WHERE m.group_id = {key} AND m.member_id = ? AND m.removed_at IS NULL",
    "managed by": "SELECT 1 FROM object r WHERE r.id = {key} AND r.manager = ?",
    "from source": "SELECT 1 FROM object r WHERE r.id = {key} AND r.source = ?",
}
FEW: Final = 2_000  # so many are found from the other end, and then narrowed; of more, whoever is looked at is asked
_HIGHEST = "\U0010ffff"


class _Sql(NamedTuple):
    text: str
    values: tuple[object, ...] = ()


def page(
    connection: Connection,
    tenant: str,
    kind: DirectoryKind,
    query: ObjectQuery,
    *,
    after: Position | None = None,
    limit: int = 100,
) -> ObjectPage:
    """The next objects; the query is one that directory.query finds answerable."""
    order = "DESC" if query.descending else "ASC"
    asked = _ids(tenant, kind, query, after, _many(connection, tenant, kind, query.condition))
    rows = connection.all(
        f"""SELECT {_OF_OBJECT}, f.sort FROM ({asked.text} LIMIT ?) AS f
        CROSS JOIN object o WHERE o.id = f.id ORDER BY f.sort {order}, f.id {order}""",
        (*asked.values, limit + 1),
    )
    found = tuple(object_of(row) for row in rows[:limit])
    more = len(rows) > limit and limit > 0
    return ObjectPage(found, Position(rows[limit - 1][-1], found[-1].id) if more else None)


def number_of(connection: Connection, tenant: str, kind: DirectoryKind, condition: Condition | None) -> int:
    """How many live objects there are for which the condition holds."""
    if condition is None:
        return count(connection, tenant, kind)
    asked = _where(tenant, kind, condition, _many(connection, tenant, kind, condition))
    row = connection.one(f"SELECT count(*) FROM object_search s WHERE {asked.text}", asked.values)
    return int(row[0]) if row else 0


def _many(connection: Connection, tenant: str, kind: DirectoryKind, condition: Condition | None) -> frozenset[Related]:
    """The relations in a condition in which many stand."""
    found = {part for part in parts_of(condition) if isinstance(part, Related)}
    return frozenset(one for one in found if _stand_in(connection, _those(one, tenant, kind)) > FEW)


def _stand_in(connection: Connection, those: _Sql) -> int:
    row = connection.one(f"SELECT count(*) FROM ({those.text} LIMIT ?)", (*those.values, FEW + 1))
    return int(row[0]) if row else 0


def _those(related: Related, tenant: str, kind: DirectoryKind) -> _Sql:
    more = (tenant, kind) if related.relation == "from source" else ()
    return _Sql(_THOSE[related.relation], (related.to, *more))


def _ids(
    tenant: str, kind: DirectoryKind, query: ObjectQuery, after: Position | None, many: frozenset[Related]
) -> _Sql:
    """Who is found, from `after` on and in order, each with the value that is ordered by."""
    table, key, column = "object_search s", "s.object", _text_column(kind, query.order_by)
    asked = _where(tenant, kind, query.condition, many)
    alone = query.condition is None or (isinstance(query.condition, Related) and query.condition in many)
    if query.order_by == "id":
        column = "''"
    elif query.order_by == NAMING[kind] and alone:  # in order already, in the index object_name
        table, key, column = "object n", "n.id", "n.folded_name"
        asked = _Sql("n.tenant = ? AND n.kind = ? AND n.deleted_at IS NULL AND n.purged_at IS NULL", (tenant, kind))
        if isinstance(query.condition, Related):
            asked = _joined("AND", [asked, _does(query.condition, key)])
    sign, order = ("<", "DESC") if query.descending else (">", "ASC")
    keys = (key,) if query.order_by == "id" else (column, key)
    began = _Sql("1 = 1")
    if after is not None:
        values = (after.id,) if query.order_by == "id" else (after.value, after.id)
        began = _Sql(f"({', '.join(keys)}) {sign} ({', '.join('?' * len(keys))})", values)
    ordered = ", ".join(f"{one} {order}" for one in keys)
    return _Sql(
        f"SELECT {key} AS id, {column} AS sort FROM {table} WHERE {asked.text} AND {began.text} ORDER BY {ordered}",
        (*asked.values, *began.values),
    )


def _where(tenant: str, kind: DirectoryKind, condition: Condition | None, many: frozenset[Related]) -> _Sql:
    of_kind = _Sql("s.tenant = ? AND s.kind = ?", (tenant, kind))
    return of_kind if condition is None else _joined("AND", [of_kind, _asked(tenant, kind, condition, many)])


def _asked(tenant: str, kind: DirectoryKind, condition: Condition, many: frozenset[Related]) -> _Sql:
    """The condition in SQL. Everything in it is true or false, never unknown: no column of the table is null."""
    match condition:
        case AllHold():
            parts = [_Sql("1 = 1"), *(_asked(tenant, kind, part, many) for part in condition.conditions)]
            return _joined("AND", parts)
        case AnyHolds():
            parts = [_Sql("1 = 0"), *(_asked(tenant, kind, part, many) for part in condition.conditions)]
            return _joined("OR", parts)
        case Unless():
            inner = _asked(tenant, kind, condition.condition, many)
            return _Sql(f"NOT ({inner.text})", inner.values)
        case Related():
            if condition in many:
                return _does(condition, "s.object")
            those = _those(condition, tenant, kind)
            return _Sql(f"s.object IN ({those.text})", those.values)
        case PropertyEquals():
            return _one_of(tenant, kind, condition.property, (condition.value,))
        case PropertyIn():
            return _one_of(tenant, kind, condition.property, condition.values)
        case PropertyStartsWith():
            return _begins(tenant, kind, condition.property, fold(condition.text))
        case PropertyEndsWith():
            text = fold(condition.text)
            column = _text_column(kind, condition.property)
            ends = f"substr({column}, length({column}) - ? + 1) = ? AND length({column}) >= ?"
            return _Sql(f"({ends})", (len(text), text, len(text))) if text else _Sql("1 = 1")
        case PropertyContains():
            text = fold(condition.text)
            return _Sql(f"instr({_text_column(kind, condition.property)}, ?) > 0", (text,)) if text else _Sql("1 = 1")
        case _:
            assert_never(condition)


def _does(related: Related, key: str) -> _Sql:
    return _Sql(f"EXISTS ({_DOES[related.relation].format(key=key)})", (related.to,))


def _one_of(tenant: str, kind: DirectoryKind, name: str, values: Sequence[Value]) -> _Sql:
    if not values:
        return _Sql("1 = 0")
    marks = ",".join("?" * len(values))
    if name == "id":
        return _Sql(f"s.object IN ({marks})", tuple(str(value).lower() for value in values))
    if name in _FLAGS:
        # Nobody has no accountEnabled; whoever is not synchronised has no onPremisesSyncEnabled.
        wanted = {int(value is True) for value in values if value is not None or name == "onPremisesSyncEnabled"}
        return _Sql(f"{_FLAGS[name]} IN ({','.join(map(str, sorted(wanted)))})") if wanted else _Sql("1 = 0")
    folded = tuple(fold(value) if isinstance(value, str) else "" for value in values)
    if name == NAMING[kind]:
        return _named(tenant, kind, f"n.folded_name IN ({marks})", folded)
    return _Sql(f"{_text_column(kind, name)} IN ({marks})", folded)


def _begins(tenant: str, kind: DirectoryKind, name: str, text: str) -> _Sql:
    if not text:
        return _Sql("1 = 1")
    if name == NAMING[kind]:
        return _named(tenant, kind, *_between("n.folded_name", text))
    return _Sql(f"substr({_text_column(kind, name)}, 1, ?) = ?", (len(text), text))


def _between(column: str, text: str) -> tuple[str, tuple[object, ...]]:
    """That a column begins with a text, said so that an index of the column helps."""
    begins = f"{column} >= ? AND substr({column}, 1, ?) = ?"
    stem = text.rstrip(_HIGHEST)
    if not stem:
        return begins, (text, len(text), text)
    return f"{begins} AND {column} < ?", (text, len(text), text, stem[:-1] + _behind(stem[-1]))


def _behind(character: str) -> str:
    return "\ue000" if character == "\ud7ff" else chr(ord(character) + 1)  # no text has half a surrogate pair


def _named(tenant: str, kind: DirectoryKind, asked: str, values: tuple[object, ...]) -> _Sql:
    return _Sql(
        f"""s.object IN (SELECT n.id FROM object n WHERE n.tenant = ? AND n.kind = ? AND {asked}
        AND n.deleted_at IS NULL AND n.purged_at IS NULL)""",
        (tenant, kind, *values),
    )


def _text_column(kind: DirectoryKind, name: str) -> str:
    return "s.name" if name == NAMING[kind] else f"s.{TEXT_COLUMNS.get(name, 'object')}"


def _joined(word: str, parts: Sequence[_Sql]) -> _Sql:
    text = f" {word} ".join(f"({part.text})" for part in parts)
    return _Sql(text, tuple(value for part in parts for value in part.values))
