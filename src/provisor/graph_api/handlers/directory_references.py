"""What users and groups refer to: /groups/…/members, memberOf, and /users/…/manager."""

from functools import partial
from typing import Any, Final

from provisor.admin.actor import DIRECTORY_READ, DIRECTORY_WRITE
from provisor.directory.objects import DirectoryKind
from provisor.graph_api.handlers.directory_entries import context_of, documents, entries, selection
from provisor.graph_api.odata.answers import NO_CONTENT, GraphAnswer, collection, ok
from provisor.graph_api.odata.listing import PAGE
from provisor.graph_api.odata.requests import GraphRequest
from provisor.graph_api.odata.routing import GraphHandler, GraphRoute
from provisor.graph_api.wire.directory_types import (
    COLLECTIONS,
    DirectoryObjectDocument,
    GroupDocument,
    UserDocument,
    several,
)
from provisor.graph_api.wire.identifiers import ObjectReference, ReferenceDocument, guid, referenced

_PAGED: Final = frozenset({"$top", "$skiptoken"})


def members_listed(kind: DirectoryKind | None, request: GraphRequest) -> GraphAnswer:
    """A page of the direct members of a group, of one kind or of both."""
    kinds: tuple[DirectoryKind, ...] = ("user", "group") if kind is None else (kind,)
    verbs, group, names = request.admin.members_by_id, request.names["group"], selection(request, *kinds)
    place, size = request.place(), request.options.top or PAGE
    found = verbs.page(request.actor, group, after=str(place or ""), limit=size + 1, kind=kind)
    count = None
    if request.options.count and place is None:
        count = verbs.count(request.actor, group, kind=kind)
    return collection(
        request,
        context_of("directoryObjects" if kind is None else COLLECTIONS[kind], names),
        documents(request, found[:size], names, typed=kind is None),
        next_link=request.next_link(found[size - 1].id) if len(found) > size else None,
        count=count,
    )


def member_added(request: GraphRequest) -> GraphAnswer:
    """Somebody more."""
    request.admin.members_by_id.add(request.actor, request.names["group"], referenced(request.body))
    return NO_CONTENT


def member_removed(request: GraphRequest) -> GraphAnswer:
    """Somebody less."""
    member = guid(request.names["member"], "The member")
    request.admin.members_by_id.remove(request.actor, request.names["group"], member)
    return NO_CONTENT


def owners_listed(request: GraphRequest) -> GraphAnswer:
    """Nobody: groups have no owners here. Terraform's azuread provider asks with every group that it looks up."""
    names = selection(request, "user", "group")
    entries(request, "group").read(request.actor, request.names["group"])
    return collection(request, context_of("directoryObjects", names), [], count=0 if request.options.count else None)


def groups_listed(kind: DirectoryKind, request: GraphRequest) -> GraphAnswer:
    """A page of the groups that a user or group is directly in."""
    names, place, size = selection(request, "group"), request.place(), request.options.top or PAGE
    found = request.admin.members_by_id.groups(
        request.actor, kind, request.names[kind], after=str(place or ""), limit=size + 1
    )
    return collection(
        request,
        context_of("directoryObjects", names),
        documents(request, found[:size], names, typed=True),
        next_link=request.next_link(found[size - 1].id) if len(found) > size else None,
    )


def manager_shown(request: GraphRequest) -> GraphAnswer:
    """The manager of a user."""
    names = selection(request, "user")
    found = entries(request, "user").manager(request.actor, request.names["user"])
    context = f"{context_of('directoryObjects', names)}/$entity"
    return ok(request, context, documents(request, [found], names, typed=True)[0])


def manager_named(request: GraphRequest) -> GraphAnswer:
    """The address of the manager."""
    found = entries(request, "user").manager(request.actor, request.names["user"])
    return ok(request, "$ref", {"@odata.id": f"{request.base}/directoryObjects/{found.id}"})


def manager_set(request: GraphRequest) -> GraphAnswer:
    """Another manager."""
    entries(request, "user").set_manager(request.actor, request.names["user"], referenced(request.body))
    return NO_CONTENT


def manager_removed(request: GraphRequest) -> GraphAnswer:
    """No manager; 404 where there was none."""
    verbs = entries(request, "user")
    verbs.manager(request.actor, request.names["user"])
    verbs.set_manager(request.actor, request.names["user"], None)
    return NO_CONTENT


def _read(path: str, handler: GraphHandler, summary: str, answer: Any, query: frozenset[str] = _PAGED) -> GraphRoute:
    return GraphRoute(
        method="GET", path=path, handler=handler, summary=summary, permission=DIRECTORY_READ, answer=answer, query=query
    )


_MEMBERS: Final = "/groups/{group}/members"
_MANAGER: Final = "/users/{user}/manager"
ROUTES: Final = (
    _read(_MEMBERS, partial(members_listed, None), "Direct members of a group.", several(DirectoryObjectDocument)),
    _read(
        f"{_MEMBERS}/microsoft.graph.user", partial(members_listed, "user"), "Users in a group.", several(UserDocument)
    ),
    _read(
        f"{_MEMBERS}/microsoft.graph.group",
        partial(members_listed, "group"),
        "Groups in a group.",
        several(GroupDocument),
    ),
    GraphRoute(
        method="POST",
        path=f"{_MEMBERS}/$ref",
        handler=member_added,
        summary="Put a user or group into a group.",
        permission=DIRECTORY_WRITE,
        body=ObjectReference,
        status=204,
    ),
    GraphRoute(
        method="DELETE",
        path=f"{_MEMBERS}/{{member}}/$ref",
        handler=member_removed,
        summary="Take a user or group out of a group.",
        permission=DIRECTORY_WRITE,
        status=204,
    ),
    _read(
        "/groups/{group}/owners",
        owners_listed,
        "Owners of a group, which are none.",
        several(DirectoryObjectDocument),
        frozenset(),
    ),
    _read(
        "/users/{user}/memberOf", partial(groups_listed, "user"), "Groups that a user is in.", several(GroupDocument)
    ),
    _read(
        "/groups/{group}/memberOf",
        partial(groups_listed, "group"),
        "Groups that a group is in.",
        several(GroupDocument),
    ),
    _read(_MANAGER, manager_shown, "The manager of a user.", UserDocument, frozenset()),
    _read(f"{_MANAGER}/$ref", manager_named, "The address of a user's manager.", ReferenceDocument, frozenset()),
    GraphRoute(
        method="PUT",
        path=f"{_MANAGER}/$ref",
        handler=manager_set,
        summary="Give a user a manager.",
        permission=DIRECTORY_WRITE,
        body=ObjectReference,
        status=204,
    ),
    GraphRoute(
        method="DELETE",
        path=f"{_MANAGER}/$ref",
        handler=manager_removed,
        summary="Take a user's manager away.",
        permission=DIRECTORY_WRITE,
        also=(DIRECTORY_READ,),
        status=204,
    ),
)
