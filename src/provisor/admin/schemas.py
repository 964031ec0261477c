"""Verbs on a job's rules: export, import, map one attribute, restore the template's; drafts of them, and trying them.

Saving a rule set makes a new version; a running cycle keeps the one it started with. Activity names:
spec/provisioning-service.md section 18. Order: what is saved, drafts, trying what is not saved.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from time import monotonic
from typing import NamedTuple

from provisor.admin.actor import DIRECTORY_READ, JOB_READ, JOB_WRITE, Actor
from provisor.admin.context import Change, Context
from provisor.admin.drafts import Draft, Drafts
from provisor.admin.errors import AdminError
from provisor.admin.jobs import Jobs
from provisor.admin.rule_trials import TriedPerson, subject_of
from provisor.admin.rules import named_well, readable, refused, source_schema, usable, with_mapping
from provisor.admin.scope_counting import ScopeCount, ScopeCounts
from provisor.database import Connection
from provisor.engine.behaviour import PROVISOR, behaviour_named
from provisor.gallery.template import Template
from provisor.rules.affected import changes
from provisor.rules.graph_json import read_schema, write_schema
from provisor.rules.graph_replacing import bounds_problem, replacing, rule_problems
from provisor.rules.mapping import ObjectKind
from provisor.rules.ruleset import RuleSet
from provisor.rules.scoping import Scope
from provisor.rules.sources import SourceSchema
from provisor.runner.planning.narrowing import news_of_rules
from provisor.scim.values import Json
from provisor.storage import applications, extensions, jobs, quarantine
from provisor.storage.jobs import Job

ACTIVITY = "Update attribute mappings or scope"
COUNTING_SECONDS = 0.05  # of one page


class Surroundings(NamedTuple):
    """What rules of a job are made of: the application they are for, what they may read, and what it starts with."""

    template: Template
    source: SourceSchema
    defaults: Json


@dataclass(frozen=True, slots=True)
class Schemas:
    """Mappings and scoping filters, as Graph's synchronizationSchema."""

    context: Context
    jobs: Jobs
    _drafts: Drafts = field(default_factory=Drafts)
    _counts: ScopeCounts = field(default_factory=ScopeCounts)

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

    def save(self, actor: Actor, job: str, document: Json, *, version: int | None = None) -> int:
        """Replace the rules of a job; returns the version. Rules that cannot run are refused, naming every problem.
        `version` as in `replace`.
        """
        with self.context.change(actor, JOB_WRITE, ACTIVITY) as change:
            found = self.jobs.find(change.connection, job, actor, JOB_WRITE)
            _refuse_another(found, version)
            return self.saved(change, actor, found, document)

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
        return _looks_again({name for names in news.affected.values() for name in names})

    def restore(self, actor: Actor, job: str, *, version: int | None = None) -> int:
        """Back to the template's rules; returns the version. `version` as in `replace`."""
        with self.context.change(actor, JOB_WRITE, ACTIVITY) as change:
            found = self.jobs.find(change.connection, job, actor, JOB_WRITE)
            _refuse_another(found, version)
            return self.saved(change, actor, found, self._defaults(change.connection, found))

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

    def _defaults(self, connection: Connection, job: Job) -> Json:
        template = self.jobs.applications.template(job.template)
        application = applications.read(connection, job.application)
        return template.rules_for(template.display_name if application is None else application.display_name)

    # Drafts

    def draft(self, actor: Actor, job: str, *, permission: str = JOB_READ) -> Draft:
        """The rules as this account is changing them; where it is not, as they are saved. `permission`: to do more than
        look at them.
        """
        connection = self.context.read(actor, permission)
        return self._draft(connection, actor, self.jobs.find(connection, job, actor, permission))

    def change_draft(self, actor: Actor, job: str, document: Json, *, edition: str) -> Draft:
        """Other rules in the draft; the first change begins one. Nothing is saved, and they need only be readable.

        `edition`: of what was changed; raises AdminError where the draft, or what is saved, is another by now.
        """
        connection = self.context.read(actor, JOB_WRITE)
        found = self.jobs.find(connection, job, actor, JOB_WRITE)
        if (beyond := bounds_problem(document)) is not None:
            raise refused([beyond], {})
        ruleset = read_schema(document)
        if not isinstance(ruleset, RuleSet):
            raise refused(ruleset, document)
        draft = self._draft(connection, actor, found)
        return self._drafts.change(actor.id, found.id, document, edition, draft, self.context.now())

    def discard_draft(self, actor: Actor, job: str) -> None:
        """Forget what was changed and not saved."""
        connection = self.context.read(actor, JOB_WRITE)
        self._drafts.discard(actor.id, self.jobs.find(connection, job, actor, JOB_WRITE).id)

    def save_draft(self, actor: Actor, job: str, *, edition: str) -> int:
        """Save the draft as it was looked at; returns the version. Raises AdminError as `save` does."""
        connection = self.context.read(actor, JOB_WRITE)
        draft = self._draft(connection, actor, self.jobs.find(connection, job, actor, JOB_WRITE))
        if edition != draft.edition:
            raise AdminError(
                "changed-meanwhile",
                "The draft is another by now than the one that you looked at; nothing was saved.",
                "Look at it again, and save it then.",
            )
        version = self.save(actor, job, draft.document, version=draft.began_from)
        self.discard_draft(actor, job)
        return version

    def _draft(self, connection: Connection, actor: Actor, job: Job) -> Draft:
        saved = jobs.rules(connection, job.number, job.ruleset_version)
        return self._drafts.of(actor.id, job.id, saved, job.ruleset_version, self.context.now())

    # Trying what is not saved

    def surroundings(self, actor: Actor, job: str) -> Surroundings:
        """What rules of this job can be made of."""
        connection = self.context.read(actor, JOB_READ)
        found = self.jobs.find(connection, job, actor, JOB_READ)
        source = source_schema(extensions.registered(connection, self.context.tenant).values())
        return Surroundings(self.jobs.applications.template(found.template), source, self._defaults(connection, found))

    def problems(self, actor: Actor, job: str, document: Json) -> Sequence[tuple[str, str]]:
        """Everything for which these rules would be refused: a JSON pointer to the place, and a sentence."""
        connection = self.context.read(actor, JOB_READ)
        found = self.jobs.find(connection, job, actor, JOB_READ)
        try:
            self.jobs.usable(connection, found, document)
            named_well(document, jobs.rules(connection, found.number, found.ruleset_version))
        except AdminError as error:
            return error.places or (("", f"{error.message} {error.hint}".strip()),)
        return ()

    def would_concern(self, actor: Actor, job: str, document: Json) -> str:
        """Whom the next cycle would look at if these rules were saved, as a sentence; empty: it is as it was."""
        connection = self.context.read(actor, JOB_READ)
        found = self.jobs.find(connection, job, actor, JOB_READ)
        saved = readable(jobs.rules(connection, found.number, found.ruleset_version))
        if found.watermark is None:
            return "The initial cycle looks at everybody."
        behaviour = behaviour_named(found.behaviour) or PROVISOR
        template = self.jobs.applications.template(found.template)
        known = changes((saved, readable(document)), template.schema)
        if behaviour.rule_change == "initial-cycle" or known is None or found.full_evaluation:
            return "The next cycle looks at everybody again."
        return _looks_again({name for names in known.reads.values() for name in names})

    def subject(self, actor: Actor, job: str, kind: ObjectKind, key: str, document: Json) -> TriedPerson:
        """A live user or group, by id, as these rules see it."""
        self.context.needs(actor, DIRECTORY_READ)
        connection = self.context.read(actor, JOB_READ)
        found = self.jobs.find(connection, job, actor, JOB_READ)
        return subject_of(connection, found, kind, key, readable(document))

    def count_scope(
        self, actor: Actor, job: str, kind: ObjectKind, scope: Scope, *, seconds: float = COUNTING_SECONDS
    ) -> ScopeCount:
        """How many pass these filters, and who comes and goes against those in force, as far as that is found in so
        many seconds; asked again, it goes on.
        """
        self.context.needs(actor, DIRECTORY_READ)
        connection = self.context.read(actor, JOB_READ)
        found = self.jobs.find(connection, job, actor, JOB_READ)
        in_force = readable(jobs.rules(connection, found.number, found.ruleset_version)).of(kind).scope
        scopes = (scope, in_force)
        return self._counts.count(connection, self.context.tenant, kind, scopes, ticking=monotonic, seconds=seconds)


def _looks_again(names: set[str]) -> str:
    if not names:
        return "The next cycle looks at nobody for it."
    return f"The next cycle looks again at everybody who has a value in {' or '.join(sorted(names))}."


def _refuse_another(job: Job, version: int | None) -> None:
    if version not in (None, job.ruleset_version):
        raise AdminError(
            "changed-meanwhile",
            f"The rules of {job.id} are version {job.ruleset_version} by now, and no longer {version}.",
            "Read them again, and decide anew.",
        )
