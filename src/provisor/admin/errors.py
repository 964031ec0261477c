"""How a verb says no: a stable code, a sentence naming who and what, and what to do about it."""

from dataclasses import dataclass
from typing import TypeVar

from provisor.directory.objects import Refusal

T = TypeVar("T")


@dataclass(slots=True)
class AdminError(Exception):
    """A verb that was not done. Nothing was changed. Codes are listed in docs/reference/errors.md."""

    code: str
    message: str
    hint: str = ""

    def __str__(self) -> str:
        return self.message


def accepted(answer: T | Refusal) -> T:
    """What the directory answered, or its refusal raised."""
    if isinstance(answer, Refusal):
        raise AdminError(answer.code, answer.message, answer.hint)
    return answer
