"""Letter case: ToLower, ToUpper, PCase, by .NET's rules.

Pure. Invariant casing maps one character to one character (ß stays ß) and leaves ı and İ alone; Turkish and Azeri pair
i with İ and ı with I. Word separators of PCase are those of .NET's ToTitleCase (spec/expressions.md section 3).
"""

import re
import unicodedata

from provisor.expressions.functions.evaluation import CallSite, Evaluator, Refused, as_text, strict1, strict2
from provisor.expressions.functions.signature import FunctionInfo, Parameter

_CULTURE = re.compile(r"(?:[A-Za-z]{2,3}(?:-[A-Za-z0-9]{2,8})*)?")
_TURKIC = ("tr", "az")
_UNPAIRED = "\u0130\u0131"  # the dotted capital and the dotless small i have no invariant partner
_SEPARATING = frozenset(
    {"Zs", "Zl", "Zp", "Cc", "Cf", "Pc", "Pd", "Ps", "Pe", "Pi", "Pf", "Po", "Sm", "Sc", "Sk", "So"}
)


def to_lower(text: str, culture: str = "") -> str:
    """Lower-case a text, one character at a time."""
    if _is_turkic(culture):
        return _each_lower(text.replace("I", "ı").replace("İ", "i"))
    return text.lower() if text.isascii() else _each_lower(text)


def to_upper(text: str, culture: str = "") -> str:
    """Upper-case a text, one character at a time."""
    if _is_turkic(culture):
        # ı has no invariant partner, so it is upper-cased apart from the rest.
        return "I".join(_each_upper(part.replace("i", "İ")) for part in text.split("ı"))
    return text.upper() if text.isascii() else _each_upper(text)


def to_proper_case(text: str, separators: str | None = None) -> str:
    """Upper-case the first letter of each word and lower-case the others.

    `separators` separate words; without them, everything that .NET's ToTitleCase takes for a separator does. An
    apostrophe inside a word does not: .NET writes O'neil.
    """
    result: list[str] = []
    inside = False  # whether a letter of the current word has been met
    for index, character in enumerate(text):
        if character in separators if separators is not None else _parts_words(text, index):
            inside = False
            result.append(character)
        elif inside:
            result.append(_lower(character))
        else:
            inside = character.isalpha()
            result.append(_title(character))
    return "".join(result)


def _parts_words(text: str, index: int) -> bool:
    if text[index] == "'" and 0 < index < len(text) - 1 and text[index - 1].isalpha() and text[index + 1].isalpha():
        return False
    return unicodedata.category(text[index]) in _SEPARATING


def _is_turkic(culture: str) -> bool:
    if not _CULTURE.fullmatch(culture):
        reason = "this is not a culture name. Write one such as sv-SE, or leave the argument out."
        raise Refused(reason, value=culture, parameter="culture")
    return culture[:2].lower() in _TURKIC and culture[2:3] in ("", "-")


def _lower(character: str) -> str:
    lower = character.lower()
    return lower if len(lower) == 1 and character not in _UNPAIRED else character


def _upper(character: str) -> str:
    upper = character.upper()
    return upper if len(upper) == 1 and character not in _UNPAIRED else character


def _title(character: str) -> str:
    title = character.title()
    return title if len(title) == 1 and character not in _UNPAIRED else character


def _each_lower(text: str) -> str:
    return "".join([_lower(character) for character in text])


def _each_upper(text: str) -> str:
    return "".join([_upper(character) for character in text])


def _build_proper_case(site: CallSite) -> Evaluator:
    if site.arguments[1] is None:
        return strict1(to_proper_case, as_text)(site)
    return strict2(to_proper_case, as_text, as_text)(site)


CASING: tuple[FunctionInfo, ...] = (
    FunctionInfo(
        name="PCase",
        parameters=(Parameter(name="source"), Parameter(name="wordSeparators", required=False)),
        help="Writes the first letter of each word as a capital and the others small. With wordSeparators only those "
        "characters separate words; without, blanks, punctuation and symbols do.",
        example='PCase("ANNE-MARIE VON_DAHL") gives Anne-Marie Von_Dahl',
        build=_build_proper_case,
    ),
    FunctionInfo(
        name="ToLower",
        parameters=(Parameter(name="source"), Parameter(name="culture", required=False, default="")),
        help="Small letters, by the rules of a culture such as tr-TR when one is named.",
        example='ToLower("OSLO") gives oslo',
        build=strict2(to_lower, as_text, as_text),
    ),
    FunctionInfo(
        name="ToUpper",
        parameters=(Parameter(name="source"), Parameter(name="culture", required=False, default="")),
        help="Capital letters, by the rules of a culture such as tr-TR when one is named.",
        example='ToUpper("oslo") gives OSLO',
        build=strict2(to_upper, as_text, as_text),
    ),
)
