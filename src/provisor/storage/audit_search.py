"""Searches of the audit log by whatever Graph's $filter can say, a page at a time (storage.walking).

Order: values, searching, counting, where a case is found.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final, Literal, NamedTuple, TypeAlias

from provisor.database import Connection
from provisor.storage import audit, walking
from provisor.storage.audit import AuditEvent
from provisor.storage.conditions import SIGNS, TestOperator, condition
from provisor.storage.walking import LOOKED_AT, IndexRange, TimePlace, Walk, page

AuditField: TypeAlias = Literal[
    "id", "at", "actor", "actor_id", "actor_kind", "correlation", "activity", "target", "result"
]
# By which column an index is entered where several are compared: the rarer first.
_ENTRIES: Final = ("target", "actor_id", "actor", "activity")


class AuditTest(NamedTuple):
    """One thing that must hold. Moments are UTC microseconds; what an event does not have counts as empty."""

    field: AuditField
    operator: TestOperator
    value: str | int | tuple[str, ...]


AuditCase: TypeAlias = tuple[AuditTest, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditSearch:
    """Which events: those that fit one of the cases. `targets`: only about these ids, whatever is asked for."""

    tenant: str
    cases: Sequence[AuditCase] = ((),)
    targets: frozenset[str] | None = None
    oldest_first: bool = False


class AuditFound(NamedTuple):
    """A page, and where the next one begins; None: there is none. A page may be empty and have a next one."""

    events: Sequence[AuditEvent]
    end: TimePlace | None


def search(
    connection: Connection,
    wanted: AuditSearch,
    *,
    limit: int,
    after: TimePlace | None = None,
    looked_at: int = LOOKED_AT,
) -> AuditFound:
    """The next `limit` events that fit, newest first unless the search says otherwise."""
    walk = Walk("audit_event", wanted.oldest_first, looked_at)
    ids, end = page(connection, walk, _all(wanted), limit=limit, after=after)
    return AuditFound(audit.by_ids(connection, ids), end)


def count(connection: Connection, wanted: AuditSearch) -> int:
    """How many fit in all. Raises Uncountable where only going through the events could tell."""
    return walking.count(connection, "audit_event", _all(wanted), apart=len(wanted.cases) == 1)


def activities(connection: Connection, tenant: str) -> list[str]:
    """What was ever done or refused, by name: some dozens, each found by one step through the index."""
    rows = connection.all(
        """WITH RECURSIVE known (activity) AS (
            SELECT min(activity) FROM audit_event WHERE tenant = ?
            UNION ALL
            SELECT (SELECT min(e.activity) FROM audit_event e WHERE e.tenant = ? AND e.activity > known.activity)
            FROM known WHERE known.activity IS NOT NULL)
        SELECT activity FROM known WHERE activity IS NOT NULL""",
        (tenant, tenant),
    )
    return [str(row[0]) for row in rows]


def _all(wanted: AuditSearch) -> list[IndexRange]:
    return [place for case in wanted.cases for place in _places(wanted, case)]


def _places(wanted: AuditSearch, case: AuditCase) -> Iterator[IndexRange]:
    """Where the events of a case are."""
    if wanted.targets is not None:
        case = (*case, AuditTest("target", "in", tuple(sorted(wanted.targets))))
    key = next((test for test in case if test.field in ("id", "correlation") and _is_keyed(test)), None)
    if key is not None:
        # Obscured on purpose: with a plain column SQLite might go through its many events instead of the key's few.
        rest, values = _conditions([test for test in case if test is not key])
        inside = f" AND coalesce(tenant, '') = ?{rest}"
        yield IndexRange(f"{key.field} = ?", (key.value,), inside, (wanted.tenant, *values), keyed=True)
        return
    entry = min(
        (test for test in case if test.field in _ENTRIES and test.operator in ("eq", "in")),
        key=lambda test: _ENTRIES.index(test.field),
        default=None,
    )
    failed = next((test for test in case if test == AuditTest("result", "eq", "failure")), None) if not entry else None
    moments = [test for test in case if test.field == "at" and test.operator in SIGNS and test.operator != "ne"]
    rest, values = _conditions(test for test in case if test not in moments and test not in (entry, failed))
    between = "".join(f" AND at {SIGNS[test.operator]} ?" for test in moments) + " AND result <> 'success'" * bool(
        failed
    )
    bounds = [test.value for test in moments]
    if entry is None:
        yield IndexRange(f"tenant = ?{between}", (wanted.tenant, *bounds), rest, tuple(values))
        return
    for value in dict.fromkeys(entry.value) if isinstance(entry.value, tuple) else (entry.value,):
        where = f"tenant = ? AND {entry.field} = ?{between}"
        yield IndexRange(where, (wanted.tenant, value, *bounds), rest, tuple(values))


def _is_keyed(test: AuditTest) -> bool:
    return test.operator == "eq" and bool(test.value)


def _conditions(tests: Iterable[AuditTest]) -> tuple[str, list[object]]:
    """These tests as conditions, each after an AND, and their values."""
    text, values = "", list[object]()
    for field, operator, value in tests:
        said, given = condition("coalesce(at, 0)" if field == "at" else f"coalesce({field}, '')", operator, value)
        text += f" AND {said}"
        values += given
    return text, values
