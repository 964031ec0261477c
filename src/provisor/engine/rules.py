"""The rules of a job, compiled for a cycle: mapper, scope and terms of each kind of object.

Pure. Made once per cycle from the rule set that the cycle pinned and the template of the application.
"""

from dataclasses import dataclass

from provisor.engine.decide import Leaving, Terms
from provisor.engine.record import Kind
from provisor.gallery.template import Template
from provisor.rules.mapper import Mapper
from provisor.rules.mapping import ObjectMapping
from provisor.rules.ruleset import RuleSet
from provisor.rules.scoping import Scope


@dataclass(frozen=True, slots=True, kw_only=True)
class ScopeSettings:
    """The job's scope setting: everybody or only who is assigned, and whether leaving scope is acted on."""

    sync_all: bool = False
    skip_out_of_scope_deletions: bool = False


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


def compile_rules(ruleset: RuleSet, template: Template, settings: ScopeSettings) -> CompiledRules:
    """Compile a rule set that `problems` found nothing against. Raises ScimError for a target that does not exist."""

    def compiled(mapping: ObjectMapping) -> KindRules:
        mapper = Mapper(mapping, template.resource_type(mapping.kind))
        terms = Terms(
            leaving=_leaving(mapper, template),
            actions=mapping.actions,
            skip_out_of_scope_deletions=settings.skip_out_of_scope_deletions,
        )
        return KindRules(mapper=mapper, scope=mapping.scope, terms=terms, enabled=mapping.enabled)

    return CompiledRules(users=compiled(ruleset.users), groups=compiled(ruleset.groups), settings=settings)


def _leaving(mapper: Mapper, template: Template) -> Leaving:
    if mapper.kind == "group" or not template.soft_delete:
        return "delete"
    return "disable" if mapper.disables else "nothing"
