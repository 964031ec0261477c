"""What must not be in a name by which people and programs are told apart: invisible characters.

Pure. The directory and the target ask it alike. Two names that look alike but differ make a
second account, or one that no search finds. Sources: Unicode's Default_Ignorable_Code_Point and noncharacters, Unicode
Standard Annex 31 section 2.3 (joiners), RFC 8264 section 9 (what identifiers refuse), UTS 51 (emoji). Order: the check,
how a name and a character are shown, what a script or an emoji is written with.
"""

import re
from typing import Final
from unicodedata import category, combining, name

# The flags of England, Scotland and Wales are written with tags; no other emoji in use is.
_FLAG = "\U0001f3f4\U000e0067\U000e0062(?:\U000e0065\U000e006e\U000e0067|\U000e0073\U000e0063\U000e0074|" \
        "\U000e0077\U000e006c\U000e0073)\U000e007f"  # fmt: skip
_NONCHARACTERS = "\ufdd0-\ufdef" + "".join(f"{chr(plane + 0xFFFE)}{chr(plane + 0xFFFF)}"
                                           for plane in range(0, 0x110000, 0x10000))  # fmt: skip
# Controls, line ends, and what is drawn as nothing: formatting, fillers, the blank of Braille, choices of a variant,
# halves of surrogates, what is no character.
_NOT_SEEN = (
    "[\0-\x1f\x7f-\x9f\xad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u2028-\u202e\u2060-\u206f"
    "\u2800\u3164\ud800-\udfff\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb\U0001bca0-\U0001bca3\U0001d173-\U0001d17a"
    f"\U000e0000-\U000e0fff{_NONCHARACTERS}]"
)
_UNSEEN: Final = re.compile(f"{_FLAG}|{_NOT_SEEN}")
_TO_ESCAPE: Final = re.compile(rf"{_NOT_SEEN}|[^\S ]")  # a hard blank looks like any other
_SHOWN_CHARACTERS: Final = 60
_VIRAMA: Final = 9  # the combining class of what takes a letter its vowel
_JOINERS: Final = "\u200c\u200d"
_EMOJI_STYLE: Final = "\ufe0e\ufe0f"
_KEYCAP: Final = "\u20e3"
_CONTROLS: Final = {0: "NULL", 9: "TAB", 10: "LINE FEED", 13: "CARRIAGE RETURN", 27: "ESCAPE", 127: "DELETE"}
# The scripts whose letters join, by the first word of a letter's name: there a joiner changes what is drawn.
_JOINING_SCRIPTS: Final = frozenset(
    {"ADLAM", "ARABIC", "BALINESE", "BENGALI", "DEVANAGARI", "GUJARATI", "GURMUKHI", "JAVANESE", "KANNADA", "KHMER",
     "MALAYALAM", "MANDAIC", "MONGOLIAN", "MYANMAR", "NKO", "ORIYA", "SINHALA", "SYRIAC", "TAMIL", "TELUGU",
     "TIBETAN"}
)  # fmt: skip
# Emoji that are not symbols in Unicode: exclamations, dashes, letters and arrows that have a picture too.
_OTHER_EMOJI: Final = "\u203c\u2049\u2139\u2194\u2934\u2935\u25fb\u25fc\u25fd\u25fe\u3030\u303d"


def problem_with_name(text: str) -> str | None:
    """Why a text cannot be a name, as the rest of a sentence about it; None when it can.

    It holds nothing that is not seen, but joiners and emoji styles where a script or an emoji is written with them, and
    no blank at an edge.
    """
    if text.isascii() and text.isprintable():
        return _problem_at_edges(text)
    for found in _UNSEEN.finditer(text):
        if len(found[0]) == 1 and not _needed(text, found.start()):
            return f"must not hold {called(found[0])}, which nobody sees (character {found.start() + 1})"
    return _problem_at_edges(text)


def escaped(text: str) -> str:
    """A name in quotation marks for a sentence: invisible characters are escaped, a long name is cut."""
    cut = text if len(text) <= _SHOWN_CHARACTERS else f"{text[: _SHOWN_CHARACTERS - 1]}…"
    return f'"{_TO_ESCAPE.sub(lambda found: found[0].encode("unicode_escape").decode(), cut)}"'


def spelled(text: str) -> str:
    """A name in a sentence: as it is, or escaped if it holds invisible characters."""
    return text if (text.isascii() and text.isprintable()) or not _TO_ESCAPE.search(text) else escaped(text)


def without_unseen(text: str) -> str:
    """The name as a reader sees it."""
    return _UNSEEN.sub(lambda found: found[0] if len(found[0]) > 1 else "", text).strip()


def called(character: str) -> str:
    """A character by its number and name, such as U+200B ZERO WIDTH SPACE."""
    code = ord(character)
    kind = {"Cs": "a surrogate", "Cn": "a noncharacter"}.get(category(character), "a control character")
    return f"U+{code:04X} {name(character, _CONTROLS.get(code, kind))}"


def _problem_at_edges(text: str) -> str | None:
    if text[:1].isspace():
        return f"must not begin with {called(text[0])}"
    return f"must not end with {called(text[-1])}" if text[-1:].isspace() else None


def _needed(text: str, at: int) -> bool:
    """Whether a joiner or style is part of the writing where it stands; elsewhere it is there to deceive."""
    before, after = text[at - 1 : at] if at else "", text[at + 1 : at + 2]
    if not before:
        return False
    if text[at] in _EMOJI_STYLE:
        return _emoji(before) or before == _KEYCAP or (before in "0123456789#*" and after == _KEYCAP)
    if text[at] not in _JOINERS:
        return False
    if combining(before) == _VIRAMA:
        return True  # Malayalam ends words in it
    if before in _EMOJI_STYLE or _emoji(before):
        return _emoji(after)
    return _joins(before) and _joins(after)


def _joins(letter: str) -> bool:
    return (
        bool(letter) and category(letter) in ("Lo", "Mn", "Mc") and name(letter, "").split(" ")[0] in _JOINING_SCRIPTS
    )


def _emoji(symbol: str) -> bool:
    """A symbol, a tone of skin, or an emoji that this Python does not know yet."""
    if not symbol:
        return False
    tone_or_new = symbol >= "\U0001f000" and category(symbol) in ("Sk", "Cn")
    return category(symbol) == "So" or symbol in _OTHER_EMOJI or tone_or_new
