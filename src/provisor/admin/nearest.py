"""What was probably meant when a name is not found; suggests only what the actor may see.

An object of that very name in the recycle bin comes before any with a similar name.

Verbs say no with `AdminError.about`; a skin asks here, as the same actor, and puts the answer into the hint.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Final, TypeAlias

from provisor.admin.actor import APPLICATION_READ, DIRECTORY_READ, JOB_READ, SOURCE_READ, Actor
from provisor.admin.context import Context
from provisor.admin.errors import AdminError
from provisor.database import Connection
from provisor.directory.lifecycle import KEPT
from provisor.directory.names import names_of
from provisor.directory.objects import DirectoryKind, Refusal
from provisor.scim.naming import spelled
from provisor.scim.nearest import nearest
from provisor.storage import applications, connected_sources, directory_verbs, extensions, jobs, objects
from provisor.storage.near_names import near_names
from provisor.storage.times import from_microseconds

_NamesNear: TypeAlias = Callable[[Connection, str, str], Iterable[str]]  # connection, tenant, what was typed
_NamesSeen: TypeAlias = Callable[[Connection, str, Actor], Iterable[str]]


@dataclass(frozen=True, slots=True)
class NearestNames:
    """The nearest name for every noun whose names are in the database."""

    context: Context

    def hinted(self, actor: Actor, error: AdminError) -> AdminError:
        """The same error; where a name was not found but a similar one exists, the hint begins with that."""
        if error.about is None or error.about[0] not in {*_NOUNS, *_SEEN}:
            return error
        noun, key = error.about
        connection, tenant = self.context.database.reader(), self.context.tenant
        if noun in _SEEN:
            return _suggested(error, nearest(key, _SEEN[noun](connection, tenant, actor)))
        if not actor.may(DIRECTORY_READ):
            return error
        for kind in _KINDS.get(noun, ()):
            deleted = _in_recycle_bin(connection, tenant, kind, key)
            if deleted is not None:
                return AdminError(error.code, error.message, deleted)
        return _suggested(error, nearest(key, _NOUNS[noun](connection, tenant, key)))


def _suggested(error: AdminError, found: str | None) -> AdminError:
    if found is None or found in error.hint:
        return error
    return AdminError(error.code, error.message, f"Did you mean {found}? {error.hint}")


def _in_recycle_bin(connection: Connection, tenant: str, kind: DirectoryKind, key: str) -> str | None:
    """The hint about one or more deleted objects with that id or name that can be restored."""
    found = directory_verbs.find(connection, tenant, kind, key, deleted=True)
    gone = objects.by_name(connection, tenant, kind, key, deleted=True) if isinstance(found, Refusal) else [found]
    if not gone:
        return None
    until = from_microseconds(max(item.deleted_at or 0 for item in gone)) + KEPT
    return (
        f"{spelled(gone[0].name)} was deleted and is in the recycle bin until {until:%Y-%m-%d}: "
        f"`provisor {kind} restore` brings it back, `provisor {kind} show --deleted` shows it."
    )


def _applications(connection: Connection, tenant: str, actor: Actor) -> list[str]:
    every = applications.all_applications(connection, tenant)
    return [each.display_name for each in every if actor.may(APPLICATION_READ, each.id)]


def _jobs(connection: Connection, tenant: str, actor: Actor) -> list[str]:
    with_one = {job.application for job in jobs.all_jobs(connection, tenant) if actor.may(JOB_READ, job.application)}
    return [each.display_name for each in applications.all_applications(connection, tenant) if each.id in with_one]


def _sources(connection: Connection, tenant: str, actor: Actor) -> list[str]:
    return [each.name for each in connected_sources.every(connection, tenant)] if actor.may(SOURCE_READ) else []


def _attributes(connection: Connection, tenant: str, key: str, *, kind: DirectoryKind) -> list[str]:
    of_tenant = extensions.registered(connection, tenant).values()
    return [*names_of(kind), *(each.attribute for each in of_tenant if kind.title() in each.targets)]


def _members(connection: Connection, tenant: str, key: str) -> list[str]:
    return [*near_names(connection, tenant, key, "user"), *near_names(connection, tenant, key, "group")]


_KINDS: Final[Mapping[str, tuple[DirectoryKind, ...]]] = {
    "user": ("user",),
    "group": ("group",),
    "member": ("user", "group"),
}
_NOUNS: Final[Mapping[str, _NamesNear]] = {  # of the directory
    "user": partial(near_names, kind="user"),
    "group": partial(near_names, kind="group"),
    "member": _members,
    "deleted user": partial(near_names, kind="user", deleted=True),
    "deleted group": partial(near_names, kind="group", deleted=True),
    "user attribute": partial(_attributes, kind="user"),
    "group attribute": partial(_attributes, kind="group"),
}
_SEEN: Final[Mapping[str, _NamesSeen]] = {"application": _applications, "job": _jobs, "source": _sources}
