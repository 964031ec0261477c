"""Finding users and groups of the directory to assign them or to make them owners: by a search, or by their ids."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from provisor.admin.applications import unfit_to_assign
from provisor.directory.objects import NAMING, DirectoryKind, DirectoryObject
from provisor.directory.query import ObjectQuery, PropertyIn, searching
from provisor.portal.visits import PortalVisit

MOST_FOUND: Final = 25
_AT_ONCE: Final = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundPrincipal:
    """A user or group to choose. `unfit`: why it cannot be assigned."""

    id: str
    kind: DirectoryKind
    name: str
    detail: str
    unfit: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundPrincipals:
    """The first of a kind by name, and whether there are more."""

    principals: Sequence[FoundPrincipal]
    more: bool


def find(visit: PortalVisit, kind: DirectoryKind, search: str) -> FoundPrincipals:
    """The first ones whose names have every word of a search in them; without words, the first of all."""
    condition = searching(kind, search) if search.strip() else None
    verbs = visit.admin.typed_users if kind == "user" else visit.admin.typed_groups
    query = ObjectQuery(condition=condition, order_by=NAMING[kind])
    page = verbs.page(visit.actor, query, limit=MOST_FOUND)
    return FoundPrincipals(principals=[_principal(one) for one in page.objects], more=page.next is not None)


def chosen(visit: PortalVisit, ids: Sequence[str]) -> list[FoundPrincipal]:
    """Those that are still there, in the order in which they were chosen."""
    there = dict[str, FoundPrincipal]()
    wanted = list(dict.fromkeys(ids))
    for start in range(0, len(wanted), _AT_ONCE):
        query = ObjectQuery(condition=PropertyIn("id", tuple(wanted[start : start + _AT_ONCE])))
        for verbs in (visit.admin.typed_users, visit.admin.typed_groups):
            page = verbs.page(visit.actor, query, limit=_AT_ONCE)
            there.update({one.id: _principal(one) for one in page.objects})
    return [there[one] for one in wanted if one in there]


def _principal(one: DirectoryObject) -> FoundPrincipal:
    called = one.attributes.get("displayName")
    detail = one.name if one.kind == "user" else one.attributes.get("description")
    return FoundPrincipal(
        id=one.id,
        kind=one.kind,
        name=called if isinstance(called, str) and called.strip() else one.name,
        detail=detail if isinstance(detail, str) else "",
        unfit=unfit_to_assign(one) or "",
    )
