"""/users/delta and /groups/delta: everything, then what changed (spec/graph-synchronization-api.md section 12).

Two things are told otherwise than in Entra. What has no value is null in a change, whether it ever had one or not, so
that whoever merges holds what is there. A user without a manager has an empty `manager@delta`.
"""

from functools import partial
from typing import Any, Final

import msgspec

from provisor.admin.actor import DIRECTORY_READ
from provisor.admin.errors import AdminError
from provisor.directory.delta import EVERYTHING, ChangedMember, ChangedObject, ChangeTold, DeltaPlace
from provisor.directory.objects import DirectoryKind, DirectoryObject
from provisor.graph_api.handlers.directory_entries import synced_at
from provisor.graph_api.odata.answers import GraphAnswer, collection
from provisor.graph_api.odata.errors import GraphError, refusal_of, unsupported_query
from provisor.graph_api.odata.requests import GraphRequest
from provisor.graph_api.odata.routing import GraphRoute
from provisor.graph_api.wire.conditions import ids_of
from provisor.graph_api.wire.directory_objects import chosen, document
from provisor.graph_api.wire.directory_types import (
    COLLECTIONS,
    DEFAULTS,
    TYPE_NAMES,
    GroupDocument,
    UserDocument,
    several,
)

PAGE_ROWS: Final = 200
LATEST: Final = "latest"
NAVIGATION: Final[dict[DirectoryKind, str]] = {"user": "manager", "group": "members"}


def told(kind: DirectoryKind, request: GraphRequest) -> GraphAnswer:
    """A page of a round, with a link to the next page or, at its end, to the next round."""
    place = _place(kind, request)
    if request.options.delta_token == LATEST:
        latest = request.admin.directory_changes.latest(request.actor, place)
        return collection(request, _context(place), [], delta_link=request.delta_link(msgspec.to_builtins(latest)))
    try:
        page = request.admin.directory_changes.page(request.actor, place, limit=PAGE_ROWS)
    except AdminError as error:
        raise _afresh(refusal_of(error), kind, request, place.select) from error
    then = msgspec.to_builtins(page.place)
    return collection(
        request,
        _context(place),
        _documents(request, page.told, place),
        next_link=None if page.over else request.next_link(then),
        delta_link=request.delta_link(then) if page.over else None,
    )


def _place(kind: DirectoryKind, request: GraphRequest) -> DeltaPlace:
    """Where the page begins: as a token says, or at the beginning."""
    options = request.options
    try:
        place = request.place()
        if place is None and options.delta_token not in (None, LATEST):
            place = request.delta_place()
    except GraphError as error:
        raise _afresh(error, kind, request, ()) from error
    if place is not None:
        return msgspec.convert(place, DeltaPlace)
    if options.expand not in ((), (NAVIGATION["group"],)) or (options.expand and kind != "group"):
        raise unsupported_query(
            "Delta queries expand nothing but members of groups.", "Name what is wanted in $select."
        )
    names = _tracked(kind, request)
    return request.admin.directory_changes.begin(request.actor, kind, names, ids_of(options.filter))


def _tracked(kind: DirectoryKind, request: GraphRequest) -> tuple[str, ...]:
    """The properties that are told; without a choice the default set, of groups with their members."""
    options = request.options
    if options.select is None:
        return (*DEFAULTS[kind], *(("members",) if kind == "group" else ()))
    registered = request.admin.extension_properties.by_name(request.actor)
    return (*(chosen([kind], options.select, registered, also=(NAVIGATION[kind],)) or ()), *options.expand)


def _afresh(error: GraphError, kind: DirectoryKind, request: GraphRequest, select: tuple[str, ...]) -> GraphError:
    """With 410, where to begin again."""
    if error.status == 410:
        query = f"?$select={','.join(select)}" if select else ""
        error.headers = {**error.headers, "Location": f"{request.base}/{COLLECTIONS[kind]}/delta{query}"}
    return error


def _context(place: DeltaPlace) -> str:
    return f"{COLLECTIONS[place.kind]}/$delta"


def _documents(request: GraphRequest, changes: tuple[ChangeTold, ...], place: DeltaPlace) -> list[dict[str, Any]]:
    """What is told, memberships with their group where it is on the page alive."""
    items = [change.object for change in changes if isinstance(change, ChangedObject)]
    read_at = synced_at(request, items, place.select)
    documents: list[dict[str, Any]] = []
    at: dict[str, dict[str, Any]] = {}
    for change in changes:
        match change:
            case ChangedObject():
                found = _object(change.object, place, read_at.get(change.object.id))
                documents.append(found)
                at[change.object.id] = found
            case ChangedMember():
                of = at.get(change.group)
                if of is None or "@removed" in of:
                    of = at[change.group] = {"id": change.group}
                    documents.append(of)
                of.setdefault("members@delta", []).append(_member(change))
    return documents


def _object(item: DirectoryObject, place: DeltaPlace, read_at: int | None) -> dict[str, Any]:
    if not item.alive:
        return {"id": item.id, "@removed": {"reason": "changed" if item.purged_at is None else "deleted"}}
    first = place.since == EVERYTHING
    shown = {"id": item.id, **document(item, place.select, sparse=first, synced_at=read_at)}
    if not first:
        shown |= {name: None for name in place.select if name.startswith("extension_") and name not in shown}
    if item.kind == "user" and "manager" in place.select and (item.manager is not None or not first):
        manager = [] if item.manager is None else [{"@odata.type": TYPE_NAMES["user"], "id": item.manager}]
        shown["manager@delta"] = manager
    return shown


def _member(change: ChangedMember) -> dict[str, Any]:
    one: dict[str, Any] = {"@odata.type": TYPE_NAMES[change.kind], "id": change.member}
    return one if change.present else {**one, "@removed": {"reason": "deleted"}}


def _route(kind: DirectoryKind, answer: Any) -> GraphRoute:
    besides = " and who came into them or left" if kind == "group" else ""
    return GraphRoute(
        method="GET",
        path=f"/{COLLECTIONS[kind]}/delta",
        handler=partial(told, kind),
        summary=f"Everything there is of {COLLECTIONS[kind]}, then what changed{besides}.",
        permission=DIRECTORY_READ,
        answer=answer,
        query=frozenset({"$filter", "$skiptoken", "$deltatoken", *({"$expand"} if kind == "group" else ())}),
    )


ROUTES: Final = (_route("user", several(UserDocument)), _route("group", several(GroupDocument)))
