"""Searches of the provisioning log by whatever Graph's $filter can say, a page at a time (spec/provisioning-service.md
section 17.3).

A search is a choice of cases, a case a list of tests that all hold. Tests of what an event shares with many (its
facet) are made on the few facets there are; of the rest, an id, a name or a cycle has an index, and what no index
answers, such as `contains`, is looked for by going through events (storage.walking).

Order: values, searching, counting, where a case is found, conditions.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final, Literal, NamedTuple, TypeAlias

from provisor.database import Connection
from provisor.storage import walking
from provisor.storage.conditions import SIGNS, TestOperator, condition
from provisor.storage.log import LoggedEvent, told
from provisor.storage.log_facets import Frames
from provisor.storage.walking import LOOKED_AT, IndexRange, TimePlace, Walk, page

LogField: TypeAlias = Literal[
    "id", "at", "cycle", "source", "name", "target", "target_name",
    "job", "action", "status", "code", "tenant", "source_system", "application", "application_name",
]  # fmt: skip

_SHARED: Final = {
    "job": "r.job_id",
    "action": "f.action",
    "status": "f.status",
    "code": "f.code",
    "tenant": "f.tenant",
    "source_system": "r.source_name",
    "application": "r.application",
    "application_name": "r.application_name",
}
_OWN: Final = {
    "id": "id",
    "at": "at",
    "cycle": "cycle",
    "source": "source_id",
    "name": "name",
    "target": "target_id",
    "target_name": "CASE WHEN target_id IS NULL THEN '' ELSE name END",
}
_FEW: Final = 8  # facets, each of which is gone through by itself; else all events are, in the order of their times
_KEYED: Final = ("id", "source", "target", "name", "target_name")  # each has an index, and few events a value


class LogTest(NamedTuple):
    """One thing that must hold. Moments are UTC microseconds; what an event does not have counts as empty."""

    field: LogField
    operator: TestOperator
    value: str | int | tuple[str, ...]


LogCase: TypeAlias = tuple[LogTest, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class LogSearch:
    """Which events: those that fit one of the cases. `jobs`: only of these numbers, whatever is asked for."""

    tenant: str
    cases: Sequence[LogCase] = ((),)
    jobs: frozenset[int] | None = None
    oldest_first: bool = False


class LogFound(NamedTuple):
    """A page, and where the next one begins; None: there is none. A page may be empty and have a next one."""

    events: Sequence[LoggedEvent]
    end: TimePlace | None


def search(
    connection: Connection, wanted: LogSearch, *, limit: int, after: TimePlace | None = None, looked_at: int = LOOKED_AT
) -> LogFound:
    """The next `limit` events that fit, newest first unless the search says otherwise.

    Goes through about `looked_at` events where no index answers.
    """
    walk = Walk("log_event", wanted.oldest_first, looked_at)
    ids, end = page(connection, walk, _all(connection, wanted), limit=limit, after=after)
    return LogFound(told(connection, ids, Frames(connection)), end)


def count(connection: Connection, wanted: LogSearch) -> int:
    """How many fit in all. Raises Uncountable where only going through the events could tell."""
    return walking.count(connection, "log_event", _all(connection, wanted), apart=len(wanted.cases) == 1)


def _all(connection: Connection, wanted: LogSearch) -> list[IndexRange]:
    return [place for case in wanted.cases for place in _places(connection, wanted, case)]


def _places(connection: Connection, wanted: LogSearch, case: LogCase) -> Iterator[IndexRange]:
    """Where the events of a case are."""
    facets = _facets(connection, wanted, [test for test in case if test.field in _SHARED])
    if not facets:
        return
    own = [test for test in case if test.field in _OWN]
    key = min(
        (test for test in own if test.field in _KEYED and test.operator == "eq" and test.value),
        key=lambda test: _KEYED.index(test.field),
        default=None,
    )
    if key is not None:
        # Obscured on purpose: with a plain column SQLite might go through its many events instead of the key's few.
        column = "name" if key.field == "target_name" else _OWN[key.field]
        inside = f" AND coalesce(facet, 0) IN ({','.join('?' * len(facets))})"
        rest, values = _conditions([test for test in own if test is not key or key.field == "target_name"])
        yield IndexRange(f"{column} = ?", (key.value,), inside + rest, (*facets, *values), keyed=True)
        return
    cycle = next((test for test in own if test.field == "cycle" and test.operator == "eq"), None)
    moments = [test for test in own if test.field == "at" and test.operator in SIGNS and test.operator != "ne"]
    between, bounds = "", list[object]()
    for test in moments:
        between += f" AND at {SIGNS[test.operator]} ?"
        bounds.append(test.value)
    rest, values = _conditions([test for test in own if test is not cycle and test not in moments])
    if rest and cycle is None and len(facets) > _FEW:
        inside = f" AND coalesce(facet, 0) IN ({','.join('?' * len(facets))})"
        yield IndexRange(f"tenant = ?{between}", (wanted.tenant, *bounds), inside + rest, (*facets, *values))
        return
    for facet in facets:
        where: tuple[object, ...] = (facet,)
        condition = "facet = ?"
        if cycle is not None:
            condition, where = "cycle = ? AND facet = ?", (cycle.value, facet)
        yield IndexRange(condition + between, (*where, *bounds), rest, tuple(values), keyed=False)


def _facets(connection: Connection, wanted: LogSearch, tests: Sequence[LogTest]) -> list[int]:
    """The combinations that fit."""
    rest, values = _conditions(tests)
    if wanted.jobs is not None:
        rest += f" AND f.job IN ({','.join('?' * len(wanted.jobs))})" if wanted.jobs else " AND 1 = 0"
        values += sorted(wanted.jobs)
    rows = connection.all(
        f"SELECT f.id FROM log_facet f JOIN log_frame r ON r.id = f.frame WHERE f.tenant = ?{rest}",
        (wanted.tenant, *values),
    )
    return [int(row[0]) for row in rows]


def _conditions(tests: Iterable[LogTest]) -> tuple[str, list[object]]:
    """These tests as conditions, each after an AND, and their values."""
    text, values = "", list[object]()
    for field, operator, value in tests:
        column = _SHARED.get(field) or ("coalesce(at, 0)" if field == "at" else f"coalesce({_OWN[field]}, '')")
        said, given = condition(column, operator, value)
        text += f" AND {said}"
        values += given
    return text, values
