"""/users and /groups: pages, one by its id or userPrincipalName, create, change, delete."""

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any, Final

import msgspec

from provisor.admin.actor import DIRECTORY_READ, DIRECTORY_WRITE
from provisor.admin.typed_objects import TypedObjects
from provisor.directory.objects import DirectoryKind, DirectoryObject
from provisor.directory.query import Position
from provisor.directory.writable import LAST_SYNC, is_synced
from provisor.graph_api.odata.answers import NO_CONTENT, GraphAnswer, collection, created, ok
from provisor.graph_api.odata.errors import bad_request
from provisor.graph_api.odata.listing import PAGE
from provisor.graph_api.odata.requests import GraphRequest
from provisor.graph_api.odata.routing import GraphRoute
from provisor.graph_api.wire.conditions import query_of
from provisor.graph_api.wire.directory_objects import chosen, document, given_values
from provisor.graph_api.wire.directory_types import (
    COLLECTIONS,
    DEFAULTS,
    GroupBody,
    GroupDocument,
    UserBody,
    UserDocument,
    several,
)
from provisor.graph_api.wire.identifiers import ObjectReference, referenced

MOST_BOUND: Final = 20  # members that a body may add, as in Graph
_LISTED: Final = frozenset({"$filter", "$search", "$top", "$orderby", "$skiptoken"})


def entries(request: GraphRequest, kind: DirectoryKind) -> TypedObjects:
    """The verbs on this kind."""
    return request.admin.typed_users if kind == "user" else request.admin.typed_groups


def selection(request: GraphRequest, *kinds: DirectoryKind) -> tuple[str, ...] | None:
    """The properties that $select names, checked; None: the default set."""
    if request.options.select is None:
        return None
    return chosen(kinds, request.options.select, request.admin.extension_properties.by_name(request.actor))


def context_of(collection_name: str, names: tuple[str, ...] | None) -> str:
    """What `@odata.context` says of a collection, or of one in it, with the properties chosen."""
    return collection_name if names is None else f"{collection_name}({','.join(names)})"


def documents(
    request: GraphRequest, items: Sequence[DirectoryObject], names: tuple[str, ...] | None, *, typed: bool = False
) -> list[dict[str, Any]]:
    """Objects with these properties, None: with those of the default set."""
    told = synced_at(request, items, names)
    return [document(item, names, typed=typed, synced_at=told.get(item.id)) for item in items]


def synced_at(
    request: GraphRequest, items: Sequence[DirectoryObject], names: Sequence[str] | None
) -> Mapping[str, int]:
    """When the sources of those who are synchronised from on premises were last read; asked where it is shown alone."""
    ids = [item.id for item in items if is_synced(item) and LAST_SYNC in (names or DEFAULTS[item.kind])]
    return request.admin.provenance.last_runs(request.actor, ids) if ids else {}


def listed(kind: DirectoryKind, request: GraphRequest) -> GraphAnswer:
    """A page."""
    verbs, options, names = entries(request, kind), request.options, selection(request, kind)
    query, place = query_of(kind, options), request.place()
    after = None if place is None else msgspec.convert(place, Position)
    page = verbs.page(request.actor, query, after=after, limit=options.top or PAGE)
    count = verbs.count(request.actor, query.condition) if options.count and place is None else None
    return collection(
        request,
        context_of(COLLECTIONS[kind], names),
        documents(request, page.objects, names),
        next_link=None if page.next is None else request.next_link([page.next.value, page.next.id]),
        count=count,
    )


def counted(kind: DirectoryKind, request: GraphRequest) -> GraphAnswer:
    """How many, as plain text."""
    number = entries(request, kind).count(request.actor, query_of(kind, request.options).condition)
    return GraphAnswer(body=str(number).encode(), headers={"Content-Type": "text/plain"})


def shown(kind: DirectoryKind, request: GraphRequest) -> GraphAnswer:
    """One."""
    names = selection(request, kind)
    item = entries(request, kind).read(request.actor, request.names[kind])
    return ok(request, f"{context_of(COLLECTIONS[kind], names)}/$entity", documents(request, [item], names)[0])


def added(kind: DirectoryKind, request: GraphRequest) -> GraphAnswer:
    """A new one; its manager or members too, where the body binds them."""
    values = given_values(kind, request.body, new=True)
    item = entries(request, kind).create(
        request.actor, values, manager=_manager(request.body), members=_members(request.body)
    )
    return created(
        request, f"{COLLECTIONS[kind]}/$entity", document(item, None), path=f"/{COLLECTIONS[kind]}/{item.id}"
    )


def changed(kind: DirectoryKind, request: GraphRequest) -> GraphAnswer:
    """Other values; members are added, where the body binds them."""
    values = given_values(kind, request.body, new=False)
    entries(request, kind).update(
        request.actor, request.names[kind], values, manager=_manager(request.body), members=_members(request.body)
    )
    return NO_CONTENT


def deleted(kind: DirectoryKind, request: GraphRequest) -> GraphAnswer:
    """Soft-delete."""
    entries(request, kind).delete(request.actor, request.names[kind])
    return NO_CONTENT


def _manager(body: Any) -> str | None:
    bound = getattr(body, "manager_bind", msgspec.UNSET)
    return None if bound is msgspec.UNSET else referenced(ObjectReference(bound))


def _members(body: Any) -> tuple[str, ...]:
    bound = getattr(body, "members_bind", msgspec.UNSET)
    if bound is msgspec.UNSET:
        return ()
    if len(bound) > MOST_BOUND:
        raise bad_request(f"members@odata.bind has {len(bound)} members.", f"Bind {MOST_BOUND} at a time.")
    return tuple(referenced(ObjectReference(each)) for each in bound)


def _collection(kind: DirectoryKind, body: Any, shape: Any) -> tuple[GraphRoute, ...]:
    path = f"/{COLLECTIONS[kind]}"
    return (
        GraphRoute(
            method="GET",
            path=path,
            handler=partial(listed, kind),
            summary=f"{COLLECTIONS[kind].capitalize()}, searched, filtered and ordered.",
            permission=DIRECTORY_READ,
            answer=several(shape),
            query=_LISTED,
        ),
        GraphRoute(
            method="POST",
            path=path,
            handler=partial(added, kind),
            summary=f"Add a {kind}.",
            permission=DIRECTORY_WRITE,
            body=body,
            answer=shape,
            status=201,
        ),
        GraphRoute(
            method="GET",
            path=f"{path}/$count",
            handler=partial(counted, kind),
            summary=f"How many {COLLECTIONS[kind]} there are, as plain text.",
            permission=DIRECTORY_READ,
            answer=int,
            query=frozenset({"$filter", "$search"}),
        ),
    )


def _single(kind: DirectoryKind, body: Any, shape: Any) -> tuple[GraphRoute, ...]:
    path = f"/{COLLECTIONS[kind]}/{{{kind}}}"
    named = " or userPrincipalName" if kind == "user" else ""
    return (
        GraphRoute(
            method="GET",
            path=path,
            handler=partial(shown, kind),
            summary=f"One {kind}, by id{named}.",
            permission=DIRECTORY_READ,
            answer=shape,
        ),
        GraphRoute(
            method="PATCH",
            path=path,
            handler=partial(changed, kind),
            summary=f"Change a {kind}: null clears a property, what is not named stays.",
            permission=DIRECTORY_WRITE,
            body=body,
            status=204,
        ),
        GraphRoute(
            method="DELETE",
            path=path,
            handler=partial(deleted, kind),
            summary=f"Delete a {kind}, which can be restored for 30 days.",
            permission=DIRECTORY_WRITE,
            status=204,
        ),
    )


ROUTES: Final = (
    *_collection("user", UserBody, UserDocument),
    *_single("user", UserBody, UserDocument),
    *_collection("group", GroupBody, GroupDocument),
    *_single("group", GroupBody, GroupDocument),
)
