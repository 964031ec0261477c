"""The nearest of the words that would have been right, for the sentence that refuses a wrong one.

Pure. Spellings are compared in scim.nearest; here every word has a nearest one, however unlike.
"""

from collections.abc import Iterable

from provisor.scim.nearest import most_alike
from provisor.scim.nearest import nearest as alike

_MISSPELT = 0.85  # the likeness from which a word is taken for another one misspelt: one wrong letter in six


def nearest(word: str, known: Iterable[str]) -> str | None:
    """The known word that looks most like this one, case aside; None when there is none at all."""
    return alike(word, known, at_least=0.0)


def misspelt(word: str, known: Iterable[str]) -> str | None:
    """The known word that this unknown one was surely meant to be; None for a word of its own."""
    found = most_alike(word, known, at_least=_MISSPELT)
    return found if found != word else None
