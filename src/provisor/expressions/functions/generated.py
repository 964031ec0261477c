"""Generated values: Guid, RandomString, and SelectUniqueValue's entry in the table.

Pure: the random bytes come as an argument. SelectUniqueValue is compiled by compiler.py, because only the runner knows
which values are taken. Rules: spec/expressions.md section 3.
"""

import string
from datetime import datetime

from provisor.expressions.functions.evaluation import CallSite, Evaluator, Refused, as_number, as_text
from provisor.expressions.functions.signature import FunctionInfo, Parameter
from provisor.expressions.values import RandomBytes, SourceRecord, SourceValue

MAX_RANDOM_CHARACTERS = 256
# The special characters of Windows' password-complexity rule.
SPECIAL_CHARACTERS = "~!@#$%^&*_-+=`|\\(){}[]:;\"'<>,.?/"


def guid(random_bytes: RandomBytes) -> str:
    """A random GUID (RFC 9562 version 4), lower-case."""
    number = int.from_bytes(random_bytes(16))
    number = number & ~(0xF << 76) | 4 << 76
    number = number & ~(0b11 << 62) | 0b10 << 62
    digits = f"{number:032x}"
    return "-".join((digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:]))


def random_string(length: int, minima: tuple[int, int, int, int], avoided: str, random_bytes: RandomBytes) -> str:
    """Random text with at least so many digits, special characters, capitals and small letters.

    What the minima leave open is filled from the kinds that were asked for, or from letters and digits.
    """
    if not 0 <= length <= MAX_RANDOM_CHARACTERS:
        reason = f"the length must be from 0 to {MAX_RANDOM_CHARACTERS}. Choose one."
        raise Refused(reason, value=str(length), parameter="Length")
    if min(minima) < 0:
        raise Refused("a minimum is negative. Give 0 or more for each.")
    if length < sum(minima):
        reason = f"the minima add up to {sum(minima)} characters. Raise Length or lower a minimum."
        raise Refused(reason, value=str(length), parameter="Length")
    kinds = [
        "".join(character for character in kind if character not in avoided)
        for kind in (string.digits, SPECIAL_CHARACTERS, string.ascii_uppercase, string.ascii_lowercase)
    ]
    wanted = [kind for kind, minimum in zip(kinds, minima, strict=True) if minimum]
    filler = "".join(wanted) if wanted else kinds[0] + kinds[2] + kinds[3]
    if not all(wanted) or (length and not filler):
        reason = "it leaves no character of a required kind. Avoid fewer characters."
        raise Refused(reason, value=avoided, parameter="CharactersToAvoid")
    drawn = [_pick(kind, random_bytes) for kind, minimum in zip(kinds, minima, strict=True) for _ in range(minimum)]
    drawn += [_pick(filler, random_bytes) for _ in range(length - len(drawn))]
    for last in range(len(drawn) - 1, 0, -1):  # Fisher-Yates: the kinds must not be in a known order
        other = _below(last + 1, random_bytes)
        drawn[last], drawn[other] = drawn[other], drawn[last]
    return "".join(drawn)


def _pick(characters: str, random_bytes: RandomBytes) -> str:
    return characters[_below(len(characters), random_bytes)]


def _below(limit: int, random_bytes: RandomBytes) -> int:
    # 64 random bits against a limit of at most 256: the bias of the remainder is below 2**-55.
    return int.from_bytes(random_bytes(8)) % limit


def _build_guid(site: CallSite) -> Evaluator:
    return lambda record, now, random_bytes: guid(random_bytes)


def _build_random_string(site: CallSite) -> Evaluator:
    *counts, avoided = site.given

    def run(record: SourceRecord, now: datetime, random_bytes: RandomBytes) -> SourceValue:
        values = [count.evaluate(record, now, random_bytes) for count in counts]
        avoid = avoided.evaluate(record, now, random_bytes)
        if avoid is None or None in values:
            return None
        try:
            length, numbers, specials, capitals, small = map(as_number, values)
            return random_string(length, (numbers, specials, capitals, small), as_text(avoid), random_bytes)
        except Refused as refused:
            readings = [lambda value=value: as_number(value) for value in values]
            raise site.failed(refused, *readings, lambda: as_text(avoid)) from None

    return run


_NUMBERS = ("Length", "MinimumNumbers", "MinimumSpecialCharacters", "MinimumCapital", "MinimumLowerCase")

GENERATED: tuple[FunctionInfo, ...] = (
    FunctionInfo(
        name="Guid",
        parameters=(),
        help="A new random GUID.",
        example="Guid()",
        build=_build_guid,
        volatile=True,
    ),
    FunctionInfo(
        name="RandomString",
        parameters=(
            *(Parameter(name=name, type="Integer") for name in _NUMBERS),
            Parameter(name="CharactersToAvoid", required=False, default=""),
        ),
        help="Random text of up to 256 characters with at least the given numbers of digits, special characters, "
        "capitals and small letters.",
        example="RandomString(6, 3, 0, 0, 3) gives for example 1h4z2c",
        build=_build_random_string,
        volatile=True,
    ),
    FunctionInfo(
        name="SelectUniqueValue",
        parameters=(Parameter(name="uniqueValueRule", repeatable=True),),
        help="The first of several results that is not yet taken in the target. Outermost only, and only on creation.",
        example='SelectUniqueValue(Join(".", [givenName], [surname]), Join(".", Left([givenName], 1), [surname]))',
        build=None,
        least_repeats=2,
    ),
)
