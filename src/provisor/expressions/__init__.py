"""Attribute-mapping expressions: text, tree, compiled form, values (spec/expressions.md).

Pure. Knows neither mappings nor targets: a record goes in, a value or a reason comes out. Order of the room: values,
nodes, parser, checks, functions, compiler; beside them Graph's JSON form of a tree, and the checking of case files.
"""

from provisor.expressions.compiler import Compiled, compile_expression
from provisor.expressions.functions import FUNCTIONS, FunctionInfo, Parameter, signature_of
from provisor.expressions.nodes import AttributeNode, CallNode, Comparison, ConstantNode, Node, quoted, to_text, walk
from provisor.expressions.parser import MAX_LENGTH_CHARACTERS, parse
from provisor.expressions.values import (
    NO_FLOW,
    AppRoleAssignment,
    Candidates,
    ExpressionFailure,
    ExpressionOutcome,
    ExpressionProblem,
    NoFlow,
    RandomBytes,
    Result,
    Role,
    SourceRecord,
    SourceValue,
    text_of,
)

__all__ = [
    "FUNCTIONS",
    "MAX_LENGTH_CHARACTERS",
    "NO_FLOW",
    "AppRoleAssignment",
    "AttributeNode",
    "CallNode",
    "Candidates",
    "Comparison",
    "Compiled",
    "ConstantNode",
    "ExpressionFailure",
    "ExpressionOutcome",
    "ExpressionProblem",
    "FunctionInfo",
    "NoFlow",
    "Node",
    "Parameter",
    "RandomBytes",
    "Result",
    "Role",
    "SourceRecord",
    "SourceValue",
    "compile_expression",
    "parse",
    "quoted",
    "signature_of",
    "text_of",
    "to_text",
    "walk",
]
