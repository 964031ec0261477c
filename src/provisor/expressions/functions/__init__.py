"""The functions of the language: one table, `FUNCTIONS`, by name.

Pure. A function is added in the module of its theme: parsing, compiling, Graph's `functions()` and
reference/functions.md all follow from the table.
"""

from collections.abc import Mapping
from types import MappingProxyType

from provisor.expressions.functions.casing import CASING
from provisor.expressions.functions.dates import DATES
from provisor.expressions.functions.generated import GENERATED
from provisor.expressions.functions.lists import LISTS
from provisor.expressions.functions.logic import LOGIC
from provisor.expressions.functions.replace import REPLACE
from provisor.expressions.functions.roles import ROLES
from provisor.expressions.functions.signature import FunctionInfo, Parameter, signature_of
from provisor.expressions.functions.text import TEXT

__all__ = ["FUNCTIONS", "FunctionInfo", "Parameter", "signature_of"]

_ALL = (*CASING, *DATES, *GENERATED, *LISTS, *LOGIC, *REPLACE, *ROLES, *TEXT)

FUNCTIONS: Mapping[str, FunctionInfo] = MappingProxyType(
    {info.name: info for info in sorted(_ALL, key=lambda info: info.name.lower())}
)
