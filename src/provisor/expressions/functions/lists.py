"""Several values: Join, Split, Item, Count, RemoveDuplicates.

Pure. A single value counts as a list of one. Rules: spec/expressions.md section 3.
"""

from datetime import datetime

from provisor.expressions.functions.evaluation import (
    MAX_TEXT_CHARACTERS,
    CallSite,
    Evaluator,
    Refused,
    as_number,
    as_text,
    as_texts,
    strict1,
    strict2,
    too_long,
)
from provisor.expressions.functions.signature import FunctionInfo, Parameter
from provisor.expressions.values import RandomBytes, SourceRecord, SourceValue


def split(source: str, delimiter: str) -> list[str]:
    """The parts without blanks around them; empty parts are dropped."""
    if len(delimiter) != 1:
        reason = "one character is needed. Use Replace to reduce a longer delimiter to one character."
        raise Refused(reason, value=delimiter, parameter="delimiter")
    return [part for part in map(str.strip, source.split(delimiter)) if part]


def item(values: list[str], index: int) -> str:
    """An element, counted from 1."""
    if not 1 <= index <= len(values):
        reason = f"the list has {len(values)} elements, counted from 1. Choose one of them, or test with Count first."
        raise Refused(reason, value=str(index), parameter="index")
    return values[index - 1]


def remove_duplicates(values: list[str]) -> list[str]:
    """Each value once, at the place of its first occurrence; compared exactly."""
    return list(dict.fromkeys(values))


def _build_count(site: CallSite) -> Evaluator:
    evaluate = site.given[0].evaluate

    def run(record: SourceRecord, now: datetime, random_bytes: RandomBytes) -> SourceValue:
        value = evaluate(record, now, random_bytes)
        if isinstance(value, list):
            return len(value)
        return 0 if value is None else 1

    return run


def _build_join(site: CallSite) -> Evaluator:
    separator, *sources = site.given
    join_any = _join_any(site)
    names = [source.attribute for source in sources if source.attribute is not None]
    if not separator.constant or len(names) < len(sources) or separator.value is None:
        return join_any
    between = as_text(separator.value)

    def run(record: SourceRecord, now: datetime, random_bytes: RandomBytes) -> SourceValue:
        """The hot path, for the mapping of name.formatted: attributes that all hold text."""
        get = record.get
        parts = [value for name in names if (value := get(name)) is not None and value != ""]
        try:
            return between.join(parts)  # type: ignore[arg-type]  # whatever is no text is what TypeError tells apart
        except TypeError:
            return join_any(record, now, random_bytes)

    return run


def _join_any(site: CallSite) -> Evaluator:
    separator, *sources = site.given

    def run(record: SourceRecord, now: datetime, random_bytes: RandomBytes) -> SourceValue:
        between = separator.evaluate(record, now, random_bytes)
        if between is None:
            return None
        try:
            glue = as_text(between)
        except Refused as refused:
            raise site.failed(refused, lambda: as_text(between)) from None
        parts: list[str] = []
        for source in sources:
            value = source.evaluate(record, now, random_bytes)
            if value is None:
                continue
            try:
                parts.extend(part for part in as_texts(value) if part)
            except Refused as refused:
                refused.parameter = source.parameter
                raise site.failed(refused) from None
        if sum(map(len, parts)) + len(glue) * len(parts) > MAX_TEXT_CHARACTERS:
            raise site.failed(too_long())
        return glue.join(parts)

    return run


_LIST = Parameter(name="attribute")

LISTS: tuple[FunctionInfo, ...] = (
    FunctionInfo(
        name="Count",
        parameters=(_LIST,),
        help="The number of values of an attribute; 1 for a single value, 0 for null.",
        example="Count([otherMails])",
        build=_build_count,
    ),
    FunctionInfo(
        name="Item",
        parameters=(_LIST, Parameter(name="index", type="Integer")),
        help="One value of an attribute with several, counted from 1.",
        example="Item([otherMails], 2) with a@x and b@x gives b@x",
        build=strict2(item, as_texts, as_number),
    ),
    FunctionInfo(
        name="Join",
        parameters=(Parameter(name="separator"), Parameter(name="source", repeatable=True)),
        help="Joins texts and the values of lists with a separator. Null and empty values are skipped.",
        example='Join("-", "a", [list], "z") with m and n gives a-m-n-z',
        build=_build_join,
    ),
    FunctionInfo(
        name="RemoveDuplicates",
        parameters=(_LIST,),
        help="The values of an attribute, each once, in the order of their first occurrence.",
        example="RemoveDuplicates([tags]) with b, a, b gives b, a",
        build=strict1(remove_duplicates, as_texts),
    ),
    FunctionInfo(
        name="Split",
        parameters=(Parameter(name="source"), Parameter(name="delimiter")),
        help="Splits a text at one character. Blanks around the parts are removed, and so are empty parts.",
        example='Split("x;y;z", ";") gives x, y and z',
        build=strict2(split, as_text, as_text),
    ),
)
