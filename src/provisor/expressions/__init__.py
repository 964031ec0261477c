"""Attribute-mapping expressions: text, tree, compiled form, values (spec/expressions.md).

Pure. Knows neither mappings nor targets: a record goes in, a value or a reason comes out. Order of the room: values,
nodes, parser, checks, functions, compiler; beside them Graph's JSON form of a tree, and the checking of case files.
"""

from provisor.expressions.compiler import Compiled, compile_expression
from provisor.expressions.functions import FUNCTIONS, FunctionInfo, Parameter, signature_of
from provisor.expressions.nodes import Attribute, Call, Comparison, Constant, Node, quoted, to_text, walk
from provisor.expressions.parser import MAX_LENGTH_CHARACTERS, parse
from provisor.expressions.values import (
    NO_FLOW,
    Assignment,
    Candidates,
    Failure,
    NoFlow,
    Outcome,
    Problem,
    RandomBytes,
    Record,
    Result,
    Role,
    Value,
    text_of,
)

__all__ = [
    "FUNCTIONS",
    "MAX_LENGTH_CHARACTERS",
    "NO_FLOW",
    "Assignment",
    "Attribute",
    "Call",
    "Candidates",
    "Comparison",
    "Compiled",
    "Constant",
    "Failure",
    "FunctionInfo",
    "NoFlow",
    "Node",
    "Outcome",
    "Parameter",
    "Problem",
    "RandomBytes",
    "Record",
    "Result",
    "Role",
    "Value",
    "compile_expression",
    "parse",
    "quoted",
    "signature_of",
    "text_of",
    "to_text",
    "walk",
]
