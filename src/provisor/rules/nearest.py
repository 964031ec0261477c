"""The nearest valid word, for the sentence that refuses a wrong one.

Pure. Spellings are compared in scim.nearest; here every word has a nearest one, however unlike.
"""

from collections.abc import Iterable

from provisor.scim.nearest import misspelt
from provisor.scim.nearest import nearest as alike

__all__ = ["misspelt", "nearest"]


def nearest(word: str, known: Iterable[str]) -> str | None:
    """The known word that looks most like this one, case aside; None when there is none at all."""
    return alike(word, known, at_least=0.0)
