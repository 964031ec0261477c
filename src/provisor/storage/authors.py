"""Who does something, as the audit log and plans keep it. Imports nothing: every command pays for it."""

from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

AuthorKind: TypeAlias = Literal["operator", "user", "token", "client", "service"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Author:
    """Who did it: an id that no other ever has, the name at that time, and of which kind.

    `address` is where the request came from, `correlation` what its other traces are found by; `through` names who sat
    there and acted as this one.
    """

    name: str
    id: str
    kind: AuthorKind
    address: str | None = None
    correlation: str | None = None
    through: str | None = None


SERVICE: Final = Author(name="Provisor", id="service", kind="service")  # does what nobody asked for
