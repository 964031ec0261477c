"""Expression text -> tree (spec/expressions.md section 1).

Pure. Reads only the grammar: checks.py says whether a function exists and takes these arguments.
The text is a tenant's: its length and depth are bounded. What cannot be read is a `ExpressionProblem` at a character.
"""

import re
from dataclasses import dataclass

from provisor.expressions.checks import check
from provisor.expressions.nodes import (
    OPERATORS,
    AttributeNode,
    CallNode,
    Comparison,
    ComparisonOperator,
    ConstantNode,
    Node,
    ValueNode,
)
from provisor.expressions.values import INTEGER_MAX, INTEGER_MIN, ExpressionProblem

MAX_LENGTH_CHARACTERS = 10_000  # Entra's limit
MAX_DEPTH = 64  # keeps reading and evaluating far below Python's limit on nested calls
KEYWORDS = ("vbTextCompare", "vbBinaryCompare")

_BLANKS = re.compile(r"\s*")
_WORD = re.compile(r"[^\W\d]\w*")
_NUMBER = re.compile(r"-?[0-9]+|&H[0-9A-Fa-f]+")
_STRING_BODY = re.compile(r'(?:[^"\\]|\\.)*', re.DOTALL)
_ESCAPED = re.compile(r'\\([\\"])')
_CURLY_QUOTES = "“”„‟«»"


def parse(text: str) -> Node | ExpressionProblem:
    """Read an expression: its tree, or the first problem met from the left. Never raises."""
    if len(text) > MAX_LENGTH_CHARACTERS:
        return ExpressionProblem(
            function=None,
            position=MAX_LENGTH_CHARACTERS + 1,
            message=f"The expression has {len(text)} characters, {MAX_LENGTH_CHARACTERS} are allowed. Shorten it.",
        )
    reader = _ExpressionReader(text)
    try:
        node = reader.value(0)
        reader.end()
    except _Stop as stop:
        return stop.problem
    return check(node) or node


class _Stop(Exception):
    def __init__(self, problem: ExpressionProblem) -> None:
        super().__init__(problem.message)
        self.problem = problem


@dataclass(slots=True)
class _ExpressionReader:
    text: str
    at: int = 0

    def value(self, depth: int, function: str | None = None) -> ValueNode:
        self.blanks()
        start = self.at
        character = self.text[start : start + 1]
        if character == "[":
            return self.attribute(function)
        if character == '"':
            return self.string(function)
        if number := _NUMBER.match(self.text, start):
            return self.number(number.group(), function)
        if word := _WORD.match(self.text, start):
            self.at = word.end()
            self.blanks()
            if self.text[self.at : self.at + 1] == "(":
                return self.call(word.group(), start, depth)
            return self.keyword(word.group(), start, function)
        raise self.unexpected(start, "an attribute in [brackets], a text in quotation marks, or a function", function)

    def attribute(self, function: str | None) -> AttributeNode:
        start = self.at
        end = self.text.find("]", start)
        if end < 0:
            raise self.stop(start, 'This "[" is never closed. Add the missing "]" after the attribute name.', function)
        name = self.text[start + 1 : end]
        if "[" in name:
            message = f'The attribute name {_shown(name)} holds a "[". Add the missing "]" before it.'
            raise self.stop(start, message, function)
        if not name.strip():
            raise self.stop(start, "The brackets hold no attribute name. Write one, for example [mail].", function)
        self.at = end + 1
        return AttributeNode(name, start + 1)

    def string(self, function: str | None) -> ConstantNode:
        start = self.at
        body = _STRING_BODY.match(self.text, start + 1)
        if body is None or self.text[body.end() : body.end() + 1] != '"':
            message = 'This text is never closed. Add the missing quotation mark; write \\" for one inside the text.'
            raise self.stop(start, message, function)
        self.at = body.end() + 1
        return ConstantNode(_ESCAPED.sub(r"\1", body.group()), start + 1)

    def number(self, digits: str, function: str | None) -> ConstantNode:
        number = int(digits[2:], 16) if digits.startswith("&H") else _decimal(digits)
        if number is None or not INTEGER_MIN <= number <= INTEGER_MAX:
            message = (
                f"The number {_shown(digits)} does not fit 64 bits. Put it in quotation marks if it is meant as text."
            )
            raise self.stop(self.at, message, function)
        constant = ConstantNode(str(number), self.at + 1, bare=True)
        self.at += len(digits)
        return constant

    def keyword(self, word: str, start: int, function: str | None) -> ConstantNode:
        if word not in KEYWORDS:
            message = (
                f"{_shown(word)} is neither an attribute nor a text. "
                f'Write [{word[:40]}] for the attribute, "{word[:40]}" for the text.'
            )
            raise self.stop(start, message, function)
        return ConstantNode(word, start + 1, bare=True)

    def call(self, name: str, start: int, depth: int) -> CallNode:
        if depth >= MAX_DEPTH:
            message = (
                f"Functions are nested more than {MAX_DEPTH} deep. Simplify the expression; Switch replaces many IIFs."
            )
            raise self.stop(start, message, name)
        opened = self.at
        self.at += 1
        arguments: list[Node | None] = []
        while True:
            arguments.append(self.argument(depth + 1, name))
            self.blanks()
            separator = self.text[self.at : self.at + 1]
            if separator == ",":
                self.at += 1
            elif separator == ")":
                self.at += 1
                break
            elif separator:
                raise self.unexpected(self.at, 'a comma or ")"', name)
            else:
                message = f'The parenthesis opened after {name} is never closed. Add the missing ")".'
                raise self.stop(opened, message, name)
        slots = len(arguments)
        while arguments and arguments[-1] is None:
            arguments.pop()
        return CallNode(name=name, arguments=tuple(arguments), position=start + 1, slots=slots)

    def argument(self, depth: int, function: str) -> Node | None:
        self.blanks()
        if self.text[self.at : self.at + 1] in (",", ")"):
            return None
        left = self.value(depth, function)
        operator = self.operator()
        if operator is None:
            return left
        return Comparison(left=left, operator=operator, right=self.value(depth, function), position=left.position)

    def operator(self) -> ComparisonOperator | None:
        self.blanks()
        for operator in OPERATORS:
            if self.text.startswith(operator, self.at):
                self.at += len(operator)
                return operator
        return None

    def end(self) -> None:
        self.blanks()
        if self.at < len(self.text):
            raise self.unexpected(self.at, "the end of the expression", None)

    def blanks(self) -> None:
        match = _BLANKS.match(self.text, self.at)
        self.at = match.end() if match else self.at

    def unexpected(self, at: int, wanted: str, function: str | None) -> _Stop:
        if at >= len(self.text):
            return self.stop(at, f"The expression ends where {wanted} was expected. Complete it.", function)
        found = self.text[at]
        if found in _CURLY_QUOTES:
            return self.stop(at, f'{found} is not a straight quotation mark. Write " instead.', function)
        rest = _shown(self.text[at : at + 20])
        return self.stop(at, f"Found {rest} where {wanted} was expected. Correct the expression there.", function)

    def stop(self, at: int, message: str, function: str | None) -> _Stop:
        return _Stop(ExpressionProblem(function=function, position=at + 1, message=message))


def _decimal(digits: str) -> int | None:
    # 64 bits need 19 digits; int() refuses texts of thousands of digits with an exception.
    return int(digits) if len(digits.lstrip("-").lstrip("0")) <= 19 else None


def _shown(text: str) -> str:
    return f'"{text}"' if len(text) <= 40 else f'"{text[:40]}…"'
