"""Choosing and testing: IIF, Switch, Coalesce, Not, the Is functions, CBool, BitAnd, IgnoreFlowIfNullOrEmpty, Redact.

Pure. Only the chosen branch is evaluated, so an error in another does no harm. Rules: spec/expressions.md section 3.
"""

from datetime import datetime

from provisor.expressions.functions.comparing import as_truth, holds
from provisor.expressions.functions.evaluation import (
    Argument,
    CallSite,
    Evaluator,
    FlowDropped,
    Refused,
    as_number,
    as_text,
    strict1,
    strict2,
)
from provisor.expressions.functions.signature import FunctionInfo, Parameter
from provisor.expressions.values import RandomBytes, SourceRecord, SourceValue


def _build_iif(site: CallSite) -> Evaluator:
    condition, if_true, if_false = (argument.evaluate for argument in site.given)

    def run(record: SourceRecord, now: datetime, random_bytes: RandomBytes) -> SourceValue:
        value = condition(record, now, random_bytes)
        try:
            chosen = if_true if holds(value) else if_false
        except Refused as refused:
            raise site.failed(refused, lambda: holds(value)) from None
        return chosen(record, now, random_bytes)

    return run


def _nothing(record: SourceRecord, now: datetime, random_bytes: RandomBytes) -> SourceValue:
    return None


def _build_switch(site: CallSite) -> Evaluator:
    source, default, *rest = site.arguments
    assert source is not None  # noqa: S101  (checks.py lets no call without its source pass)
    pairs = [(key, value) for key, value in zip(rest[::2], rest[1::2], strict=True) if key and value]
    otherwise = _nothing if default is None else default.evaluate
    if not all(key.constant for key, _ in pairs):
        return _switch_by_trying(site, source, pairs, otherwise)
    table: dict[str, Argument] = {}
    for key, value in pairs:
        table.setdefault(as_text(key.value), value)
    if (default is None or default.constant) and all(value.constant for value in table.values()):
        answers = {key: value.value for key, value in table.items()}
        return _switch_between_constants(site, source, answers, None if default is None else default.value)
    return _switch_by_key(site, source, {key: value.evaluate for key, value in table.items()}, otherwise)


def _switch_between_constants(
    site: CallSite, source: Argument, answers: dict[str, SourceValue], default: SourceValue
) -> Evaluator:
    """The hot path, for the mapping of `active` runs for every person of every cycle: one look-up."""
    evaluate = source.evaluate
    name = source.attribute
    # Booleans and null are looked up as they are, without making their text first.
    by_value: dict[bool | str | None, SourceValue] = {key: answer for key, answer in answers.items()}  # noqa: C416  (widens the key type)
    by_value[True] = answers.get("True", default)
    by_value[False] = answers.get("False", default)
    by_value[None] = answers.get("", default)

    def run(record: SourceRecord, now: datetime, random_bytes: RandomBytes) -> SourceValue:
        value = evaluate(record, now, random_bytes) if name is None else record.get(name)
        if type(value) is bool or type(value) is str or value is None:
            return by_value.get(value, default)
        return answers.get(_key_of(site, value), default)

    return run


def _switch_by_key(site: CallSite, source: Argument, branches: dict[str, Evaluator], otherwise: Evaluator) -> Evaluator:
    evaluate = source.evaluate

    def run(record: SourceRecord, now: datetime, random_bytes: RandomBytes) -> SourceValue:
        key = _key_of(site, evaluate(record, now, random_bytes))
        return branches.get(key, otherwise)(record, now, random_bytes)

    return run


def _switch_by_trying(
    site: CallSite, source: Argument, pairs: list[tuple[Argument, Argument]], otherwise: Evaluator
) -> Evaluator:
    """Keys that depend on the record are evaluated in order, until one matches. A null key matches nothing."""
    evaluate = source.evaluate
    branches = [(key, key.evaluate, value.evaluate) for key, value in pairs]

    def run(record: SourceRecord, now: datetime, random_bytes: RandomBytes) -> SourceValue:
        wanted = _key_of(site, evaluate(record, now, random_bytes))
        for key, evaluate_key, branch in branches:
            found = evaluate_key(record, now, random_bytes)
            if found is not None and _key_of(site, found, key) == wanted:
                return branch(record, now, random_bytes)
        return otherwise(record, now, random_bytes)

    return run


def _key_of(site: CallSite, value: SourceValue, blamed: Argument | None = None) -> str:
    try:
        return as_text(value)
    except Refused as refused:
        refused.parameter = blamed.parameter if blamed else "source"
        raise site.failed(refused) from None


def _build_coalesce(site: CallSite) -> Evaluator:
    sources = tuple(argument.evaluate for argument in site.given)

    def run(record: SourceRecord, now: datetime, random_bytes: RandomBytes) -> SourceValue:
        for source in sources:
            value = source(record, now, random_bytes)
            if value is not None:
                return value
        return None

    return run


def _build_is_null(site: CallSite) -> Evaluator:
    evaluate = site.given[0].evaluate
    return lambda record, now, random_bytes: evaluate(record, now, random_bytes) is None


def _build_is_null_or_empty(site: CallSite) -> Evaluator:
    evaluate = site.given[0].evaluate
    return lambda record, now, random_bytes: evaluate(record, now, random_bytes) in (None, "")


def _build_is_present(site: CallSite) -> Evaluator:
    evaluate = site.given[0].evaluate
    return lambda record, now, random_bytes: evaluate(record, now, random_bytes) not in (None, "")


def _build_is_string(site: CallSite) -> Evaluator:
    evaluate = site.given[0].evaluate

    def run(record: SourceRecord, now: datetime, random_bytes: RandomBytes) -> SourceValue:
        value = evaluate(record, now, random_bytes)
        return value is not None and not isinstance(value, list)

    return run


def _build_not(site: CallSite) -> Evaluator:
    evaluate = site.given[0].evaluate

    def run(record: SourceRecord, now: datetime, random_bytes: RandomBytes) -> SourceValue:
        value = evaluate(record, now, random_bytes)
        return not (value is True or value == "True")

    return run


def _build_ignore_flow(site: CallSite) -> Evaluator:
    evaluate = site.given[0].evaluate

    def run(record: SourceRecord, now: datetime, random_bytes: RandomBytes) -> SourceValue:
        value = evaluate(record, now, random_bytes)
        if value is None or value == "":
            raise FlowDropped
        return value

    return run


def _build_redact(site: CallSite) -> Evaluator:
    # The value flows untouched; the tree says that the log must hide it (`Compiled.redacted`).
    return site.given[0].evaluate


def bit_and(value1: int, value2: int) -> int:
    """Bitwise AND; negative numbers count as two's complement."""
    return value1 & value2


_EXPRESSION = Parameter(name="expression")

LOGIC: tuple[FunctionInfo, ...] = (
    FunctionInfo(
        name="BitAnd",
        parameters=(Parameter(name="value1", type="Integer"), Parameter(name="value2", type="Integer")),
        help="Bitwise AND of two whole numbers, written in decimal or as &H hexadecimal.",
        example="BitAnd(&H1F, &H18) gives 24",
        build=strict2(bit_and, as_number, as_number),
    ),
    FunctionInfo(
        name="CBool",
        parameters=(_EXPRESSION,),
        help="True for any number but 0 and for a comparison that holds, else False.",
        example="CBool([a] = [b]) with x and x gives True",
        build=strict1(as_truth, lambda value: value),
    ),
    FunctionInfo(
        name="Coalesce",
        parameters=(Parameter(name="source", repeatable=True),),
        help="The first argument that is not null; the last serves as the default. An empty text is not null.",
        example="Coalesce([mail], [userPrincipalName]) without mail gives the userPrincipalName",
        build=_build_coalesce,
    ),
    FunctionInfo(
        name="IgnoreFlowIfNullOrEmpty",
        parameters=(_EXPRESSION,),
        help="Leaves the attribute out of the flow when the value is null or empty: the target keeps what it has.",
        example="IgnoreFlowIfNullOrEmpty([department])",
        build=_build_ignore_flow,
    ),
    FunctionInfo(
        name="IIF",
        parameters=(
            Parameter(name="condition", type="Boolean"),
            Parameter(name="valueIfTrue"),
            Parameter(name="valueIfFalse"),
        ),
        help="One of two values, by a condition with = <> > >= < or <=. Nest IIF for AND and OR.",
        example='IIF([country]="SE", "Nordic", "Other") with SE gives Nordic',
        build=_build_iif,
    ),
    FunctionInfo(
        name="IsNull",
        parameters=(_EXPRESSION,),
        help="True when the value is null, as an absent attribute is. An empty text is not null.",
        example="IsNull([department])",
        build=_build_is_null,
    ),
    FunctionInfo(
        name="IsNullOrEmpty",
        parameters=(_EXPRESSION,),
        help="True when the value is null or an empty text.",
        example="IsNullOrEmpty([department])",
        build=_build_is_null_or_empty,
    ),
    FunctionInfo(
        name="IsPresent",
        parameters=(_EXPRESSION,),
        help="True when the value is neither null nor an empty text.",
        example="IsPresent([department])",
        build=_build_is_present,
    ),
    FunctionInfo(
        name="IsString",
        parameters=(_EXPRESSION,),
        help="True when the value can be taken as one text; not for null and lists.",
        example="IsString([department])",
        build=_build_is_string,
    ),
    FunctionInfo(
        name="Not",
        parameters=(Parameter(name="source", type="Boolean"),),
        help="False for True; True for anything else, null included.",
        example="Not([IsSoftDeleted]) with False gives True",
        build=_build_not,
    ),
    FunctionInfo(
        name="Redact",
        parameters=(Parameter(name="value"),),
        help="The value itself; logs show [Redact] in its place.",
        example="Redact([employeeId])",
        build=_build_redact,
    ),
    FunctionInfo(
        name="Switch",
        parameters=(
            Parameter(name="source"),
            Parameter(name="defaultValue", required=False),
            Parameter(name="key", repeatable=True),
            Parameter(name="value", repeatable=True),
        ),
        help='The value of the first key equal to source, else defaultValue. The key "" also matches null.',
        example='Switch([office], "HQ", "STO", "Stockholm", "OSL", "Oslo") with OSL gives Oslo',
        build=_build_switch,
    ),
)
