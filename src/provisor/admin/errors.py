"""How a verb says no: a stable code, a sentence naming who and what, and what to do about it."""

from dataclasses import dataclass
from typing import TypeVar

from provisor.directory.objects import Refusal
from provisor.directory.printable import refused_name

T = TypeVar("T")


@dataclass(slots=True)
class AdminError(Exception):
    """A verb that was not done. Nothing was changed. Codes are listed in reference/errors.md.

    `about` has the noun and the name that was not found; admin.nearest offers another one to those who may see it.
    """

    code: str
    message: str
    hint: str = ""
    about: tuple[str, str] | None = None

    def __str__(self) -> str:
        return self.message


def acceptable_name(text: str, what: str) -> str:
    """The name as it was given. Raises AdminError when it is no name for `what` (the name of a role, say)."""
    accepted(refused_name(text, what))
    return text


def accepted(answer: T | Refusal) -> T:
    """What the directory answered, or its refusal raised."""
    if isinstance(answer, Refusal):
        raise AdminError(answer.code, answer.message, answer.hint, answer.about)
    return answer
