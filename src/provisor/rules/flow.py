"""One mapping compiled: a closure that puts its value into a document, or says why it cannot.

Pure. Order: the flow, compiling it, one kind of step per kind of source, sentences.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import TypeAlias

from provisor.expressions.compiler import Compiled
from provisor.expressions.values import NO_FLOW, Candidates, ExpressionFailure, RandomBytes, SourceRecord
from provisor.rules.attributes import AttributeDefinition, leaf
from provisor.rules.conversion import Converter, Unfit, converter, takes_text
from provisor.rules.failure import Failure
from provisor.rules.mapping import AttributeMapping, Direct, FixedText, FlowType, FromExpression, Nothing
from provisor.rules.roles import role_flow, typed
from provisor.scim.path import getter, remover, resolve, setter
from provisor.scim.schemas.schema import ResourceType
from provisor.scim.values import Json, Resource

REFERENCES = frozenset({"manager", "members"})  # source attributes whose value is another object


class Null:
    """The type of `NULL`: the source gave nothing."""


NULL = Null()
FlowStep: TypeAlias = Callable[[SourceRecord, datetime, RandomBytes, Resource], "Null | Candidates | Failure | None"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Flow:
    """One compiled mapping. `step` puts the value into a document, or says why it cannot."""

    path: str
    step: FlowStep
    put: Callable[[Resource, Json], None]
    take: Callable[[Resource], Json]
    drop: Callable[[Resource], None]
    default: Json
    flow_type: FlowType
    only_on_create: bool
    clears: bool
    exact: bool
    kept_back: bool


def name_in(attributes: SourceRecord) -> str:
    """What to call the record in a sentence."""
    for key in ("userPrincipalName", "displayName", "objectId"):
        value = attributes.get(key)
        if isinstance(value, str) and value:
            return value
    return "The object"


def is_reference(row: AttributeMapping) -> bool:
    """Whether the mapping leads to another object, so that its value is a target id that the engine resolves."""
    return isinstance(row.source, Direct) and row.source.attribute in REFERENCES


def reads_of(row: AttributeMapping) -> frozenset[str]:
    """The source attributes that a mapping reads."""
    match row.source:
        case Direct(attribute):
            return frozenset({attribute})
        case FromExpression(expression):
            return expression.reads
        case FixedText() | Nothing():
            return frozenset()


def is_redacted(row: AttributeMapping) -> bool:
    """Whether logs must not show what the mapping writes."""
    return isinstance(row.source, FromExpression) and row.source.expression.redacted


def compile_flow(
    row: AttributeMapping, resource_type: ResourceType, definition: AttributeDefinition | None = None
) -> Flow:
    """Compile one mapping; raises ScimError when its target does not exist. `definition`: of its target."""
    place = resolve(row.target, resource_type)
    convert = converter(place)
    put = typed(row, setter(row.target, resource_type), resource_type)
    located = leaf(place)
    only_on_create = row.flow_type == "ObjectAddOnly" or (located is not None and located.mutability == "immutable")
    roles = role_flow(row, resource_type)
    flows_null = row.flow_null or (definition is not None and definition.flow_null)
    return Flow(
        path=row.target,
        step=_step(row, put, convert, takes_text(place)),
        put=put,
        take=getter(row.target, resource_type),
        drop=remover(row.target, resource_type),
        default=default_of(row.default or (definition.default if definition else None), convert),
        flow_type=row.flow_type,
        only_on_create=only_on_create,
        # Roles that are replaced as a whole are cleared when the last one goes.
        clears=(flows_null and not only_on_create and row.flow_type != "ValueAddOnly")
        or (roles is not None and roles.replaces),
        exact=located is not None and located.case_exact,
        kept_back=located is not None and located.kept_back,
    )


def default_of(text: str | None, convert: Converter) -> Json:
    """A default value as the attribute takes it; None when there is none."""
    try:
        return convert(text) if text else None
    except Unfit:
        return None  # `problems` has reported it


def _step(row: AttributeMapping, put: Callable[[Resource, Json], None], convert: Converter, text: bool) -> FlowStep:
    match row.source:
        case Direct(attribute):
            return _direct(attribute, row.target, put, convert, text)
        case FixedText(value):
            return _constant(value, row.target, put, convert)
        case FromExpression(expression):
            return _expression(expression, row.target, put, convert, text)
        case Nothing():
            return lambda attributes, now, random_bytes, document: NULL


def _direct(name: str, target: str, put: Callable[[Resource, Json], None], convert: Converter, text: bool) -> FlowStep:
    def step(
        attributes: SourceRecord, now: datetime, random_bytes: RandomBytes, document: Resource
    ) -> Null | Candidates | Failure | None:
        value = attributes.get(name)
        if text and type(value) is str:
            put(document, value)
            return None
        if value is None or value == []:
            return NULL
        try:
            put(document, convert(value))
        except Unfit as unfit:
            return _unfit(unfit, target, attributes)
        return None

    return step


def _constant(value: str, target: str, put: Callable[[Resource, Json], None], convert: Converter) -> FlowStep:
    def step(
        attributes: SourceRecord, now: datetime, random_bytes: RandomBytes, document: Resource
    ) -> Null | Candidates | Failure | None:
        try:
            put(document, convert(value))
        except Unfit as unfit:
            return _unfit(unfit, target, attributes)
        return None

    return step


def _expression(
    expression: Compiled, target: str, put: Callable[[Resource, Json], None], convert: Converter, text: bool
) -> FlowStep:
    evaluate = expression.evaluate

    def step(
        attributes: SourceRecord, now: datetime, random_bytes: RandomBytes, document: Resource
    ) -> Null | Candidates | Failure | None:
        value = evaluate(attributes, now, random_bytes)
        if text and type(value) is str:
            put(document, value)
            return None
        if value is None or value == []:
            return NULL
        if value is NO_FLOW:
            return None
        if isinstance(value, ExpressionFailure):
            return Failure(
                code="ExpressionFailed",
                message=f"The expression for {target} gave no value for {name_in(attributes)}: {value}.",
                hint="Correct the value in the directory, or the expression in the mapping.",
            )
        if isinstance(value, Candidates):
            return value
        try:
            put(document, convert(value))
        except Unfit as unfit:
            return _unfit(unfit, target, attributes, redacted=expression.redacted)
        return None

    return step


def _unfit(unfit: Unfit, target: str, attributes: SourceRecord, *, redacted: bool = False) -> Failure:
    return Failure(
        code=unfit.code,
        message=f"{target} of {name_in(attributes)} cannot be set: {unfit.reason(redacted=redacted)}.",
        hint="Correct the value in the directory, or map the attribute by an expression that fits.",
    )
