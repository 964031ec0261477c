"""The operators of scoping filters: one table of what they take and compare.

Pure. The checks follow it (rules.clauses), and it is what an API tells of them (spec/provisioning-service.md section
5.4, spec/graph-synchronization-api.md section 5). Order: the table, what follows from it, an operator by its name.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, TypeAlias, get_args

from provisor.scim.values import Json, Resource

ClauseOperator: TypeAlias = Literal[
    "EQUALS",
    "NOT EQUALS",
    "REGEX MATCH",
    "NOT REGEX MATCH",
    "Includes",
    "ENDS_WITH",
    "Greater_Than",
    "Greater_Than_OR_EQUALS",
    "IS TRUE",
    "IS FALSE",
    "IS NULL",
    "IS NOT NULL",
    "&",
    "!&",
]
ComparedType: TypeAlias = Literal["String", "Integer", "Boolean", "DateTime", "Reference", "Binary"]
Arity: TypeAlias = Literal["Unary", "Binary"]
Operand: TypeAlias = Literal["none", "text", "pattern", "number"]

ANY_TYPE: tuple[ComparedType, ...] = get_args(ComparedType)


@dataclass(frozen=True, slots=True, kw_only=True)
class OperatorFacts:
    """What one operator takes. `types` are those of the attributes it compares; no filter sees several values."""

    types: tuple[ComparedType, ...]
    operand: Operand = "text"

    @property
    def arity(self) -> Arity:
        """Whether it takes an operand beside the attribute."""
        return "Unary" if self.operand == "none" else "Binary"


_TEXT: tuple[ComparedType, ...] = ("String",)
_VALUES: tuple[ComparedType, ...] = ("String", "Integer")

OPERATOR_FACTS: Mapping[ClauseOperator, OperatorFacts] = {
    "EQUALS": OperatorFacts(types=_VALUES),
    "NOT EQUALS": OperatorFacts(types=_VALUES),
    "REGEX MATCH": OperatorFacts(types=_TEXT, operand="pattern"),
    "NOT REGEX MATCH": OperatorFacts(types=_TEXT, operand="pattern"),
    "Includes": OperatorFacts(types=_TEXT),
    "ENDS_WITH": OperatorFacts(types=_TEXT),
    "Greater_Than": OperatorFacts(types=("Integer",), operand="number"),
    "Greater_Than_OR_EQUALS": OperatorFacts(types=("Integer",), operand="number"),
    "IS TRUE": OperatorFacts(types=("Boolean",), operand="none"),
    "IS FALSE": OperatorFacts(types=("Boolean",), operand="none"),
    "IS NULL": OperatorFacts(types=ANY_TYPE, operand="none"),
    "IS NOT NULL": OperatorFacts(types=ANY_TYPE, operand="none"),
    "&": OperatorFacts(types=_TEXT),
    "!&": OperatorFacts(types=_TEXT),
}

OPERATORS: tuple[ClauseOperator, ...] = tuple(OPERATOR_FACTS)


def _taking(operand: Operand) -> frozenset[ClauseOperator]:
    return frozenset(name for name, facts in OPERATOR_FACTS.items() if facts.operand == operand)


UNARY = _taking("none")
INTEGER = _taking("number")
PATTERN = _taking("pattern")
TRUTH = frozenset(name for name, facts in OPERATOR_FACTS.items() if facts.types == ("Boolean",))


def operator_documents() -> list[Resource]:
    """The operators as Graph's filterOperators tells them, by name as well as by id."""

    def document(name: ClauseOperator, facts: OperatorFacts) -> Resource:
        types: list[Json] = list(facts.types)
        return {
            "id": name,
            "name": name,
            "arity": facts.arity,
            "multivaluedComparisonType": "All",
            "supportedAttributeTypes": types,
        }

    return [document(name, facts) for name, facts in OPERATOR_FACTS.items()]


def operator_named(text: str) -> ClauseOperator | None:
    """The operator of that name in any case, blanks and underscores alike; None when there is none."""
    return _BY_NAME.get(_spelling(text))


def _spelling(text: str) -> str:
    return text.strip().replace("_", " ").upper()


_BY_NAME: dict[str, ClauseOperator] = {_spelling(operator): operator for operator in OPERATORS}
