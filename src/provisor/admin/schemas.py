"""Verbs on a job's rules: export, import, map one attribute, restore the template's.

A saved rule set is a new version; a cycle under way keeps the one it began with. Activity names:
spec/provisioning-service.md section 18.
"""

from dataclasses import dataclass

from provisor.admin.actor import JOB_READ, JOB_WRITE, Actor
from provisor.admin.context import Change, Context
from provisor.admin.jobs import Jobs
from provisor.admin.rules import named_well, with_mapping
from provisor.rules.mapping import ObjectKind
from provisor.scim.values import Json
from provisor.storage import extensions, jobs
from provisor.storage.jobs import Job

ACTIVITY = "Update attribute mappings or scope"


@dataclass(frozen=True, slots=True)
class Schemas:
    """Mappings and scoping filters, as Graph's synchronizationSchema."""

    context: Context
    jobs: Jobs

    def export(self, actor: Actor, job: str) -> Json:
        """The current rules of a job."""
        connection = self.context.read(actor, JOB_READ)
        found = self.jobs.find(connection, job)
        return jobs.rules(connection, found.number, found.ruleset_version)

    def save(self, actor: Actor, job: str, document: Json) -> int:
        """Replace the rules of a job; returns the version. Refused, with every problem named, when they cannot run."""
        with self.context.change(actor, JOB_WRITE, ACTIVITY) as change:
            return self._save(change, actor, self.jobs.find(change.connection, job), document)

    def map(self, actor: Actor, job: str, kind: ObjectKind, *, source: str, target: str) -> int:
        """Let a target attribute have its value from an attribute or expression; returns the version.

        A directory extension may be named by the short name it was registered under, such as objectGUID.
        """
        with self.context.change(actor, JOB_WRITE, ACTIVITY) as change:
            found = self.jobs.find(change.connection, job)
            full = extensions.full_name(change.connection, self.context.tenant, source)
            registered = extensions.registered(change.connection, self.context.tenant)
            document = with_mapping(
                jobs.rules(change.connection, found.number, found.ruleset_version),
                kind,
                source=full if full in registered else source,
                target=target,
            )
            return self._save(change, actor, found, document)

    def restore(self, actor: Actor, job: str) -> int:
        """Back to the template's rules; returns the version."""
        with self.context.change(actor, JOB_WRITE, ACTIVITY) as change:
            found = self.jobs.find(change.connection, job)
            return self._save(change, actor, found, self.jobs.applications.template(found.template).rules)

    def _save(self, change: Change, actor: Actor, job: Job, document: Json) -> int:
        self.jobs.usable(change.connection, job, document)
        change.target = job.id
        before = jobs.rules(change.connection, job.number, job.ruleset_version)
        named_well(document, before)
        if document == before:
            change.nothing()
            return job.ruleset_version
        version = jobs.save_rules(change.connection, job.number, document, created_by=actor.name, now=change.now)
        jobs.change(change.connection, job.number, full_evaluation=True)
        change.detail = {"version": version}
        return version
