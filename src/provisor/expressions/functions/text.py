"""Text functions: Append, Left, Mid, Word, InStr, StripSpaces, NormalizeDiacritics, CStr and the two encodings.

Pure. Positions count characters (code points) from 1. Rules and their origin: spec/expressions.md section 3.
"""

import base64
import unicodedata
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from functools import lru_cache

from provisor.expressions.functions.casing import to_lower
from provisor.expressions.functions.evaluation import (
    CallSite,
    Evaluator,
    Refused,
    as_number,
    as_text,
    as_value,
    bounded,
    strict1,
    strict2,
    strict3,
    strict4,
)
from provisor.expressions.functions.signature import FunctionInfo, Parameter
from provisor.expressions.values import RandomBytes, SourceRecord, SourceValue

# Letters of the reference's table that Unicode does not decompose. œ, Œ: only the form with macron is published.
_SPECIAL = {"æ": "ae", "Æ": "AE", "ø": "oe", "Ø": "OE", "œ": "oe", "Œ": "OE", "ß": "ss", "ł": "l", "Ł": "L", "ı": "i"}


def append(source: str, suffix: str) -> str:
    """The two texts in one."""
    return bounded(source + suffix)


def left(text: str, count: int) -> str:
    """The first characters; a negative count gives the whole text."""
    return text if count < 0 else text[:count]


def mid(source: str, start: int, length: int) -> str:
    """Part of a text; it ends where the text does."""
    if start < 1:
        reason = "the first character has the number 1. Give a start of at least 1."
        raise Refused(reason, value=str(start), parameter="start")
    if length < 0:
        raise Refused("a length cannot be negative. Give 0 or more.", value=str(length), parameter="length")
    return source[start - 1 : start - 1 + length]


def word(text: str, number: int, delimiters: str) -> str:
    """The n-th word; runs of delimiters count as one."""
    if number < 1:
        return ""
    parted = text.translate(dict.fromkeys(map(ord, delimiters), delimiters[:1]))
    words = [part for part in parted.split(delimiters[0]) if part] if delimiters else [text]
    return words[number - 1] if number <= len(words) else ""


def in_string(searched: str, sought: str, start: int, compare_type: str) -> int:
    """The position of the first occurrence, counted from 1, or 0."""
    if start < 1:
        reason = "the first character has the number 1. Give a start of at least 1."
        raise Refused(reason, value=str(start), parameter="start")
    if compare_type == "vbTextCompare":
        searched, sought = to_lower(searched), to_lower(sought)
    elif compare_type != "vbBinaryCompare":
        reason = "only vbBinaryCompare and vbTextCompare are known. Write one of them."
        raise Refused(reason, value=compare_type, parameter="compareType")
    return searched.find(sought, start - 1) + 1


def strip_spaces(source: str) -> str:
    """The text without U+0020; other blanks stay."""
    return source.replace(" ", "")


def to_base64(source: str) -> str:
    """Base64 of the UTF-16 little-endian bytes, without a byte-order mark."""
    return bounded(base64.b64encode(source.encode("utf-16-le", "surrogatepass")).decode("ascii"))


def to_utf8_hex(source: str) -> str:
    """Upper-case hexadecimal of the UTF-8 bytes."""
    # Half a surrogate pair has no UTF-8 form; .NET puts the replacement character in its place.
    whole = source.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    return bounded(whole.encode("utf-8").hex().upper())


def normalize_diacritics(source: str) -> str:
    """Replace accented Latin letters by plain ones. Other scripts keep their marks: й is not и."""
    if source.isascii():
        return source
    result: list[str] = []
    after_latin = False
    for character in source:
        if unicodedata.category(character) == "Mn":
            if not after_latin:
                result.append(character)
        else:
            plain = _plain(character)
            after_latin = plain is not None
            result.append(character if plain is None else plain)
    return "".join(result)


@lru_cache(maxsize=4096)
def _plain(character: str) -> str | None:
    """What a Latin letter becomes; None for everything else."""
    base = unicodedata.normalize("NFD", character)[0]
    if base in _SPECIAL:
        return _SPECIAL[base]
    if base.isalpha() and unicodedata.name(base, "").startswith("LATIN "):
        return base
    return None


def _empty_for_null(lifted: Callable[[CallSite], Evaluator]) -> Callable[[CallSite], Evaluator]:
    """Left and Word alone take a null source for an empty text."""

    def build(site: CallSite) -> Evaluator:
        source, *others = site.given
        inner = source.evaluate

        def text_or_empty(record: SourceRecord, now: datetime, random_bytes: RandomBytes) -> SourceValue:
            value = inner(record, now, random_bytes)
            return "" if value is None else value

        return lifted(replace(site, arguments=(replace(source, evaluate=text_or_empty), *others)))

    return build


_SOURCE = Parameter(name="source")

TEXT: tuple[FunctionInfo, ...] = (
    FunctionInfo(
        name="Append",
        parameters=(_SOURCE, Parameter(name="suffix")),
        help="Joins source and suffix.",
        example='Append([mailNickname], "-eu") with kim gives kim-eu',
        build=strict2(append, as_text, as_text),
    ),
    FunctionInfo(
        name="ConvertToBase64",
        parameters=(_SOURCE,),
        help="Base64 of the UTF-16 little-endian bytes of a text.",
        example='ConvertToBase64("Hi") gives SABpAA==',
        build=strict1(to_base64, as_text),
    ),
    FunctionInfo(
        name="ConvertToUTF8Hex",
        parameters=(_SOURCE,),
        help="Upper-case hexadecimal of the UTF-8 bytes of a text.",
        example='ConvertToUTF8Hex("Zé") gives 5AC3A9',
        build=strict1(to_utf8_hex, as_text),
    ),
    FunctionInfo(
        name="CStr",
        parameters=(Parameter(name="value"),),
        help="The text form of a number or a boolean.",
        example="CStr(42) gives 42",
        build=strict1(as_text, as_value),
    ),
    FunctionInfo(
        name="InStr",
        parameters=(
            Parameter(name="value1"),
            Parameter(name="value2"),
            Parameter(name="start", type="Integer", required=False, default="1"),
            Parameter(name="compareType", required=False, default="vbBinaryCompare"),
        ),
        help="The position of the first value2 in value1, counted from 1; 0 when there is none. compareType "
        "vbTextCompare ignores case.",
        example='InStr("banana", "n", 4) gives 5',
        build=strict4(in_string, as_text, as_text, as_number, as_text),
    ),
    FunctionInfo(
        name="Left",
        parameters=(Parameter(name="String"), Parameter(name="NumChars", type="Integer")),
        help="The first characters of a text; all of them for a negative number, an empty text for null.",
        example='Left("Umbrella", 3) gives Umb',
        build=_empty_for_null(strict2(left, as_text, as_number)),
    ),
    FunctionInfo(
        name="Mid",
        parameters=(_SOURCE, Parameter(name="start", type="Integer"), Parameter(name="length", type="Integer")),
        help="Part of a text, from a position counted from 1, at most length characters.",
        example='Mid("directory", 2, 4) gives irec',
        build=strict3(mid, as_text, as_number, as_number),
    ),
    FunctionInfo(
        name="NormalizeDiacritics",
        parameters=(_SOURCE,),
        help="Replaces accented Latin letters by plain ones; æ, ø and œ by two letters, ß by ss.",
        example='NormalizeDiacritics("Łukasz Bjørn") gives Lukasz Bjoern',
        build=strict1(normalize_diacritics, as_text),
    ),
    FunctionInfo(
        name="StripSpaces",
        parameters=(_SOURCE,),
        help="Removes every space character, wherever it stands.",
        example='StripSpaces(" van der Berg ") gives vanderBerg',
        build=strict1(strip_spaces, as_text),
    ),
    FunctionInfo(
        name="Word",
        parameters=(
            Parameter(name="String"),
            Parameter(name="WordNumber", type="Integer"),
            Parameter(name="Delimiters"),
        ),
        help="The n-th word of a text, separated by any of the delimiter characters; an empty text when there is none.",
        example='Word("red;green,blue", 2, ",;") gives green',
        build=_empty_for_null(strict3(word, as_text, as_number, as_text)),
    ),
)
