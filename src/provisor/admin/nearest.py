"""What was perhaps meant, when somebody named what is not there: only what the actor may see is offered.

One who is in the recycle bin under that name is meant before any that is called alike.

Verbs say no with `AdminError.about`; a skin asks here, as the same actor, and puts the answer into the hint.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Final, TypeAlias

from provisor.admin.actor import APPLICATION_READ, DIRECTORY_READ, JOB_READ, Actor
from provisor.admin.context import Context
from provisor.admin.errors import AdminError
from provisor.database import Connection
from provisor.directory.lifecycle import KEPT
from provisor.directory.names import names_of
from provisor.directory.objects import DirectoryKind, Refusal
from provisor.scim.naming import spelled
from provisor.scim.nearest import nearest
from provisor.storage import applications, directory_verbs, extensions, jobs, objects
from provisor.storage.near_names import near_names
from provisor.storage.times import from_microseconds

_NamesNear: TypeAlias = Callable[[Connection, str, str], Iterable[str]]  # connection, tenant, what was typed


@dataclass(frozen=True, slots=True)
class NearestNames:
    """The nearest name for every noun whose names are in the database."""

    context: Context

    def hinted(self, actor: Actor, error: AdminError) -> AdminError:
        """The same error; where a name was not found and one like it is there, its hint begins with that one."""
        if error.about is None or error.about[0] not in _NOUNS:
            return error
        noun, key = error.about
        permission, names = _NOUNS[noun]
        if not actor.may(permission):
            return error
        connection = self.context.database.reader()
        kind = _KINDS.get(noun)
        deleted = None if kind is None else _in_recycle_bin(connection, self.context.tenant, kind, key)
        if deleted is not None:
            return AdminError(error.code, error.message, deleted)
        found = nearest(key, names(connection, self.context.tenant, key))
        if found is None or found in error.hint:
            return error
        return AdminError(error.code, error.message, f"Did you mean {found}? {error.hint}")


def _in_recycle_bin(connection: Connection, tenant: str, kind: DirectoryKind, key: str) -> str | None:
    """The hint that tells of one, or several, of that id or name who can be restored."""
    found = directory_verbs.find(connection, tenant, kind, key, deleted=True)
    gone = objects.by_name(connection, tenant, kind, key, deleted=True) if isinstance(found, Refusal) else [found]
    if not gone:
        return None
    until = from_microseconds(max(item.deleted_at or 0 for item in gone)) + KEPT
    return (
        f"{spelled(gone[0].name)} was deleted, and is in the recycle bin until {until:%Y-%m-%d}: "
        f"`provisor {kind} restore` brings it back, `provisor {kind} show --deleted` shows it."
    )


def _applications(connection: Connection, tenant: str, key: str) -> list[str]:
    return [each.display_name for each in applications.all_applications(connection, tenant)]


def _jobs(connection: Connection, tenant: str, key: str) -> list[str]:
    with_one = {job.application for job in jobs.all_jobs(connection, tenant)}
    return [each.display_name for each in applications.all_applications(connection, tenant) if each.id in with_one]


def _attributes(connection: Connection, tenant: str, key: str, *, kind: DirectoryKind) -> list[str]:
    of_tenant = extensions.registered(connection, tenant).values()
    return [*names_of(kind), *(each.attribute for each in of_tenant if kind.title() in each.targets)]


_KINDS: Final[Mapping[str, DirectoryKind]] = {"user": "user", "group": "group"}
_NOUNS: Final[Mapping[str, tuple[str, _NamesNear]]] = {
    "user": (DIRECTORY_READ, partial(near_names, kind="user")),
    "group": (DIRECTORY_READ, partial(near_names, kind="group")),
    "deleted user": (DIRECTORY_READ, partial(near_names, kind="user", deleted=True)),
    "deleted group": (DIRECTORY_READ, partial(near_names, kind="group", deleted=True)),
    "user attribute": (DIRECTORY_READ, partial(_attributes, kind="user")),
    "group attribute": (DIRECTORY_READ, partial(_attributes, kind="group")),
    "application": (APPLICATION_READ, _applications),
    "job": (JOB_READ, _jobs),
}
