"""A report of provisioning activity: what was done to how many on which day, and why somebody was not provisioned.

Pure. Counts come from statistics, which outlast the log; names are those that the log still holds.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from provisor.scim.values import Json

_DONE: Final = {"create": "created", "update": "updated", "disable": "disabled", "delete": "deleted", "other": "other"}
_NOT_DONE: Final = {"failure": "failed", "skipped": "skipped", "warning": "warned"}
COLUMNS: Final = ("created", "updated", "disabled", "deleted", "other", "failed", "skipped", "warned")
_EPOCH = date(1970, 1, 1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Happened:
    """So many events of a sort on a day. `kind` is user, group or job; `code` is empty for what was done."""

    day: date
    kind: str
    action: str
    status: str
    code: str
    number: int

    @property
    def column(self) -> str:
        """Which column of a report counts it."""
        return _NOT_DONE.get(self.status) or _DONE.get(self.action, "other")


@dataclass(frozen=True, slots=True, kw_only=True)
class WhyNot:
    """A cause for which objects failed, were left alone or wait; `reason` and `names` are of the newest in the log."""

    outcome: str
    code: str
    number: int
    reason: str = ""
    names: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Json]:
        """For another program."""
        return {
            "outcome": self.outcome,
            "code": self.code,
            "number": self.number,
            "reason": self.reason,
            "names": list(self.names),
        }


def day_of(number: int) -> date:
    """The day of this number since 1970."""
    return _EPOCH + timedelta(days=number)


def number_of_day(day: date) -> int:
    """The number of a day since 1970."""
    return (day - _EPOCH).days


def by_day(happened: Iterable[Happened]) -> dict[tuple[date, str], dict[str, int]]:
    """Of every day and kind how many of each column, in the order of days."""
    days: dict[tuple[date, str], dict[str, int]] = {}
    for one in happened:
        counts = days.setdefault((one.day, one.kind), dict.fromkeys(COLUMNS, 0))
        counts[one.column] += one.number
    return dict(sorted(days.items()))


def by_cause(happened: Iterable[Happened]) -> dict[tuple[str, str], int]:
    """How many were not provisioned, by (outcome, code), most first."""
    causes: dict[tuple[str, str], int] = {}
    for one in happened:
        if one.code:
            key = (one.status, one.code)
            causes[key] = causes.get(key, 0) + one.number
    return dict(sorted(causes.items(), key=lambda item: (-item[1], item[0])))


def totals(counts: Iterable[Mapping[str, int]]) -> dict[str, int]:
    """All of them together."""
    total = dict.fromkeys(COLUMNS, 0)
    for one in counts:
        for name, number in one.items():
            total[name] += number
    return total
