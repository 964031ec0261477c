"""Replace: one name, five functions, told apart by which arguments are given (spec/expressions.md section 3, Replace).

Pure. An argument counts as given when it is written, even as "".
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Literal, assert_never

from provisor.expressions.functions.evaluation import (
    MAX_TEXT_CHARACTERS,
    CallSite,
    Evaluator,
    Refused,
    as_text,
    strict3,
    strict4,
    too_long,
)
from provisor.expressions.functions.patterns import find_group, replace_group, replace_matches
from provisor.expressions.functions.signature import FunctionInfo, Parameter
from provisor.expressions.values import RandomBytes, SourceRecord, SourceValue

Mode = Literal["text", "template", "pattern", "group", "attribute"]

# Which of the arguments after source are given, by their place: oldValue 1, regexPattern 2, regexGroupName 3,
# replacementValue 4, replacementAttributeName 5, template 6.
_MODES: dict[frozenset[int], Mode] = {
    frozenset({1, 4}): "text",
    frozenset({1, 6}): "template",
    frozenset({2, 4}): "pattern",
    frozenset({2, 3, 4}): "group",
    frozenset({2, 3, 5}): "attribute",
}


def mode_of(arguments: Sequence[object | None]) -> Mode | None:
    """What Replace does with these arguments, or None for a combination that means nothing."""
    given = frozenset(place for place, argument in enumerate(arguments) if place and argument is not None)
    return _MODES.get(given)


def replace_text(source: str, old: str, new: str) -> str:
    """Replace every literal occurrence."""
    if not old:
        raise Refused("the text to replace is empty. Give at least one character.", value=old, parameter="oldValue")
    if len(source) + source.count(old) * (len(new) - len(old)) > MAX_TEXT_CHARACTERS:
        raise too_long()
    return source.replace(old, new)


def _build(site: CallSite) -> Evaluator:
    seconds = site.regex_seconds
    mode = mode_of(site.arguments)
    match mode:
        case "text":
            return strict3(replace_text, as_text, as_text, as_text)(site)
        case "template":
            return strict3(
                lambda source, old, template: replace_text(template, old, source), as_text, as_text, as_text
            )(site)
        case "pattern":
            return strict3(
                lambda source, pattern, new: replace_matches(source, pattern, new, seconds), as_text, as_text, as_text
            )(site)
        case "group":
            return strict4(
                lambda source, pattern, group, new: replace_group(source, pattern, group, new, seconds),
                as_text,
                as_text,
                as_text,
                as_text,
            )(site)
        case "attribute":
            return _build_from_attribute(site)
        case None:
            raise AssertionError("checks.py lets no other combination pass")
        case _:
            assert_never(mode)


def _build_from_attribute(site: CallSite) -> Evaluator:
    """The source where it has a value, else a part of another attribute."""
    source = site.given[0].evaluate
    others = (site.given[3], site.given[1], site.given[2])  # the attribute comes last in the call
    find = strict3(
        lambda text, pattern, group: find_group(text, pattern, group, site.regex_seconds), as_text, as_text, as_text
    )(CallSite(function=site.function, position=site.position, arguments=others, regex_seconds=site.regex_seconds))

    def run(record: SourceRecord, now: datetime, random_bytes: RandomBytes) -> SourceValue:
        value = source(record, now, random_bytes)
        return find(record, now, random_bytes) if value in (None, "") else value

    return run


REPLACE: tuple[FunctionInfo, ...] = (
    FunctionInfo(
        name="Replace",
        parameters=(
            Parameter(name="source"),
            Parameter(name="oldValue", required=False, graph_name="Find"),
            Parameter(name="regexPattern", required=False, graph_name="RegularExpression"),
            Parameter(name="regexGroupName", required=False, graph_name="RegularExpressionGroupName"),
            Parameter(name="replacementValue", required=False, graph_name="Replacement"),
            Parameter(name="replacementAttributeName", required=False, graph_name="ReplacementPropertyName"),
            Parameter(name="template", required=False, graph_name="Template"),
        ),
        help="Replaces text, by literal text or by a .NET regular expression. oldValue with replacementValue: each "
        "oldValue in source. oldValue with template: source put into the template. regexPattern with "
        "replacementValue: each match, where ${name} and $1 stand for groups; with regexGroupName only that group. "
        "regexPattern with regexGroupName and replacementAttributeName: source, or when it is empty that group of "
        "the other attribute.",
        example='Replace([p], "-", , , ".", , ) with a-b-c gives a.b.c',
        build=_build,
    ),
)
