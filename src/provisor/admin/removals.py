"""Verbs that remove a job or an application, and say beforehand what happens to its accounts.

Nothing is sent: accounts at the application stay as they are, and nobody looks after them any more. A cycle that runs
is aborted first; the log stays under the names there were.
"""

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

from provisor.admin.actor import APPLICATION_READ, APPLICATION_WRITE, JOB_READ, JOB_WRITE, Actor
from provisor.admin.context import Change, Context
from provisor.admin.errors import AdminError
from provisor.admin.following import until_idle
from provisor.admin.jobs import Jobs
from provisor.database import Connection
from provisor.runner.job_lock import JobBusy, job_lock
from provisor.storage import applications, jobs, links
from provisor.storage.jobs import Job

_OF_A_JOB = "Delete provisioning configuration"
REMOVAL = "Remove service principal"


@dataclass(frozen=True, slots=True, kw_only=True)
class Outlook:
    """What a removal would delete and keep: the jobs that go, and how many accounts and groups stay at the target."""

    id: str
    application: str
    jobs: tuple[str, ...]
    users: int
    groups: int


@dataclass(frozen=True, slots=True)
class Removals:
    """Jobs and applications that are no longer wanted."""

    context: Context
    jobs: Jobs

    def job_outlook(self, actor: Actor, key: str) -> Outlook:
        """What the removal of a job would mean."""
        connection = self.context.read(actor, JOB_READ)
        job = self.jobs.find(connection, key, actor, JOB_READ)
        return _outlook(connection, job.id, self._named(connection, job), [job])

    def delete_job(self, actor: Actor, key: str) -> Outlook:
        """Remove a job with its rules, credentials and links."""
        self.context.needs(actor, JOB_WRITE, _OF_A_JOB)
        job = self.jobs.find(self.context.database.reader(), key, actor, JOB_WRITE, _OF_A_JOB)
        with (
            self._alone(actor, [job]),
            self.context.change(actor, JOB_WRITE, _OF_A_JOB) as change,
        ):
            found = self.jobs.find(change.connection, job.id, actor, JOB_WRITE)
            name = self._named(change.connection, found)
            outlook = _outlook(change.connection, found.id, name, [found])
            jobs.delete(change.connection, found, application_name=name, now=change.now)
            return _noted(change, outlook)

    def application_outlook(self, actor: Actor, key: str) -> Outlook:
        """What the removal of an application would mean."""
        connection = self.context.read(actor, APPLICATION_READ)
        found = self.jobs.applications.find(connection, key, actor, APPLICATION_READ)
        return _outlook(connection, found.id, found.display_name, self._jobs_of(connection, found.id))

    def delete_application(self, actor: Actor, key: str) -> Outlook:
        """Remove an application with its jobs, assignments and owners. With a job it takes the right to remove that."""
        self.context.needs(actor, APPLICATION_WRITE, REMOVAL)
        reader = self.context.database.reader()
        application = self.jobs.applications.find(reader, key, actor, APPLICATION_WRITE, REMOVAL)
        doomed = self._jobs_of(reader, application.id)
        if doomed:
            self.context.needs(actor, JOB_WRITE, REMOVAL, application.id)
        with (
            self._alone(actor, doomed),
            self.context.change(actor, APPLICATION_WRITE, REMOVAL) as change,
        ):
            found = self.jobs.applications.find(change.connection, application.id, actor, APPLICATION_WRITE)
            ours = self._jobs_of(change.connection, found.id)
            if [job.id for job in ours] != [job.id for job in doomed]:
                raise AdminError(
                    "job-busy", f"{found.display_name} has just been given a job.", "Check that job, then try again."
                )
            outlook = _outlook(change.connection, found.id, found.display_name, ours)
            for job in ours:
                jobs.delete(change.connection, job, application_name=found.display_name, now=change.now)
            applications.delete(change.connection, found.id)
            return _noted(change, outlook)

    def _jobs_of(self, connection: Connection, application: str) -> list[Job]:
        return jobs.all_jobs(connection, self.context.tenant, application)

    def _named(self, connection: Connection, job: Job) -> str:
        found = applications.read(connection, job.application)
        return found.display_name if found else job.application

    @contextmanager
    def _alone(self, actor: Actor, doomed: Sequence[Job]) -> Iterator[None]:
        """The locks of these jobs: no cycle of them runs, and none begins. One that runs is aborted.

        Raises AdminError when that does not end.
        """
        with ExitStack() as stack:
            for job in doomed:
                try:
                    stack.enter_context(job_lock(self.context.database.path, job.id))
                except JobBusy:
                    self.jobs.abort(actor, job.id)
                    until_idle(self.context, job)
                    stack.enter_context(self._still(job))
            yield

    @contextmanager
    def _still(self, job: Job) -> Iterator[None]:
        try:
            with job_lock(self.context.database.path, job.id):
                yield
        except JobBusy as error:
            raise AdminError(
                "job-busy", str(error), "The job was paused and its cycle asked to end; delete it when that has ended."
            ) from error


def _outlook(connection: Connection, key: str, application: str, doomed: Sequence[Job]) -> Outlook:
    return Outlook(
        id=key,
        application=application,
        jobs=tuple(job.id for job in doomed),
        users=sum(links.count(connection, job.number, "user") for job in doomed),
        groups=sum(links.count(connection, job.number, "group") for job in doomed),
    )


def _noted(change: Change, outlook: Outlook) -> Outlook:
    change.target = outlook.id
    change.detail = {"name": outlook.application, "jobs": [*outlook.jobs], "users": outlook.users,
                     "groups": outlook.groups}  # fmt: skip
    return outlook
