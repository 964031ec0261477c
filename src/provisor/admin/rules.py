"""A job's rules as an administrator handles them: read, checked as a whole, and changed row by row.

Nothing here stores anything; admin.schemas does.
"""

from dataclasses import replace

from provisor.admin.errors import AdminError
from provisor.expressions import Problem as ExpressionProblem
from provisor.expressions import compile_expression
from provisor.gallery.template import Template
from provisor.rules.checks import problems
from provisor.rules.graph_json import read_schema, write_schema
from provisor.rules.mapping import AttributeMapping, Direct, FromExpression, ObjectKind, Source
from provisor.rules.ruleset import RuleSet, TargetSchema
from provisor.scim.values import Json


def problems_of(document: Json, template: Template) -> list[str]:
    """Everything that keeps these rules from being used, a sentence each."""
    ruleset = read_schema(document)
    if not isinstance(ruleset, RuleSet):
        return [str(problem) for problem in ruleset]
    schema = TargetSchema(user_type=template.user_type, group_type=template.group_type, filterable=template.filterable)
    return [str(problem) for problem in problems(ruleset, schema)]


def usable(document: Json, template: Template) -> None:
    """Raise AdminError naming every problem, when there is one."""
    found = problems_of(document, template)
    if found:
        raise AdminError(
            "rule-problems",
            f"The rules have {len(found)} problem{'s' * (len(found) > 1)}:\n" + "\n".join(found),
            "Correct them with `provisor schema export` and `provisor schema import`.",
        )


def with_mapping(document: Json, kind: ObjectKind, *, source: str, target: str) -> Json:
    """The rules with one attribute mapping added, or replaced where that target attribute has one.

    `source` is the name of an attribute, or an expression; a bare name is an attribute.
    """
    ruleset = read_schema(document)
    if not isinstance(ruleset, RuleSet):
        raise AdminError(
            "rule-problems", "\n".join(str(problem) for problem in ruleset), "Import a correct schema first."
        )
    mapping = ruleset.of(kind)
    row = AttributeMapping(target=target, source=_source(source))
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
