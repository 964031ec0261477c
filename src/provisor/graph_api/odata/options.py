"""Query options of a request: $select, $filter, $top, $orderby, $count, $search, $expand, $skiptoken, $deltatoken.

Pure. Read with or without the dollar sign, in any case, as Graph does. An option that a route does not heed is refused
by name: whoever filters and is given everything would act on the wrong objects.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final
from urllib.parse import parse_qsl

from provisor.graph_api.odata.errors import bad_request, unsupported_query
from provisor.graph_api.odata.filters import FilterTree, parse_filter

KNOWN: Final = (
    *("$select", "$filter", "$top", "$orderby", "$count", "$search", "$expand", "$skiptoken", "$deltatoken", "$format"),
)
ALWAYS: Final = frozenset(
    {"$select", "$format", "$count"}
)  # of any collection or object; harmless where it says nothing
MAX_NAMES: Final = 200
MAX_TEXT: Final = 8_000


@dataclass(frozen=True, slots=True, kw_only=True)
class QueryOptions:
    """What the client asks for. `select` None: the default set; names as the client wrote them."""

    select: tuple[str, ...] | None = None
    filter: FilterTree | None = None
    filter_text: str = ""
    top: int | None = None
    order_by: tuple[tuple[str, bool], ...] = ()  # property, and whether descending
    count: bool = False
    search: str | None = None
    expand: tuple[str, ...] = ()
    skip_token: str | None = None
    delta_token: str | None = None


def read_options(query: str, heeded: Iterable[str], *, most: int) -> QueryOptions:
    """The options of a query string. `heeded` are those of the route, `most` the longest page.

    Raises GraphError for one that is unknown, not heeded, given twice, or malformed.
    """
    if len(query) > MAX_TEXT * 3:
        raise bad_request("The query is too long.")
    given: dict[str, str] = {}
    for name, value in _pairs(query):
        known = _known(name)
        if known is None:
            continue
        if known in given:
            raise bad_request(f"{known} is given twice.")
        if known not in ALWAYS and known not in heeded:
            raise unsupported_query(f"This resource does not take {known}.", f"It takes {', '.join(sorted(heeded))}.")
        given[known] = value
    text = given.get("$filter", "")
    return QueryOptions(
        select=_names(given.get("$select"), "$select"),
        filter=parse_filter(text) if text.strip() else None,
        filter_text=text,
        top=_top(given.get("$top"), most),
        order_by=_order(given.get("$orderby")),
        count=_flag(given.get("$count")),
        search=given.get("$search"),
        expand=_names(given.get("$expand"), "$expand") or (),
        skip_token=given.get("$skiptoken"),
        delta_token=given.get("$deltatoken"),
    )


def without(query: str, *names: str) -> str:
    """The query string without these options, each part as the client wrote it."""
    kept = [part for part in query.split("&") if part and _known(_name_of(part)) not in names]
    return "&".join(kept)


def _name_of(part: str) -> str:
    pairs = parse_qsl(part, keep_blank_values=True)
    return pairs[0][0] if pairs else ""


def _pairs(query: str) -> list[tuple[str, str]]:
    try:
        return parse_qsl(query, keep_blank_values=True, errors="strict", max_num_fields=50)
    except ValueError:  # UnicodeDecodeError is one
        raise bad_request("The query is not UTF-8 text, or has too many parts.") from None


def _known(name: str) -> str | None:
    """The option of this name; None for another parameter. Raises GraphError where a dollar says it is one."""
    lower = name.lower()
    found = lower if lower.startswith("$") else f"${lower}"
    if found in KNOWN:
        return found
    if lower.startswith("$"):
        raise unsupported_query(f"There is no query option {name[:50]!r}.", f"There are {', '.join(KNOWN)}.")
    return None


def _names(text: str | None, option: str) -> tuple[str, ...] | None:
    if text is None:
        return None
    names = tuple(dict.fromkeys(part.strip() for part in text.split(",") if part.strip()))
    if len(names) > MAX_NAMES:
        raise bad_request(f"{option} names {len(names)} properties, and at most {MAX_NAMES} are taken.")
    return names or None


def _top(text: str | None, most: int) -> int | None:
    if text is None:
        return None
    if not (text.isascii() and text.isdigit() and len(text) < 10) or not 1 <= int(text) <= most:
        raise bad_request(f"$top is {text[:50]!r}, and must be a number from 1 to {most}.")
    return int(text)


def _flag(text: str | None) -> bool:
    if text is not None and text.lower() not in ("true", "false"):
        raise bad_request(f"$count is {text[:50]!r}, and must be true or false.")
    return text is not None and text.lower() == "true"


def _order(text: str | None) -> tuple[tuple[str, bool], ...]:
    order = []
    for part in (text or "").split(","):
        words = part.split()
        if not words:
            continue
        direction = words[1].lower() if len(words) == 2 else "asc"
        if len(words) > 2 or direction not in ("asc", "desc"):
            raise bad_request(f"$orderby has {part.strip()[:50]!r}, and must be a property with asc or desc.")
        order.append((words[0], direction == "desc"))
    return tuple(order)
