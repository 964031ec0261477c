"""The shape of the function table: names, parameters, help, and how a call is compiled.

Pure. The table itself is put together in `functions/__init__.py`. Documentation, Graph's `functions()` and the checks
all read these records; nothing about a function is said twice.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from provisor.expressions.functions.evaluation import CallSite, Evaluator

ParameterType = Literal["String", "Integer", "Boolean", "DateTime"]  # names of Graph's attributeType


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameter:
    """One parameter. `repeatable` parameters stand last; several of them repeat as a group (Switch's key and value).

    `default` is used for an omitted argument. `graph_name` is the key in Graph's tree where it differs from the name.
    """

    name: str
    type: ParameterType = "String"
    required: bool = True
    repeatable: bool = False
    default: str | None = None
    graph_name: str | None = None

    @property
    def key(self) -> str:
        """The key of this parameter in Graph's tree."""
        return self.graph_name or self.name


@dataclass(frozen=True, slots=True, kw_only=True)
class FunctionInfo:
    """One function: everything that is known about it.

    `build` compiles a call; it is None for SelectUniqueValue alone, which only stands outermost and is resolved by
    the runner. `volatile` functions answer differently for the same record.
    """

    name: str
    parameters: tuple[Parameter, ...]
    help: str
    example: str
    build: Callable[[CallSite], Evaluator] | None
    volatile: bool = False
    least_repeats: int = 1

    @property
    def repeats(self) -> int:
        """How many parameters at the end repeat as a group; 0 for a fixed list."""
        return sum(parameter.repeatable for parameter in self.parameters)

    @property
    def fixed_arguments(self) -> int:
        return len(self.parameters) - self.repeats

    @property
    def most_arguments(self) -> int | None:
        return None if self.repeats else len(self.parameters)

    @property
    def least_arguments(self) -> int:
        if self.repeats:
            return self.fixed_arguments + self.repeats * self.least_repeats
        return max((index + 1 for index, parameter in enumerate(self.parameters) if parameter.required), default=0)

    def parameter_at(self, index: int) -> Parameter:
        """The parameter that the argument at this index (from 0) is for."""
        if index < len(self.parameters):
            return self.parameters[index]
        return self.parameters[self.fixed_arguments + (index - self.fixed_arguments) % self.repeats]


def signature_of(info: FunctionInfo) -> str:
    """Write a function as its reference does: `Join(separator, source1, source2, …)`."""
    fixed = [parameter.name for parameter in info.parameters if not parameter.repeatable]
    repeated = [parameter.name for parameter in info.parameters if parameter.repeatable]
    numbered = [f"{name}{n}" for n in (1, 2) for name in repeated]
    return f"{info.name}({', '.join(fixed + numbered + (['…'] if repeated else []))})"
