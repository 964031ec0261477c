"""Routes of synchronization jobs: create, read, change, start, pause, restart, run (spec/graph-synchronization-api.md
section 3, in the order of its table)."""

from typing import Final

from msgspec import UNSET

from provisor.admin.actor import JOB_READ, JOB_RUN, JOB_WRITE
from provisor.admin.errors import AdminError
from provisor.admin.jobs import NEVER_STARTED, JobShown
from provisor.graph_api.handlers.synchronization_paths import OF_PRINCIPAL, around, job, principal
from provisor.graph_api.odata.answers import NO_CONTENT, GraphAnswer, collection, created, ok
from provisor.graph_api.odata.errors import bad_request
from provisor.graph_api.odata.requests import GraphRequest
from provisor.graph_api.odata.routing import GraphRoute
from provisor.graph_api.wire.synchronization_jobs import (
    NEVER_SECONDS,
    JobAnswer,
    JobUpdate,
    NewJob,
    Restart,
    RunOptions,
    ScheduleChange,
    job_answer,
    seconds_of,
    settings_given,
)

JOBS: Final = f"{OF_PRINCIPAL}/jobs"
JOB: Final = f"{JOBS}/{{job}}"


def listed(request: GraphRequest) -> GraphAnswer:
    """The jobs of a service principal, oldest first."""
    found = request.admin.synchronization.all_jobs(request.actor, principal(request))
    answers = [_answer(request, shown) for shown in found]
    return collection(
        request, f"{around(request)}/jobs", answers, count=len(answers) if request.options.count else None
    )


def made(request: GraphRequest) -> GraphAnswer:
    """A job from the template of its application."""
    body: NewJob = request.body
    shown = request.admin.synchronization.create_job(request.actor, principal(request), body.template_id)
    path = f"/servicePrincipals/{shown.job.application}/synchronization/jobs/{shown.job.id}"
    return created(request, f"{around(request)}/jobs/$entity", _answer(request, shown), path=path)


def read(request: GraphRequest) -> GraphAnswer:
    """One job with its status."""
    shown = request.admin.jobs.show(request.actor, job(request))
    return ok(request, f"{around(request)}/jobs/$entity", _answer(request, shown))


def changed(request: GraphRequest) -> GraphAnswer:
    """Settings and the interval; what else Graph shows of a job is changed by verbs of its own."""
    body: JobUpdate = request.body
    shown = request.admin.jobs.show(request.actor, job(request, JOB_READ))
    if body.template_id is not UNSET and body.template_id != shown.job.template:
        raise bad_request("The templateId of a job stays what it is.", "Create another job.")
    pairs = body.synchronization_job_settings
    in_force = request.admin.jobs.in_force(request.actor, shown.job.id)
    change, given = settings_given([] if pairs is UNSET else pairs, in_force)
    if body.schedule is not UNSET and (seconds := _interval(body.schedule, shown)) is not None:
        change["interval_seconds"] = seconds
    request.admin.jobs.settings(request.actor, shown.job.id, **change, **given)
    return NO_CONTENT


def removed(request: GraphRequest) -> GraphAnswer:
    """The job with its rules and links; a cycle of it is ended first."""
    request.admin.removals.delete_job(request.actor, job(request))
    return NO_CONTENT


def started(request: GraphRequest) -> GraphAnswer:
    """Let it run. One without secrets waits for them: clients start a job and save its secrets in either order."""
    request.admin.jobs.start(request.actor, job(request), without_credentials=True)
    return NO_CONTENT


def paused(request: GraphRequest) -> GraphAnswer:
    """No further cycle; everything is kept."""
    request.admin.jobs.pause(request.actor, job(request))
    return NO_CONTENT


def restarted(request: GraphRequest) -> GraphAnswer:
    """Start, having forgotten what resetScope names."""
    body: Restart | None = request.body
    criteria = None if body is None else body.criteria
    request.admin.jobs.restart(request.actor, job(request), reset_scope=(criteria and criteria.reset_scope) or "")
    return NO_CONTENT


def refused_upload(request: GraphRequest) -> GraphAnswer:
    """Inbound provisioning by upload, which no application of ours is made for (section 8)."""
    request.admin.jobs.show(request.actor, job(request))
    raise AdminError(
        "bulk-upload-unsupported",
        "bulkUpload brings people from a source of records; this job provisions into an application.",
        "People come into the directory by /users, `provisor import csv`, or a source.",
    )


def run(request: GraphRequest) -> GraphAnswer:
    """Ask for a cycle now, whatever the schedule; what comes of it is in the status."""
    body: RunOptions | None = request.body
    request.admin.cycles.ask(request.actor, job(request), allow_deletes=0 if body is None else body.allow_deletes)
    return NO_CONTENT


def aborted(request: GraphRequest) -> GraphAnswer:
    """Pause, and end the cycle under way; it has not ended yet when this is answered."""
    request.admin.jobs.abort(request.actor, job(request))
    return NO_CONTENT


def _answer(request: GraphRequest, shown: JobShown) -> JobAnswer:
    key = shown.job.id
    return job_answer(
        shown, request.admin.cycles.status(request.actor, key), request.admin.jobs.in_force(request.actor, key)
    )


def _interval(schedule: ScheduleChange, shown: JobShown) -> int | None:
    """The interval to set, in seconds; None where it is to stay. Raises GraphError for what is not set so."""
    if schedule.state is not UNSET and schedule.state.lower() != shown.job.schedule_state.lower():
        raise bad_request("The state of a schedule is changed by start and pause.", "POST …/start or …/pause.")
    if schedule.expiration is not None:
        raise bad_request("A schedule of ours does not expire.", "Pause the job when it is to end.")
    if schedule.interval is UNSET or schedule.interval == shown.interval:
        return None
    wanted = seconds_of(schedule.interval)
    return None if wanted == NEVER_SECONDS and shown.interval == NEVER_STARTED else wanted


_BULK: Final = f"{JOB}/bulkUpload"
_UPLOADS: Final = (("POST", _BULK), ("GET", _BULK), ("PATCH", _BULK), ("DELETE", _BULK), ("PUT", f"{_BULK}/$value"))

ROUTES: Final = (
    GraphRoute(
        method="GET", path=JOBS, handler=listed, summary="List jobs.", permission=JOB_READ, answer=list[JobAnswer]
    ),
    GraphRoute(
        method="POST",
        path=JOBS,
        handler=made,
        summary="Create a job.",
        permission=JOB_WRITE,
        also=(JOB_READ,),
        body=NewJob,
        answer=JobAnswer,
        status=201,
    ),
    GraphRoute(method="GET", path=JOB, handler=read, summary="Get a job.", permission=JOB_READ, answer=JobAnswer),
    GraphRoute(
        method="PATCH",
        path=JOB,
        handler=changed,
        summary="Change settings of a job.",
        permission=JOB_WRITE,
        also=(JOB_READ,),
        body=JobUpdate,
        status=204,
    ),
    GraphRoute(
        method="DELETE",
        path=JOB,
        handler=removed,
        summary="Delete a job.",
        permission=JOB_WRITE,
        status=204,
        waits_for="cycle",
    ),
    GraphRoute(
        method="POST", path=f"{JOB}/start", handler=started, summary="Start a job.", permission=JOB_WRITE, status=204
    ),
    GraphRoute(
        method="POST", path=f"{JOB}/pause", handler=paused, summary="Pause a job.", permission=JOB_WRITE, status=204
    ),
    GraphRoute(
        method="POST",
        path=f"{JOB}/restart",
        handler=restarted,
        summary="Restart a job.",
        permission=JOB_WRITE,
        body=Restart,
        body_optional=True,
        status=204,
    ),
    *(
        GraphRoute(
            method=method,
            path=path,
            handler=refused_upload,
            summary="Upload people to an inbound job, which no job of ours is.",
            permission=JOB_READ,
            status=204,
        )
        for method, path in _UPLOADS
    ),
    GraphRoute(
        method="POST",
        path=f"/provisor{JOB}/run",
        handler=run,
        summary="Run a cycle now.",
        permission=JOB_RUN,
        body=RunOptions,
        body_optional=True,
        status=204,
        beta_only=True,
    ),
    GraphRoute(
        method="POST",
        path=f"/provisor{JOB}/abort",
        handler=aborted,
        summary="Pause a job, and end its cycle at once.",
        permission=JOB_WRITE,
        status=204,
        beta_only=True,
    ),
)
