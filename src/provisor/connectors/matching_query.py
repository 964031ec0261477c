"""Matching queries: the filter as it goes over the wire, and whether the answer really is what was asked for.

Rules: spec/scim-wire.md sections 2 (encoding) and 13 (strangers are ignored). Values are escaped as RFC 7644 section
3.4.2.2 has it. Order: the query, its text, the second look, a question about a reference.
"""

from collections.abc import Callable, Sequence
from functools import lru_cache
from urllib.parse import quote_plus

from provisor.scim.errors import ScimError
from provisor.scim.filter.evaluation import evaluate
from provisor.scim.filter.grammar import render
from provisor.scim.filter.tree import And, Compare, Path
from provisor.scim.path import resolve
from provisor.scim.schemas.schema import ResourceType
from provisor.scim.values import Resource, fold

Equal = Callable[[Resource, str], bool]


class MatchingQuery:
    """Equality of one attribute, compiled once for many values. Raises ScimError for an unknown path."""

    __slots__ = ("_equal", "_path")

    def __init__(self, path: str, resource_type: ResourceType) -> None:
        self._path = resolve(path, resource_type).path
        self._equal = _equality(path, resource_type)

    def encoded(self, value: str) -> str:
        """The filter, ready for a query: blanks as `+`, `@` as `%40`, quotes as `%22`, other letters as UTF-8."""
        return quote_plus(render(Compare(path=self._path, op="eq", value=value)), safe="")

    def kept(self, resources: Sequence[Resource], value: str) -> list[Resource]:
        """The resources that hold the value; a server that ignores filters would return others."""
        return [resource for resource in resources if self._equal(resource, value)]


@lru_cache(maxsize=256)
def matching_query(path: str, resource_type: ResourceType) -> MatchingQuery:
    """The query for a path; rule sets use few, so they are kept."""
    return MatchingQuery(path, resource_type)


def reference_query(path: str, resource_type: ResourceType, target_id: str, value: str) -> str:
    """The filter for one resource with one reference, ready for a query (spec/scim-wire.md section 2, rows 8 and 16).

    The reference is named without its schema. Raises ScimError for an unknown path.
    """
    named = Path(attribute=resolve(path, resource_type).path.attribute)
    both = And(
        (
            Compare(path=Path(attribute="id"), op="eq", value=target_id),
            Compare(path=named, op="eq", value=value),
        )
    )
    return quote_plus(render(both), safe="")


def _equality(path: str, resource_type: ResourceType) -> Equal:
    """Direct access for `userName` and the like, the whole filter language for everything else."""
    place = resolve(path, resource_type)
    attribute, name = place.attribute, place.path.attribute
    plain = attribute is not None and attribute.type == "string" and not attribute.multi_valued
    if attribute is not None and plain and place.path == Path(attribute=name):
        exact = attribute.case_exact

        def equal(resource: Resource, value: str) -> bool:
            held = resource.get(name)
            return isinstance(held, str) and (held == value or (not exact and fold(held) == fold(value)))

        return equal

    def satisfies(resource: Resource, value: str) -> bool:
        try:
            return evaluate(Compare(path=place.path, op="eq", value=value), resource, resource_type)
        except ScimError:
            return False  # the server stores something other than the schema says

    return satisfies
