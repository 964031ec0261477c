"""What a form was made from, as a mark in it: what somebody else saved while it was open is told, not written over.

Texts by the label of their field, as the page names it; no secrets, for what is stored is told.
"""

from collections.abc import Mapping
from hashlib import sha256
from typing import Final

import msgspec

from provisor.portal.visits import PortalVisit

EDITION: Final = "edition"  # the name of the field


def edition_of(stored: Mapping[str, str]) -> str:
    """The mark of what is stored: another one once one of the texts is."""
    return sha256(msgspec.json.encode(sorted(stored.items()))).hexdigest()[:16]


def overtaken(visit: PortalVisit, stored: Mapping[str, str], typed: Mapping[str, str]) -> str:
    """What is said of a form that would undo what somebody else did: what is stored now. Empty for any other."""
    now = [f"{label}: {_shown(text)}" for label, text in stored.items() if _lines(text) != _lines(typed[label])]
    if not now or visit.form.get(EDITION) == edition_of(stored):
        return ""
    return (
        "This was changed meanwhile, by somebody else or in another window. Yours is still in the fields. Save again,"
        f" and it replaces what is stored now ({'; '.join(now)})."
    )


def _lines(text: str) -> list[str]:
    return [line.strip() for line in text.strip().splitlines()]


def _shown(text: str) -> str:
    return ", ".join(line for line in _lines(text) if line) or "nothing"
