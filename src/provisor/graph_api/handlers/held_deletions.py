"""Deletions held back, under /beta/provisor: who and why, allow them, or go on after the cause was put right."""

from typing import Final, cast

from provisor.admin.actor import JOB_READ, JOB_WRITE
from provisor.graph_api.odata.answers import GraphAnswer, ok
from provisor.graph_api.odata.paging import page_of
from provisor.graph_api.odata.requests import GraphRequest
from provisor.graph_api.odata.routing import GraphRoute
from provisor.graph_api.wire.held_deletions import (
    HeldDecisionWire,
    HeldDeletionsWire,
    HeldDeletionWire,
    held_document,
    held_entry_document,
)


def get_held(request: GraphRequest) -> GraphAnswer:
    """How much is held, and why."""
    shown = request.admin.deletions.show(request.actor, request.names["job"])
    return ok(request, "provisor/heldDeletions", held_document(shown))


def list_held(request: GraphRequest) -> GraphAnswer:
    """Everybody who is held, and who was allowed and has not gone yet."""
    place = request.place()
    after = (0, "") if place is None else cast("tuple[int, str]", tuple(cast("list[object]", place)))
    found = request.admin.deletions.entries(request.actor, request.names["job"], after=after)
    return page_of(
        request, "provisor/heldDeletionEntries", found, held_entry_document, lambda one: [one.stage, one.object]
    )


def allow_held(request: GraphRequest) -> GraphAnswer:
    """Let through who is held now."""
    number = request.admin.deletions.allow(request.actor, request.names["job"])
    return ok(request, "provisor/heldDecision", {"number": number})


def reject_held(request: GraphRequest) -> GraphAnswer:
    """Judge everything anew."""
    number = request.admin.deletions.reject(request.actor, request.names["job"])
    return ok(request, "provisor/heldDecision", {"number": number})


ROUTES: Final = (
    GraphRoute(
        method="GET",
        path="/provisor/jobs/{job}/heldDeletions",
        handler=get_held,
        summary="Get how much of a job is held back from being taken away, and why.",
        permission=JOB_READ,
        answer=HeldDeletionsWire,
        beta_only=True,
    ),
    GraphRoute(
        method="GET",
        path="/provisor/jobs/{job}/heldDeletions/entries",
        handler=list_held,
        summary="List who is held back.",
        permission=JOB_READ,
        answer=list[HeldDeletionWire],
        query=frozenset({"$top", "$skiptoken"}),
        beta_only=True,
    ),
    GraphRoute(
        method="POST",
        path="/provisor/jobs/{job}/heldDeletions/allow",
        handler=allow_held,
        summary="Let through who is held now, and nobody who was not shown.",
        permission=JOB_WRITE,
        answer=HeldDecisionWire,
        beta_only=True,
    ),
    GraphRoute(
        method="POST",
        path="/provisor/jobs/{job}/heldDeletions/reject",
        handler=reject_held,
        summary="Go on after the cause was put right: everything is judged anew.",
        permission=JOB_WRITE,
        answer=HeldDecisionWire,
        beta_only=True,
    ),
)
