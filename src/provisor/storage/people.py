"""Finds people by what others call them: mail, display name, first and last name.

No index has these: everybody is looked at, a page at a time. Who is named by id or userPrincipalName is found by
storage.directory_verbs, at once.
"""

from collections.abc import Iterator
from typing import Final

from provisor.database import Connection
from provisor.directory.objects import DirectoryObject
from provisor.scim.values import fold
from provisor.storage import objects

PAGE = 1_000
SHOWN: Final = 20  # candidates are listed; whoever has that many says more


def called(connection: Connection, tenant: str, text: str) -> list[DirectoryObject]:
    """The live people called so, in any case, by the strongest of their names that anybody has; some of very many."""
    wanted = " ".join(fold(text).split())
    found: dict[int, list[DirectoryObject]] = {}
    for person in _everybody(connection, tenant):
        strength = _strength(person, wanted)
        if strength is not None and len(found.setdefault(strength, [])) < SHOWN:
            found[strength].append(person)
    return found[min(found)] if found else []


def _strength(person: DirectoryObject, wanted: str) -> int | None:
    """By which of their names it is this person: the lower, the surer."""
    given, surname = _name(person, "givenName"), _name(person, "surname")
    names = (
        {_name(person, "mail")},
        {_name(person, "displayName")},
        {f"{given} {surname}".strip()},
        {given, surname},
    )
    return next((strength for strength, some in enumerate(names) if wanted in some), None) if wanted else None


def _name(person: DirectoryObject, attribute: str) -> str:
    value = person.attributes.get(attribute)
    return " ".join(fold(value).split()) if isinstance(value, str) else ""


def _everybody(connection: Connection, tenant: str) -> Iterator[DirectoryObject]:
    after = ""
    while page := objects.page(connection, tenant, "user", after=after, limit=PAGE):
        yield from page
        after = page[-1].id
