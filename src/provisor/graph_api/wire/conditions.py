"""$filter, $search and $orderby of users and groups as questions to the directory (directory.query)."""

import re
from datetime import datetime
from typing import Final, assert_never

from provisor.directory.delta import MOST_IDS
from provisor.directory.objects import DirectoryKind
from provisor.directory.query import (
    FILTERED,
    AllHold,
    AnyHolds,
    Condition,
    ObjectQuery,
    PropertyContains,
    PropertyEndsWith,
    PropertyEquals,
    PropertyIn,
    PropertyStartsWith,
    Unless,
    Value,
    also,
    searching,
)
from provisor.graph_api.odata.errors import bad_request, unsupported_query
from provisor.graph_api.odata.filters import (
    AllOf,
    AnyOf,
    FilterComparison,
    FilterTree,
    FilterValue,
    Negation,
    OneOf,
    TextCall,
)
from provisor.graph_api.odata.options import QueryOptions

_CLAUSE: Final = re.compile(r'\s*(?:(?P<word>AND|OR|NOT)\b|"(?P<quoted>(?:[^"\\]|\\.)*)"|(?P<mark>[()]))\s*')
MOST_CLAUSES: Final = 50


def query_of(kind: DirectoryKind, options: QueryOptions) -> ObjectQuery:
    """What the options ask for. Raises GraphError for what cannot be asked."""
    condition = None if options.filter is None else condition_of(kind, options.filter)
    if options.search is not None:
        condition = also(condition, _search(kind, options.search))
    if not options.order_by:
        return ObjectQuery(condition=condition)
    if len(options.order_by) > 1:
        raise unsupported_query("Users and groups are ordered by one property.", "Name one in $orderby.")
    name, descending = options.order_by[0]
    return ObjectQuery(condition=condition, order_by=_as_written(kind, name), descending=descending)


def condition_of(kind: DirectoryKind, tree: FilterTree) -> Condition:
    """The filter as a condition."""
    match tree:
        case AllOf():
            return AllHold(tuple(condition_of(kind, part) for part in tree.parts))
        case AnyOf():
            return AnyHolds(tuple(condition_of(kind, part) for part in tree.parts))
        case Negation():
            return Unless(condition_of(kind, tree.part))
        case OneOf():
            return PropertyIn(_as_written(kind, tree.name), tuple(_value(tree.name, each) for each in tree.values))
        case TextCall():
            name = _as_written(kind, tree.name)
            match tree.function:
                case "startswith":
                    return PropertyStartsWith(name, tree.text)
                case "endswith":
                    return PropertyEndsWith(name, tree.text)
                case _:
                    return PropertyContains(name, tree.text)
        case FilterComparison():
            equal = PropertyEquals(_as_written(kind, tree.name), _value(tree.name, tree.value))
            match tree.operator:
                case "eq":
                    return equal
                case "ne":
                    return Unless(equal)
                case _:
                    raise unsupported_query(
                        f"{tree.name} cannot be compared by {tree.operator}.", "Compare by eq, ne, in, startswith, …"
                    )
        case _:
            assert_never(tree)


def ids_of(tree: FilterTree | None) -> tuple[str, ...]:
    """The ids that a delta query is narrowed to: `id eq '…' or id eq '…'`; none without a filter."""
    if tree is None:
        return ()
    parts = tree.parts if isinstance(tree, AnyOf) else (tree,)
    ids: list[str] = []
    for part in parts:
        match part:
            case FilterComparison(name="id", operator="eq", value=str() as value):
                ids.append(value.lower())
            case OneOf(name="id", values=values) if all(isinstance(each, str) for each in values):
                ids += (str(each).lower() for each in values)
            case _:
                raise unsupported_query("Delta queries are filtered by id alone.", "Write id eq '…' or id eq '…'.")
    if len(ids) > MOST_IDS:
        raise unsupported_query(f"The filter names {len(ids)} ids.", f"Name {MOST_IDS} at most.")
    return tuple(dict.fromkeys(ids))


def _as_written(kind: DirectoryKind, name: str) -> str:
    """The property as the directory spells it; a name that it does not know as the client wrote it."""
    return next((known for known in FILTERED[kind] if known.lower() == name.lower()), name)


def _value(name: str, value: FilterValue) -> Value:
    if isinstance(value, str | bool) or value is None:
        return value
    shown = value.isoformat() if isinstance(value, datetime) else value
    raise unsupported_query(f"{name} is compared with {shown}, which is no text.", "Text stands in '…'.")


def _search(kind: DirectoryKind, text: str) -> Condition:
    """`"displayName:anna" OR "mail:anna"`; a clause without a property is looked for in all names; AND binds first."""
    if '"' not in text:
        return searching(kind, text)
    either: list[Condition] = []
    both: list[Condition] = []
    at, clauses, expects = 0, 0, True
    while at < len(text):
        found = _CLAUSE.match(text, at)
        if found is None or found["mark"] or found["word"] == "NOT":
            raise _not_understood()
        at = found.end()
        if (found["word"] is None) != expects:
            raise _not_understood()
        expects = not expects
        if found["word"] == "OR":
            either.append(AllHold(tuple(both)))
            both = []
        elif found["word"] is None:
            clauses += 1
            both.append(_clause(kind, re.sub(r"\\(.)", r"\1", found["quoted"])))
    if expects or clauses > MOST_CLAUSES:
        raise _not_understood()
    return AnyHolds((*either, AllHold(tuple(both))))


def _clause(kind: DirectoryKind, text: str) -> Condition:
    name, colon, wanted = text.partition(":")
    if not colon:
        return searching(kind, text)
    known = _as_written(kind, name)
    if FILTERED[kind].get(known) != "text":
        raise unsupported_query(f"{name[:100]!r} cannot be searched.", "Search for displayName or mail, say.")
    return PropertyContains(known, wanted)


def _not_understood() -> Exception:
    return bad_request("$search is not understood.", 'Write "property:text", with AND or OR between several.')
