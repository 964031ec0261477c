"""Short collections, in memory: filtered, ordered, counted, paged, with the properties that are asked for.

Pure. For what a tenant has hundreds of, such as applications. What it has a hundred thousand of is asked of the
database page by page. Text compares folded, as Graph compares names.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Final, TypeAlias, assert_never

from provisor.graph_api.odata.answers import GraphAnswer, collection
from provisor.graph_api.odata.errors import GraphError, bad_request, unsupported_query
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
from provisor.graph_api.odata.requests import GraphRequest
from provisor.graph_api.odata.selecting import chosen, only
from provisor.scim.values import fold

PAGE: Final = 100  # what Graph gives without $top
LISTED: Final = frozenset({"$filter", "$top", "$orderby", "$skiptoken"})  # what a route of such a collection heeds

Document: TypeAlias = Mapping[str, Any]
Holds: TypeAlias = Callable[[Document], bool]


def short_collection(
    request: GraphRequest,
    context: str,
    documents: Iterable[Document],
    *,
    shape: type[Any],
    not_kept: Sequence[str] = (),
    filtered: Sequence[str],
    ordered: Sequence[str] = (),
    completed: Callable[[Sequence[Document]], Iterable[Document]] = lambda page: page,
) -> GraphAnswer:
    """A page of documents of this shape, each with an id. `filtered` and `ordered` are the properties that may be asked
    for, `not_kept` those that may be selected and are absent.

    Where the documents have no more than what is filtered by, `completed` gives those of the page whole.
    """
    options = request.options
    names = chosen(options.select, shape, not_kept)
    found = list(documents)
    if options.filter is not None:
        holds = _predicate(options.filter, filtered)
        found = [each for each in found if holds(each)]
    place, descending = _order(options.order_by, ordered)
    found.sort(key=place, reverse=descending)
    count = len(found) if options.count and options.skip_token is None else None
    after = request.place()
    if after is not None:
        last = _place(after)
        found = [each for each in found if (place(each) < last if descending else place(each) > last)]
    size = options.top or PAGE
    page = found[:size]
    more = request.next_link(list(place(page[-1]))) if len(found) > size else None
    shown = [only(each, names) for each in completed(page)]
    return collection(request, context, shown, next_link=more, count=count)


def _order(
    asked: Sequence[tuple[str, bool]], ordered: Sequence[str]
) -> tuple[Callable[[Document], tuple[str, str]], bool]:
    """Where a document stands; by its id alone where nothing is asked for."""
    if not asked:
        return (lambda document: ("", str(document["id"]))), False
    if len(asked) > 1:
        raise unsupported_query("This resource is ordered by one property.", f"By {' or '.join(ordered)}.")
    name, descending = asked[0]
    known = _known(name, ordered, "ordered")
    return (lambda document: (fold(str(document.get(known) or "")), str(document["id"]))), descending


def _place(token: object) -> tuple[str, str]:
    match token:
        case [str() as key, str() as last]:
            return key, last
        case _:
            raise bad_request("The token is of no place in this listing.")


def _predicate(tree: FilterTree, names: Sequence[str]) -> Holds:
    match tree:
        case AllOf(parts):
            every = [_predicate(part, names) for part in parts]
            return lambda document: all(holds(document) for holds in every)
        case AnyOf(parts):
            some = [_predicate(part, names) for part in parts]
            return lambda document: any(holds(document) for holds in some)
        case Negation(part):
            inner = _predicate(part, names)
            return lambda document: not inner(document)
        case OneOf(name, values):
            known, wanted = _known(name, names, "filtered"), [_comparable(value) for value in values]
            return lambda document: _comparable(document.get(known)) in wanted
        case FilterComparison(name, operator, value):
            known, single = _known(name, names, "filtered"), _comparable(value)
            if operator not in ("eq", "ne"):
                raise unsupported_query(f"{known} is compared by eq, ne, in and functions of text.")
            return lambda document: (_comparable(document.get(known)) == single) == (operator == "eq")
        case TextCall(function, name, text):
            known = _known(name, names, "filtered")
            return _text_test(function, known, fold(text))
        case _:
            assert_never(tree)


def _text_test(function: str, name: str, text: str) -> Holds:
    def holds(document: Document) -> bool:
        value = document.get(name)
        if not isinstance(value, str):
            return False
        folded = fold(value)
        match function:
            case "startswith":
                return folded.startswith(text)
            case "endswith":
                return folded.endswith(text)
            case _:
                return text in folded

    return holds


def _comparable(value: FilterValue) -> str | bool | None:
    if isinstance(value, str):
        return fold(value)
    if value is None or isinstance(value, bool):
        return value
    raise unsupported_query("This resource compares text, true, false and null.", "Text stands in '…'.")


def _known(name: str, names: Sequence[str], what: str) -> str:
    for known in names:
        if known.lower() == name.lower():
            return known
    raise _unknown(name, names, what)


def _unknown(name: str, names: Sequence[str], what: str) -> GraphError:
    how = f"It can by {', '.join(names)}." if names else ""
    return unsupported_query(f"This resource cannot be {what} by {name[:80]!r}.", how)
