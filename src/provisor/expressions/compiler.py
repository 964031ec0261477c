"""Text -> closures: an expression compiled once and evaluated for every record.

Pure: the present and random bytes come with each evaluation. Calls whose arguments are all constants are evaluated
here, once. `Compiled.evaluate` turns what unwound the closures into values.
"""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import assert_never

from provisor.expressions.checks import hopeless_arguments, warnings_of
from provisor.expressions.functions import FUNCTIONS
from provisor.expressions.functions.comparing import comparer
from provisor.expressions.functions.evaluation import (
    Argument,
    CallSite,
    EvaluationFailed,
    Evaluator,
    FlowDropped,
    Refused,
    as_text,
)
from provisor.expressions.functions.patterns import REGEX_SECONDS
from provisor.expressions.functions.signature import FunctionInfo
from provisor.expressions.nodes import AttributeNode, CallNode, Comparison, ConstantNode, Node, walk
from provisor.expressions.parser import parse
from provisor.expressions.values import (
    NO_FLOW,
    Candidates,
    ExpressionFailure,
    ExpressionOutcome,
    ExpressionProblem,
    RandomBytes,
    SourceRecord,
    SourceValue,
    text_of,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Compiled:
    """An expression ready to be evaluated, and what can be said about it beforehand.

    `reads` names the source attributes. `volatile`: the same record may give another value next time, so a mapping
    that applies always would not converge. `candidates`: it gives `Candidates`. `redacted`: logs must show
    `[Redact]` in place of its value. `hopeless`: why parts of it fail for every record that reaches them.
    """

    text: str
    node: Node
    reads: frozenset[str]
    functions: frozenset[str]
    volatile: bool
    candidates: bool
    redacted: bool
    warnings: tuple[str, ...]
    hopeless: tuple[str, ...]
    _run: Evaluator = field(repr=False, compare=False)
    _rules: tuple[Evaluator, ...] = field(default=(), repr=False, compare=False)

    def evaluate(self, record: SourceRecord, now: datetime, random_bytes: RandomBytes) -> ExpressionOutcome:
        """The value for one record, or why there is none. Never raises, whatever the record holds.

        `now` is aware; it is the same throughout, also for several Now().
        """
        if self._rules:
            return self._candidates(record, now, random_bytes)
        try:
            value = self._run(record, now, random_bytes)
        except EvaluationFailed as failed:
            return failed.failure(redacted=self.redacted)
        except FlowDropped:
            return NO_FLOW
        if isinstance(value, (str, list)) or value is None:
            return value
        return text_of(value)

    def _candidates(self, record: SourceRecord, now: datetime, random_bytes: RandomBytes) -> ExpressionOutcome:
        """Rules that give nothing are skipped; the first that fails ends the list."""
        values: dict[str, None] = {}
        failure: ExpressionFailure | None = None
        for rule in self._rules:
            try:
                value = rule(record, now, random_bytes)
                if value is not None and value != "":
                    values[as_text(value)] = None
            except FlowDropped:
                return NO_FLOW
            except Refused as refused:
                name = "SelectUniqueValue"
                failure = EvaluationFailed(name, self.node.position, refused, None).failure(redacted=self.redacted)
                break
            except EvaluationFailed as failed:
                failure = failed.failure(redacted=self.redacted)
                break
        return Candidates(tuple(values), failure) if values else failure


def compile_expression(text: str) -> Compiled | ExpressionProblem:
    """Compile an expression, or say why it cannot be used."""
    node = parse(text)
    if isinstance(node, ExpressionProblem):
        return node
    parts = tuple(walk(node))
    functions = frozenset(part.name for part in parts if isinstance(part, CallNode))
    patterns = sum(isinstance(part, CallNode) and part.name == "Replace" for part in parts)
    compiler = _Compiler(regex_seconds=REGEX_SECONDS / max(1, patterns))
    candidates = isinstance(node, CallNode) and node.name == "SelectUniqueValue"
    if isinstance(node, CallNode) and candidates:
        rules = tuple(compiler.argument(rule, "rule").evaluate for rule in node.arguments if rule is not None)
    else:
        rules = ()
    run = _nothing if candidates else compiler.argument(node, "value").evaluate
    return Compiled(
        text=text,
        node=node,
        reads=frozenset(part.name for part in parts if isinstance(part, AttributeNode)),
        functions=functions,
        volatile=any(FUNCTIONS[name].volatile for name in functions),
        candidates=candidates,
        redacted="Redact" in functions,
        warnings=warnings_of(node),
        hopeless=(*hopeless_arguments(node), *compiler.failed),
        _run=run,
        _rules=rules,
    )


@dataclass(frozen=True, slots=True)
class _Compiler:
    regex_seconds: float
    failed: list[str] = field(default_factory=list)  # calls with constants alone that give no value

    def argument(self, node: Node, parameter: str) -> Argument:
        """Compile a node as the argument for a parameter."""
        match node:
            case AttributeNode():
                return Argument(
                    evaluate=_reading(node.name), parameter=parameter, position=node.position, attribute=node.name
                )
            case ConstantNode():
                return _known(node.text, parameter, node.position)
            case Comparison():
                return self.comparison(node, parameter)
            case CallNode():
                return self.call(node, parameter)
            case _:
                assert_never(node)

    def call(self, call: CallNode, parameter: str) -> Argument:
        info = FUNCTIONS[call.name]
        assert info.build is not None  # noqa: S101  (checks.py lets SelectUniqueValue stand outermost only)
        site = CallSite(
            function=call.name,
            position=call.position,
            arguments=self.arguments(call, info),
            regex_seconds=self.regex_seconds,
        )
        evaluate = info.build(site)
        if not info.volatile and all(argument.constant for argument in site.given):
            try:
                return _known(evaluate({}, _ANY_TIME, _no_bytes), parameter, call.position)
            except EvaluationFailed as failed:  # then it fails when it is evaluated
                self.failed.append(str(failed.failure(redacted=False)))
            except FlowDropped:
                pass
        return Argument(evaluate=evaluate, parameter=parameter, position=call.position)

    def arguments(self, call: CallNode, info: FunctionInfo) -> tuple[Argument | None, ...]:
        """The arguments of a call, defaults filled in, as many as the function's list when that is fixed."""
        compiled: list[Argument | None] = []
        for index in range(max(len(call.arguments), len(info.parameters) if not info.repeats else 0)):
            node = call.arguments[index] if index < len(call.arguments) else None
            parameter = info.parameter_at(index)
            if node is not None:
                compiled.append(self.argument(node, _numbered(info, index)))
            elif parameter.default is not None:
                compiled.append(_known(parameter.default, parameter.name, call.position))
            else:
                compiled.append(None)
        return tuple(compiled)

    def comparison(self, node: Comparison, parameter: str) -> Argument:
        left, right = self.argument(node.left, "left side"), self.argument(node.right, "right side")
        read_left, read_right, compare = left.evaluate, right.evaluate, comparer(node.operator)
        site = CallSite(
            function="Comparison", position=node.position, arguments=(left, right), regex_seconds=self.regex_seconds
        )

        def run(record: SourceRecord, now: datetime, random_bytes: RandomBytes) -> SourceValue:
            x = read_left(record, now, random_bytes)
            y = read_right(record, now, random_bytes)
            try:
                return compare(x, y)
            except Refused as refused:
                raise site.failed(refused, lambda: as_text(x), lambda: as_text(y)) from None

        return Argument(evaluate=run, parameter=parameter, position=node.position)


_ANY_TIME = datetime(2000, 1, 1, tzinfo=UTC)  # for folding; no function that reads the time is folded


def _no_bytes(count: int) -> bytes:
    return bytes(count)


def _nothing(record: SourceRecord, now: datetime, random_bytes: RandomBytes) -> SourceValue:
    return None


def _known(value: SourceValue, parameter: str, position: int) -> Argument:
    def run(record: SourceRecord, now: datetime, random_bytes: RandomBytes) -> SourceValue:
        return value

    return Argument(evaluate=run, parameter=parameter, position=position, constant=True, value=value)


def _reading(name: str) -> Evaluator:
    def run(record: SourceRecord, now: datetime, random_bytes: RandomBytes) -> SourceValue:
        return record.get(name)

    return run


def _numbered(info: FunctionInfo, index: int) -> str:
    """The parameter's name as a message says it: source2 for the second of a repeated source."""
    parameter = info.parameter_at(index)
    if not parameter.repeatable:
        return parameter.name
    return f"{parameter.name}{(index - info.fixed_arguments) // info.repeats + 1}"
