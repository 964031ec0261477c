"""Reads the parts of Graph's synchronizationSchema, and collects every problem on the way.

Pure. What we do not know is kept; a key that is clearly a misspelling of ours is refused, as it would have no effect.
Order: the words, the reader from object mappings down to clauses, scalars.
"""

from collections.abc import Iterable, Mapping
from typing import TypeVar, get_args

from provisor.expressions import ConstantNode, ExpressionProblem, compile_expression, quoted, to_text
from provisor.expressions.graph_ast import from_graph
from provisor.expressions.nodes import Node
from provisor.rules.mapping import (
    ALL_ACTIONS,
    Action,
    AttributeMapping,
    Direct,
    FixedText,
    FlowBehavior,
    FlowType,
    FromExpression,
    Nothing,
    ObjectKind,
    ObjectMapping,
    ValueSource,
)
from provisor.rules.nearest import misspelt, nearest
from provisor.rules.operators import OPERATORS, operator_named
from provisor.rules.ruleset import Problem
from provisor.rules.scoping import Clause, FilterGroup, Scope
from provisor.scim.values import Json, Resource

ACTIONS: dict[str, Action] = {"add": "Add", "update": "Update", "delete": "Delete"}
_FLOW_TYPES: dict[str, FlowType] = {word.lower(): word for word in get_args(FlowType)}
_FLOW_BEHAVIORS: dict[str, FlowBehavior] = {word.lower(): word for word in get_args(FlowBehavior)}
FLOW_NULL = "flowNullValues"  # on a mapping: ours; Graph has it on the attribute definition only


Word = TypeVar("Word", bound=str)

# The keys of Graph's objects; what else an object holds is kept and has no effect.
SCHEMA_KEYS = ("@odata.context", "directories", "id", "provisioningTaskIdentifier", "synchronizationRules", "version")
RULE_KEYS = ("containerFilter", "editable", "groupFilter", "id", "metadata", "name", "objectMappings", "priority",
             "sourceDirectoryName", "targetDirectoryName")  # fmt: skip
_MAPPING_KEYS = ("attributeMappings", "enabled", "flowTypes", "metadata", "name", "scope", "sourceObjectName",
                 "targetObjectName")  # fmt: skip
_ROW_KEYS = ("defaultValue", "exportMissingReferences", "flowBehavior", FLOW_NULL, "flowType", "matchingPriority",
             "source", "targetAttributeName")  # fmt: skip
_SOURCE_KEYS = ("expression", "name", "parameters", "type")
_SCOPE_KEYS = ("categoryFilterGroups", "groups", "inputFilterGroups")
_FILTER_KEYS = ("clauses", "name")
_CLAUSE_KEYS = ("operatorName", "sourceOperandName", "targetOperand")


class GraphReader:
    """Reads a document and collects every problem on the way instead of stopping at the first."""

    def __init__(self) -> None:
        self.problems: list[Problem] = []

    def refuse(self, where: str, message: str, hint: str) -> None:
        self.problems.append(Problem(where=where, message=message, hint=hint))

    def keys(self, raw: Resource, known: Iterable[str], where: str) -> None:
        """Refuse a misspelling of a known key; other unknown keys are left alone."""
        words = set(known)
        for key in sorted(raw.keys() - words):
            meant = misspelt(key, words)
            if meant is not None:
                self.refuse(where, f'The key "{key}" has no effect.', f"Write {meant}.")

    def truth(self, raw: Resource, key: str, where: str, *, default: bool) -> bool:
        """A boolean; anything else but null is refused, as it would be taken for the default."""
        value = raw.get(key)
        if value is not None and not isinstance(value, bool):
            self.refuse(where, f"{key} is {value!r}.", "Write true or false, without quotation marks.")
        return value if isinstance(value, bool) else default

    def object_mapping(self, raw: Resource, kind: ObjectKind) -> ObjectMapping:
        where = f"Mapping of {kind}s"
        self.keys(raw, _MAPPING_KEYS, where)
        rows = [
            self.row(item, f"{where}, row {number}")
            for number, item in enumerate(self.items(raw, "attributeMappings", where), 1)
        ]
        return ObjectMapping(
            name=text(raw.get("name")),
            kind=kind,
            enabled=self.truth(raw, "enabled", where, default=True),
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
            if word not in ACTIONS and word != "none":
                self.refuse(where, f'flowTypes contains "{word}".', "Use Add, Update, Delete or None.")
        return frozenset(ACTIONS[word] for word in words if word in ACTIONS)

    def row(self, raw: Resource, where: str) -> AttributeMapping | None:
        target = raw.get("targetAttributeName")
        if not isinstance(target, str) or not target:
            self.refuse(where, "It has no targetAttributeName.", "Name the attribute of the application.")
            return None
        where = f"{where} ({target})"
        self.keys(raw, _ROW_KEYS, where)
        default = self.default(raw, where)
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
            default=None if default is None or isinstance(source, FixedText) else text(default) or None,
            matching_priority=priority or 0,
            flow_type=flow_type,
            flow_behavior=self.word(raw.get("flowBehavior"), _FLOW_BEHAVIORS, "FlowWhenChanged", "flowBehavior", where),
            flow_null=self.truth(raw, FLOW_NULL, where, default=False),
            extra=_with_expression(raw),
        )

    def default(self, raw: Resource, where: str) -> Json:
        default, source = raw.get("defaultValue"), raw.get("source")
        if isinstance(default, list | dict):
            self.refuse(where, "defaultValue is not text.", "Write one value in quotation marks.")
            return None
        constant = isinstance(source, dict) and text(source.get("type")).lower() == "constant"
        if constant and default not in (None, ""):
            message = "The default value never applies, as a constant always has a value."
            self.refuse(where, message, "Remove defaultValue.")
        return default

    def word(self, value: Json, words: Mapping[str, Word], default: Word, key: str, where: str) -> Word:
        if value is None:
            return default
        found = words.get(text(value).lower())
        if found is None:
            self.refuse(where, f'{key} is "{text(value)}".', f"Use one of {', '.join(words.values())}.")
        return found or default

    def source(self, raw: Json, default: Json, flow_type: FlowType, where: str) -> ValueSource | None:
        """The source of a row; None when it was refused.

        No source at all is an old way to write a constant: the default value always flows. Where only an empty
        attribute may be filled, it is the mapping type None.
        """
        if raw is None:
            constant = default not in (None, "") and flow_type != "AttributeAddOnly"
            return FixedText(text(default)) if constant else Nothing()
        if not isinstance(raw, dict):
            self.refuse(where, "source is not an object.", "Write type, name, expression and parameters.")
            return None
        self.keys(raw, _SOURCE_KEYS, where)
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

    def attribute(self, name: Json, expression: Json, where: str) -> ValueSource | None:
        written = text(expression).strip()
        if isinstance(name, str) and name:
            if written and written != f"[{name}]":
                self.refuse(where, f"source is named {name} and has the expression {written}.", "Keep one of the two.")
            return Direct(name)
        if written.startswith("[") and written.endswith("]") and len(written) > 2:
            return Direct(written[1:-1])
        self.refuse(where, "source names no attribute.", "Give the source a name.")
        return None

    def constant(self, name: Json, expression: Json, where: str) -> ValueSource | None:
        compiled = compile_expression(text(expression))
        if isinstance(name, str):
            agrees = not expression or (not isinstance(compiled, ExpressionProblem) and _is(compiled.node, name))
            if not agrees:
                message = f'source is named "{name}" and has the expression {text(expression)}.'
                self.refuse(where, message, "Keep one of the two.")
            return FixedText(name)
        if isinstance(compiled, ExpressionProblem) or not isinstance(compiled.node, ConstantNode):
            self.refuse(where, "source is a constant without a value.", "Give the source a name: the constant's text.")
            return None
        return FixedText(compiled.node.text)

    def function(self, raw: Resource, where: str) -> ValueSource | None:
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
        self.keys(raw, _SCOPE_KEYS, where)
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
            self.keys(item, _FILTER_KEYS, place)
            clauses = [self.clause(clause, place) for clause in self.items(item, "clauses", place)]
            if not clauses:
                self.refuse(place, "It has no clause, so everybody would pass.", "Add a clause or remove the filter.")
            kept = tuple(clause for clause in clauses if clause is not None)
            groups.append(FilterGroup(title=title, clauses=kept, extra=item))
        return tuple(groups)

    def clause(self, raw: Resource, where: str) -> Clause | None:
        self.keys(raw, _CLAUSE_KEYS, where)
        attribute = raw.get("sourceOperandName")
        operator = operator_named(text(raw.get("operatorName")))
        if not isinstance(attribute, str) or not attribute:
            self.refuse(where, "A clause names no attribute.", "Give it a sourceOperandName.")
            return None
        if operator is None:
            found = nearest(text(raw.get("operatorName")), OPERATORS)
            hint = f"The nearest one is {found}. There are {', '.join(OPERATORS)}."
            self.refuse(where, f'The clause on {attribute} has the operator "{text(raw.get("operatorName"))}".', hint)
            return None
        operand = raw.get("targetOperand")
        if isinstance(operand, dict):
            self.keys(operand, ("values",), where)
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


def _is(node: Node, constant: str) -> bool:
    return isinstance(node, ConstantNode) and node.text == constant


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
