"""Verbs on a job's rules: export, import, map one attribute, restore the template's.

Saving a rule set makes a new version; a running cycle keeps the one it started with. Activity names:
spec/provisioning-service.md section 18.
"""

from dataclasses import dataclass

from provisor.admin.actor import JOB_READ, JOB_WRITE, Actor
from provisor.admin.context import Change, Context
from provisor.admin.errors import AdminError
from provisor.admin.jobs import Jobs
from provisor.admin.rules import named_well, refused, source_schema, usable, with_mapping
from provisor.engine.behaviour import PROVISOR, behaviour_named
from provisor.rules.graph_json import read_schema, write_schema
from provisor.rules.graph_replacing import bounds_problem, replacing, rule_problems
from provisor.rules.mapping import ObjectKind
from provisor.rules.ruleset import RuleSet
from provisor.runner.planning.narrowing import news_of_rules
from provisor.scim.values import Json
from provisor.storage import applications, extensions, jobs, quarantine
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
        found = self.jobs.find(connection, job, actor, JOB_READ)
        return jobs.rules(connection, found.number, found.ruleset_version)

    def current(self, actor: Actor, job: str) -> tuple[Json, int]:
        """The current rules of a job, and which version they are."""
        connection = self.context.read(actor, JOB_READ)
        found = self.jobs.find(connection, job, actor, JOB_READ)
        return jobs.rules(connection, found.number, found.ruleset_version), found.ruleset_version

    def replace(self, actor: Actor, job: str, document: Json, *, version: int | None = None) -> int:
        """Replace the rules by what a program has read, changed and sent back; returns the version.

        What it cannot write is taken from the rules as they are (rules.graph_replacing). `version`: the one that is to
        be replaced; raises AdminError where it is another by now, and for rules that the job does not have.
        """
        with self.context.change(actor, JOB_WRITE, ACTIVITY) as change:
            found = self.jobs.find(change.connection, job, actor, JOB_WRITE)
            _refuse_another(found, version)
            if (beyond := bounds_problem(document)) is not None:
                raise refused([beyond], {})
            before = jobs.rules(change.connection, found.number, found.ruleset_version)
            complete = replacing(document, before)
            if problems := rule_problems(complete, before):
                raise refused(problems, complete)
            ruleset = read_schema(complete)
            whole = write_schema(ruleset) if isinstance(ruleset, RuleSet) else complete
            return self.saved(change, actor, found, whole)

    def save(self, actor: Actor, job: str, document: Json) -> int:
        """Replace the rules of a job; returns the version. Rules that cannot run are refused, naming every problem."""
        with self.context.change(actor, JOB_WRITE, ACTIVITY) as change:
            return self.saved(change, actor, self.jobs.find(change.connection, job, actor, JOB_WRITE), document)

    def examine(self, actor: Actor, template: str, document: Json) -> None:
        """Raise AdminError naming everything that keeps a new job of this template from using these rules."""
        connection = self.context.read(actor, JOB_WRITE)
        source = source_schema(extensions.registered(connection, self.context.tenant).values())
        usable(document, self.jobs.applications.template(template), source, scope="assigned")

    def map(self, actor: Actor, job: str, kind: ObjectKind, *, source: str, target: str) -> int:
        """Map an attribute or expression to a target attribute; returns the version.

        A directory extension may be given by the short name it was registered under, such as objectGUID.
        """
        with self.context.change(actor, JOB_WRITE, ACTIVITY) as change:
            found = self.jobs.find(change.connection, job, actor, JOB_WRITE)
            full = extensions.full_name(change.connection, self.context.tenant, source)
            registered = extensions.registered(change.connection, self.context.tenant)
            document = with_mapping(
                jobs.rules(change.connection, found.number, found.ruleset_version),
                kind,
                source=full if full in registered else source,
                target=target,
            )
            return self.saved(change, actor, found, document)

    def concerned(self, actor: Actor, job: str) -> str:
        """Whom the next cycle looks at because of rules that are not in force yet, as a sentence; empty: nobody."""
        connection = self.context.read(actor, JOB_READ)
        found = self.jobs.find(connection, job, actor, JOB_READ)
        if found.watermark is None:
            return ""
        behaviour = behaviour_named(found.behaviour) or PROVISOR
        news = news_of_rules(connection, found, self.jobs.applications.template(found.template), behaviour)
        if news.everybody or found.full_evaluation:
            return "The next cycle looks at everybody again."
        if not found.rules_changed or news.affected is None:
            return ""
        read = sorted({name for names in news.affected.values() for name in names})
        if not read:
            return "The next cycle looks at nobody for it."
        return f"The next cycle looks again at everybody who has a value in {' or '.join(read)}."

    def restore(self, actor: Actor, job: str, *, version: int | None = None) -> int:
        """Back to the template's rules; returns the version. `version` as in `replace`."""
        with self.context.change(actor, JOB_WRITE, ACTIVITY) as change:
            found = self.jobs.find(change.connection, job, actor, JOB_WRITE)
            _refuse_another(found, version)
            template = self.jobs.applications.template(found.template)
            application = applications.read(change.connection, found.application)
            name = template.display_name if application is None else application.display_name
            return self.saved(change, actor, found, template.rules_for(name))

    def saved(self, change: Change, actor: Actor, job: Job, document: Json) -> int:
        """Keep these rules in a change that is under way; returns the version, the same where nothing differs."""
        self.jobs.usable(change.connection, job, document)
        change.target = job.id
        before = jobs.rules(change.connection, job.number, job.ruleset_version)
        named_well(document, before)
        if document == before:
            change.nothing()
            return job.ruleset_version
        version = jobs.save_rules(change.connection, job.number, document, created_by=actor.name, now=change.now)
        jobs.change(change.connection, job.number, rules_changed=True)
        quarantine.lift(change.connection, job, now=change.now, by=actor.author)
        change.detail = {"version": {"old": job.ruleset_version, "new": version}}
        return version


def _refuse_another(job: Job, version: int | None) -> None:
    if version not in (None, job.ruleset_version):
        raise AdminError(
            "changed-meanwhile",
            f"The rules of {job.id} are version {job.ruleset_version} by now, and no longer {version}.",
            "Read them again, and decide anew.",
        )
