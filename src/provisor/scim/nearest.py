"""The nearest valid word for a misspelt or shortened one, whatever the noun.

Pure. Case does not count. Callers must offer only words that the user may see.
"""

from collections.abc import Iterable
from difflib import SequenceMatcher

ALIKE = 0.7  # below that a suggestion confuses more than it helps
_MISSPELT = 0.85  # from here on a word counts as another one misspelt: one wrong letter in six


def nearest(name: str, candidates: Iterable[str], *, at_least: float = ALIKE) -> str | None:
    """The one candidate that begins with this name; else the one that looks most like it.

    None when none is similar enough, and several or none begin like this.
    """
    known = sorted(set(candidates))
    longer = [each for each in known if each.lower().startswith(name.lower())] if name else []
    return longer[0] if len(longer) == 1 else most_alike(name, known, at_least=at_least)


def most_alike(name: str, candidates: Iterable[str], *, at_least: float) -> str | None:
    """The candidate that looks most like this name as a whole; None when none is similar enough."""
    wanted = SequenceMatcher(b=name.lower(), autojunk=False)
    best, likeness = None, at_least
    for candidate in sorted(set(candidates)):
        wanted.set_seq1(candidate.lower())
        if wanted.real_quick_ratio() < likeness or wanted.quick_ratio() < likeness:
            continue
        ratio = wanted.ratio()
        if ratio > likeness or (best is None and ratio >= likeness):
            best, likeness = candidate, ratio
    return best


def did_you_mean(name: str, candidates: Iterable[str]) -> str:
    """A sentence for a hint, with a blank behind it; empty when nothing looks alike."""
    found = nearest(name, candidates)
    return "" if found is None else f"Did you mean {found}? "


def misspelt(word: str, known: Iterable[str]) -> str | None:
    """The known word that this unknown one was clearly meant to be; None for a different word."""
    found = most_alike(word, known, at_least=_MISSPELT)
    return found if found != word else None
