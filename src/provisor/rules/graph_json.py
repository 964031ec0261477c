"""Graph's synchronizationSchema <-> a rule set (spec/graph-synchronization-api.md section 5).

Pure. What we do not know is kept; what we know but do not support is refused by name. `write_schema(read_schema(x))`
is x for everything supported; a source without an `expression` gets one. Order: reading, writing.
"""

from typing import assert_never

from provisor.expressions import quoted
from provisor.expressions.graph_ast import to_graph
from provisor.rules.attributes import AttributeDefinition
from provisor.rules.graph_attributes import read_attributes, write_attributes
from provisor.rules.graph_reader import ACTIONS, FLOW_NULL, RULE_KEYS, SCHEMA_KEYS, GraphReader, text
from provisor.rules.mapping import (
    AttributeMapping,
    Direct,
    FixedText,
    FromExpression,
    Nothing,
    ObjectKind,
    ObjectMapping,
    ValueSource,
)
from provisor.rules.ruleset import Problem, RuleSet
from provisor.rules.scoping import FilterGroup, Scope
from provisor.scim.values import Json, Resource

KINDS: dict[str, ObjectKind] = {"user": "user", "group": "group"}
_NO_GROUPS = ObjectMapping(name="", kind="group", enabled=False, mappings=())  # a document may leave groups out


def read_schema(document: Json) -> RuleSet | tuple[Problem, ...]:
    """The rule set in a synchronizationSchema, or everything that keeps us from reading it."""
    reader = GraphReader()
    if not isinstance(document, dict):
        reader.refuse("Schema", "The document is not an object.", "Compare it with an exported schema.")
        return tuple(reader.problems)
    reader.keys(document, SCHEMA_KEYS, "Schema")
    found: dict[ObjectKind, ObjectMapping] = {}
    lists: dict[ObjectKind, tuple[AttributeDefinition, ...]] = {}
    for rule in reader.items(document, "synchronizationRules", "Schema"):
        reader.keys(rule, RULE_KEYS, "Schema")
        _refuse_filters(reader, rule)
        for raw in reader.items(rule, "objectMappings", "Schema"):
            name = text(raw.get("sourceObjectName"))
            kind = KINDS.get(name.lower())
            if kind is None:
                reader.refuse("Schema", f'It maps "{name}".', "Only the source objects User and Group are supported.")
            elif kind in found:
                reader.refuse("Schema", f"It maps {name} more than once.", "Keep one mapping of each source object.")
            else:
                found[kind] = reader.object_mapping(raw, kind)
                lists[kind] = read_attributes(reader, document, rule, raw, kind)
    users = found.get("user")
    if users is None:
        reader.refuse("Schema", "It has no mapping of users.", "Add an object mapping with the source object User.")
    if reader.problems or users is None:
        return tuple(reader.problems)
    return RuleSet(
        users=users,
        groups=found.get("group", _NO_GROUPS),
        user_attributes=lists.get("user", ()),
        group_attributes=lists.get("group", ()),
        document=document,
    )


def _refuse_filters(reader: GraphReader, rule: Resource) -> None:
    """Filters of a whole rule, which Graph has but we do not: refused where they would have an effect."""
    for key, inner in (("containerFilter", "includedContainers"), ("groupFilter", "includedGroups")):
        value = rule.get(key)
        if isinstance(value, dict) and value.get(inner):
            reader.refuse("Schema", f"{key} is not supported.", "Use scoping filters or assignments instead.")


def write_schema(ruleset: RuleSet) -> Resource:
    """The document of a rule set: the one it was read from, with later changes written into it."""
    document = dict(ruleset.document)
    written: set[ObjectKind] = set()
    rules: list[Json] = []
    for rule in _objects(document.get("synchronizationRules")):
        mappings: list[Json] = []
        for raw in _objects(rule.get("objectMappings")):
            kind = KINDS[text(raw.get("sourceObjectName")).lower()]
            mappings.append(_object_mapping(ruleset.of(kind)))
            written.add(kind)
        rules.append({**rule, "objectMappings": mappings} if "objectMappings" in rule else rule)
    missing: list[Json] = [
        _object_mapping(mapping)
        for mapping in (ruleset.users, ruleset.groups)
        if mapping.kind not in written and mapping.mappings
    ]
    if missing:
        rules.append({"editable": True, "priority": len(rules) + 1, "objectMappings": missing})
    if rules or "synchronizationRules" in document:
        document["synchronizationRules"] = rules
    before = read_schema(document)
    for kind in KINDS.values():
        listed = ruleset.attributes_of(kind)
        if listed != (before.attributes_of(kind) if isinstance(before, RuleSet) else ()):
            document = write_attributes(document, kind, listed)
    return document


def _objects(value: Json) -> list[Resource]:
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def _object_mapping(mapping: ObjectMapping) -> Resource:
    raw = dict(mapping.extra)
    before = GraphReader().object_mapping(raw, mapping.kind)
    if not raw:
        raw["sourceObjectName"] = mapping.kind.capitalize()
    if mapping.name != before.name:
        raw["name"] = mapping.name
    if mapping.enabled != before.enabled:
        raw["enabled"] = mapping.enabled
    if mapping.actions != before.actions:
        raw["flowTypes"] = ", ".join(word for word in ACTIONS.values() if word in mapping.actions) or "None"
    if mapping.scope != before.scope:
        raw["scope"] = _scope(mapping.scope, raw.get("scope"))
    if mapping.mappings or "attributeMappings" in raw:
        raw["attributeMappings"] = [_row(row) for row in mapping.mappings]
    return raw


def _row(row: AttributeMapping) -> Resource:
    raw = dict(row.extra)
    before = GraphReader().row({"targetAttributeName": row.target, **raw}, "")
    if raw and before is not None and before == row:
        return raw
    raw.update(
        targetAttributeName=row.target,
        source=_source(row.source) if before is None or before.source != row.source else raw.get("source"),
        defaultValue=row.default,
        matchingPriority=row.matching_priority,
        flowType="AttributeAddOnly" if isinstance(row.source, Nothing) else row.flow_type,
        flowBehavior=row.flow_behavior,
    )
    if row.flow_null or FLOW_NULL in raw:
        raw[FLOW_NULL] = row.flow_null
    raw.setdefault("exportMissingReferences", False)
    return raw


def _source(source: ValueSource) -> Json:
    match source:
        case Direct(name):
            return {"expression": f"[{name}]", "name": name, "parameters": [], "type": "Attribute"}
        case FixedText(value):
            return {"expression": quoted(value), "name": value, "parameters": [], "type": "Constant"}
        case FromExpression(expression):
            return {**to_graph(expression.node), "expression": expression.text}
        case Nothing():
            return None
        case _:
            assert_never(source)


def _scope(scope: Scope, before: Json) -> Json:
    raw: Resource = dict(before) if isinstance(before, dict) else {"categoryFilterGroups": []}
    raw["groups"] = [_filter(group) for group in scope.groups]
    raw["inputFilterGroups"] = [_filter(group) for group in scope.input_groups]
    return raw


def _filter(group: FilterGroup) -> Json:
    clauses: list[Json] = [
        {
            **clause.extra,
            "sourceOperandName": clause.attribute,
            "operatorName": clause.operator,
            "targetOperand": {"values": list(clause.values)},
        }
        for clause in group.clauses
    ]
    return {**group.extra, "name": group.title, "clauses": clauses}
