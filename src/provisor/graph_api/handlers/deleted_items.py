"""/directory/deletedItems, and /directoryObjects: objects of either kind, by their ids."""

from functools import partial
from typing import Final

import msgspec

from provisor.admin.actor import DIRECTORY_PURGE, DIRECTORY_READ, DIRECTORY_WRITE
from provisor.directory.objects import DirectoryKind, DirectoryObject
from provisor.graph_api.handlers.directory_entries import context_of, documents, selection
from provisor.graph_api.odata.answers import NO_CONTENT, GraphAnswer, collection, ok
from provisor.graph_api.odata.errors import bad_request
from provisor.graph_api.odata.listing import PAGE
from provisor.graph_api.odata.requests import GraphRequest
from provisor.graph_api.odata.routing import GraphRoute
from provisor.graph_api.wire.directory_objects import document
from provisor.graph_api.wire.directory_types import (
    COLLECTIONS,
    DEFAULTS,
    DirectoryObjectDocument,
    GroupDocument,
    UserDocument,
    several,
)
from provisor.graph_api.wire.identifiers import guid

_KINDS: Final[tuple[DirectoryKind, ...]] = ("user", "group")


class IdsAsked(msgspec.Struct):
    """Which objects are wanted, of which types; without types, of all."""

    ids: list[str]
    types: list[str] | None = None


def listed(kind: DirectoryKind, request: GraphRequest) -> GraphAnswer:
    """A page of what was deleted of one kind."""
    names, place, size = selection(request, kind), request.place(), request.options.top or PAGE
    verbs = request.admin.deleted_objects
    found = verbs.page(request.actor, kind, after=str(place or ""), limit=size + 1)
    count = verbs.count(request.actor, kind) if request.options.count and place is None else None
    return collection(
        request,
        context_of(COLLECTIONS[kind], names),
        [_deleted(item, names) for item in found[:size]],
        next_link=request.next_link(found[size - 1].id) if len(found) > size else None,
        count=count,
    )


def shown(request: GraphRequest) -> GraphAnswer:
    """One that was deleted."""
    names = selection(request, *_KINDS)
    item = request.admin.deleted_objects.read(request.actor, _key(request))
    return ok(request, f"{context_of('directoryObjects', names)}/$entity", _deleted(item, names, typed=True))


def restored(request: GraphRequest) -> GraphAnswer:
    """Back among the living."""
    item = request.admin.deleted_objects.restore(request.actor, _key(request))
    return ok(request, "directoryObjects/$entity", documents(request, [item], None, typed=True)[0])


def purged(request: GraphRequest) -> GraphAnswer:
    """Gone for good."""
    request.admin.deleted_objects.purge(request.actor, _key(request))
    return NO_CONTENT


def live_shown(request: GraphRequest) -> GraphAnswer:
    """One user or group."""
    names = selection(request, *_KINDS)
    item = request.admin.deleted_objects.live(request.actor, guid(request.names["directoryObject"], "The object"))
    return ok(
        request, f"{context_of('directoryObjects', names)}/$entity", documents(request, [item], names, typed=True)[0]
    )


def by_ids(request: GraphRequest) -> GraphAnswer:
    """Those of many that there are."""
    asked: IdsAsked = request.body
    types = _KINDS if asked.types is None else [_kind(each) for each in asked.types]
    names = selection(request, *_KINDS)
    found = request.admin.deleted_objects.live_by_ids(request.actor, [guid(each, "ids") for each in asked.ids])
    some = [item for item in found if item.kind in types or "directoryobject" in types]
    return collection(request, context_of("directoryObjects", names), documents(request, some, names, typed=True))


def _key(request: GraphRequest) -> str:
    return guid(request.names["deletedItem"], "The object")


def _kind(text: str) -> str:
    """The kind that a type means. Types that this directory has none of find nobody."""
    name = text.rpartition(".")[2].lower()
    if not name.isalnum():
        raise bad_request(f"types has {text[:100]!r}, which is no type.", "Write user, group or directoryObject.")
    return name


def _deleted(item: DirectoryObject, names: tuple[str, ...] | None, *, typed: bool = False) -> dict[str, object]:
    """As it was, and since when it is not: nobody asks the recycle bin for anything else first."""
    shown = names if names is not None else (*dict.fromkeys((*DEFAULTS[item.kind], "deletedDateTime")),)
    return document(item, shown, typed=typed)


_BIN: Final = "/directory/deletedItems"


def _listed(kind: DirectoryKind, answer: object) -> GraphRoute:
    return GraphRoute(
        method="GET",
        path=f"{_BIN}/microsoft.graph.{kind}",
        handler=partial(listed, kind),
        summary=f"Deleted {COLLECTIONS[kind]}.",
        permission=DIRECTORY_READ,
        answer=answer,
        query=frozenset({"$top", "$skiptoken"}),
    )


ROUTES: Final = (
    _listed("user", several(UserDocument)),
    _listed("group", several(GroupDocument)),
    GraphRoute(
        method="GET",
        path=f"{_BIN}/{{deletedItem}}",
        handler=shown,
        summary="One deleted user or group.",
        permission=DIRECTORY_READ,
        answer=DirectoryObjectDocument,
    ),
    GraphRoute(
        method="POST",
        path=f"{_BIN}/{{deletedItem}}/restore",
        handler=restored,
        summary="Restore a deleted user or group.",
        permission=DIRECTORY_WRITE,
        answer=DirectoryObjectDocument,
    ),
    GraphRoute(
        method="DELETE",
        path=f"{_BIN}/{{deletedItem}}",
        handler=purged,
        summary="Delete for good what was deleted.",
        permission=DIRECTORY_PURGE,
        status=204,
    ),
    GraphRoute(
        method="GET",
        path="/directoryObjects/{directoryObject}",
        handler=live_shown,
        summary="One user or group.",
        permission=DIRECTORY_READ,
        answer=DirectoryObjectDocument,
    ),
    GraphRoute(
        method="POST",
        path="/directoryObjects/getByIds",
        handler=by_ids,
        summary="Users and groups by their ids.",
        permission=DIRECTORY_READ,
        body=IdsAsked,
        answer=several(DirectoryObjectDocument),
    ),
)
