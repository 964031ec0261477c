"""Verbs on the synchronization of an application as programs name it: by ids alone, its templates and jobs under it.

What is done with a job that was found is in admin.jobs, admin.schemas and their neighbours. Facts:
spec/graph-synchronization-api.md sections 2 and 3. Order: jobs, templates.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NoReturn

from provisor.admin.actor import JOB_READ, JOB_RUN, JOB_WRITE, Actor
from provisor.admin.connecting import Examination, examine_application
from provisor.admin.context import Context
from provisor.admin.errors import AdminError
from provisor.admin.jobs import CREATION, Jobs, JobShown
from provisor.admin.service_principals import ApplicationKey, ServicePrincipals
from provisor.gallery.template import Template
from provisor.scim.nearest import did_you_mean
from provisor.scim.values import Json
from provisor.storage import jobs
from provisor.storage.applications import Application


@dataclass(frozen=True, slots=True, kw_only=True)
class SynchronizationTemplate:
    """What jobs of an application are made from; `rules` are called after the application."""

    template: Template
    application: Application
    rules: Json


@dataclass(frozen=True, slots=True, kw_only=True)
class Synchronization:
    """Templates and jobs under an application."""

    context: Context
    jobs: Jobs
    principals: ServicePrincipals

    def job(self, key: ApplicationKey, job: str, actor: Actor, permission: str) -> str:
        """The id of a job of this application. Raises AdminError for one of another, as for one that is not there.

        Who may see it is asked by the verb that is called with it, which takes `permission`. Whoever has that nowhere
        is told so here too, of what is not there: nothing may tell the two apart.
        """
        connection = self.context.database.reader()
        found = jobs.by_id(connection, job)
        application = self.principals.read(connection, key)
        if found is None or application is None or found.application != application.id:
            self.context.needs(actor, permission)
            raise AdminError(
                "not-found",
                f"There is no job or application {job!r}.",
                "`provisor job list` shows the jobs.",
            )
        return found.id

    def all_jobs(self, actor: Actor, key: ApplicationKey) -> Sequence[JobShown]:
        """The jobs of an application, oldest first."""
        connection = self.context.read(actor, JOB_READ)
        found = self.principals.find(connection, key, actor, JOB_READ)
        every = jobs.all_jobs(connection, self.context.tenant, found.id)
        return [self.jobs.show_again(connection, job) for job in every]

    def create_job(self, actor: Actor, key: ApplicationKey, template: str) -> JobShown:
        """A job from the template of this id, which must be the application's; not started."""
        self.context.needs(actor, JOB_WRITE, CREATION)
        found = self.principals.find(self.context.database.reader(), key, actor, JOB_WRITE, CREATION)
        _refuse_another(found, template)
        return self.jobs.create(actor, found.id)

    def test_connection(
        self, actor: Actor, key: ApplicationKey, template: str | None, unsaved: Mapping[str, str] | None
    ) -> Examination:
        """Test the connection before there is a job, too: with what is stored, or with credentials that are not kept.

        Raises AdminError when it fails, and for a template that the application does not have.
        """
        self.context.needs(actor, JOB_RUN)
        found = self.principals.find(self.context.database.reader(), key, actor, JOB_RUN)
        if template is not None:
            _refuse_another(found, template)
        return examine_application(self.context, self.jobs, actor, found, unsaved)

    # Templates

    def templates(self, actor: Actor, key: ApplicationKey) -> Sequence[SynchronizationTemplate]:
        """What jobs of the application can be made from: the one template that it has."""
        connection = self.context.read(actor, JOB_READ)
        found = self.principals.find(connection, key, actor, JOB_READ)
        template = self.jobs.applications.template(found.template)
        rules = template.rules_for(found.display_name)
        return [SynchronizationTemplate(template=template, application=found, rules=rules)]

    def template(self, actor: Actor, key: ApplicationKey, template: str) -> SynchronizationTemplate:
        """One of them."""
        for one in self.templates(actor, key):
            if one.template.id == template:
                return one
        raise AdminError(
            "not-found",
            f"There is no synchronization template {template[:80]!r}.",
            "List the templates to see which there are.",
        )

    def save_template(self, actor: Actor, key: ApplicationKey, template: str) -> NoReturn:
        """Refuse to change a template: they come with the product, and jobs have rules of their own."""
        self.context.needs(actor, JOB_WRITE, "Update synchronization template")
        connection = self.context.database.reader()
        found = self.principals.find(connection, key, actor, JOB_WRITE, "Update synchronization template")
        if template != found.template:
            self.template(actor, key, template)
        raise AdminError(
            "template-read-only",
            f"The template {template[:80]} is part of the product and stays as it is.",
            "Change the schema of a job: PUT …/synchronization/jobs/JOB/schema.",
        )


def _refuse_another(found: Application, template: str) -> None:
    if template != found.template:
        raise AdminError(
            "unknown-template",
            f"{found.display_name} has no synchronization template {template[:80]!r}.",
            f"{did_you_mean(template, [found.template])}Its template is {found.template}.",
        )
