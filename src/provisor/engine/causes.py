"""Failures and skips by their cause: one sentence, how many it concerns, some of their names, and what to do.

Pure. Two sentences have one cause when they differ only in who and which value. Order: the cause, collecting them,
the same as a word, sentences.
"""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import blake2b
from typing import NamedTuple

from provisor.engine.record import Kind

NAMES_KEPT = 10
CAUSES_KEPT = 200  # for a target with a new reason each time; beyond that, one cause per code
_SOMEBODY = "…"
_MANY = "Other reasons, all listed in the provisioning log."

# What differs from object to object: quoted text, addresses, ids, numbers.
_VALUES = re.compile(
    r""""[^"]{0,200}"|“[^”]{0,200}”|'[^' ]{0,200}'|[^\s"'“”:]{1,64}@[^\s"'“”,;:]+"""
    r"|\b[0-9a-f]{8}-[0-9a-f-]{27}\b|\b\d[\d.,:-]*\b",
    re.IGNORECASE,
)
_REFUSED = re.compile(r"^(?P<who>.*? to )(?P<verb>.+)$")


class Told(NamedTuple):
    """What the log says of one object that failed or was left alone. `hint` is empty for a skip."""

    kind: Kind
    name: str
    code: str
    reason: str
    hint: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cause:
    """Why some objects failed or were skipped. `numbers` counts them by kind; `names` are the first of them."""

    code: str
    reason: str
    hint: str
    numbers: Mapping[Kind, int]
    names: Sequence[str]

    @property
    def number(self) -> int:
        """How many objects."""
        return sum(self.numbers.values())


@dataclass(slots=True)
class _Group:
    first: Told
    numbers: Counter[Kind] = field(default_factory=Counter)
    names: list[str] = field(default_factory=list)
    heads: list[str] = field(default_factory=list)  # "Umbrella refused to create", "Umbrella refused to update"
    tail: str = ""
    varies: bool = False


class Causes:
    """Collects what was logged, in memory that does not grow with the number of objects."""

    def __init__(self) -> None:
        self._groups: dict[tuple[str, str], _Group] = {}
        self._last = ("", "")

    def add(self, told: Told) -> None:
        """Count one object in."""
        head, tail = _parted(told)
        key = (told.code, self._without_values(tail))
        if key not in self._groups and len(self._groups) >= CAUSES_KEPT:
            key, head, tail = (told.code, ""), "", _MANY
        group = self._groups.get(key)
        if group is None:
            group = self._groups[key] = _Group(told, tail=tail)
        group.numbers[told.kind] += 1
        group.varies = group.varies or tail != group.tail
        if len(group.names) < NAMES_KEPT:
            group.names.append(told.name)
        if head and head not in group.heads:
            group.heads.append(head)

    def _without_values(self, tail: str) -> str:
        if tail != self._last[0]:  # a million skips in a row may have one reason
            self._last = (tail, _VALUES.sub(_SOMEBODY, tail))
        return self._last[1]

    def found(self) -> list[Cause]:
        """The causes, the most frequent first."""
        causes = [
            Cause(
                code=group.first.code,
                reason=_sentence(group),
                hint=group.first.hint,
                numbers=dict(group.numbers),
                names=tuple(group.names),
            )
            for group in self._groups.values()
        ]
        return sorted(causes, key=lambda cause: (-cause.number, cause.code, cause.reason))


def signature(told: Told) -> str:
    """One word for the cause, the same for all who share it and in every cycle: the code and a number."""
    tail = _VALUES.sub(_SOMEBODY, _parted(told)[1])
    return f"{told.code}-{blake2b(tail.encode(errors='replace'), digest_size=4).hexdigest()}"


def _parted(told: Told) -> tuple[str, str]:
    """What was refused, without the name, and why; the whole sentence without the name if it has another form."""
    before, colon, why = told.reason.partition(f" {told.name}: ")
    if colon:
        return before, why
    before, colon, why = told.reason.partition(f" {told.name}, namely ")
    if colon and ": " in why:  # members of a group, some of whom were refused
        return before, why.partition(": ")[2]
    return "", told.reason.removeprefix(f"{told.name}: ").replace(told.name, _SOMEBODY)


def _sentence(group: _Group) -> str:
    if group.numbers.total() == 1 and group.tail != _MANY:
        return group.first.reason
    tail = _VALUES.sub(_SOMEBODY, group.tail) if group.varies else group.tail
    if not group.heads:
        return tail
    return f"{_together(group.heads)} them: {tail}"


def _together(heads: Sequence[str]) -> str:
    """`X refused to create` and `X refused to update` as `X refused to create or update`."""
    first = _REFUSED.match(heads[0])
    if first is None:
        return heads[0]
    verbs = [head.removeprefix(first["who"]) for head in heads if head.startswith(first["who"])]
    return first["who"] + (verbs[0] if len(verbs) == 1 else f"{', '.join(verbs[:-1])} or {verbs[-1]}")
