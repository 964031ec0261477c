"""Graph's synchronizationSchema <-> a rule set (spec/graph-synchronization-api.md section 5).

Pure. What we do not know is kept; what we know but do not support is refused by name. `write_schema(read_schema(x))`
is x for everything supported; a source without an `expression` gets one. Order: reading, writing.
"""

from collections.abc import Mapping
from typing import TypeVar, assert_never, get_args

from provisor.expressions import Constant as ConstantNode
from provisor.expressions import Problem as ExpressionProblem
from provisor.expressions import compile_expression, quoted, to_text
from provisor.expressions.graph_ast import from_graph, to_graph
from provisor.rules.mapping import (
    ALL_ACTIONS,
    Action,
    AttributeMapping,
    Constant,
    Direct,
    FlowBehavior,
    FlowType,
    FromExpression,
    Nothing,
    ObjectKind,
    ObjectMapping,
    Source,
)
from provisor.rules.ruleset import Problem, RuleSet
from provisor.rules.scoping import Clause, FilterGroup, Scope, operator_named
from provisor.scim.values import Json, Resource

KINDS: dict[str, ObjectKind] = {"user": "user", "group": "group"}
_ACTIONS: dict[str, Action] = {"add": "Add", "update": "Update", "delete": "Delete"}
_FLOW_TYPES: dict[str, FlowType] = {word.lower(): word for word in get_args(FlowType)}
_FLOW_BEHAVIORS: dict[str, FlowBehavior] = {word.lower(): word for word in get_args(FlowBehavior)}
FLOW_NULL = "flowNullValues"  # on a mapping: ours; Graph has it on the attribute definition only


Word = TypeVar("Word", bound=str)
_NO_GROUPS = ObjectMapping(name="", kind="group", enabled=False, mappings=())  # a document may leave groups out


class _Reader:
    """Reads a document and collects every problem on the way instead of stopping at the first."""

    def __init__(self) -> None:
        self.problems: list[Problem] = []

    def refuse(self, where: str, message: str, hint: str) -> None:
        self.problems.append(Problem(where=where, message=message, hint=hint))

    def object_mapping(self, raw: Resource, kind: ObjectKind) -> ObjectMapping:
        where = f"Mapping of {kind}s"
        rows = [
            self.row(item, f"{where}, row {number}")
            for number, item in enumerate(self.items(raw, "attributeMappings", where), 1)
        ]
        return ObjectMapping(
            name=text(raw.get("name")),
            kind=kind,
            enabled=raw.get("enabled") is not False,
            actions=self.actions(raw.get("flowTypes"), where),
            mappings=tuple(row for row in rows if row is not None),
            scope=self.scope(raw.get("scope"), f"Scope of {kind}s"),
            extra=raw,
        )

    def actions(self, value: Json, where: str) -> frozenset[Action]:
        if value is None:
            return ALL_ACTIONS
        words = [word.strip().lower() for word in text(value).split(",") if word.strip()]
        for word in words:
            if word not in _ACTIONS and word != "none":
                self.refuse(where, f'flowTypes holds "{word}".', "Use Add, Update, Delete or None.")
        return frozenset(_ACTIONS[word] for word in words if word in _ACTIONS)

    def row(self, raw: Resource, where: str) -> AttributeMapping | None:
        target = raw.get("targetAttributeName")
        if not isinstance(target, str) or not target:
            self.refuse(where, "It has no targetAttributeName.", "Name the attribute of the application.")
            return None
        where = f"{where} ({target})"
        default = raw.get("defaultValue")
        flow_type = self.word(raw.get("flowType"), _FLOW_TYPES, "Always", "flowType", where)
        source = self.source(raw.get("source"), default, flow_type, where)
        if source is None:
            return None
        priority = raw.get("matchingPriority")
        if priority is not None and (not isinstance(priority, int) or isinstance(priority, bool) or priority < 0):
            self.refuse(where, f"matchingPriority is {priority!r}.", "Use 0 for no matching, or 1, 2, … for the order.")
            priority = 0
        return AttributeMapping(
            target=target,
            source=source,
            # An empty default is how the portal saves "no default".
            default=None if default is None or isinstance(source, Constant) else text(default) or None,
            matching_priority=priority or 0,
            flow_type=flow_type,
            flow_behavior=self.word(raw.get("flowBehavior"), _FLOW_BEHAVIORS, "FlowWhenChanged", "flowBehavior", where),
            flow_null=raw.get(FLOW_NULL) is True,
            extra=_with_expression(raw),
        )

    def word(self, value: Json, words: Mapping[str, Word], default: Word, key: str, where: str) -> Word:
        if value is None:
            return default
        found = words.get(text(value).lower())
        if found is None:
            self.refuse(where, f'{key} is "{text(value)}".', f"Use one of {', '.join(words.values())}.")
        return found or default

    def source(self, raw: Json, default: Json, flow_type: FlowType, where: str) -> Source | None:
        """The source of a row; None when it was refused.

        No source at all is an old way to write a constant: the default value always flows. Where only an empty
        attribute may be filled, it is the mapping type None.
        """
        if raw is None:
            constant = default not in (None, "") and flow_type != "AttributeAddOnly"
            return Constant(text(default)) if constant else Nothing()
        if not isinstance(raw, dict):
            self.refuse(where, "source is not an object.", "Write type, name, expression and parameters.")
            return None
        kind = text(raw.get("type") or "Attribute").lower()
        name, expression = raw.get("name"), raw.get("expression")
        if kind == "attribute":
            return self.attribute(name, expression, where)
        if kind == "constant":
            return self.constant(name, expression, where)
        if kind == "function":
            return self.function(raw, where)
        self.refuse(where, f'source has the type "{text(raw.get("type"))}".', "Use Attribute, Constant or Function.")
        return None

    def attribute(self, name: Json, expression: Json, where: str) -> Source | None:
        if isinstance(name, str) and name:
            return Direct(name)
        written = text(expression).strip()
        if written.startswith("[") and written.endswith("]") and len(written) > 2:
            return Direct(written[1:-1])
        self.refuse(where, "source names no attribute.", "Give the source a name.")
        return None

    def constant(self, name: Json, expression: Json, where: str) -> Source | None:
        if isinstance(name, str):
            return Constant(name)
        compiled = compile_expression(text(expression))
        if isinstance(compiled, ExpressionProblem) or not isinstance(compiled.node, ConstantNode):
            self.refuse(where, "source is a constant without a value.", "Give the source a name: the constant's text.")
            return None
        return Constant(compiled.node.text)

    def function(self, raw: Resource, where: str) -> Source | None:
        """A function by its text, its tree, or both when they agree."""
        node = from_graph(raw)
        expression = raw.get("expression")
        written = expression if isinstance(expression, str) and expression else None
        found = node if isinstance(node, ExpressionProblem) else compile_expression(written or to_text(node))
        if isinstance(found, ExpressionProblem):
            shown = written or text(raw.get("name")) or "without text"
            self.refuse(where, f"The expression {shown} cannot be used.", str(found))
            return None
        return FromExpression(found)

    def scope(self, raw: Json, where: str) -> Scope:
        if raw is None:
            return Scope()
        if not isinstance(raw, dict):
            self.refuse(where, "scope is not an object.", "Write it as Graph does: groups with clauses.")
            return Scope()
        if raw.get("categoryFilterGroups"):
            self.refuse(where, "categoryFilterGroups is not supported.", "Say the same with groups.")
        return Scope(
            groups=self.filters(raw, "groups", where), input_groups=self.filters(raw, "inputFilterGroups", where)
        )

    def filters(self, raw: Resource, key: str, where: str) -> tuple[FilterGroup, ...]:
        groups = []
        for number, item in enumerate(self.items(raw, key, where), 1):
            title = text(item.get("name"))
            place = f'{where}, filter "{title or number}"'
            clauses = [self.clause(clause, place) for clause in self.items(item, "clauses", place)]
            if not clauses:
                self.refuse(place, "It has no clause, so everybody would pass.", "Add a clause or remove the filter.")
            kept = tuple(clause for clause in clauses if clause is not None)
            groups.append(FilterGroup(title=title, clauses=kept, extra=item))
        return tuple(groups)

    def clause(self, raw: Resource, where: str) -> Clause | None:
        attribute = raw.get("sourceOperandName")
        operator = operator_named(text(raw.get("operatorName")))
        if not isinstance(attribute, str) or not attribute:
            self.refuse(where, "A clause names no attribute.", "Give it a sourceOperandName.")
            return None
        if operator is None:
            hint = "Use an operator of the reference, for example EQUALS, IS NOT NULL or REGEX MATCH."
            self.refuse(where, f'The clause on {attribute} has the operator "{text(raw.get("operatorName"))}".', hint)
            return None
        operand = raw.get("targetOperand")
        values = operand.get("values") if isinstance(operand, dict) else None
        texts = tuple(text(value) for value in values) if isinstance(values, list) else ()
        return Clause(attribute=attribute, operator=operator, values=texts, extra=raw)

    def items(self, raw: Resource, key: str, where: str) -> list[Resource]:
        value = raw.get(key)
        if value is None:
            return []
        if not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
            self.refuse(where, f"{key} is not a list of objects.", "Compare it with an exported schema.")
            return []
        return [item for item in value if isinstance(item, dict)]


def text(value: Json) -> str:
    """A JSON scalar as text; null is empty."""
    return "" if value is None else value if isinstance(value, str) else str(value)


def _with_expression(row: Resource) -> Resource:
    """The row with the expression of an attribute or constant filled in, as Graph's own documents leave it out."""
    source = row.get("source")
    if not isinstance(source, dict) or source.get("expression"):
        return row
    name = source.get("name")
    if not isinstance(name, str):
        return row
    constant = text(source.get("type")).lower() == "constant"
    return {**row, "source": {**source, "expression": quoted(name) if constant else f"[{name}]"}}


def read_schema(document: Json) -> RuleSet | tuple[Problem, ...]:
    """The rule set in a synchronizationSchema, or everything that keeps us from reading it."""
    reader = _Reader()
    if not isinstance(document, dict):
        reader.refuse("Schema", "The document is not an object.", "Compare it with an exported schema.")
        return tuple(reader.problems)
    found: dict[ObjectKind, ObjectMapping] = {}
    for rule in reader.items(document, "synchronizationRules", "Schema"):
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
    users = found.get("user")
    if users is None:
        reader.refuse("Schema", "It has no mapping of users.", "Add an object mapping with the source object User.")
    if reader.problems or users is None:
        return tuple(reader.problems)
    return RuleSet(users=users, groups=found.get("group", _NO_GROUPS), document=document)


def _refuse_filters(reader: _Reader, rule: Resource) -> None:
    """Filters of a whole rule, which Graph has and we have not: refused where they would have an effect."""
    for key, inner in (("containerFilter", "includedContainers"), ("groupFilter", "includedGroups")):
        value = rule.get(key)
        if isinstance(value, dict) and value.get(inner):
            reader.refuse("Schema", f"{key} is not supported.", "Use scoping filters or assignments instead.")


def write_schema(ruleset: RuleSet) -> Resource:
    """The document of a rule set: what it was read from, with what has changed since written into it."""
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
    return document


def _objects(value: Json) -> list[Resource]:
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def _object_mapping(mapping: ObjectMapping) -> Resource:
    raw = dict(mapping.extra)
    before = _Reader().object_mapping(raw, mapping.kind)
    if not raw:
        raw["sourceObjectName"] = mapping.kind.capitalize()
    if mapping.name != before.name:
        raw["name"] = mapping.name
    if mapping.enabled != before.enabled:
        raw["enabled"] = mapping.enabled
    if mapping.actions != before.actions:
        raw["flowTypes"] = ", ".join(word for word in _ACTIONS.values() if word in mapping.actions) or "None"
    if mapping.scope != before.scope:
        raw["scope"] = _scope(mapping.scope, raw.get("scope"))
    if mapping.mappings or "attributeMappings" in raw:
        raw["attributeMappings"] = [_row(row) for row in mapping.mappings]
    return raw


def _row(row: AttributeMapping) -> Resource:
    raw = dict(row.extra)
    before = _Reader().row({"targetAttributeName": row.target, **raw}, "")
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


def _source(source: Source) -> Json:
    match source:
        case Direct(name):
            return {"expression": f"[{name}]", "name": name, "parameters": [], "type": "Attribute"}
        case Constant(value):
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
