"""Stored plans under /beta/provisor: make, list, show, compare, approve, apply, discard. Graph lacks them.

A plan takes as long as looking at everybody takes: asking for one is answered by 202 and where to look. So is applying
one, which whoever serves the jobs does.
"""

from typing import Final, cast

from provisor.admin.actor import JOB_READ, JOB_RUN, PLAN_APPROVE
from provisor.admin.plans import ComparePlace
from provisor.graph_api.odata.answers import GraphAnswer, collection, ok
from provisor.graph_api.odata.errors import bad_request, not_found
from provisor.graph_api.odata.paging import page_of
from provisor.graph_api.odata.requests import GraphRequest
from provisor.graph_api.odata.routing import GraphRoute
from provisor.graph_api.wire.plans import (
    PlanAsked,
    PlanDecision,
    PlanDifferenceWire,
    PlanMakingWire,
    PlanOperationWire,
    PlanWire,
    difference_document,
    making_document,
    operation_document,
    plan_document,
)

_ENTITY: Final = "provisor/plans/$entity"
_PAGED: Final = frozenset({"$top", "$skiptoken"})
LARGEST_NUMBER: Final = 2**62


def make_plan(request: GraphRequest) -> GraphAnswer:
    """Begin to make a plan."""
    asked: PlanAsked = request.body or PlanAsked()
    made = request.admin.plan_making.ask(
        request.actor,
        request.names["job"],
        rules=asked.schema,
        scope=asked.scope,
        nested_groups=asked.nested_groups,
    )
    where = f"{request.base}/provisor/planRequests/{made.id}"
    body = {
        "@odata.context": request.metadata("provisor/planRequests/$entity"), **making_document(made, request.base)
    }  # fmt: skip
    return GraphAnswer(status=202, body=body, headers={"Location": where, "Retry-After": "1"})


def look_at_plan(request: GraphRequest) -> GraphAnswer:
    """How far a plan is."""
    made = request.admin.plan_making.look(request.actor, request.names["request"])
    return ok(request, "provisor/planRequests/$entity", making_document(made, request.base))


def list_plans(request: GraphRequest) -> GraphAnswer:
    """The plans of a job, the newest first; a job has a few."""
    found = request.admin.plans.all(request.actor, request.names["job"])
    return collection(request, "provisor/plans", [plan_document(one) for one in found])


def get_plan(request: GraphRequest) -> GraphAnswer:
    """One plan."""
    return ok(request, _ENTITY, plan_document(request.admin.plans.show(request.actor, _number(request, "plan"))))


def list_operations(request: GraphRequest) -> GraphAnswer:
    """What the plan would do, leaves alone, and left out when it was applied."""
    place = request.place()
    after = -1 if place is None else cast(int, place)
    found = request.admin.plans.operations(request.actor, _number(request, "plan"), after=after)
    return page_of(request, "provisor/planOperations", found, operation_document, lambda row: row.position)


def compare_plans(request: GraphRequest) -> GraphAnswer:
    """What two plans do not have in common."""
    place = request.place()
    start = (0, -1) if place is None else cast(ComparePlace, tuple(cast("list[int]", place)))
    before, after = _number(request, "plan"), _number(request, "other")
    found = request.admin.plans.compare(request.actor, before, after, start=start)
    return page_of(request, "provisor/planDifferences", found, difference_document, lambda one: list(one.place))


def approve_plan(request: GraphRequest) -> GraphAnswer:
    """Let the next cycle do what the plan holds."""
    shown = request.admin.plans.approve(request.actor, _number(request, "plan"), allow_deletes=_allowed(request))
    return ok(request, _ENTITY, plan_document(shown))


def apply_plan(request: GraphRequest) -> GraphAnswer:
    """Approve, and ask for a run."""
    shown = request.admin.plans.ask_to_apply(request.actor, _number(request, "plan"), allow_deletes=_allowed(request))
    body = {"@odata.context": request.metadata(_ENTITY), **plan_document(shown)}
    where = f"{request.base}/provisor/plans/{shown.stored.number}"
    return GraphAnswer(status=202, body=body, headers={"Location": where})


def discard_plan(request: GraphRequest) -> GraphAnswer:
    """Decide against a plan."""
    return ok(request, _ENTITY, plan_document(request.admin.plans.discard(request.actor, _number(request, "plan"))))


def _number(request: GraphRequest, name: str) -> int:
    text = request.names[name]
    if not (text.isascii() and text.isdigit() and int(text[:20]) < LARGEST_NUMBER):
        raise not_found(text)
    return int(text)


def _allowed(request: GraphRequest) -> int:
    decision: PlanDecision = request.body or PlanDecision()
    if not 0 <= decision.allow_deletes < LARGEST_NUMBER:
        raise bad_request(f"allowDeletes is {decision.allow_deletes}, and must be a number from 0 on.")
    return decision.allow_deletes


ROUTES: Final = (
    GraphRoute(
        method="GET",
        path="/provisor/jobs/{job}/plans",
        handler=list_plans,
        summary="List the plans of a job.",
        permission=JOB_READ,
        answer=list[PlanWire],
        beta_only=True,
    ),
    GraphRoute(
        method="POST",
        path="/provisor/jobs/{job}/plans",
        handler=make_plan,
        summary="Make a plan, of the job as it is or with rules, a scope or a reading of groups that is not saved.",
        permission=JOB_RUN,
        body=PlanAsked,
        body_optional=True,
        answer=PlanMakingWire,
        status=202,
        beta_only=True,
    ),
    GraphRoute(
        method="GET",
        path="/provisor/planRequests/{request}",
        handler=look_at_plan,
        summary="Get how far a plan is that was asked for.",
        permission=JOB_READ,
        answer=PlanMakingWire,
        beta_only=True,
    ),
    GraphRoute(
        method="GET",
        path="/provisor/plans/{plan}",
        handler=get_plan,
        summary="Get a plan.",
        permission=JOB_READ,
        answer=PlanWire,
        beta_only=True,
    ),
    GraphRoute(
        method="GET",
        path="/provisor/plans/{plan}/operations",
        handler=list_operations,
        summary="List what a plan would do, object by object.",
        permission=JOB_READ,
        answer=list[PlanOperationWire],
        query=_PAGED,
        beta_only=True,
    ),
    GraphRoute(
        method="GET",
        path="/provisor/plans/{plan}/differences/{other}",
        handler=compare_plans,
        summary="List what one plan would do and another would not, or not in the same way.",
        permission=JOB_READ,
        answer=list[PlanDifferenceWire],
        query=_PAGED,
        beta_only=True,
        waits_for="application",
    ),
    GraphRoute(
        method="POST",
        path="/provisor/plans/{plan}/approve",
        handler=approve_plan,
        summary="Let the next cycle of the job do what a plan holds, and nothing else.",
        permission=PLAN_APPROVE,
        body=PlanDecision,
        body_optional=True,
        answer=PlanWire,
        beta_only=True,
    ),
    GraphRoute(
        method="POST",
        path="/provisor/plans/{plan}/apply",
        handler=apply_plan,
        summary="Approve a plan, and have it carried out now.",
        permission=JOB_RUN,
        also=(JOB_READ, PLAN_APPROVE),
        body=PlanDecision,
        body_optional=True,
        answer=PlanWire,
        status=202,
        beta_only=True,
    ),
    GraphRoute(
        method="POST",
        path="/provisor/plans/{plan}/discard",
        handler=discard_plan,
        summary="Decide against a plan.",
        permission=PLAN_APPROVE,
        answer=PlanWire,
        beta_only=True,
    ),
)
