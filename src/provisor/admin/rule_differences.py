"""What two rule sets do not have in common, in words: rows, filters, settings and attribute lists, by what they are of.

Nothing here decides what a difference means for anybody; a plan tells that. Order: the value, comparing, words.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias, assert_never

from provisor.rules.attributes import AttributeDefinition
from provisor.rules.mapping import (
    Action,
    AttributeMapping,
    Direct,
    FixedText,
    FlowType,
    FromExpression,
    Nothing,
    ObjectKind,
    ObjectMapping,
    ValueSource,
)
from provisor.rules.ruleset import RuleSet
from provisor.rules.scoping import FilterGroup
from provisor.scim.values import fold

DifferencePart: TypeAlias = Literal["mapping", "filter", "setting", "attribute"]
_KINDS: Final[tuple[ObjectKind, ...]] = ("user", "group")
ACTION_WORDS: Final[Mapping[Action, str]] = {"Add": "Create", "Update": "Update", "Delete": "Delete"}
FLOW_WORDS: Final[Mapping[FlowType, str]] = {
    "Always": "Always",
    "ObjectAddOnly": "Only during object creation",
    "MultiValueAddOnly": "Only add values",
    "ValueAddOnly": "Never take a value away",
    "AttributeAddOnly": "Only while the attribute is empty",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleDifference:
    """One thing of one kind of object, as it was and as it is; None: it is not there."""

    kind: ObjectKind
    part: DifferencePart
    name: str
    before: str | None
    after: str | None


def differences(before: RuleSet, after: RuleSet) -> tuple[RuleDifference, ...]:
    """Everything that differs, users first."""
    return tuple(one for kind in _KINDS for one in _of_kind(kind, before, after))


def _of_kind(kind: ObjectKind, before: RuleSet, after: RuleSet) -> Iterator[RuleDifference]:
    old, new = before.of(kind), after.of(kind)
    yield from _told(kind, "setting", _settings(old), _settings(new))
    yield from _told(kind, "mapping", _rows(old.mappings), _rows(new.mappings))
    if [fold(row.target) for row in old.mappings] != [fold(row.target) for row in new.mappings] and {
        fold(row.target) for row in old.mappings
    } == {fold(row.target) for row in new.mappings}:
        orders = (", ".join(row.target for row in one.mappings) for one in (old, new))
        yield RuleDifference(kind=kind, part="setting", name="Order", before=next(orders), after=next(orders))
    yield from _told(kind, "filter", _filters(old), _filters(new))
    lists = (_attributes(one.attributes_of(kind)) for one in (before, after))
    yield from _told(kind, "attribute", next(lists), next(lists))


def _told(
    kind: ObjectKind, part: DifferencePart, before: Mapping[str, tuple[str, str]], after: Mapping[str, tuple[str, str]]
) -> Iterator[RuleDifference]:
    """Both by a key, each a name and what it is."""
    for key in {**before, **after}:
        old, new = before.get(key), after.get(key)
        if old is None or new is None or old[1] != new[1]:
            yield RuleDifference(
                kind=kind,
                part=part,
                name=(new or old or ("", ""))[0],
                before=None if old is None else old[1],
                after=None if new is None else new[1],
            )


def _settings(mapping: ObjectMapping) -> dict[str, tuple[str, str]]:
    told = {
        "Name": mapping.name,
        "Enabled": "Yes" if mapping.enabled else "No",
        "Target Object Actions": ", ".join(word for one, word in ACTION_WORDS.items() if one in mapping.actions)
        or "None",
    }
    return {name: (name, value) for name, value in told.items()}


def _rows(rows: Iterable[AttributeMapping]) -> dict[str, tuple[str, str]]:
    return _numbered((row.target, row_words(row)) for row in rows)


def _filters(mapping: ObjectMapping) -> dict[str, tuple[str, str]]:
    groups = [(group, "") for group in mapping.scope.groups]
    groups += [(group, " (while reading)") for group in mapping.scope.input_groups]
    return _numbered(
        (f"{group.title or f'Filter {number}'}{more}", filter_words(group))
        for number, (group, more) in enumerate(groups, 1)
    )


def _attributes(listed: Iterable[AttributeDefinition]) -> dict[str, tuple[str, str]]:
    return _numbered((one.name, definition_words(one)) for one in listed)


def _numbered(given: Iterable[tuple[str, str]]) -> dict[str, tuple[str, str]]:
    """By name; a second one of that name is another."""
    found: dict[str, tuple[str, str]] = {}
    for name, words in given:
        key, number = fold(name), 1
        while key in found:
            number += 1
            key = f"{fold(name)}\n{number}"
        found[key] = (name, words)
    return found


# Words


def source_words(source: ValueSource) -> str:
    """Where a value comes from, as the table of mappings shows it."""
    match source:
        case Direct(name):
            return name
        case FixedText(value):
            return f'"{value}"'
        case FromExpression(expression):
            return expression.text
        case Nothing():
            return ""
        case _:
            assert_never(source)


def type_words(source: ValueSource) -> str:
    """The mapping type."""
    match source:
        case Direct():
            return "Direct"
        case FixedText():
            return "Constant"
        case FromExpression():
            return "Expression"
        case Nothing():
            return "None"
        case _:
            assert_never(source)


def row_words(row: AttributeMapping) -> str:
    """One mapping, whole."""
    words = [f"{type_words(row.source)} {source_words(row.source)}".strip()]
    if row.default is not None:
        words.append(f'default "{row.default}"')
    if row.matching_priority:
        words.append(f"matching precedence {row.matching_priority}")
    words.append(FLOW_WORDS[row.flow_type])
    if row.flow_behavior == "FlowAlways":
        words.append("sent in every cycle")
    if row.flow_null:
        words.append("an empty source empties it")
    return "; ".join(words)


def filter_words(group: FilterGroup) -> str:
    """One filter: its clauses, all of which must hold."""
    return " AND ".join(map(str, group.clauses)) or "no clause"


def definition_words(one: AttributeDefinition) -> str:
    """One row of an attribute list."""
    marks = (
        ("primary key", one.anchor),
        ("required", one.required),
        ("multi-value", one.multi_valued),
        ("exact case", one.case_exact),
        (f'default "{one.default}"', one.default is not None),
        ("an empty source empties it", one.flow_null),
    )
    more = [word for word, holds in marks if holds]
    return "; ".join([one.type, one.mutability, *more])
