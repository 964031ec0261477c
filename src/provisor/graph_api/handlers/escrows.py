"""Escrow under /beta/provisor: who failed, by cause or one by one, and trying them at once."""

from typing import Final, cast

from provisor.admin.actor import JOB_READ, JOB_RUN
from provisor.graph_api.odata.answers import GraphAnswer, collection, ok
from provisor.graph_api.odata.cases import cases_of, text_of
from provisor.graph_api.odata.errors import bad_request, unsupported_query
from provisor.graph_api.odata.filters import FilterTree
from provisor.graph_api.odata.paging import page_of
from provisor.graph_api.odata.requests import GraphRequest
from provisor.graph_api.odata.routing import GraphRoute
from provisor.graph_api.wire.escrows import (
    EscrowCauseWire,
    EscrowEntryWire,
    RetryAsked,
    RetryWire,
    cause_document,
    entry_document,
    entry_with_exchange,
)


def list_causes(request: GraphRequest) -> GraphAnswer:
    """Why objects failed, the most frequent cause first."""
    found = request.admin.escrow.causes(request.actor, request.names["job"])
    return collection(request, "provisor/escrowCauses", [cause_document(one) for one in found])


def list_entries(request: GraphRequest) -> GraphAnswer:
    """Everybody in escrow, or all of a cause."""
    place = request.place()
    after = ("", "") if place is None else cast("tuple[str, str]", tuple(cast("list[str]", place)))
    cause = _cause(request.options.filter)
    found = request.admin.escrow.entries(request.actor, request.names["job"], cause=cause, after=after)
    return page_of(request, "provisor/escrows", found, entry_document, lambda one: [one.object, one.kind])


def list_of_object(request: GraphRequest) -> GraphAnswer:
    """What failed of one object, with the exchanges."""
    verbs, actor = request.admin.escrow, request.actor
    found = verbs.show(actor, request.names["job"], request.names["object"])
    documents = [entry_with_exchange(one, verbs.exchange(actor, one.event)) for one in found]
    return collection(request, "provisor/escrows", documents)


def retry(request: GraphRequest) -> GraphAnswer:
    """Try them with the next run."""
    asked: RetryAsked = request.body
    if (asked.cause is not None) + (asked.object_id is not None) + asked.all != 1:
        raise bad_request("The body does not say whom to try.", "Give one of cause, objectId and all.")
    tried = request.admin.escrow.retry(
        request.actor, request.names["job"], cause=asked.cause, who=asked.object_id
    )  # fmt: skip
    return ok(request, "provisor/escrowRetry", {"tried": tried})


def _cause(tree: FilterTree | None) -> str | None:
    """`cause eq '…'` or `errorCode eq '…'`, which is all that escrow is asked for."""
    if tree is None:
        return None
    cases = cases_of(tree)
    if len(cases) == len(cases[0]) == 1:
        test = cases[0][0]
        if test.name.lower() in ("cause", "errorcode") and test.operator == "eq":
            return str(text_of(test))
    raise unsupported_query("Escrow cannot be filtered so.", "Write cause eq '…' or errorCode eq '…'.")


ROUTES: Final = (
    GraphRoute(
        method="GET",
        path="/provisor/jobs/{job}/escrowCauses",
        handler=list_causes,
        summary="List why objects of a job failed, with how many for each cause.",
        permission=JOB_READ,
        answer=list[EscrowCauseWire],
        beta_only=True,
    ),
    GraphRoute(
        method="GET",
        path="/provisor/jobs/{job}/escrows",
        handler=list_entries,
        summary="List who failed and is tried again.",
        permission=JOB_READ,
        answer=list[EscrowEntryWire],
        query=frozenset({"$filter", "$top", "$skiptoken"}),
        filtered_by=("cause", "errorCode"),
        beta_only=True,
    ),
    GraphRoute(
        method="GET",
        path="/provisor/jobs/{job}/escrows/{object}",
        handler=list_of_object,
        summary="Get what failed of one object, with the request and the answer.",
        permission=JOB_READ,
        answer=list[EscrowEntryWire],
        beta_only=True,
    ),
    GraphRoute(
        method="POST",
        path="/provisor/jobs/{job}/escrows/retry",
        handler=retry,
        summary="Try who failed with the next run, which begins at once.",
        permission=JOB_RUN,
        body=RetryAsked,
        answer=RetryWire,
        beta_only=True,
    ),
)
