"""The rules of a job, compiled for a cycle: mapper, scope and terms of each kind of object.

Pure. Made once per cycle from the rule set that the cycle pinned and the template of the application.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from provisor.engine.behaviour import NestedGroups
from provisor.engine.decide import Leaving, Terms
from provisor.engine.leavers import DEFAULT, Leavers
from provisor.engine.record import Kind
from provisor.gallery.template import Template
from provisor.rules.attributes import with_attributes
from provisor.rules.mapper import Mapper
from provisor.rules.mapping import ObjectMapping
from provisor.rules.ruleset import RuleSet
from provisor.rules.scoping import Scope
from provisor.scim.schemas.schema import ResourceType


@dataclass(frozen=True, slots=True, kw_only=True)
class ScopeSettings:
    """The job's scope setting: everybody or only those assigned, how leaving scope is acted on, if it is, and who is in
    a group."""

    sync_all: bool = False
    skip_out_of_scope_deletions: bool = False
    leavers: Leavers = DEFAULT
    nested_groups: NestedGroups = "direct"

    @property
    def keeps_leavers(self) -> bool:
        """Whether the accounts of those who leave the scope stay as they are, and are tracked."""
        return self.skip_out_of_scope_deletions or self.leavers.policy == "nothing"


@dataclass(frozen=True, slots=True, kw_only=True)
class KindRules:
    """What is done with one kind of object."""

    mapper: Mapper
    scope: Scope
    terms: Terms
    enabled: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class CompiledRules:
    """Everything `judge` needs to know of a job."""

    users: KindRules
    groups: KindRules
    settings: ScopeSettings

    def of(self, kind: Kind) -> KindRules:
        """The rules for one kind of object."""
        return self.users if kind == "user" else self.groups

    @property
    def types(self) -> Mapping[Kind, ResourceType]:
        """What objects of each kind are at the application."""
        return {"user": self.users.mapper.resource_type, "group": self.groups.mapper.resource_type}


def compile_rules(ruleset: RuleSet, template: Template, settings: ScopeSettings) -> CompiledRules:
    """Compile a rule set in which `problems` found nothing. Raises ScimError for a target that does not exist."""

    def compiled(mapping: ObjectMapping) -> KindRules:
        listed = ruleset.attributes_of(mapping.kind)
        mapper = Mapper(mapping, with_attributes(template.resource_type(mapping.kind), listed), listed)
        terms = Terms(
            leaving=_leaving(mapper, template),
            leavers=settings.leavers.policy if mapping.kind == "user" else DEFAULT.policy,
            actions=mapping.actions,
            skip_out_of_scope_deletions=settings.skip_out_of_scope_deletions,
        )
        return KindRules(mapper=mapper, scope=mapping.scope, terms=terms, enabled=mapping.enabled)

    return CompiledRules(users=compiled(ruleset.users), groups=compiled(ruleset.groups), settings=settings)


def _leaving(mapper: Mapper, template: Template) -> Leaving:
    if mapper.kind == "group" or not template.soft_delete:
        return "delete"
    return "disable" if mapper.disables else "nothing"
