"""What users and groups are asked for: conditions on their properties, and an order.

Pure. A small closed union, made by whoever reads filters and answered by storage.directory_query. Text compares folded
(scim.values.fold), as the names of the directory do; an absent value equals None and the empty text. Not all properties
can be asked for: FILTERED has those that can.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final, Literal, NamedTuple, TypeAlias, assert_never

from provisor.directory.objects import DirectoryKind, DirectoryObject, Refusal
from provisor.scim.nearest import did_you_mean

FilterType: TypeAlias = Literal["id", "text", "boolean"]
Value: TypeAlias = str | bool | None
Relation: TypeAlias = Literal["in group", "has member", "managed by", "from source"]

FILTERED: Final[Mapping[DirectoryKind, Mapping[str, FilterType]]] = {
    "user": {
        "id": "id",
        "accountEnabled": "boolean",
        "onPremisesSyncEnabled": "boolean",
        **dict.fromkeys(
            ("department", "displayName", "employeeId", "givenName", "jobTitle", "mail", "mailNickname", "surname",
             "userPrincipalName", "userType"), "text"),
    },
    "group": {
        "id": "id",
        "onPremisesSyncEnabled": "boolean",
        "securityEnabled": "boolean",
        **dict.fromkeys(("displayName", "mail", "mailNickname"), "text"),
    },
}  # fmt: skip
ORDERED: Final[Mapping[DirectoryKind, tuple[str, ...]]] = {
    "user": ("id", "displayName", "userPrincipalName"),
    "group": ("id", "displayName"),
}
SEARCHED: Final[Mapping[DirectoryKind, tuple[str, ...]]] = {
    "user": ("displayName", "givenName", "surname", "userPrincipalName", "mail"),
    "group": ("displayName", "mail"),
}
DEEPEST: Final = 30  # levels of conditions within conditions
WIDEST: Final = 200  # conditions in one question


@dataclass(frozen=True, slots=True)
class PropertyEquals:
    """The property has this value; None: it has none."""

    property: str
    value: Value


@dataclass(frozen=True, slots=True)
class PropertyIn:
    """The property has one of these values."""

    property: str
    values: tuple[Value, ...]


@dataclass(frozen=True, slots=True)
class PropertyStartsWith:
    """The property begins with this text."""

    property: str
    text: str


@dataclass(frozen=True, slots=True)
class PropertyEndsWith:
    """The property ends with this text."""

    property: str
    text: str


@dataclass(frozen=True, slots=True)
class PropertyContains:
    """The property has this text in it."""

    property: str
    text: str


@dataclass(frozen=True, slots=True)
class AllHold:
    """Every one of these conditions holds; without any it holds for everybody."""

    conditions: tuple["Condition", ...]


@dataclass(frozen=True, slots=True)
class AnyHolds:
    """One of these conditions holds at least; without any it holds for nobody."""

    conditions: tuple["Condition", ...]


@dataclass(frozen=True, slots=True)
class Unless:
    """The condition does not hold."""

    condition: "Condition"


@dataclass(frozen=True, slots=True)
class Related:
    """The object stands in a relation to another, which is named by its id.

    `in group`: a direct member of it; `has member`: a group that has it as a direct member; `managed by`: it is the
    manager; `from source`: it came from this source.
    """

    relation: Relation
    to: str


OnProperty: TypeAlias = PropertyEquals | PropertyIn | PropertyStartsWith | PropertyEndsWith | PropertyContains
Condition: TypeAlias = OnProperty | Related | AllHold | AnyHolds | Unless


@dataclass(frozen=True, slots=True, kw_only=True)
class ObjectQuery:
    """Which objects of a kind, in which order; `order_by` is one of ORDERED."""

    condition: Condition | None = None
    order_by: str = "id"
    descending: bool = False


class Position(NamedTuple):
    """After whom a page begins: the value that is ordered by, folded (empty where it is the id), and the id."""

    value: str
    id: str


@dataclass(frozen=True, slots=True)
class ObjectPage:
    """Some objects in order, and where the next page begins; None: there is no other."""

    objects: tuple[DirectoryObject, ...]
    next: Position | None


def searching(kind: DirectoryKind, text: str) -> Condition:
    """Everybody of whose names one has this word in it, for every word of the text."""
    return AllHold(
        tuple(AnyHolds(tuple(PropertyContains(name, word) for name in SEARCHED[kind])) for word in text.split())
    )


def also(first: Condition | None, second: Condition | None) -> Condition | None:
    """Both conditions; None is no condition."""
    return second if first is None else first if second is None else AllHold((first, second))


def unanswerable(kind: DirectoryKind, query: ObjectQuery) -> Refusal | None:
    """Why a question cannot be answered, naming the property and what can be asked; None when it can."""
    if query.order_by not in ORDERED[kind]:
        return _unsupported(
            f"{kind.capitalize()}s cannot be ordered by {query.order_by}.", f"Order by {_listed(ORDERED[kind])}."
        )
    if query.condition is None:
        return None
    asked = 0
    for depth, condition in _parts(query.condition):
        asked += len(condition.values) if isinstance(condition, PropertyIn) else 1
        if depth > DEEPEST or asked > WIDEST:
            return _unsupported(
                "The filter is too long.", f"Ask for {WIDEST} values at most, in {DEEPEST} pairs of brackets at most."
            )
        reason = (
            None if isinstance(condition, Related | AllHold | AnyHolds | Unless) else _unanswerable(kind, condition)
        )
        if reason is not None:
            return reason
    return None


def parts_of(condition: Condition | None) -> Iterator[Condition]:
    """A condition and all that are in it."""
    return iter(()) if condition is None else (part for _, part in _parts(condition))


def _parts(condition: Condition, depth: int = 0) -> Iterator[tuple[int, Condition]]:
    waiting: list[tuple[int, Condition]] = [(depth, condition)]
    while waiting:
        at, found = waiting.pop()
        yield at, found
        if isinstance(found, Unless):
            waiting.append((at + 1, found.condition))
        elif isinstance(found, AllHold | AnyHolds):
            waiting += ((at + 1, part) for part in found.conditions)


def _unanswerable(kind: DirectoryKind, condition: OnProperty) -> Refusal | None:
    name = condition.property
    asked = FILTERED[kind].get(name)
    if asked is None:
        return _unsupported(
            f"{kind.capitalize()}s cannot be filtered by {name}.",
            f"{did_you_mean(name, FILTERED[kind])}Filter by {_listed(FILTERED[kind])}.",
        )
    match condition:
        case PropertyEquals():
            wrong = [] if _fits(asked, condition.value) else [condition.value]
        case PropertyIn():
            wrong = [value for value in condition.values if not _fits(asked, value)]
        case PropertyStartsWith() | PropertyEndsWith() | PropertyContains():
            if asked == "text":
                return None
            return _unsupported(f"{name} can only be compared as a whole.", f"Ask whether {name} equals a value.")
        case _:
            assert_never(condition)
    if not wrong:
        return None
    wanted = "true or false" if asked == "boolean" else "text"
    return _unsupported(f"{name} is compared with {wrong[0]!r}.", f"Compare it with {wanted}.")


def _fits(asked: FilterType, value: Value) -> bool:
    match asked:
        case "id":
            return isinstance(value, str)
        case "text":
            return value is None or isinstance(value, str)
        case "boolean":
            return value is None or isinstance(value, bool)
        case _:
            assert_never(asked)


def _unsupported(message: str, hint: str) -> Refusal:
    return Refusal(code="unsupported-query", message=message, hint=hint)


def _listed(names: Iterable[str]) -> str:
    *others, last = names
    return f"{', '.join(others)} or {last}"
