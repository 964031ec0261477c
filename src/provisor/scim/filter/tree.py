"""The syntax tree of paths and filters (RFC 7644 sections 3.4.2.2 and 3.5.2).

Pure data: no parsing (grammar), no meaning (evaluation). Paths and filters name each other, so they share a file.
"""

from dataclasses import dataclass
from typing import Literal, TypeAlias

Scalar: TypeAlias = bool | int | float | str | None
Operator: TypeAlias = Literal["eq", "ne", "co", "sw", "ew", "gt", "ge", "lt", "le"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Path:
    """`URN:attribute[filter].sub`. An empty attribute with a URN means the whole extension."""

    attribute: str
    urn: str | None = None
    filter: "Filter | None" = None
    sub: str | None = None


@dataclass(frozen=True, slots=True)
class And:
    """All of two or more filters."""

    filters: tuple["Filter", ...]


@dataclass(frozen=True, slots=True)
class Or:
    """Any of two or more filters."""

    filters: tuple["Filter", ...]


@dataclass(frozen=True, slots=True)
class Not:
    """`not (filter)`"""

    filter: "Filter"


@dataclass(frozen=True, slots=True, kw_only=True)
class Compare:
    """`path op value`; inside brackets the path is relative to the element."""

    path: Path
    op: Operator
    value: Scalar


@dataclass(frozen=True, slots=True)
class Present:
    """`path pr`"""

    path: Path


@dataclass(frozen=True, slots=True)
class ValuePath:
    """`path[filter]`: some element of the attribute satisfies the filter."""

    path: Path
    filter: "Filter"


Filter: TypeAlias = And | Or | Not | Compare | Present | ValuePath
