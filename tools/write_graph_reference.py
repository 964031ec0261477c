"""Writes docs/reference/graph-api.md from the table of routes; tests/house checks that the page is up to date.

Run from the project's folder: .venv/bin/python tools/write_graph_reference.py
"""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from provisor.graph_api.odata.options import ALWAYS
from provisor.graph_api.odata.routing import GraphRoute
from provisor.graph_api.openapi import openapi
from provisor.graph_api.routes import ROUTES

PAGE = Path(__file__).parents[1] / "docs" / "reference" / "graph-api.md"
OPENING = """# Graph API

Every route of the API in Microsoft Graph's shapes that `provisor serve` answers, written from the code by
`tools/write_graph_reference.py`. `/v1.0/openapi.json` and `/beta/openapi.json` say the same for programs. What Graph itself
does: [spec](../spec/graph-synchronization-api.md).

**Addresses.** Below `/v1.0` and `/beta`; what is marked *beta* is below `/beta` alone. Fixed parts are read in any case, keys
behind a slash or in brackets (`users('ID')`, `servicePrincipals(appId='ID')`), functions with or without `()` and
`microsoft.graph.`.

**Who calls.** `Authorization: Bearer TOKEN`, of `provisor admin token create` or, for OAuth 2.0 client credentials, `provisor
admin client create`. Each route names the permission that its caller needs, everywhere or for the own application; what is
another's is answered as if it were not there.

**Options** stand in the query, with or without `$`. One that a route does not take is refused by name.

| Option | Means |
|---|---|
| `$select` | these properties only |
| `$top` | the size of a page |
| `$count=true` | how many there are, on the first page; refused by name where only reading all would tell |
| `$filter` | `eq ne gt ge lt le in`, `startswith endswith contains`, `and or not`; text in `'…'`, times such as `2026-11-28T08:00:00Z`; exact, letter by letter, in logs |
| `$orderby` | a property, and `asc` or `desc` |
| `$skiptoken`, `$deltatoken` | of a link, which is followed unchanged; good for 24 hours and for seven days |

**Pages** have an `@odata.nextLink` until the last. A page may be empty and have one: of a log a page looks at 20,000 events where
no index answers (`contains`, say), and its link goes on from there. Add a range of `activityDateTime` to get there sooner.

**Refusals** are `{"error": {"code", "message", "innerError"}}`; in innerError `reason` is [our code](errors.md), `hint` what to do,
`request-id` what to report a fault with.
"""


def page() -> str:
    """The whole page."""
    nouns: dict[str, list[GraphRoute]] = {}
    for route in ROUTES:
        nouns.setdefault(_noun(route), []).append(route)
    parts = [OPENING, *(part for noun in sorted(nouns) for part in _section(noun, nouns[noun]))]
    return "\n".join([*parts, "## Types", "", *_types()]).rstrip() + "\n"


def _noun(route: GraphRoute) -> str:
    first, *rest = route.path.strip("/").split("/")
    return f"{first}/{rest[0]}" if first in ("auditLogs", "directory") and rest else first


def _section(noun: str, routes: Iterable[GraphRoute]) -> Iterator[str]:
    yield f"## {noun}\n"
    yield "| Route | | Permission | Takes | Answers |"
    yield "|---|---|---|---|---|"
    filters = []
    for route in routes:
        beta = " *beta*" if route.beta_only else ""
        permissions = ", ".join(map(_code, (route.permission, *route.also)))
        yield (
            f"| `{route.method} {route.path}`{beta} | {route.summary.removesuffix('.')} | {permissions} | "
            f"{_takes(route)} | {route.status}{_answer(route)} |"
        )
        if route.filtered_by:
            names = ", ".join(f"`{name}`" for name in route.filtered_by)
            filters.append(f"\n`$filter` of `{route.path}` names {names}.")
    yield from filters
    yield ""


def _code(text: str) -> str:
    return f"`{text}`" if text else ""


def _takes(route: GraphRoute) -> str:
    options = sorted(route.query - ALWAYS)
    said = [f"`{name}`" for name in (*options, *route.parameters)]
    if route.body is not None:
        said.append(
            f"[{_name(route.body)}](#{_name(route.body).lower()}){' or no body' if route.body_optional else ''}"
        )
    return ", ".join(said)


def _name(kind: Any) -> str:
    return str(getattr(kind, "__name__", kind))


def _answer(route: GraphRoute) -> str:
    if route.answer is None:
        return ""
    inner = getattr(route.answer, "__args__", (route.answer,))
    many = getattr(route.answer, "__origin__", None) is list
    kind = inner[0] if many else route.answer
    if not hasattr(kind, "__annotations__"):
        return ", an object"
    return f", {'pages of ' if many else ''}[{_name(kind)}](#{_name(kind).lower()})"


def _types() -> Iterator[str]:
    for name, schema in sorted(openapi(ROUTES, "beta")["components"]["schemas"].items()):
        if name.startswith("odataError"):
            continue
        yield f"### {name}\n"
        if said := schema.get("description"):
            yield f"{' '.join(said.split())}\n"
        properties = schema.get("properties", {})
        if properties:
            yield "| Property | Type |"
            yield "|---|---|"
            required = schema.get("required", [])
            for one, inner in properties.items():
                optional = "" if one in required else ", may be absent"
                yield f"| `{one}` | {_type(inner)}{optional} |"
            yield ""


def _type(schema: Any) -> str:
    match schema:
        case {"$ref": str(where)}:
            name = where.rpartition("/")[2]
            return f"[{name}](#{name.lower()})"
        case {"anyOf": list(parts)}:
            return " or ".join(_type(part) for part in parts)
        case {"enum": list(values)}:
            return " or ".join(f"`{value}`" for value in values)
        case {"const": value}:
            return f"`{value}`"
        case {"type": "array", "items": items}:
            return f"list of {_type(items)}"
        case {"type": "object", "additionalProperties": dict(inner)} if inner:
            return f"object of {_type(inner)}"
        case {"type": list(names)}:
            return " or ".join(names)
        case {"type": str(name)}:
            return name
        case _:
            return "anything"


if __name__ == "__main__":
    PAGE.write_text(page())
