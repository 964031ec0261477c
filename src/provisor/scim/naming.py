"""What must not be in a name that people and programs tell each other apart by: characters that nobody sees.

Pure. Two names that look alike and are not the same make a second account, or one that no search finds. Sources:
Unicode Standard Annex 31 section 2.3 (joiners), RFC 8264 section 9 (what identifiers refuse). Order: the check, what
is unseen, how a character is called.
"""

import re
from unicodedata import category, combining, name

# Controls, line ends, and what is drawn as nothing: formatting, fillers, choices of a variant, halves of surrogates.
_UNSEEN = re.compile(
    "[\0-\x1f\x7f-\x9f\xad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u2028-\u202e\u2060-\u206f"
    "\u3164\ud800-\udfff\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb\U0001d173-\U0001d17a\U000e0000-\U000e0fff]"
)
_VIRAMA = 9  # the combining class of what takes a letter its vowel
_JOINERS = "\u200c\u200d"
_EMOJI_STYLE = "\ufe0e\ufe0f"
_CONTROLS = {0: "NULL", 9: "TAB", 10: "LINE FEED", 13: "CARRIAGE RETURN", 27: "ESCAPE", 127: "DELETE"}


def problem_with_name(text: str) -> str | None:
    """Why a text is no name, as the rest of a sentence about it; None when it is one.

    It holds nothing that is not seen, but joiners and emoji styles where a script or an emoji is written with them, and
    no blank at an edge.
    """
    if text.isascii() and text.isprintable():
        return _problem_at_edges(text)
    for found in _UNSEEN.finditer(text):
        if not _needed(text, found.start()):
            return f"must not hold {called(found[0])}, which nobody sees (character {found.start() + 1})"
    return _problem_at_edges(text)


def _problem_at_edges(text: str) -> str | None:
    if text[:1].isspace():
        return f"must not begin with {called(text[0])}"
    return f"must not end with {called(text[-1])}" if text[-1:].isspace() else None


def _needed(text: str, at: int) -> bool:
    """Whether a joiner or a style stands where it is part of the writing.

    Persian and the scripts of India join caseless letters and marks, emoji join symbols; Latin, Greek and Cyrillic
    letters have case, and a joiner between them is there to deceive.
    """
    before, after = text[at - 1 : at] if at else "", text[at + 1 : at + 2]
    if text[at] in _EMOJI_STYLE:
        return bool(before) and (category(before) in ("So", "Sm", "Po", "Nd") or before in "\u2194\u20e3")
    if text[at] not in _JOINERS or not before:
        return False
    if combining(before) == _VIRAMA:
        return True  # Malayalam ends words in it
    joined = before in _EMOJI_STYLE or category(before) in _WRITTEN
    return joined and bool(after) and category(after) in _WRITTEN


_WRITTEN = ("Lo", "Mn", "Mc", "So", "Sm", "Sk", "Cn")  # Cn: an emoji that this Python does not know yet


def called(character: str) -> str:
    """A character by its number and name, such as U+200B ZERO WIDTH SPACE."""
    code = ord(character)
    return f"U+{code:04X} {name(character, _CONTROLS.get(code, 'a control character'))}"
