"""The settings of a job under /beta/provisor: all that are in force, and changing them."""

from typing import Final

from provisor.admin.actor import JOB_READ, JOB_WRITE
from provisor.graph_api.odata.answers import GraphAnswer, ok
from provisor.graph_api.odata.requests import GraphRequest
from provisor.graph_api.odata.routing import GraphRoute
from provisor.graph_api.wire.job_settings import JobSettingsPatch, JobSettingsWire, given_settings

_ENTITY: Final = "provisor/jobSettings"


def get_settings(request: GraphRequest) -> GraphAnswer:
    """What is in force."""
    return ok(request, _ENTITY, request.admin.jobs.in_force(request.actor, request.names["job"]))


def change_settings(request: GraphRequest) -> GraphAnswer:
    """Change some."""
    job = request.names["job"]
    request.admin.jobs.settings(request.actor, job, **given_settings(request.body))
    return ok(request, _ENTITY, request.admin.jobs.in_force(request.actor, job))


ROUTES: Final = (
    GraphRoute(
        method="GET",
        path="/provisor/jobs/{job}/settings",
        handler=get_settings,
        summary="Get every setting of a job that is in force.",
        permission=JOB_READ,
        answer=JobSettingsWire,
        beta_only=True,
    ),
    GraphRoute(
        method="PATCH",
        path="/provisor/jobs/{job}/settings",
        handler=change_settings,
        summary="Change settings of a job; what is absent stays.",
        permission=JOB_WRITE,
        also=(JOB_READ,),
        body=JobSettingsPatch,
        answer=JobSettingsWire,
        beta_only=True,
    ),
)
