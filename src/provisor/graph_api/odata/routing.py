"""Which handler answers a path, in every spelling that clients use (spec/graph-synchronization-api.md section 0).

Functions are called `delta`, `delta()`, `microsoft.graph.delta` and `microsoft.graph.delta()`; keys stand behind a
slash or in brackets, `users('ID')`, `servicePrincipals(appId='ID')`; fixed parts of a path are read in any case.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Literal
from urllib.parse import unquote

from provisor.graph_api.odata.answers import GraphAnswer
from provisor.graph_api.odata.errors import GraphError, bad_request, not_found
from provisor.graph_api.odata.requests import GraphRequest

MAX_SEGMENTS: Final = 20
MAX_SEGMENT_CHARACTERS: Final = 500
PREFIX: Final = "microsoft.graph."
_KEYED = re.compile(r"(?P<name>[A-Za-z]+)\((?P<key>[^()]*)\)", re.DOTALL)
_ALTERNATE = re.compile(r"(?P<property>[A-Za-z]+)=(?P<value>.*)", re.DOTALL)

GraphHandler = Callable[[GraphRequest], GraphAnswer]


@dataclass(frozen=True, slots=True, kw_only=True)
class GraphRoute:
    """One thing that can be asked for. The table of all is what dispatches, documents and is tested.

    `path` has names in braces; `permission` is what the verb behind it asks for (admin.actor), about what the path
    names where it names an application; empty, of whoever is signed in; `also` is what it asks for besides. `query` are
    the options that it heeds. `body` and `answer` are types, of which the OpenAPI document is made: of a collection
    `list[T]` for pages of T. `media` is what a body is sent as.
    """

    method: str
    path: str
    handler: GraphHandler
    summary: str
    permission: str
    also: tuple[str, ...] = ()
    body: Any = None
    answer: Any = None
    status: int = 200
    query: frozenset[str] = frozenset()
    parameters: tuple[str, ...] = ()  # of the query, beside options
    filtered_by: tuple[str, ...] = ()  # what $filter may name, for the documents
    most: int = 999  # the longest page
    media: tuple[str, ...] = ("application/json",)
    body_optional: bool = False
    beta_only: bool = False
    waits_for: Literal["application", "cycle"] | None = None  # beside the database: it may take a while


@dataclass(slots=True)
class _Branch:
    """Where a path may go on."""

    fixed: "dict[str, _Branch]" = field(default_factory=dict)
    named: "_Branch | None" = None  # what follows a parameter, whatever it is called
    routes: dict[str, GraphRoute] = field(default_factory=dict)


class Router:
    """The table as a tree."""

    def __init__(self, routes: Iterable[GraphRoute]) -> None:
        self._root = _Branch()
        for route in routes:
            place = self._root
            for part in route.path.strip("/").split("/"):
                if not part.startswith("{"):
                    place = place.fixed.setdefault(part.lower(), _Branch())
                    continue
                if place.named is None:
                    place.named = _Branch()
                place = place.named
            if route.method in place.routes:
                raise ValueError(f"{route.method} {route.path} stands twice in the table.")
            place.routes[route.method] = route

    def find(self, method: str, path: str, *, beta: bool) -> tuple[GraphRoute, Mapping[str, str]]:
        """The route of a path below the version, and what it names. Raises GraphError 404 or 405."""
        values: list[str] = []
        place: _Branch | None = self._root
        for part in _parts(path):
            place = _step(place, part, values) if place is not None else None
        routes = {} if place is None else place.routes
        offered = {name: each for name, each in routes.items() if beta or not each.beta_only}
        if not offered:
            raise not_found(path[:200])
        route = offered.get(method)
        if route is None:
            allowed = ", ".join(sorted(offered))
            raise GraphError(
                405, "Request_BadRequest", f"{method} is not offered here; {allowed} is.", headers={"Allow": allowed}
            )
        called = [part.strip("{}") for part in route.path.split("/") if part.startswith("{")]
        return route, dict(zip(called, values, strict=True))


def _step(place: _Branch, part: str, values: list[str]) -> _Branch | None:
    lower = part.lower()
    bare = lower.removesuffix("()")
    # Types are `microsoft.graph.user`, or `graph.user` as SDKs shorten it.
    whole = f"microsoft.{lower}" if lower.startswith("graph.") else lower
    for word in (whole, bare, lower.removeprefix(PREFIX), bare.removeprefix(PREFIX)):
        if word in place.fixed:
            return place.fixed[word]
    if place.named is not None:
        values.append(part)
    return place.named


def _parts(path: str) -> list[str]:
    """The segments, decoded, with a key in brackets as a segment of its own."""
    parts: list[str] = []
    raw = [part for part in path.split("/") if part]
    if len(raw) > MAX_SEGMENTS:
        raise bad_request("The path has too many parts.")
    for one in raw:
        part = _decoded(one)
        keyed = _KEYED.fullmatch(part)
        if keyed is None or not keyed["key"]:
            parts.append(part)
            continue
        alternate = _ALTERNATE.fullmatch(keyed["key"])
        parts.append(keyed["name"])
        parts.append(
            f"{alternate['property']}={_unquoted(alternate['value'])}" if alternate else _unquoted(keyed["key"])
        )
    return parts


def _decoded(raw: str) -> str:
    try:
        part = unquote(raw, errors="strict")
    except UnicodeDecodeError:
        raise bad_request("The path is not UTF-8 text.") from None
    if len(part) > MAX_SEGMENT_CHARACTERS or not part.isprintable():
        raise bad_request("A part of the path is too long, or holds characters that cannot be printed.")
    return part


def _unquoted(key: str) -> str:
    if len(key) >= 2 and key[0] == key[-1] == "'":
        return key[1:-1].replace("''", "'")
    return key
