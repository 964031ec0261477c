"""Attribute paths: `URN:attribute[filter].sub`, and their use as setters and getters (RFC 7644 section 3.5.2, 3.10).

Pure. Compiled once, used millions of times by the mapping engine, hence closures. Names are taken in any case and come
out as the schema spells them. Order: parse, resolve, setter, getter, remover.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

from provisor.scim.errors import invalid_path, shown
from provisor.scim.filter.evaluation import Predicate, element_matcher
from provisor.scim.filter.grammar import parse_attribute_path, render_path
from provisor.scim.filter.tree import And, Compare, Filter, Path
from provisor.scim.schemas.schema import Attribute, ResourceType
from provisor.scim.values import Json, Resource

__all__ = [
    "Path",
    "Place",
    "getter",
    "parse_path",
    "remover",
    "render_path",
    "resolve",
    "setter",
]

Setter = Callable[[Resource, Json], None]
Getter = Callable[[Resource], Json]
Remover = Callable[[Resource], None]

_CACHED_CHARACTERS = 200  # longer paths are rare or hostile; caching them would let a client fill the memory


def parse_path(text: str, resource_type: ResourceType | None = None) -> Path:
    """Read a path. With a resource type, names get the schema's spelling and must exist; without, only syntax counts.

    Raises ScimError invalidPath, or invalidFilter for a bad filter in brackets.
    """
    if resource_type is None:
        return parse_attribute_path(text)
    return resolve(text, resource_type).path


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A path resolved against a resource type: which attribute, in which container, which elements of it.

    `attribute` is None for a whole extension. `label` is how an error names it. `described` holds what an
    element must have to satisfy the filter, when the filter says so by `eq` alone. `ignored` marks what a client may
    name but does not write: standard attributes the resource type does not hold, and `schemas`, which follows content.
    """

    path: Path
    label: str
    urn: str | None
    attribute: Attribute | None
    sub: Attribute | None = None
    chosen: Predicate | None = None
    described: Resource | None = None
    ignored: bool = False


def resolve(text: str, resource_type: ResourceType) -> Place:
    """Find what a path names; raises ScimError invalidPath when it names nothing of this resource type."""
    if len(text) > _CACHED_CHARACTERS:
        return _resolve(text, resource_type)
    return _resolve_cached(text, resource_type)


def _resolve(text: str, resource_type: ResourceType) -> Place:
    path = parse_attribute_path(text, tuple(resource_type.urns()))
    if not path.attribute and path.urn is not None:
        return _whole_extension(path.urn, resource_type)
    located = resource_type.locate(path.urn, path.attribute)
    if located is None:
        raise invalid_path(f"{resource_type.name} has no attribute {shown(text)}.")
    attribute, ignored = located.attribute, located.ignored
    ignored = ignored or (located.urn is None and attribute.name == "schemas")
    sub = None
    if path.sub is not None:
        sub = attribute.sub(path.sub)
        if sub is None:
            sub = resource_type.ignored_sub(attribute.name, path.sub)
            ignored = True
        if sub is None:
            raise invalid_path(f"{attribute.name} of {resource_type.name} has no sub-attribute {shown(path.sub)}.")
    chosen = described = None
    if path.filter is not None:
        if not attribute.multi_valued:
            raise invalid_path(f"{shown(text)}: {attribute.name} has one value, so there is nothing to choose from.")
        chosen = element_matcher(path.filter, attribute)
        described = _described(path.filter, attribute)
    canonical = Path(
        attribute=attribute.name, urn=located.urn, filter=path.filter, sub=None if sub is None else sub.name
    )
    return Place(
        path=canonical,
        label=render_path(canonical),
        urn=located.urn,
        attribute=attribute,
        sub=sub,
        chosen=chosen,
        described=described,
        ignored=ignored,
    )


_resolve_cached = lru_cache(maxsize=2_048)(_resolve)


def _whole_extension(urn: str, resource_type: ResourceType) -> Place:
    schema = resource_type.extension(urn)
    if urn.lower() == resource_type.schema.id.lower():
        raise invalid_path(f"{shown(urn)} is what a {resource_type.name} is made of: name its attributes one by one.")
    if schema is not None:
        return Place(path=Path(attribute="", urn=schema.id), label=schema.id, urn=schema.id, attribute=None)
    if resource_type.ignores(urn):
        return Place(path=Path(attribute="", urn=urn), label=urn, urn=urn, attribute=None, ignored=True)
    raise invalid_path(f"{resource_type.name} has no extension {shown(urn)}.")


def _described(tree: Filter, attribute: Attribute) -> Resource | None:
    """What `type eq "work" and primary eq true` says an element looks like; None when it says more than `eq`."""
    terms = tree.filters if isinstance(tree, And) else (tree,)
    described: Resource = {}
    for term in terms:
        if not isinstance(term, Compare) or term.op != "eq" or term.value is None:
            return None
        sub = attribute.sub(term.path.attribute)
        if sub is None or sub.name in described:
            return None
        described[sub.name] = _as_typed(term.value, sub)
    return described


def _as_typed(value: Json, attribute: Attribute) -> Json:
    """A boolean given as text becomes one; everything else stays (tolerance boolean_as_text)."""
    if attribute.type == "boolean" and isinstance(value, str):
        return {"true": True, "false": False}.get(value.lower(), value)
    return value


def setter(text: str, resource_type: ResourceType) -> Setter:
    """A function that puts one value into a document under construction.

    `emails[type eq "work"].value` makes the element it describes or reuses it; a complex attribute with a `value`, such
    as manager, takes a plain value; a boolean takes "True" and "False". The document is changed in place.
    """
    place = resolve(text, resource_type)
    attribute = place.attribute
    if attribute is None:
        raise invalid_path(f"{shown(text)} names an extension; a mapping writes one attribute of it.")
    put = _put(place, attribute, text)
    urn = place.urn
    if urn is None:
        return put

    def put_in_extension(document: Resource, value: Json) -> None:
        container = document.get(urn)
        if not isinstance(container, dict):
            container = document[urn] = {}
        put(container, value)

    return put_in_extension


def _put(place: Place, attribute: Attribute, text: str) -> Setter:
    name = attribute.name
    sub = place.sub
    if place.chosen is not None:
        if place.described is None:
            raise invalid_path(f"{shown(text)}: only eq and and can say which value to write.")
        return _put_in_element(name, place.chosen, place.described, sub)
    if sub is not None:
        return _put_below(name, sub, attribute.multi_valued)
    if attribute.type == "boolean":
        return _put_boolean(name)
    if attribute.type == "complex" and not attribute.multi_valued and attribute.sub("value") is not None:
        return _put_reference(name)

    def put(document: Resource, value: Json) -> None:
        document[name] = value

    return put


def _put_boolean(name: str) -> Setter:
    words: dict[Json, Json] = {"True": True, "False": False, "true": True, "false": False}

    def put(document: Resource, value: Json) -> None:
        document[name] = words.get(value, value) if type(value) is str else value

    return put


def _put_reference(name: str) -> Setter:
    def put(document: Resource, value: Json) -> None:
        document[name] = value if isinstance(value, dict | list) or value is None else {"value": value}

    return put


def _put_below(name: str, sub: Attribute, multi_valued: bool) -> Setter:
    below = _put_boolean(sub.name) if sub.type == "boolean" else _put_plain(sub.name)

    def put(document: Resource, value: Json) -> None:
        parent = document.get(name)
        if not isinstance(parent, dict):
            parent = document[name] = {}
        below(parent, value)

    def put_in_first(document: Resource, value: Json) -> None:
        elements = document.get(name)
        first = elements[0] if isinstance(elements, list) and elements else None
        if not isinstance(first, dict):
            first = {}
            document[name] = [first]
        below(first, value)

    return put_in_first if multi_valued else put


def _put_plain(name: str) -> Setter:
    def put(document: Resource, value: Json) -> None:
        document[name] = value

    return put


def _put_in_element(name: str, chosen: Predicate, described: Resource, sub: Attribute | None) -> Setter:
    below = None if sub is None else _put_boolean(sub.name) if sub.type == "boolean" else _put_plain(sub.name)

    def put(document: Resource, value: Json) -> None:
        elements = document.get(name)
        if not isinstance(elements, list):
            elements = document[name] = []
        for element in elements:
            if isinstance(element, dict) and chosen(element):
                break
        else:
            element = dict(described)
            elements.append(element)
        if below is not None:
            below(element, value)
        elif isinstance(value, dict):
            element.update(value)
        else:
            element["value"] = value

    return put


def getter(text: str, resource_type: ResourceType) -> Getter:
    """A function that reads one value, None when absent; the mirror of `setter`, so manager gives its plain value."""
    place = resolve(text, resource_type)
    attribute = place.attribute
    urn = place.urn
    if attribute is None:
        return lambda document: document.get(urn or "")
    take = _take(place, attribute)
    if urn is None:
        return take

    def take_from_extension(document: Resource) -> Json:
        container = document.get(urn)
        return take(container) if isinstance(container, dict) else None

    return take_from_extension


def _take(place: Place, attribute: Attribute) -> Getter:
    name = attribute.name
    if attribute.multi_valued and (place.chosen is not None or place.sub is not None):
        return _take_from_element(name, place.chosen, None if place.sub is None else place.sub.name)
    if place.sub is not None:
        return _take_below(name, place.sub.name)
    if attribute.type == "complex" and not attribute.multi_valued and attribute.sub("value") is not None:
        return _take_below(name, "value")
    return lambda document: document.get(name)


def _take_below(name: str, sub: str) -> Getter:
    def take(document: Resource) -> Json:
        parent = document.get(name)
        # Some targets answer a plain string where the RFC has an object (spec/scim-wire.md section 5, row 7).
        return parent.get(sub) if isinstance(parent, dict) else parent if sub == "value" else None

    return take


def _take_from_element(name: str, chosen: Predicate | None, sub: str | None) -> Getter:
    def take(document: Resource) -> Json:
        elements = document.get(name)
        if not isinstance(elements, list):
            return None
        for element in elements:
            if isinstance(element, dict) and (chosen is None or chosen(element)):
                return element if sub is None else element.get(sub)
        return None

    return take


def remover(text: str, resource_type: ResourceType) -> Remover:
    """A function that takes one value out of a document in place; containers left empty go with it."""
    place = resolve(text, resource_type)
    attribute, urn = place.attribute, place.urn
    if attribute is None:
        return lambda document: _discard(document, urn or "")

    def drop(container: Resource) -> None:
        _drop(container, attribute.name, place)

    if urn is None:
        return drop

    def drop_from_extension(document: Resource) -> None:
        container = document.get(urn)
        if isinstance(container, dict):
            drop(container)
            if not container:
                del document[urn]

    return drop_from_extension


def _discard(container: Resource, name: str) -> None:
    container.pop(name, None)


def _drop(container: Resource, name: str, place: Place) -> None:
    value = container.get(name)
    if place.sub is None and place.chosen is None:
        container.pop(name, None)
    elif isinstance(value, dict) and place.sub is not None:
        value.pop(place.sub.name, None)
        if not value:
            del container[name]
    elif isinstance(value, list):
        kept: list[Json] = [item for item in (_without(element, place) for element in value) if item]
        if kept:
            container[name] = kept
        else:
            del container[name]


def _without(element: Json, place: Place) -> Json:
    if not isinstance(element, dict) or (place.chosen is not None and not place.chosen(element)):
        return element
    if place.sub is None:
        return None
    rest = {key: value for key, value in element.items() if key != place.sub.name}
    # An element of which only the description is left is empty.
    return None if place.described is not None and rest == place.described else rest
