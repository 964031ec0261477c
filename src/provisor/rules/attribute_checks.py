"""Everything wrong with an attribute list: rows that cannot be, that contradict the application, or that do nothing.

Pure. Rules: spec/provisioning-service.md section 6.3. Order: the list, one row, what it says, the mappings it needs.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import TypeAlias

from provisor.rules.attributes import (
    ENDINGS,
    PATTERN,
    AttributeDefinition,
    custom_name,
    definition_of,
    leaf,
    list_part,
    place_of,
    with_attributes,
    written_as_one,
)
from provisor.rules.conversion import Unfit, converter
from provisor.rules.flow import REFERENCES
from provisor.rules.graph_attributes import objects_of
from provisor.rules.mapping import ObjectKind
from provisor.rules.nearest import nearest
from provisor.rules.ruleset import Problem, RuleSet
from provisor.scim.path import Place
from provisor.scim.schemas.schema import ResourceType
from provisor.scim.values import fold

ANCHOR = "id"  # accounts are addressed by it, whatever the application is
Reasons: TypeAlias = Iterator[tuple[str, str]]


def attribute_problems(ruleset: RuleSet, kind: ObjectKind, application: ResourceType) -> Iterator[Problem]:
    """Every reason why the list for a kind of object cannot be used. `application`: the type without the list."""
    definitions = ruleset.attributes_of(kind)
    if not definitions:
        return
    where = f"Attributes of {kind}s"
    listed = with_attributes(application, definitions)
    yield from _together(definitions, where, listed)
    objects = objects_of(dict(ruleset.document), kind)
    for definition in definitions:
        for message, hint in row_problems(definition, kind, application, listed, objects):
            yield Problem(where=f"{where}, {definition.name}", message=message, hint=hint)


def required_problems(ruleset: RuleSet, kind: ObjectKind, listed: ResourceType) -> Iterator[Problem]:
    """Attributes that the application requires and nothing would give a value."""
    mapping, definitions = ruleset.of(kind), ruleset.attributes_of(kind)
    written = {written_as_one(row.target, listed) for row in mapping.mappings}
    required = [attribute.name for urn, attribute in listed.attributes() if attribute.required and urn is None]
    required += [one.name for one in definitions if one.required and not one.anchor]
    for name in dict.fromkeys(written_as_one(one, listed) for one in required):
        definition = definition_of(name, definitions, listed)
        if name in written or (definition is not None and (definition.default or definition.mutability == "ReadOnly")):
            continue
        place = place_of(name, listed)
        shown = name if isinstance(place, str) else place.label
        hint = f"Map an attribute to {shown}, or give it a default value in the attribute list."
        message = f"{shown} is required by the application, and no row gives it a value."
        yield Problem(where=f"Mapping of {kind}s", message=message, hint=hint)


def _together(definitions: Sequence[AttributeDefinition], where: str, listed: ResourceType) -> Iterator[Problem]:
    names = Counter(written_as_one(one.name, listed) for one in definitions)
    for definition in definitions:
        if names[written_as_one(definition.name, listed)] > 1:
            names[written_as_one(definition.name, listed)] = 0
            message = f"{definition.name} is listed more than once; names are the same in any case."
            yield Problem(where=where, message=message, hint="Keep one of them.")
    anchors = [one.name for one in definitions if one.anchor]
    if [fold(name) for name in anchors] != [ANCHOR]:
        message = f"{' and '.join(anchors) or 'No attribute'} {'are' if len(anchors) > 1 else 'is'} marked as anchor."
        hint = f"Accounts are addressed by their id: mark {ANCHOR}, and nothing else."
        yield Problem(where=where, message=message, hint=hint)
    yield from _one_sub_for_all(definitions, where, listed)


def _one_sub_for_all(definitions: Sequence[AttributeDefinition], where: str, listed: ResourceType) -> Iterator[Problem]:
    """Elements of one list share their sub-attributes: they cannot differ in what these are."""
    first: dict[str, AttributeDefinition] = {}
    for definition in definitions:
        key = list_part(definition.name, listed)
        if key is None:
            continue
        other = first.setdefault(key, definition)
        if _characteristics(other) != _characteristics(definition):
            message = (
                f"{other.name} and {definition.name} are parts of one list and differ in type, case or mutability."
            )
            yield Problem(where=where, message=message, hint="Give both the same.")


def _characteristics(definition: AttributeDefinition) -> tuple[str, bool, str]:
    return definition.type, definition.case_exact, definition.mutability


def row_problems(
    definition: AttributeDefinition,
    kind: ObjectKind,
    application: ResourceType,
    listed: ResourceType,
    objects: Sequence[str] = (),
) -> Reasons:
    """What is wrong with one row alone, and what to do. `listed`: the type with the list that has the row."""
    place = place_of(definition.name, listed)
    unlisted = place_of(definition.name, application)
    if isinstance(place, str) or (isinstance(unlisted, str) and custom_name(definition.name) is None):
        yield _no_place(definition, kind, application, unlisted if isinstance(unlisted, str) else "")
        return
    if definition.anchor or fold(definition.name) == ANCHOR:
        return
    yield from _whole(definition, place)
    yield from _against_the_schema(definition, place, unlisted)
    yield from _default(definition, place)
    yield from _without_effect(definition, place, objects)


def _no_place(
    definition: AttributeDefinition, kind: ObjectKind, application: ResourceType, reason: str
) -> tuple[str, str]:
    """Why the application cannot have the attribute, and what to write instead."""
    name, form = definition.name, PATTERN.format(kind=ENDINGS[kind])
    custom = custom_name(name)
    if custom is None:
        found = nearest(name, (one.name for _, one in application.attributes()))
        return (
            reason or f"{name} is no attribute of the application.",
            f"The nearest one is {found}. A custom attribute is named {form}.",
        )
    if custom.kind != kind:
        return f"{name} is an attribute of {custom.kind}s.", f"A custom attribute of {kind}s is named {form}."
    if definition.multi_valued:
        return f"{name} is a custom attribute and can have one value only.", "Set multivalued to false."
    return reason, "Choose an attribute that the application holds, or an extension of its own."


def _whole(definition: AttributeDefinition, place: Place) -> Reasons:
    """A complex attribute is listed part by part, unless it is a reference."""
    attribute = place.attribute
    if attribute is None or attribute.type != "complex" or place.sub is not None:
        return
    if definition.type != "Reference" or attribute.name not in REFERENCES:
        subs = [sub.name for sub in attribute.sub_attributes]
        example = (
            f"{attribute.name}.{subs[0]}" if not attribute.multi_valued else f'{attribute.name}[type eq "…"].value'
        )
        yield (
            f"{definition.name} is made of {len(subs)} sub-attributes ({', '.join(subs)}), not of one value.",
            f"List the ones you need, as in {example}.",
        )


def _against_the_schema(definition: AttributeDefinition, place: Place, unlisted: Place | str) -> Reasons:
    """What the application's own schema does not let anybody decide. `unlisted`: the place without the list."""
    several = place.attribute is not None and place.attribute.multi_valued
    several = several and place.sub is None and place.chosen is None
    if definition.multi_valued != several:
        has = "several values" if several else "one value"
        yield f"{definition.name} has {has} at the application.", f"Set multivalued to {str(several).lower()}."
    known = None if isinstance(unlisted, str) else leaf(unlisted)
    if known is None:
        return
    if known.required and not definition.required:
        yield f"{definition.name} is required by the application.", "Set required to true."
    if not known.writable and definition.mutability != "ReadOnly":
        yield f"{definition.name} is read-only at the application.", "Set mutability to ReadOnly."
    if fold(definition.name) == "active" and definition.mutability == "Immutable":
        yield "Nobody could be disabled if active were written at creation alone.", "Set mutability to ReadWrite."
    if known.type == "boolean" and definition.type not in ("Boolean", "String"):
        yield f"{definition.name} is True or False at the application.", "Set type to Boolean."


def _default(definition: AttributeDefinition, place: Place) -> Reasons:
    if definition.default is None:
        return
    attribute = place.attribute
    if attribute is not None and attribute.name in REFERENCES and place.sub is None:
        yield "A reference has no default value.", "Remove defaultValue."
        return
    if definition.mutability == "ReadOnly":
        yield "It is read-only, so no default value is ever written.", "Remove defaultValue."
        return
    try:
        converter(place)(definition.default)
    except Unfit as unfit:
        yield f'The default value "{definition.default}" does not fit: {unfit.reason()}.', "Change the default value."


def _without_effect(definition: AttributeDefinition, place: Place, objects: Sequence[str]) -> Reasons:
    attribute = place.attribute
    refers = attribute is not None and attribute.name in REFERENCES and place.sub is None
    if definition.required and definition.mutability == "ReadOnly":
        yield "It is required, and read-only: nobody could give it a value.", "Set required to false."
    if definition.required and definition.flow_null:
        yield "flowNullValues takes the value away, and it is required.", "Set flowNullValues to false."
    if definition.required and refers:
        yield "A reference is sent once both ends are there, and cannot be required.", "Set required to false."
    if definition.flow_null and (refers or definition.mutability in ("ReadOnly", "Immutable")):
        yield "flowNullValues never applies: the value is not taken away.", "Set flowNullValues to false."
    if definition.references and not refers:
        yield "Only manager and members lead to other objects.", "Remove referencedObjects."
    strange = [one for one in definition.references if one not in objects] if refers else []
    if strange:
        message = f"It leads to {strange[0]}, which is no object of the application."
        yield message, f"Choose one of {', '.join(objects)}."
    for _, value in definition.api_expressions:
        if fold(value) != fold(definition.name):
            message = f'The API expression "{value}" is another name than {definition.name}, and only one is sent.'
            yield message, f"List the attribute as {value}."
