"""Rows of an attribute flow: which attributes of a source become which property, and how.

Pure. The tables are in the modules of the sources; docs/reference shows them.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias, assert_never

from provisor.directory.attributes import Unreadable
from provisor.directory.inbound.giving import Giving, bytes_of
from provisor.directory.inbound.values import NamedValues
from provisor.directory.objects import DirectoryValue
from provisor.directory.writable import LONGEST_TEXT

# first: the first value; all: a list of every value; only: a list of the first; sid: bytes of a security identifier.
FlowReading: TypeAlias = Literal["first", "all", "only", "sid"]

_SHORTEST_SID: Final = 8  # bytes: revision, count, six of the authority
_MOST_SUB_AUTHORITIES: Final = 15


@dataclass(frozen=True, slots=True)
class InboundFlow:
    """The property that gets the value of the first of these attributes that has one."""

    sources: tuple[str, ...]
    target: str
    reading: FlowReading = "first"
    longest: int = LONGEST_TEXT


def put_flows(giving: Giving, flows: Iterable[InboundFlow], values: NamedValues) -> None:
    """Give what the rows of a table say."""
    for flow in flows:
        value = _value(flow, values)
        if value is not None:  # most attributes of most people are empty
            giving.put(flow.target, value, longest=flow.longest)


def sid_text(raw: bytes) -> str | None:
    """A security identifier as text, S-1-5-…; None when the bytes are none ([MS-DTYP] section 2.4.2)."""
    if len(raw) < _SHORTEST_SID or raw[1] > _MOST_SUB_AUTHORITIES or len(raw) != _SHORTEST_SID + 4 * raw[1]:
        return None
    authority = int.from_bytes(raw[2:8], "big")
    parts = [int.from_bytes(raw[at : at + 4], "little") for at in range(8, len(raw), 4)]
    return "-".join(["S", str(raw[0]), str(authority), *map(str, parts)])


def _value(flow: InboundFlow, values: NamedValues) -> DirectoryValue | Unreadable:
    text = values.first(*flow.sources)
    if text is None:
        return None
    match flow.reading:
        case "first":
            return text
        case "only":
            return [text]
        case "all":
            return [one.strip() for name in flow.sources for one in values.all(name)]
        case "sid":
            found = sid_text(bytes_of(text) or b"")
            return found or Unreadable(f"{flow.target} is left away: {flow.sources[0]} is no security identifier.")
        case _:
            assert_never(flow.reading)
