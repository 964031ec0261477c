"""What a filter means: tree -> yes or no for one resource (RFC 7644 section 3.4.2.2, spec/scim-wire.md section 8).

Pure. A tree is compiled once into closures; type errors are found then, not while records pass. Documents are expected
in canonical case, as `validate.accept` makes them. Order: resources, elements, paths, comparisons, types.
"""

import re
from collections.abc import Callable
from datetime import UTC, datetime
from typing import assert_never

from provisor.scim.errors import invalid_filter, shown
from provisor.scim.filter.grammar import render_path
from provisor.scim.filter.tree import And, Compare, Filter, Not, Operator, Or, Path, Present, Scalar, ValuePath
from provisor.scim.guid import guid_key
from provisor.scim.schemas.schema import Attribute, ResourceType
from provisor.scim.values import Json, Resource, fold, is_unassigned

Predicate = Callable[[Json], bool]
Values = Callable[[Json], list[Json]]
PathReader = Callable[[Path], tuple[Attribute, Values]]
Ordering = Callable[[bool, bool], bool]

# From "is less" and "is equal" to each operator's verdict; one table for text, numbers and times.
_ORDERINGS: dict[Operator, Ordering] = {
    "eq": lambda less, equal: equal,
    "ne": lambda less, equal: not equal,
    "gt": lambda less, equal: not less and not equal,
    "ge": lambda less, equal: not less,
    "lt": lambda less, equal: less,
    "le": lambda less, equal: less or equal,
}
_WITHIN: dict[Operator, Callable[[str, str], bool]] = {
    "co": lambda text, part: part in text,
    "sw": lambda text, part: text.startswith(part),
    "ew": lambda text, part: text.endswith(part),
}
_DATE_TIME = re.compile(r"\d{4}-\d\d-\d\dT")


def evaluate(tree: Filter, resource: Resource, resource_type: ResourceType) -> bool:
    """Whether the resource satisfies the filter; raises ScimError invalidFilter for what the schema does not allow."""
    return matcher(tree, resource_type)(resource)


def matcher(tree: Filter, resource_type: ResourceType) -> Predicate:
    """The filter compiled for many resources of one type."""

    def read(path: Path) -> tuple[Attribute, Values]:
        return _resource_values(path, resource_type)

    return _compile(tree, read)


def element_matcher(tree: Filter, attribute: Attribute) -> Predicate:
    """The filter in brackets compiled for the elements of one multi-valued attribute."""
    quick = _one_equality(tree, attribute)
    if quick is not None:
        return quick

    def read(path: Path) -> tuple[Attribute, Values]:
        return _element_values(path, attribute)

    return _compile(tree, read)


def _one_equality(tree: Filter, attribute: Attribute) -> Predicate | None:
    """`type eq "work"` without the general machinery: the mapping engine asks it for every person."""
    if not isinstance(tree, Compare) or tree.op != "eq" or not isinstance(tree.value, str) or tree.path.sub is not None:
        return None
    sub = attribute.sub(tree.path.attribute)
    if sub is None or sub.type != "string" or sub.multi_valued or sub.kept_back or tree.path.urn is not None:
        return None
    name, wanted, case_exact, folded = sub.name, tree.value, sub.case_exact, fold(tree.value)

    def test(element: Json) -> bool:
        value = element.get(name) if isinstance(element, dict) else None
        return value == wanted or (not case_exact and isinstance(value, str) and fold(value) == folded)

    return test


def _compile(tree: Filter, read: PathReader) -> Predicate:
    match tree:
        case And():
            every = [_compile(item, read) for item in tree.filters]
            return lambda value: all(test(value) for test in every)
        case Or():
            some = [_compile(item, read) for item in tree.filters]
            return lambda value: any(test(value) for test in some)
        case Not():
            inner = _compile(tree.filter, read)
            return lambda value: not inner(value)
        case Compare():
            return _comparison(tree, read)
        case Present():
            _, values = read(tree.path)
            return lambda value: any(not is_unassigned(item) and item != "" for item in values(value))
        case ValuePath():
            attribute, elements = read(tree.path)
            chosen = element_matcher(tree.filter, attribute)
            return lambda value: any(chosen(item) for item in elements(value))
        case _:
            assert_never(tree)


def _resource_values(path: Path, resource_type: ResourceType) -> tuple[Attribute, Values]:
    located = resource_type.locate(path.urn, path.attribute)
    if located is None:
        raise invalid_filter(f"{resource_type.name} has no attribute {shown(render_path(path))}.")
    attribute, urn, name = located.attribute, located.urn, located.attribute.name
    _check_told(attribute)

    def elements(resource: Json) -> list[Json]:
        container = resource.get(urn) if urn is not None and isinstance(resource, dict) else resource
        value = container.get(name) if isinstance(container, dict) else None
        if value is None:
            return []
        return value if isinstance(value, list) else [value]

    return _narrowed(path, attribute, elements)


def _element_values(path: Path, owner: Attribute) -> tuple[Attribute, Values]:
    if path.urn is not None or path.sub is not None:
        raise invalid_filter(f"The brackets may hold sub-attributes of {owner.name}, not {shown(render_path(path))}.")
    if owner.type != "complex" and path.attribute.lower() == "value":
        return owner, lambda element: [element]
    sub = owner.sub(path.attribute)
    if sub is None:
        raise invalid_filter(f"{owner.name} has no sub-attribute {shown(path.attribute)}.")
    _check_told(sub)
    name = sub.name

    def value_of(element: Json) -> list[Json]:
        value = element.get(name) if isinstance(element, dict) else None
        return [] if value is None else [value]

    return sub, value_of


def _narrowed(path: Path, attribute: Attribute, elements: Values) -> tuple[Attribute, Values]:
    """Apply the bracketed filter and the sub-attribute of a path to the elements it names."""
    if path.filter is not None:
        elements = _chosen(elements, element_matcher(path.filter, attribute))
    if path.sub is None:
        return attribute, elements
    sub = attribute.sub(path.sub)
    if sub is None:
        raise invalid_filter(f"{attribute.name} has no sub-attribute {shown(path.sub)}.")
    _check_told(sub)
    return sub, _below(elements, sub.name)


def _check_told(attribute: Attribute) -> None:
    """What is never returned cannot be filtered by either: the answers to many filters would reveal it."""
    if attribute.kept_back:
        raise invalid_filter(f"{attribute.name} is never returned and cannot be filtered by.")


def _chosen(elements: Values, test: Predicate) -> Values:
    return lambda resource: [item for item in elements(resource) if test(item)]


def _below(elements: Values, name: str) -> Values:
    def values(resource: Json) -> list[Json]:
        found = (item.get(name) for item in elements(resource) if isinstance(item, dict))
        return [value for value in found if value is not None]

    return values


def _comparison(tree: Compare, read: PathReader) -> Predicate:
    attribute, values = read(tree.path)
    if attribute.type == "complex":
        # `emails eq "x"` and `manager eq "x"` mean their `value` (spec/scim-wire.md section 8).
        value = attribute.sub("value")
        if value is None:
            raise invalid_filter(f"{attribute.name} is complex: compare one of its sub-attributes.")
        attribute, values = value, _below(values, value.name)
    if tree.value is None:
        return _null_comparison(tree.op, attribute, values)
    test = _test(tree.op, tree.value, attribute)
    if tree.op == "ne":
        # An absent attribute differs from every value (spec/scim-wire.md section 8, DEFAULT).
        return lambda resource: not (found := values(resource)) or any(test(item) for item in found)
    return lambda resource: any(test(item) for item in values(resource))


def _null_comparison(op: Operator, attribute: Attribute, values: Values) -> Predicate:
    if op == "eq":
        return lambda resource: not values(resource)
    if op == "ne":
        return lambda resource: bool(values(resource))
    raise invalid_filter(f"{attribute.name} cannot be compared with null by {op}.")


def _test(op: Operator, literal: Scalar, attribute: Attribute) -> Predicate:
    match attribute.type:
        case "string" | "reference" | "binary" | "complex":
            return _text_test(op, literal, attribute)
        case "boolean":
            return _boolean_test(op, literal, attribute)
        case "integer" | "decimal":
            return _number_test(op, literal, attribute)
        case "dateTime":
            return _time_test(op, literal, attribute)
        case _:
            assert_never(attribute.type)


def _text_test(op: Operator, literal: Scalar, attribute: Attribute) -> Predicate:
    if attribute.type == "binary" and op in ("gt", "ge", "lt", "le"):
        raise invalid_filter(f"{attribute.name} is binary and has no order; {op} is not allowed.")
    # A bare 4711 compared with a text attribute means the text.
    wanted = (
        literal if isinstance(literal, str) else str(literal).lower() if isinstance(literal, bool) else str(literal)
    )
    compare = _WITHIN[op] if op in _WITHIN else _text_ordering(_ORDERINGS[op])
    if attribute.holds_guid and op in ("eq", "ne"):  # as sent, compared by bytes (spec/scim-wire.md section 11.3)
        key = guid_key(wanted)
        return lambda value: isinstance(value, str) and (guid_key(value) == key) is (op == "eq")
    if attribute.case_exact:
        return lambda value: isinstance(value, str) and compare(value, wanted)
    folded = fold(wanted)
    return lambda value: isinstance(value, str) and compare(fold(value), folded)


def _text_ordering(ordering: Ordering) -> Callable[[str, str], bool]:
    return lambda text, wanted: ordering(text < wanted, text == wanted)


def _boolean_test(op: Operator, literal: Scalar, attribute: Attribute) -> Predicate:
    if op not in ("eq", "ne"):
        raise invalid_filter(f"{attribute.name} is a boolean; {op} is not allowed.")
    # Tolerance boolean_as_text: Entra writes `roles[primary eq "True"]` (spec/provisioning-service.md section 7).
    wanted = {"true": True, "false": False}.get(literal.lower()) if isinstance(literal, str) else literal
    if not isinstance(wanted, bool):
        raise invalid_filter(f"{attribute.name} is a boolean and cannot be compared with {shown(literal)}.")
    return lambda value: isinstance(value, bool) and (value is wanted) is (op == "eq")


def _number_test(op: Operator, literal: Scalar, attribute: Attribute) -> Predicate:
    if op not in _ORDERINGS:
        raise invalid_filter(f"{attribute.name} is a number; {op} is not allowed.")
    wanted = _number(literal)
    if wanted is None:
        raise invalid_filter(f"{attribute.name} is a number and cannot be compared with {shown(literal)}.")
    compare = _ORDERINGS[op]

    def test(value: Json) -> bool:
        return (
            isinstance(value, int | float) and not isinstance(value, bool) and compare(value < wanted, value == wanted)
        )

    return test


def _number(literal: Scalar) -> int | float | None:
    if isinstance(literal, str):  # Entra puts every value in quotes (spec/scim-wire.md section 2)
        try:
            return float(literal)
        except ValueError:
            return None
    return None if isinstance(literal, bool) else literal


def _time_test(op: Operator, literal: Scalar, attribute: Attribute) -> Predicate:
    if op in _WITHIN:
        return _text_test(op, literal, attribute)
    wanted = date_time(literal)
    if wanted is None:
        raise invalid_filter(f"{attribute.name} is a time and cannot be compared with {shown(literal)}.")
    compare = _ORDERINGS[op]

    def test(value: Json) -> bool:
        moment = date_time(value)
        return moment is not None and compare(moment < wanted, moment == wanted)

    return test


def date_time(value: Json) -> datetime | None:
    """The moment an xsd:dateTime names, in UTC when it names no zone; None when it is invalid."""
    if not isinstance(value, str) or _DATE_TIME.match(value) is None:
        return None
    try:
        moment = datetime.fromisoformat(value)
    except ValueError:
        return None
    return moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)
