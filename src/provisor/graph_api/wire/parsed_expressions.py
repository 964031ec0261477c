"""parseExpression: an expression read, and tried with the values that a client gives (section 5 of Graph's API).

A bad expression is an answer and no refusal. Order: the body, the answer, trying, values.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, TypedDict

import msgspec

from provisor.expressions import (
    NO_FLOW,
    Candidates,
    Compiled,
    ExpressionFailure,
    ExpressionProblem,
    RandomBytes,
    SourceRecord,
    compile_expression,
)
from provisor.expressions.cases import Misformatted, read_attributes
from provisor.expressions.graph_ast import to_graph
from provisor.graph_api.odata.errors import bad_request
from provisor.scim.values import Json


class InputProperty(msgspec.Struct, rename="camel"):
    """A value of the tried object; `value@odata.type` beside it says what JSON says anyway."""

    key: str
    value: Any = None


class InputObject(msgspec.Struct, rename="camel"):
    """The object to try it with. Its definition says nothing that its values do not."""

    properties: list[InputProperty] | None = None


class TargetAttribute(msgspec.Struct, rename="camel"):
    """The attribute that the value is for."""

    name: str | None = None
    type: str | None = None
    multivalued: bool | None = None


class ExpressionRequest(msgspec.Struct, rename="camel"):
    """The body."""

    expression: str
    test_input_object: InputObject | None = None
    target_attribute_definition: TargetAttribute | None = None


class PublicErrorAnswer(TypedDict):
    """publicError."""

    code: str
    message: str
    target: str
    details: Sequence[Any]
    innerError: None


class ExpressionAnswer(TypedDict):
    """parseExpressionResponse."""

    error: PublicErrorAnswer | None
    parsingSucceeded: bool
    evaluationSucceeded: bool
    evaluationResult: Sequence[str]
    parsedExpression: Mapping[str, Any] | None


def expression_answer(body: ExpressionRequest, now: datetime, random_bytes: RandomBytes) -> ExpressionAnswer:
    """What the expression is, and gives. Without an object to try it with it is only read.

    Raises GraphError for values that no directory holds.
    """
    compiled = compile_expression(body.expression)
    if isinstance(compiled, ExpressionProblem):
        return _answer(None, parsed=False, error=_error("ExpressionNotParsed", compiled))
    if body.test_input_object is None:
        return _answer(compiled)
    outcome = compiled.evaluate(_record(body.test_input_object), now, random_bytes)
    match outcome:
        case ExpressionFailure():
            return _answer(compiled, error=_error("ExpressionNotEvaluated", outcome))
        case Candidates():
            values: list[Any] = [*outcome.values]
        case None:
            values = []
        case _:
            values = [] if outcome is NO_FLOW else [*outcome] if isinstance(outcome, list) else [outcome]
    texts = [_text(value) for value in values]
    unfit = _unfit(texts, body.target_attribute_definition)
    if unfit is not None:
        return _answer(compiled, error=unfit)
    return _answer(compiled, evaluated=True, result=texts)


def _answer(
    compiled: Compiled | None,
    *,
    parsed: bool = True,
    evaluated: bool = False,
    result: Sequence[str] = (),
    error: PublicErrorAnswer | None = None,
) -> ExpressionAnswer:
    tree = None if compiled is None else {**to_graph(compiled.node), "expression": compiled.text}
    return {
        "error": error,
        "parsingSucceeded": parsed,
        "evaluationSucceeded": evaluated,
        "evaluationResult": result,
        "parsedExpression": tree,
    }


def _error(code: str, found: ExpressionProblem | ExpressionFailure) -> PublicErrorAnswer:
    target = f"character {found.position}" + (f" in {found.function}" if found.function else "")
    return {"code": code, "message": str(found), "target": target, "details": [], "innerError": None}


def _unfit(texts: Sequence[str], target: TargetAttribute | None) -> PublicErrorAnswer | None:
    """What keeps the attribute from holding the value, as far as its definition says."""
    if target is None:
        return None
    why = ""
    if len(texts) > 1 and target.multivalued is False:
        why = f"It takes one value, and there are {len(texts)}."
    kind = (target.type or "").lower()
    wrong = [text for text in texts if not _is(kind, text)]
    if wrong:
        why = f"It is a {target.type}, and {wrong[0][:100]!r} is none."
    if not why:
        return None
    name = target.name or "The attribute"
    return {"code": "ValueNotFit", "message": why, "target": name, "details": [], "innerError": None}


def _is(kind: str, text: str) -> bool:
    match kind:
        case "boolean":
            return text.lower() in ("true", "false")
        case "integer":
            return text.removeprefix("-").isascii() and text.removeprefix("-").isdigit()
        case _:
            return True


def _text(value: object) -> str:
    return value if isinstance(value, str) else msgspec.json.encode(value).decode()


def _record(given: InputObject) -> SourceRecord:
    pairs: dict[str, Json] = {one.key: one.value for one in given.properties or []}
    record = read_attributes(pairs)
    if isinstance(record, Misformatted):
        raise bad_request(record.message, "Values are texts, numbers, true, false, null, or lists of texts.")
    return record
