"""Whom a change of rules can concern: who has a value in an attribute that a changed mapping reads or read, and of them
those of whom a changed mapping makes something else.

Pure, and careful: wherever a change could concern somebody without such a value (a filter, a matching attribute, a
default, a constant, what is computed, what is new every time), it is everybody. The test is the rule itself: a changed
row is evaluated for an object that has nothing, as it was and as it is; only where both come to the same are those
without a value left alone. explanation/settled-cases.md section *A change of rules* says what this leaves out.
Order: several versions, one kind of object, one row.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import pairwise
from typing import NamedTuple, TypeAlias

from provisor.expressions.values import SourceRecord
from provisor.rules.attributes import AttributeDefinition, leaf, with_attributes, written_as_one
from provisor.rules.flow import NULL, REFERENCES, Flow, compile_flow, is_reference, reads_of
from provisor.rules.mapping import SOFT_DELETED, AttributeMapping, FromExpression, ObjectKind
from provisor.rules.roles import SOURCE as ROLES
from provisor.rules.ruleset import RuleSet, TargetSchema
from provisor.scim.errors import ScimError
from provisor.scim.path import resolve
from provisor.scim.schemas.schema import ResourceType
from provisor.scim.values import Resource

KINDS: tuple[ObjectKind, ...] = ("user", "group")
MOST_NAMES = 50  # beyond them nearly everybody has one
# Computed by the engine, or held by everybody.
_ALWAYS = frozenset({SOFT_DELETED, ROLES, "accountEnabled", "id", "objectId", "originalUserPrincipalName",
                     "userPrincipalName"}) | REFERENCES  # fmt: skip
_PLAIN = re.compile(r"[A-Za-z0-9_.-]+")
_NEVER = datetime(2000, 1, 1, tzinfo=UTC)  # what depends on the time is not compared


_CompiledRow: TypeAlias = tuple[AttributeMapping, Flow]
_Pair: TypeAlias = tuple[_CompiledRow | None, _CompiledRow | None]


class ChangedRow(NamedTuple):
    """One row as it was and as it is; None where there is none. `insists`: what it makes now is sent in any case."""

    before: Flow | None
    after: Flow | None
    insists: bool


class _Everybody(Exception):
    """A change that can concern anybody."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Changes:
    """The rows that differ. `reads` names, by kind, the source attributes of which an object must have one."""

    reads: Mapping[ObjectKind, frozenset[str]]
    rows: Mapping[ObjectKind, Sequence[ChangedRow]]

    def concern(self, kind: ObjectKind, view: SourceRecord) -> bool:
        """Whether a row makes something else of this object than it did; `view` as mappings see it."""
        return any(
            (made := _made(after, view)) != _made(before, view) or (insists and made != ())
            for before, after, insists in self.rows[kind]
        )


def changes(versions: Iterable[RuleSet], application: TargetSchema) -> Changes | None:
    """What differs from the first of these rule sets to the last; None: it can concern everybody.

    Every version in between counts: some objects may have been sent by it.
    """
    reads: dict[ObjectKind, frozenset[str]] = dict.fromkeys(KINDS, frozenset())
    rows: dict[ObjectKind, list[ChangedRow]] = {kind: [] for kind in KINDS}
    try:
        for before, after in pairwise(versions):
            for kind in KINDS:
                found = _of_kind(before, after, kind, application.of(kind))
                reads[kind] |= _read(found, kind)
                rows[kind] += [ChangedRow(_flow(old), _flow(new), _insists(new)) for old, new in found]
    except (_Everybody, ScimError):
        return None
    names = frozenset().union(*reads.values())
    plain = len(names) <= MOST_NAMES and all(_PLAIN.fullmatch(name) for name in names)
    return Changes(reads=reads, rows=rows) if plain else None


def _of_kind(before: RuleSet, after: RuleSet, kind: ObjectKind, application: ResourceType) -> list[_Pair]:
    old, new = before.of(kind), after.of(kind)
    if (old.scope, old.enabled, old.actions) != (new.scope, new.enabled, new.actions):
        raise _Everybody
    was, now = (_Side(one, kind, application) for one in (before, after))
    if was.required != now.required:
        raise _Everybody
    if [name for name in was.rows if name in now.rows] != [name for name in now.rows if name in was.rows]:
        raise _Everybody  # who writes one list together writes it in the order of the rows
    pairs = [(was.row(name), now.row(name)) for name in {**was.rows, **now.rows} if not was.same(now, name)]
    for pair in pairs:
        if any(each is not None and _for_anybody(each[0]) for each in pair):
            raise _Everybody
        if _made(_flow(pair[0]), {}) != _made(_flow(pair[1]), {}):
            raise _Everybody
    return pairs


def _read(pairs: Iterable[_Pair], kind: ObjectKind) -> frozenset[str]:
    reads = frozenset[str]().union(*(reads_of(each[0]) for pair in pairs for each in pair if each is not None))
    if reads & _ALWAYS or (kind == "group" and "displayName" in reads):
        raise _Everybody
    return reads


class _Side:
    """One kind of object by one version of the rules."""

    def __init__(self, ruleset: RuleSet, kind: ObjectKind, application: ResourceType) -> None:
        listed = ruleset.attributes_of(kind)
        self.type = with_attributes(application, listed)
        self.definitions = {written_as_one(one.name, self.type): one for one in listed}
        self.rows = {written_as_one(row.target, self.type): row for row in ruleset.of(kind).mappings}
        self.required = (
            {attribute.name for urn, attribute in self.type.attributes() if attribute.required and urn is None},
            {(name, one.default) for name, one in self.definitions.items() if one.required},
        )

    def definition(self, name: str) -> AttributeDefinition | None:
        """What the list says of the target of a row."""
        return self.definitions.get(name)

    def row(self, name: str) -> "_CompiledRow | None":
        """A row with its compiled flow; None where there is none."""
        row = self.rows.get(name)
        return None if row is None else (row, compile_flow(row, self.type, self.definition(name)))

    def same(self, other: "_Side", name: str) -> bool:
        """Whether a row does the same by both versions."""
        if self.rows.get(name) != other.rows.get(name):
            return False
        if self.definition(name) != other.definition(name):
            return False
        row = self.rows[name]
        return leaf(resolve(row.target, self.type)) == leaf(resolve(row.target, other.type))


def _flow(row: "_CompiledRow | None") -> Flow | None:
    return None if row is None else row[1]


def _insists(row: "_CompiledRow | None") -> bool:
    return row is not None and row[0].flow_behavior == "FlowAlways"


def _made(flow: Flow | None, view: SourceRecord) -> tuple[object, ...]:
    """What a row makes of an object; the empty tuple where that is nothing at all."""
    if flow is None:
        return ()
    document: Resource = {}
    met = flow.step(view, _NEVER, bytes, document)
    if met is NULL:
        if flow.default is None and not flow.clears:
            return ()
        return ("null", flow.default, flow.clears, flow.only_on_create, flow.flow_type)
    if met is not None:
        return ("failure", met)
    if not document:
        return ()  # the flow is ignored
    return ("value", document, flow.only_on_create, flow.flow_type, flow.exact, flow.kept_back)


def _for_anybody(row: AttributeMapping) -> bool:
    """Whether a change of this row is never about some alone."""
    if row.matching_priority or is_reference(row):
        return True
    return isinstance(row.source, FromExpression) and (
        row.source.expression.volatile or row.source.expression.candidates
    )
