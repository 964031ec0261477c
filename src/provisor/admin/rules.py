"""A job's rules as an administrator handles them: read, checked as a whole, and changed row by row.

Nothing here stores anything; admin.schemas does.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Final

from provisor.admin.errors import AdminError, acceptable_name
from provisor.directory.attributes import KNOWN
from provisor.directory.extensions import ExtensionProperty
from provisor.directory.names import names_in_mappings
from provisor.expressions import ConstantNode, ExpressionProblem, compile_expression
from provisor.expressions.nodes import AttributeNode
from provisor.gallery.template import Template
from provisor.rules.checks import problems
from provisor.rules.graph_json import read_schema, write_schema
from provisor.rules.graph_replacing import bounds_problem, json_place
from provisor.rules.mapping import (
    SOFT_DELETED,
    AttributeMapping,
    Direct,
    FixedText,
    FromExpression,
    ObjectKind,
    ValueSource,
)
from provisor.rules.roles import SOURCE as ROLES
from provisor.rules.ruleset import Problem, RuleSet
from provisor.rules.sources import SourceSchema, SourceType
from provisor.scim.values import Json, fold

# What provisioning sees of a user or group besides its properties: ids, references, and Entra's older names.
_COMPUTED: Final[Mapping[ObjectKind, Mapping[str, SourceType]]] = {
    "user": {
        SOFT_DELETED: "boolean",
        ROLES: "roles",
        "manager": "reference",
        **dict.fromkeys(("id", "objectId", "originalUserPrincipalName"), "text"),
        **dict.fromkeys(names_in_mappings("user").values(), "text"),
    },
    "group": {SOFT_DELETED: "boolean", "members": "reference", "id": "text", "objectId": "text"},
}


def read_document(content: bytes, named: str) -> Json:
    """The rules in a file. Raises AdminError for what is no JSON, or says one thing twice; `named`: what to call it."""
    try:
        document: Json = json.loads(content.decode("utf-8-sig"), object_pairs_hook=_without_repetition)
    except ValueError as error:
        raise AdminError("file-unreadable", f"{named} is not JSON: {error}.", "Compare it with an export.") from error
    except RecursionError as error:
        raise AdminError("file-unreadable", f"{named} is nested too deeply.", "Compare it with an export.") from error
    return document


def _without_repetition(pairs: list[tuple[str, Json]]) -> dict[str, Json]:
    """An object of the file. A repeated key is refused: JSON would silently keep the last value."""
    found: dict[str, Json] = {}
    for key, value in pairs:
        if key in found:
            raise ValueError(f'the key "{key}" occurs twice in one object')
        found[key] = value
    return found


def source_schema(extensions: Iterable[ExtensionProperty] = ()) -> SourceSchema:
    """What rules may read: the properties of the directory, what is computed, and the registered extensions."""
    known: dict[str, dict[str, SourceType]] = {"User": {}, "Group": {}}
    for extension in extensions:
        for target in extension.targets:
            known[target][extension.name] = _source_type(extension)
    return SourceSchema(
        users={**KNOWN["user"], **_COMPUTED["user"], **known["User"]},
        groups={**KNOWN["group"], **_COMPUTED["group"], **known["Group"]},
    )


def _source_type(extension: ExtensionProperty) -> SourceType:
    if extension.multi_valued:
        return "list"
    return "boolean" if extension.data_type == "Boolean" else "text"


def usable(document: Json, template: Template, source: SourceSchema, *, scope: Json) -> None:
    """Raise AdminError naming everything that keeps a job of this scope from using these rules.

    Checked whenever rules are saved, and before a job runs.
    """
    if (beyond := bounds_problem(document)) is not None:
        raise refused([beyond], {})
    ruleset = read_schema(document)
    if isinstance(ruleset, RuleSet):
        found = list(problems(ruleset, template.schema, source, sync_all=scope == "all"))
    else:
        found = [*ruleset]
    if found:
        raise refused(found, document)


def refused(found: Sequence[Problem], document: Json) -> AdminError:
    """The refusal that names every problem, and where in the document it is."""
    return AdminError(
        "rule-problems",
        f"The rules have {len(found)} problem{'s' * (len(found) > 1)}:\n" + "\n".join(map(str, found)),
        "Correct them with `provisor schema export` and `provisor schema import`.",
        places=tuple((json_place(one.where, document), f"{one.message} {one.hint}") for one in found),
    )


def readable(document: Json) -> RuleSet:
    """The rules in a document. Raises AdminError naming everything that keeps them from being read."""
    ruleset = read_schema(document)
    if not isinstance(ruleset, RuleSet):
        raise AdminError("rule-problems", "\n".join(str(one) for one in ruleset), "Import a correct schema first.")
    return ruleset


def named_well(document: Json, before: Json) -> None:
    """Raise AdminError for a mapping or filter whose name cannot be one; names already stored may stay.

    Checked when rules are saved: a job whose rules are older than this check still runs.
    """
    known = set(_names(before))
    for name, what in _names(document):
        if (name, what) not in known:
            acceptable_name(name, what)


def _names(document: Json) -> Iterable[tuple[str, str]]:
    ruleset = read_schema(document)
    if not isinstance(ruleset, RuleSet):
        return
    for mapping in (ruleset.users, ruleset.groups):
        yield mapping.name, f"the name of the mapping of {mapping.kind}s"
        for group in (*mapping.scope.groups, *mapping.scope.input_groups):
            yield group.title, f"the name of a scoping filter of {mapping.kind}s"


def with_mapping(document: Json, kind: ObjectKind, *, source: str, target: str) -> Json:
    """The rules with one attribute mapping added, or replaced if that target attribute has one.

    `source` is the name of an attribute, or an expression; a bare name is an attribute. Does not check whether the
    rules are then usable.
    """
    ruleset = readable(document)
    mapping = ruleset.of(kind)
    row = AttributeMapping(target=target, source=_source(source))
    old = next((each for each in mapping.mappings if fold(each.target) == fold(target)), None)
    if old is None:
        rows = (*mapping.mappings, row)
    else:
        rows = tuple(replace(each, source=row.source) if each is old else each for each in mapping.mappings)
    changed = replace(mapping, mappings=rows)
    return write_schema(replace(ruleset, users=changed) if kind == "user" else replace(ruleset, groups=changed))


def _source(text: str) -> ValueSource:
    if text.isidentifier():
        return Direct(text)
    compiled = compile_expression(text)
    if isinstance(compiled, ExpressionProblem):
        raise AdminError(
            "invalid-expression", f"{text} cannot be used. {compiled}", "Try it with `provisor expression eval`."
        )
    match compiled.node:
        case AttributeNode(name):
            return Direct(name)
        case ConstantNode(value):
            return FixedText(value)
        case _:
            return FromExpression(compiled)
