"""A job's rules as an administrator handles them: read, checked as a whole, and changed row by row.

Nothing here stores anything; admin.schemas does.
"""

from collections.abc import Collection, Mapping
from dataclasses import replace
from typing import Final

from provisor.admin.errors import AdminError
from provisor.directory.attributes import KNOWN, nearest
from provisor.directory.names import names_in_mappings
from provisor.expressions import Problem as ExpressionProblem
from provisor.expressions import compile_expression
from provisor.gallery.template import Template
from provisor.rules.checks import problems
from provisor.rules.flow import reads_of
from provisor.rules.graph_json import read_schema, write_schema
from provisor.rules.mapping import SOFT_DELETED, AttributeMapping, Direct, FromExpression, ObjectKind, Source
from provisor.rules.ruleset import RuleSet, TargetSchema
from provisor.scim.values import Json

# What provisioning sees of a user or group beside its properties: ids, references, and Entra's older names.
_COMPUTED: Final[Mapping[ObjectKind, frozenset[str]]] = {
    "user": frozenset(
        {SOFT_DELETED, "id", "objectId", "manager", "appRoleAssignments", "originalUserPrincipalName"}
        | set(names_in_mappings("user").values())
    ),
    "group": frozenset({SOFT_DELETED, "id", "objectId", "members"}),
}


def problems_of(document: Json, template: Template, *, scope: Json) -> list[str]:
    """Everything that keeps these rules from being used by a job of this scope, a sentence each."""
    ruleset = read_schema(document)
    if not isinstance(ruleset, RuleSet):
        return [str(problem) for problem in ruleset]
    schema = TargetSchema(user_type=template.user_type, group_type=template.group_type, filterable=template.filterable)
    return [str(problem) for problem in problems(ruleset, schema, sync_all=scope == "all")]


def usable(document: Json, template: Template, *, scope: Json) -> None:
    """Raise AdminError naming every problem, when there is one."""
    found = problems_of(document, template, scope=scope)
    if found:
        raise AdminError(
            "rule-problems",
            f"The rules have {len(found)} problem{'s' * (len(found) > 1)}:\n" + "\n".join(found),
            "Correct them with `provisor schema export` and `provisor schema import`.",
        )


def with_mapping(
    document: Json, kind: ObjectKind, *, source: str, target: str, extensions: Collection[str] = ()
) -> Json:
    """The rules with one attribute mapping added, or replaced where that target attribute has one.

    `source` is the name of an attribute, or an expression; a bare name is an attribute. An attribute that neither the
    directory nor its extensions have would silently be empty for everybody, so it is refused.
    """
    ruleset = read_schema(document)
    if not isinstance(ruleset, RuleSet):
        raise AdminError(
            "rule-problems", "\n".join(str(problem) for problem in ruleset), "Import a correct schema first."
        )
    mapping = ruleset.of(kind)
    row = AttributeMapping(target=target, source=_source(source))
    for name in sorted(reads_of(row) - KNOWN[kind].keys() - _COMPUTED[kind] - set(extensions)):
        raise AdminError(
            "unknown-attribute",
            f"A {kind} has no attribute {name}.",
            f"The nearest one is {nearest(kind, name)}. A column of an imported file is an extension with a full name "
            f"such as {next(iter(sorted(extensions)), 'extension_…_objectGUID')}.",
        )
    old = next((each for each in mapping.mappings if each.target == target), None)
    if old is None:
        rows = (*mapping.mappings, row)
    else:
        rows = tuple(replace(each, source=row.source) if each is old else each for each in mapping.mappings)
    changed = replace(mapping, mappings=rows)
    return write_schema(replace(ruleset, users=changed) if kind == "user" else replace(ruleset, groups=changed))


def _source(text: str) -> Source:
    if text.isidentifier():
        return Direct(text)
    compiled = compile_expression(text)
    if isinstance(compiled, ExpressionProblem):
        raise AdminError(
            "invalid-expression", f"{text} cannot be used. {compiled}", "`provisor expression eval` tries one."
        )
    return FromExpression(compiled)
