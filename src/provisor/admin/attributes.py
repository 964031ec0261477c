"""Verbs on the attribute list of a job's application: list, add, set, remove, discover.

The list is part of the job's rules (spec/provisioning-service.md section 6.3): each change is a version of them. What
the rules then lack is refused as when rules are saved. Order: the verbs, finding a row, changing one.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple, TypeAlias, TypedDict, Unpack, cast

from provisor.admin.actor import JOB_READ, JOB_RUN, JOB_WRITE, Actor
from provisor.admin.context import Context
from provisor.admin.cycles import driven
from provisor.admin.errors import AdminError
from provisor.admin.rules import readable
from provisor.admin.schemas import ACTIVITY, Schemas
from provisor.database import Connection
from provisor.engine.ports import ConnectorError
from provisor.rules.attributes import (
    AttributeDefinition,
    DefinedMutability,
    DefinedType,
    definition_of,
    list_part,
    with_attributes,
    written_as_one,
)
from provisor.rules.discovered import Discovered, discovered
from provisor.rules.graph_json import write_schema
from provisor.rules.mapping import ObjectKind
from provisor.rules.nearest import nearest
from provisor.rules.ruleset import RuleSet
from provisor.runner.asking.discovering import read_schemas
from provisor.scim.schemas.schema import ResourceType
from provisor.scim.values import Json, Resource
from provisor.storage import jobs
from provisor.storage.jobs import Job

SHARED = frozenset({"type", "case_exact", "mutability"})  # by all elements of one list
KINDS: tuple[ObjectKind, ...] = ("user", "group")


class ListedAttribute(NamedTuple):
    """A row of the list, and the numbers of the mappings that write it."""

    definition: AttributeDefinition
    mapped_by: Sequence[int]


class GivenAttribute(TypedDict, total=False):
    """What may be said of an attribute; what is not given stays, or is as Graph has it for a new one."""

    type: DefinedType
    anchor: bool
    case_exact: bool
    required: bool
    multi_valued: bool
    mutability: DefinedMutability
    default: str | None
    flow_null: bool
    references: tuple[str, ...]
    api_expressions: tuple[tuple[str, str], ...]


class Discovery(NamedTuple):
    """What the application said, by kind of object; `version` of the rules when it was saved."""

    kinds: Sequence[Discovered]
    version: int | None


_Edit: TypeAlias = Callable[[Job, RuleSet, Sequence[AttributeDefinition]], Sequence[AttributeDefinition]]


@dataclass(frozen=True, slots=True)
class AttributeLists:
    """What the applications of jobs can hold."""

    context: Context
    schemas: Schemas

    def all(self, actor: Actor, job: str, kind: ObjectKind, *, document: Json = None) -> Sequence[ListedAttribute]:
        """The attributes of one kind of object, in their order; `document`: of rules that are not saved."""
        connection = self.context.read(actor, JOB_READ)
        found = self.schemas.jobs.find(connection, job, actor, JOB_READ)
        ruleset = self._rules(connection, found) if document is None else readable(document)
        listed = self._type(found, ruleset, kind)
        rows = [written_as_one(row.target, listed) for row in ruleset.of(kind).mappings]
        return [
            ListedAttribute(one, [number for number, name in enumerate(rows, 1) if name == wanted])
            for one in self._list(found, ruleset, kind)
            for wanted in [written_as_one(one.name, listed)]
        ]

    def add(self, actor: Actor, job: str, kind: ObjectKind, name: str, **given: Unpack[GivenAttribute]) -> int:
        """One more attribute, which can then be mapped; returns the version of the rules."""
        return self._change(actor, job, kind, self._adding(kind, name, given))

    def set(self, actor: Actor, job: str, kind: ObjectKind, name: str, **given: Unpack[GivenAttribute]) -> int:
        """Say something else of an attribute; returns the version of the rules."""
        return self._change(actor, job, kind, self._setting(kind, name, given))

    def remove(self, actor: Actor, job: str, kind: ObjectKind, name: str) -> int:
        """Take an attribute off the list, unless a mapping writes it; returns the version of the rules."""
        return self._change(actor, job, kind, self._removing(kind, name))

    def added(
        self, actor: Actor, job: str, document: Json, kind: ObjectKind, name: str, **given: Unpack[GivenAttribute]
    ) -> Json:
        """These rules, which need not be saved, with one more attribute; nothing is saved."""
        return self._changed(actor, job, document, kind, self._adding(kind, name, given))

    def said(
        self, actor: Actor, job: str, document: Json, kind: ObjectKind, name: str, **given: Unpack[GivenAttribute]
    ) -> Json:
        """These rules with something else said of an attribute; nothing is saved."""
        return self._changed(actor, job, document, kind, self._setting(kind, name, given))

    def without(self, actor: Actor, job: str, document: Json, kind: ObjectKind, name: str) -> Json:
        """These rules without an attribute, unless a mapping writes it; nothing is saved."""
        return self._changed(actor, job, document, kind, self._removing(kind, name))

    def _adding(self, kind: ObjectKind, name: str, given: GivenAttribute) -> _Edit:
        def added(found: Job, ruleset: RuleSet, held: Sequence[AttributeDefinition]) -> Sequence[AttributeDefinition]:
            there = definition_of(name, held, self._type(found, ruleset, kind))
            if there is not None:
                hint = f"Change it with `provisor schema attributes set JOB {there.name}`."
                raise AdminError("attribute-listed", f"The attribute {there.name} is listed already.", hint)
            return (*held, AttributeDefinition(name=name, **given))

        return added

    def _setting(self, kind: ObjectKind, name: str, given: GivenAttribute) -> _Edit:
        if not given:
            raise AdminError("invalid-value", "Nothing is to be changed.", "Name what is to be otherwise.")

        def changed(found: Job, ruleset: RuleSet, held: Sequence[AttributeDefinition]) -> Sequence[AttributeDefinition]:
            listed = self._type(found, ruleset, kind)
            there = self._listed(name, held, listed)
            part = list_part(there.name, listed)
            shared = cast(GivenAttribute, {key: value for key, value in given.items() if key in SHARED})
            beside = [one for one in held if part is not None and list_part(one.name, listed) == part]
            return [
                replace(one, **given) if one is there else replace(one, **shared) if one in beside else one
                for one in held
            ]

        return changed

    def _removing(self, kind: ObjectKind, name: str) -> _Edit:
        def without(found: Job, ruleset: RuleSet, held: Sequence[AttributeDefinition]) -> Sequence[AttributeDefinition]:
            listed = self._type(found, ruleset, kind)
            there = self._listed(name, held, listed)
            wanted = written_as_one(there.name, listed)
            rows = ruleset.of(kind).mappings
            using = [str(number) for number, row in enumerate(rows, 1) if written_as_one(row.target, listed) == wanted]
            if using:
                raise AdminError(
                    "attribute-in-use",
                    f"The attribute {there.name} is written by row {' and '.join(using)} of the mapping of {kind}s.",
                    "Remove the mapping first, with `provisor schema export` and `provisor schema import`.",
                )
            return [one for one in held if one is not there]

        return without

    def discover(self, actor: Actor, job: str, *, save: bool) -> Discovery:
        """Ask the application for its schemas, and add what they have to the lists; nothing is removed or changed.

        `save` False: only tell what would be added.
        """
        connection = self.context.read(actor, JOB_RUN)
        found = self.schemas.jobs.find(connection, job, actor, JOB_RUN)
        self.schemas.jobs.ready(connection, found)
        documents = self._ask(found)
        if not save:
            return Discovery(self._added(found, self._listed_rules(connection, found), documents), None)
        with self.context.change(actor, JOB_WRITE, ACTIVITY) as change:
            found = self.schemas.jobs.find(change.connection, job, actor, JOB_WRITE)
            ruleset = self._listed_rules(change.connection, found)
            kinds = self._added(found, ruleset, documents)
            if not any(one.added for one in kinds):
                change.target = found.id
                change.nothing()
                return Discovery(kinds, None)
            for one in kinds:
                ruleset = ruleset.listing(one.kind, (*ruleset.attributes_of(one.kind), *one.added))
            return Discovery(kinds, self.schemas.saved(change, actor, found, write_schema(ruleset)))

    def asked(self, actor: Actor, job: str, document: Json) -> tuple[Discovery, Json]:
        """Ask as `discover` does; what these rules lack is added to their lists, and nothing is saved."""
        connection = self.context.read(actor, JOB_RUN)
        found = self.schemas.jobs.find(connection, job, actor, JOB_RUN)
        self.schemas.jobs.ready(connection, found)
        ruleset = self._with_lists(found, readable(document))
        kinds = self._added(found, ruleset, self._ask(found))
        for one in kinds:
            ruleset = ruleset.listing(one.kind, (*ruleset.attributes_of(one.kind), *one.added))
        return Discovery(kinds, None), write_schema(ruleset)

    def _listed_rules(self, connection: Connection, job: Job) -> RuleSet:
        """The rules of a job, with the lists of the template where they have none."""
        return self._with_lists(job, self._rules(connection, job))

    def _with_lists(self, job: Job, ruleset: RuleSet) -> RuleSet:
        for kind in KINDS:
            ruleset = ruleset.listing(kind, self._list(job, ruleset, kind))
        return ruleset

    def _added(self, job: Job, ruleset: RuleSet, documents: Sequence[Resource]) -> Sequence[Discovered]:
        template = self.schemas.jobs.applications.template(job.template)
        return [discovered(documents, ruleset, kind, template.resource_type(kind)) for kind in KINDS]

    def _ask(self, job: Job) -> Sequence[Resource]:
        target = self.context.connect(job)

        async def ask() -> Sequence[Resource] | None:
            try:
                return await read_schemas(target)
            finally:
                await target.close()

        try:
            documents = driven(ask())
        except ConnectorError as error:
            hint = "Nothing depends on it: add the attributes with `provisor schema attributes add`."
            raise AdminError(
                "discovery-failed", f"The application does not say which attributes it has. {error}", hint
            ) from error
        if not documents:
            raise AdminError(
                "discovery-failed",
                "The application does not say which attributes it has: it serves no schemas.",
                "Nothing depends on it: add the attributes with `provisor schema attributes add`.",
            )
        return documents

    def _change(self, actor: Actor, job: str, kind: ObjectKind, edit: _Edit) -> int:
        with self.context.change(actor, JOB_WRITE, ACTIVITY) as change:
            found = self.schemas.jobs.find(change.connection, job, actor, JOB_WRITE)
            ruleset = self._rules(change.connection, found)
            return self.schemas.saved(change, actor, found, self._edited(found, ruleset, kind, edit))

    def _changed(self, actor: Actor, job: str, document: Json, kind: ObjectKind, edit: _Edit) -> Json:
        connection = self.context.read(actor, JOB_WRITE)
        found = self.schemas.jobs.find(connection, job, actor, JOB_WRITE)
        return self._edited(found, readable(document), kind, edit)

    def _edited(self, job: Job, ruleset: RuleSet, kind: ObjectKind, edit: _Edit) -> Json:
        held = self._list(job, ruleset, kind)
        return write_schema(ruleset.listing(kind, edit(job, ruleset, held)))

    def _rules(self, connection: Connection, job: Job) -> RuleSet:
        return readable(jobs.rules(connection, job.number, job.ruleset_version))

    def _list(self, job: Job, ruleset: RuleSet, kind: ObjectKind) -> Sequence[AttributeDefinition]:
        """The list of the rules; that of the template where they have none."""
        listed = ruleset.attributes_of(kind)
        return listed or readable(self.schemas.jobs.applications.template(job.template).rules).attributes_of(kind)

    def _type(self, job: Job, ruleset: RuleSet, kind: ObjectKind) -> ResourceType:
        template = self.schemas.jobs.applications.template(job.template)
        return with_attributes(template.resource_type(kind), ruleset.attributes_of(kind))

    def _listed(self, name: str, held: Sequence[AttributeDefinition], listed: ResourceType) -> AttributeDefinition:
        there = definition_of(name, held, listed)
        if there is None:
            found = nearest(name, (one.name for one in held))
            raise AdminError("not-found", f"The attribute {name} is not listed.", f"The nearest one is {found}.")
        return there
