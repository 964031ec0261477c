"""Trying mappings and filters with a real person or group: choosing one, and what an expression makes of them.

Reads the directory as the visitor may; sends and keeps nothing. Order: choosing, evaluating, pointing at a mistake.
"""

import re
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final, assert_never

from provisor.admin.actor import DIRECTORY_READ
from provisor.admin.errors import AdminError
from provisor.admin.rule_trials import TriedPerson
from provisor.directory.objects import DirectoryObject
from provisor.directory.query import ObjectQuery, searching
from provisor.expressions import NO_FLOW, Candidates, ExpressionFailure, ExpressionProblem, SourceRecord
from provisor.portal.errors import said
from provisor.portal.mappings.drafting import Desk
from provisor.rules.failure import Failure
from provisor.rules.flow import compile_flow, reads_of
from provisor.rules.mapping import AttributeMapping, Direct, FixedText, FromExpression, Nothing, ObjectKind
from provisor.scim.errors import ScimError
from provisor.scim.schemas.schema import ResourceType

CHOOSE: Final = "choose-"
_FOUND: Final = 8
_LONGEST_SEARCH: Final = 254
_LONGEST_SHOWN: Final = 2_000  # characters of one value
_MOST_SHOWN: Final = 50  # values of one list, and attributes that an expression reads


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleTrial:
    """With whom it is tried: the one chosen, or those of whom one can be. `searched` is what led there."""

    subject: TriedPerson | None = None
    found: Sequence[tuple[str, str, str]] = ()  # id, name, display name
    searched: str = ""
    sentence: str = ""


def trial(here: Desk, kind: ObjectKind) -> RuleTrial:
    """Whom the form says; at first the first of the directory."""
    if not here.visit.actor.may(DIRECTORY_READ):
        return RuleTrial()
    form = here.visit.form
    typed, searched = form.get("person", "").strip()[:_LONGEST_SEARCH], form.get("searched", "")
    do, chosen = form.get("do", ""), form.get("subject", "")
    try:
        if do.startswith(CHOOSE):
            return _with(here, kind, do.removeprefix(CHOOSE), typed)
        if chosen and typed == searched:
            return _with(here, kind, chosen, typed)
        if typed:
            return _searched(here, kind, typed)
        objects = here.visit.admin.users if kind == "user" else here.visit.admin.groups
        first = objects.page(here.visit.actor, limit=1)
    except AdminError as error:
        return RuleTrial(searched=typed, sentence=said(error))
    if not first:
        return RuleTrial(sentence=f"There is no {kind} in the directory yet.")
    return _with(here, kind, first[0].id, "")


def _with(here: Desk, kind: ObjectKind, key: str, searched: str) -> RuleTrial:
    schemas = here.visit.admin.schemas
    subject = schemas.subject(here.visit.actor, here.job.id, kind, key, here.draft.document)
    return RuleTrial(subject=subject, searched=searched)


def _searched(here: Desk, kind: ObjectKind, typed: str) -> RuleTrial:
    actor, admin = here.visit.actor, here.visit.admin
    objects = admin.typed_users if kind == "user" else admin.typed_groups
    try:
        return _with(here, kind, objects.read(actor, typed).id, typed)
    except AdminError as error:
        if error.code != "not-found":
            raise
    page = objects.page(actor, ObjectQuery(condition=searching(kind, typed)), limit=_FOUND)
    if not page.objects:
        return RuleTrial(searched=typed, sentence=f"No {kind} is called so.")
    if len(page.objects) == 1:
        return _with(here, kind, page.objects[0].id, typed)
    return RuleTrial(found=[_named(one) for one in page.objects], searched=typed)


def _named(item: DirectoryObject) -> tuple[str, str, str]:
    shown = item.attributes.get("displayName")
    return item.id, item.name, shown if isinstance(shown, str) and shown != item.name else ""


# What comes of it


@dataclass(frozen=True, slots=True, kw_only=True)
class TriedValue:
    """What a mapping makes of somebody: values, or a sentence where there are none; `failed`: it is a mistake.

    `reads` are the attributes that it looks at, with their values.
    """

    values: Sequence[str] = ()
    sentence: str = ""
    failed: bool = False
    reads: Sequence[tuple[str, str]] = ()


def result_of(row: AttributeMapping, resource_type: ResourceType, view: SourceRecord) -> TriedValue:
    """What the application would be sent for this attribute of somebody."""
    reads = [(name, _shown(view.get(name))) for name in sorted(reads_of(row))[:_MOST_SHOWN]]
    found = _evaluated(row, view)
    if found.failed or not found.values or not row.target:
        return TriedValue(values=found.values, sentence=found.sentence, failed=found.failed, reads=reads)
    unfit = _unfit(row, resource_type, view)
    return TriedValue(values=found.values, sentence=unfit or found.sentence, failed=bool(unfit), reads=reads)


def _evaluated(row: AttributeMapping, view: SourceRecord) -> TriedValue:
    match row.source:
        case Direct(name):
            value = view.get(name)
            return _empty(row) if value in (None, "", []) else TriedValue(values=_texts(value))
        case FixedText(text):
            return TriedValue(values=_texts(text))
        case FromExpression(expression):
            outcome = expression.evaluate(view, datetime.now(UTC), secrets.token_bytes)
        case Nothing():
            return TriedValue(sentence="The attribute is left alone.")
        case _:
            assert_never(row.source)
    if outcome is NO_FLOW:
        return TriedValue(sentence="Nothing flows: the attribute is not sent, and keeps its value at the application.")
    if isinstance(outcome, ExpressionFailure):
        return TriedValue(sentence=str(outcome), failed=True)
    if isinstance(outcome, Candidates):
        return TriedValue(
            values=outcome.values[:_MOST_SHOWN], sentence="The first of these that nobody has yet is taken."
        )
    return _empty(row) if outcome is None or outcome == [] else TriedValue(values=_texts(outcome))


def _empty(row: AttributeMapping) -> TriedValue:
    if row.default is not None:
        return TriedValue(
            sentence=f'Null: the default "{row.default[:_LONGEST_SHOWN]}" is sent when the object is created.'
        )
    return TriedValue(sentence="Null: the attribute is not sent.")


def _unfit(row: AttributeMapping, resource_type: ResourceType, view: SourceRecord) -> str:
    """Why the value cannot be written to the target attribute; empty where it can."""
    try:
        met = compile_flow(row, resource_type).step(view, datetime.now(UTC), secrets.token_bytes, {})
    except ScimError:
        return ""  # said beside the target attribute
    return f"{met.message} {met.hint}" if isinstance(met, Failure) else ""


def _texts(value: object) -> list[str]:
    return [_shown(one) for one in (value[:_MOST_SHOWN] if isinstance(value, list) else [value])]


def _shown(value: object) -> str:
    """A value in one line, cut where it is long."""
    if value is None or value == []:
        return "null"
    if isinstance(value, dict):
        text = ", ".join(f"{name}: {inner}" for name, inner in value.items())
    elif isinstance(value, list):
        text = "; ".join(_shown(one) for one in value[:_MOST_SHOWN])
    else:
        text = str(value)
    return text if len(text) <= _LONGEST_SHOWN else f"{text[:_LONGEST_SHOWN]}…"


# Where a mistake is

_PIECE: Final = re.compile(r'"[^"\n]*"?|\[[^\]\n]*\]?|[\w.]+|\S', re.ASCII)
_AROUND: Final = 400  # characters that are shown before and after


@dataclass(frozen=True, slots=True, kw_only=True)
class Mistake:
    """What keeps an expression from being used, and the piece of it where that is. Lines and columns count from 1."""

    message: str
    line: int
    column: int
    before: str
    piece: str
    after: str


def mistake(expression: str, problem: ExpressionProblem) -> Mistake:
    """Where in the expression the problem is."""
    at = min(max(problem.position - 1, 0), len(expression))
    found = _PIECE.match(expression, at)
    end = at if found is None else found.end()
    line_start = expression.rfind("\n", 0, at) + 1
    return Mistake(
        message=problem.message,
        line=expression.count("\n", 0, at) + 1,
        column=at - line_start + 1,
        before=expression[max(0, at - _AROUND) : at],
        piece=expression[at:end] or "end",
        after=expression[end : end + _AROUND],
    )
