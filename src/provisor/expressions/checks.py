"""What can be said about an expression without a record: refusals and warnings (spec/expressions.md sections 1 and 3).

Pure. `check` is part of parsing, so every tree that exists names known functions with fitting arguments.
"""

from collections.abc import Iterator
from difflib import get_close_matches

from provisor.expressions.functions import FUNCTIONS
from provisor.expressions.functions.evaluation import number_in
from provisor.expressions.functions.patterns import pattern_problem
from provisor.expressions.functions.replace import mode_of
from provisor.expressions.functions.signature import FunctionInfo, signature_of
from provisor.expressions.nodes import CallNode, Comparison, ConstantNode, Node, to_text, walk
from provisor.expressions.values import ExpressionProblem

_TAKES_CONDITION = ("IIF", "CBool")
_NULL_TESTS = ("IsNull", "IsNullOrEmpty", "IsPresent")
_COMPARE_TYPES = ("vbTextCompare", "vbBinaryCompare")
_COMPARE_TYPE_SLOT = 3
_ALIKE = 0.7  # as in scim.nearest, which this room does not import


def check(node: Node) -> ExpressionProblem | None:
    """The first thing, from the left, that makes a tree unusable."""
    for part in walk(node):
        if isinstance(part, CallNode):
            problem = _check_call(part, outermost=part is node)
            if problem is not None:
                return problem
        elif isinstance(part, ConstantNode) and part.bare and part.text in _COMPARE_TYPES and part is node:
            return _keyword_problem(part, None)
    return None


def warnings_of(node: Node) -> tuple[str, ...]:
    """What is allowed but probably not meant. Shown when a mapping is saved; it is not refused."""
    return tuple(warning for part in walk(node) if isinstance(part, CallNode) for warning in _warnings_of_call(part))


def hopeless_arguments(node: Node) -> Iterator[str]:
    """The constants that fail for every record: no number where one is needed, or an invalid pattern."""
    for call in walk(node):
        if not isinstance(call, CallNode) or all(isinstance(argument, ConstantNode) for argument in call.arguments):
            continue  # a call with constants alone is tried when it is compiled
        for index, argument in enumerate(call.arguments):
            if isinstance(argument, ConstantNode):
                parameter = FUNCTIONS[call.name].parameter_at(index)
                if parameter.type == "Integer" and number_in(argument.text) is None:
                    yield (
                        f'{call.name} cannot use "{argument.text}" as {parameter.name}: a whole number is needed.'
                        f" (character {argument.position})"
                    )
        if call.name == "Replace" and len(call.arguments) > 2 and isinstance(call.arguments[2], ConstantNode):
            problem = pattern_problem(call.arguments[2].text)
            if problem is not None:
                yield f"Replace: {problem} (character {call.arguments[2].position})"


def _check_call(call: CallNode, *, outermost: bool) -> ExpressionProblem | None:
    info = FUNCTIONS.get(call.name)
    if info is None:
        return ExpressionProblem(function=call.name, position=call.position, message=_unknown(call.name))
    if call.name == "SelectUniqueValue" and not outermost:
        message = (
            "SelectUniqueValue must be outermost, not inside another function. Move the other function into its rules."
        )
        return ExpressionProblem(function=call.name, position=call.position, message=message)
    problem = _check_count(call, info) or _check_slots(call, info)
    if problem is None and call.name == "Replace" and mode_of(call.arguments) is None:
        message = (
            "Replace does not work with this combination of arguments. "
            "Give oldValue with replacementValue or template, or regexPattern with replacementValue, "
            "or regexPattern and regexGroupName with replacementValue or "
            "replacementAttributeName."
        )
        return ExpressionProblem(function=call.name, position=call.position, message=message)
    return problem


def _check_count(call: CallNode, info: FunctionInfo) -> ExpressionProblem | None:
    given = len(call.arguments)
    most = info.most_arguments
    if most is not None and given > most:
        extra = call.arguments[most]
        message = f"{call.name} takes at most {most} arguments and was given {given}. Write {signature_of(info)}."
        return ExpressionProblem(
            function=call.name, position=call.position if extra is None else extra.position, message=message
        )
    if given < info.least_arguments:
        missing = info.parameter_at(given)
        message = f"{call.name} lacks its argument {missing.name}. Write {signature_of(info)}."
        return ExpressionProblem(function=call.name, position=call.position, message=message)
    repeated = info.repeats
    if repeated and (given - info.fixed_arguments) % repeated:
        message = f"{call.name} has a key without a value. Give keys and values in pairs: {signature_of(info)}."
        return ExpressionProblem(function=call.name, position=call.position, message=message)
    return None


def _check_slots(call: CallNode, info: FunctionInfo) -> ExpressionProblem | None:
    for index, argument in enumerate(call.arguments):
        parameter = info.parameter_at(index)
        if argument is None:
            if parameter.required:
                message = f"{call.name} lacks its argument {parameter.name}. Write {signature_of(info)}."
                return ExpressionProblem(function=call.name, position=call.position, message=message)
        elif isinstance(argument, Comparison):
            if index or call.name not in _TAKES_CONDITION:
                message = f"{call.name} cannot take a comparison here. Only IIF and CBool take one, as first argument."
                return ExpressionProblem(function=call.name, position=argument.position, message=message)
            for side in (argument.left, argument.right):
                if _is_keyword(side):
                    return _keyword_problem(side, call.name)
        elif _is_keyword(argument) and not (call.name == "InStr" and index == _COMPARE_TYPE_SLOT):
            return _keyword_problem(argument, call.name)
    return None


def _is_keyword(node: Node) -> bool:
    return isinstance(node, ConstantNode) and node.bare and node.text in _COMPARE_TYPES


def _keyword_problem(node: Node, function: str | None) -> ExpressionProblem:
    message = f"{to_text(node)} is only allowed as the last argument of InStr. Put it in quotation marks to mean text."
    return ExpressionProblem(function=function, position=node.position, message=message)


def _unknown(name: str) -> str:
    longer = [known for known in FUNCTIONS if known.lower().startswith(name.lower())]
    near = longer if len(longer) == 1 else get_close_matches(name, FUNCTIONS, n=1, cutoff=_ALIKE)
    near = near or [known for known in FUNCTIONS if known.lower() == name.lower()]
    shown = name if len(name) <= 40 else f"{name[:40]}…"
    hint = f"Did you mean {near[0]}? " if near else ""
    return f"There is no function {shown}. {hint}Function names are case-sensitive; the reference lists them all."


def _warnings_of_call(call: CallNode) -> Iterator[str]:
    first = call.arguments[0] if call.arguments else None
    if call.name == "IIF" and _tests_for_null(first):
        yield (
            "IIF tests for a null or empty value, which Entra does not support. It works as written here; "
            'write Switch([attribute], …, "", …) to be portable.'
        )
    if call.name == "Switch" and isinstance(first, CallNode) and first.name in _NULL_TESTS:
        yield (
            f"Switch looks at {first.name}, which Entra's reference warns against. It works as written here; "
            'to be portable, test for null with the key "".'
        )
    if call.name == "Replace" and len(call.arguments) > 2 and isinstance(call.arguments[2], ConstantNode):
        problem = pattern_problem(call.arguments[2].text)
        if problem is not None:
            yield f"Replace will fail for every object: {problem}"


def _tests_for_null(condition: Node | None) -> bool:
    match condition:
        case Comparison():
            return any(
                isinstance(side, ConstantNode) and not side.text for side in (condition.left, condition.right)
            ) or any(
                isinstance(side, CallNode) and side.name in _NULL_TESTS for side in (condition.left, condition.right)
            )
        case CallNode():
            return condition.name in _NULL_TESTS
        case _:
            return False
