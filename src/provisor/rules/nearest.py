"""The nearest of the words that would have been right, for the sentence that refuses a wrong one.

Pure.
"""

from collections.abc import Iterable
from difflib import SequenceMatcher

_MISSPELT = 0.85  # the likeness from which a word is taken for another one misspelt: one wrong letter in six


def nearest(word: str, known: Iterable[str]) -> str | None:
    """The known word that looks most like this one, case aside; None when there is none at all."""
    return max(sorted(known), key=lambda other: _likeness(word, other), default=None)


def misspelt(word: str, known: Iterable[str]) -> str | None:
    """The known word that this unknown one was surely meant to be; None for a word of its own."""
    found = nearest(word, known)
    return found if found is not None and found != word and _likeness(word, found) >= _MISSPELT else None


def _likeness(word: str, other: str) -> float:
    return SequenceMatcher(None, other.lower(), word.lower(), autojunk=False).ratio()
