"""What stands around every page of an application and of its job: name, ways on, and what needs attention.

Addresses: `/applications/{application}/…`, by the id of the service principal, and `…/provisioning/{job}/…`.
"""

from dataclasses import dataclass

from provisor.admin.actor import JOB_READ
from provisor.admin.jobs import JobShown
from provisor.admin.service_principals import ApplicationKey, ServicePrincipalShown
from provisor.portal.visits import PortalVisit


@dataclass(frozen=True, slots=True, kw_only=True)
class ApplicationFrame:
    """An application, and those of its jobs that the visitor may see."""

    shown: ServicePrincipalShown
    jobs: tuple[JobShown, ...]

    @property
    def id(self) -> str:
        """What its pages are found by."""
        return self.shown.application.id

    @property
    def name(self) -> str:
        """Its display name."""
        return self.shown.application.display_name

    @property
    def address(self) -> str:
        """Its first page."""
        return f"/applications/{self.id}"

    @property
    def provisioning(self) -> str:
        """The page of its provisioning: of its job, or of its jobs."""
        return f"{self.address}/provisioning"


@dataclass(frozen=True, slots=True, kw_only=True)
class JobFrame:
    """A job within its application."""

    application: ApplicationFrame
    shown: JobShown

    @property
    def id(self) -> str:
        """What verbs find it by."""
        return self.shown.job.id

    @property
    def address(self) -> str:
        """Its first page, the overview."""
        return f"{self.application.provisioning}/{self.id}"

    @property
    def on(self) -> bool:
        """Whether *Provisioning Status* is On."""
        return self.shown.job.schedule_state == "Active"


def application_frame(visit: PortalVisit) -> ApplicationFrame:
    """Of the application that the address names. Raises AdminError."""
    key = ApplicationKey("service principal", visit.names["application"])
    shown = visit.admin.service_principals.show(visit.actor, key)
    may_see = visit.actor.may(JOB_READ, shown.application.id)
    jobs = visit.admin.synchronization.all_jobs(visit.actor, key) if may_see else ()
    return ApplicationFrame(shown=shown, jobs=tuple(jobs))


def job_frame(visit: PortalVisit, permission: str = JOB_READ) -> JobFrame:
    """Of the job that the address names, within that application. Raises AdminError; `permission`: of the verb that
    is called with it next.
    """
    frame = application_frame(visit)
    key = ApplicationKey("service principal", frame.id)
    job = visit.admin.synchronization.job(key, visit.names["job"], visit.actor, permission)
    found = next((one for one in frame.jobs if one.job.id == job), None)
    return JobFrame(application=frame, shown=found or visit.admin.jobs.show(visit.actor, job))
