"""How a verb says no: a stable code, a sentence naming who and what, and what to do about it."""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(slots=True)
class AdminError(Exception):
    """A verb that was not done. Nothing was changed. Codes are listed in docs/reference/errors.md."""

    code: str
    message: str
    hint: str = ""

    def __str__(self) -> str:
        return self.message


def not_found(kind: str, wanted: str, *, hint: str = "") -> AdminError:
    """Nothing of this kind has this id or name."""
    return AdminError("not-found", f"There is no {kind} {wanted!r}.", hint or f"`provisor {kind} list` shows them.")


def ambiguous(kind: str, wanted: str, ids: Sequence[str]) -> AdminError:
    """Several have this name; an id tells them apart."""
    return AdminError(
        "ambiguous-name", f"{len(ids)} {kind}s are called {wanted!r}: {', '.join(ids)}.", "Name one of them by its id."
    )
