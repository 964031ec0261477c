"""The route of provisioning on demand (spec/graph-synchronization-api.md section 7)."""

from typing import Final

from provisor.admin.actor import DIRECTORY_READ, JOB_RUN
from provisor.admin.on_demand import graph_answer
from provisor.graph_api.handlers.synchronization_paths import OF_PRINCIPAL, job
from provisor.graph_api.odata.answers import GraphAnswer, ok
from provisor.graph_api.odata.requests import GraphRequest
from provisor.graph_api.odata.routing import GraphRoute
from provisor.graph_api.wire.provision_on_demand import (
    RUNS_IN_10_SECONDS,
    KeyAndValue,
    OnDemandRequest,
    asked_for,
)


def provisioned(request: GraphRequest) -> GraphAnswer:
    """Provision one user, or one group with some of its members, now."""
    key = job(request)
    asked = asked_for(request.body, request.admin.on_demand.rules(request.actor, key))
    if asked.kind == "user":
        found = request.admin.on_demand.user(request.actor, key, asked.id, most_runs=RUNS_IN_10_SECONDS)
    else:
        found = request.admin.on_demand.group(request.actor, key, asked.id, asked.members, most_runs=RUNS_IN_10_SECONDS)
    return ok(request, "microsoft.graph.stringKeyStringValuePair", graph_answer(found[0]))


ROUTES: Final = (
    GraphRoute(
        method="POST",
        path=f"{OF_PRINCIPAL}/jobs/{{job}}/provisionOnDemand",
        handler=provisioned,
        summary="Provision one user or group now.",
        permission=JOB_RUN,
        also=(DIRECTORY_READ,),
        body=OnDemandRequest,
        answer=KeyAndValue,
        waits_for="application",
    ),
)
