"""$select: which properties of a document are answered.

Pure. A property that the resource does not have is refused by name, as Graph does: a typing error would else look like
an empty value.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from provisor.graph_api.odata.errors import bad_request


def chosen(select: tuple[str, ...] | None, shape: type[Any], not_kept: Sequence[str] = ()) -> frozenset[str] | None:
    """The properties to answer, as the shape (a TypedDict) spells them; None: all.

    Raises GraphError for one that it does not have, but for `not_kept`: those that Graph has, and that are absent here.
    """
    if select is None:
        return None
    known = {name.lower(): name for name in (*not_kept, *shape.__annotations__)}
    for name in select:
        if name.lower() not in known and name != "*":
            raise bad_request(
                f"$select names {name[:80]!r}, which this resource does not have.",
                f"It has {', '.join(shape.__annotations__)}.",
            )
    return None if "*" in select else frozenset(known[name.lower()] for name in select)


def only(document: Mapping[str, Any], names: frozenset[str] | None) -> Mapping[str, Any]:
    """Of a document these properties, and what says how to read it."""
    if names is None:
        return document
    return {name: value for name, value in document.items() if name in names or name.startswith("@")}
