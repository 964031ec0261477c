"""One HTTP request as the target sees it: what it asks for, by hand-written routing (RFC 7644 section 3.2).

Pure. Paths are taken with or without a trailing slash (spec/scim-wire.md section 5, row 16). Order: routes, queries,
bodies.
"""

from collections.abc import Mapping, Sequence
from urllib.parse import parse_qsl, unquote_plus

from provisor.provider.model.limits import MAX_RESULTS
from provisor.provider.model.profiles import ResourceKind
from provisor.provider.protocol.discovery import DOCUMENTS
from provisor.provider.query.find import LARGEST, whole_number
from provisor.provider.verbs.request import ME, NOWHERE, Route, ScimRequest
from provisor.scim.errors import ScimError, invalid_syntax, invalid_value, not_found, not_implemented, shown
from provisor.scim.values import Json

SEARCH_URN = "urn:ietf:params:scim:api:messages:2.0:SearchRequest"
_KINDS: Mapping[str, ResourceKind] = {"Users": "User", "Groups": "Group"}
READING = ("GET", "HEAD")
_FILTER = {b"filter": "filter"}
_SEARCHED = {name.lower(): name for name in ("filter", "startIndex", "count", "sortBy", "sortOrder", "cursor")}
_NUMBERS = ("startIndex", "count")
_FIELDS_LIMIT = 50  # parameters in a query string


_ONE = ("GET", "HEAD", "PUT", "PATCH", "DELETE")
PLACES: Mapping[str, Route] = {
    "": Route(READING),  # resources of every kind (RFC 7644 sections 3.4.2.1 and 3.4.3)
    ".search": Route(("POST",), search=True),
    "Bulk": Route(("POST",), bulk=True),
    **{name: Route(READING, discovery=name) for name in DOCUMENTS},
    **{name: Route(("GET", "HEAD", "POST"), kind) for name, kind in _KINDS.items()},
    **{f"{name}/.search": Route(("POST",), kind, search=True) for name, kind in _KINDS.items()},
}
# Places that have others below them, each with an id or a name.
BELOW: Mapping[str, Route] = {
    **{name: Route(READING, discovery=name) for name in DOCUMENTS},
    **{name: Route(_ONE, kind) for name, kind in _KINDS.items()},
}


USERS = PLACES["Users"]


def route(rest: str) -> tuple[Route, str]:
    """The place of a path below the base path, and the id in it; ME or NOWHERE for what is not served."""
    rest = rest.strip("/")
    place = PLACES.get(rest)
    if place is not None:
        return place, ""
    above, _, name = rest.rpartition("/")
    if above in BELOW:
        return BELOW[above], name
    return (ME if rest.partition("/")[0] == "Me" else NOWHERE), ""


def nothing_at(path: str, place: Route) -> ScimError:
    """The refusal of a path that we do not serve: 404, and 501 for /Me (RFC 7644 section 3.11)."""
    if place is ME:
        return not_implemented("/Me is not served: a token belongs to a client, not to one of the users stored here.")
    return not_found("Address", path)


def parameters(query: bytes) -> dict[str, str]:
    """The parameters of a query string by lower-cased name; `+` and `%20` alike. Raises ScimError invalidSyntax."""
    if not query:
        return {}
    name, _, value = query.partition(b"=")
    if b"&" not in value and (known := _FILTER.get(name)) is not None:  # what clients nearly always ask
        return {known: _unquoted(value)}
    try:
        pairs = parse_qsl(query.decode("latin-1"), keep_blank_values=True, max_num_fields=_FIELDS_LIMIT)
    except ValueError as error:
        raise invalid_syntax(f"The query string cannot be read: {error}.") from None
    return {name.lower(): value for name, value in pairs}


def _unquoted(value: bytes) -> str:
    """A value of a query string; the most common ones in a fifth of the time."""
    plain = value.replace(b"+", b" ").replace(b"%20", b" ").replace(b"%22", b'"').replace(b"%40", b"@")
    return unquote_plus(value.decode("latin-1")) if b"%" in plain else plain.decode("latin-1")


def select(request: ScimRequest, asked: Mapping[str, str]) -> None:
    """Put the attributes that a query string chooses into the request. Raises ScimError invalidValue."""
    _select(request, _split(asked.get("attributes")), _split(asked.get("excludedattributes")))


def search(request: ScimRequest, body: Json) -> None:
    """Put what a SearchRequest asks for into the request (RFC 7644 section 3.4.3).

    Raises ScimError for a value of another type.
    """
    if not isinstance(body, dict):
        raise invalid_syntax(f"A SearchRequest is an object, not {shown(body)}.")
    fields = {name.lower(): value for name, value in body.items() if value is not None}
    schemas = fields.get("schemas")
    if schemas is not None and not holds(schemas, SEARCH_URN):
        raise invalid_syntax(f"The schemas of a SearchRequest must hold {SEARCH_URN}, not {shown(schemas)}.")
    asked = {name: _text(spelled, fields[name]) for name, spelled in _SEARCHED.items() if name in fields}
    question(request, asked)
    _select(request, _names(fields, "attributes"), _names(fields, "excludedAttributes"))


def _split(text: str | None) -> tuple[str, ...]:
    return () if text is None else tuple(name.strip() for name in text.split(",") if name.strip())


def _select(request: ScimRequest, attributes: Sequence[str], excluded: Sequence[str]) -> None:
    if attributes and excluded:
        raise invalid_value("attributes and excludedAttributes exclude each other; give one of them.")
    request.attributes, request.excluded = attributes, excluded


def question(request: ScimRequest, asked: Mapping[str, str]) -> None:
    """Put what a GET of a list asks for into the request. Raises ScimError."""
    if len(asked) == 1 and "filter" in asked:  # what clients nearly always ask
        request.filter = _given(asked["filter"])
        return
    start, count = _given(asked.get("startindex")), _given(asked.get("count"))
    request.filter = _given(asked.get("filter"))
    request.start_index = 1 if start is None else max(whole_number("startIndex", start), 1)
    request.count = MAX_RESULTS if count is None else _count(count, by_cursor="cursor" in asked)
    request.counted = count is not None
    request.sort_by = _given(asked.get("sortby"))
    request.descending = _descending(asked.get("sortorder"))
    request.cursor = asked.get("cursor")


def holds(schemas: Json, urn: str) -> bool:
    """Whether the `schemas` of a message name what it should be, in any case."""
    return isinstance(schemas, list) and any(isinstance(item, str) and item.lower() == urn.lower() for item in schemas)


def _text(field: str, value: Json) -> str:
    """A value of a SearchRequest as a query string would have it: a query read in part would find the wrong things."""
    if isinstance(value, str):
        return value
    if field in _NUMBERS and not isinstance(value, bool):
        if isinstance(value, int):
            return str(max(-1, min(value, LARGEST)))
        if isinstance(value, float) and value.is_integer():
            return str(int(max(-1, min(value, LARGEST))))
    wanted = "a whole number" if field in _NUMBERS else "text"
    raise invalid_value(f"{field} must be {wanted}, not {shown(value)}.")


def _names(fields: Mapping[str, Json], field: str) -> tuple[str, ...]:
    value = fields.get(field.lower())
    if value is None:
        return ()
    if isinstance(value, str):
        return _split(value)
    names = value if isinstance(value, list) else [value]
    for name in names:
        if not isinstance(name, str):
            raise invalid_value(f"{field} must be a list of names, not {shown(value)}.")
    return tuple(name.strip() for name in names if isinstance(name, str) and name.strip())


def _given(text: str | None) -> str | None:
    return text if text is not None and text.strip() else None


def _count(text: str, *, by_cursor: bool) -> int:
    try:
        return min(max(whole_number("count", text), 0), MAX_RESULTS)
    except ScimError as refusal:
        if by_cursor:  # RFC 9865 section 2.1 has its own word for it
            raise ScimError(400, "invalidCount", refusal.detail) from None
        raise


def _descending(text: str | None) -> bool:
    if not text or text.lower() == "ascending":
        return False
    if text.lower() == "descending":
        return True
    raise invalid_value(f"sortOrder must be ascending or descending, not {shown(text)}.")


def method_refused(method: str, place: Route) -> ScimError:
    """405 with the methods that are allowed in its detail; they stand in the Allow header too."""
    return ScimError(405, None, f"{method[:20]} is not allowed here; {', '.join(place.methods)} is.")
