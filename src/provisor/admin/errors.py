"""How a verb says no: a stable code, a sentence naming who and what, and what to do about it."""

from dataclasses import dataclass
from typing import TypeVar

from provisor.directory.objects import Refusal
from provisor.directory.printable import refused_name

T = TypeVar("T")


@dataclass(slots=True)
class AdminError(Exception):
    """A verb that was not done. Nothing was changed. Codes are listed in reference/errors.md.

    `about` is the noun and the name that was not found; admin.nearest suggests another to those who may see it.
    `places` are what is wrong in a document that was given, each with its JSON pointer.
    """

    code: str
    message: str
    hint: str = ""
    about: tuple[str, str] | None = None
    places: tuple[tuple[str, str], ...] = ()

    def __str__(self) -> str:
        return self.message


def acceptable_name(text: str, what: str) -> str:
    """The name as it was given. Raises AdminError when it cannot be `what` (the name of a role, say)."""
    accepted(refused_name(text, what))
    return text


def accepted(answer: T | Refusal) -> T:
    """What the directory answered; a refusal is raised as AdminError."""
    if isinstance(answer, Refusal):
        raise AdminError(answer.code, answer.message, answer.hint, answer.about)
    return answer
