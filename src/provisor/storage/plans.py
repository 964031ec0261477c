"""Plans that are kept: a row each, and a row for everything a plan would do or leaves alone.

making -> planned -> approved -> applied, or discarded. A plan is `making` until all its rows are there; one whose
process ended stays so, and goes with the next. Order: the value, writing, reading, deciding, applying.
"""

from collections.abc import Iterable, Iterator, Sequence
from datetime import timedelta
from typing import Literal, NamedTuple, TypeAlias

import msgspec

from provisor.database import Connection, Row
from provisor.engine.detail import Detail
from provisor.engine.plan import Plan
from provisor.scim.values import Json, fold
from provisor.storage import tenants
from provisor.storage.authors import Author
from provisor.storage.plan_documents import read_detail, read_plan
from provisor.storage.times import MICROSECOND

PlanState: TypeAlias = Literal["making", "planned", "approved", "applied", "discarded"]

KEPT = 20  # of a job; older ones go with their rows
EXPIRES_AFTER = timedelta(days=7)
MADE_WITHIN = timedelta(days=1)  # one that is `making` for longer is made by nobody any more
_NUMBER = "lastPlan"  # setting: numbers do not come again, or somebody might approve another plan than was looked at
_COLUMNS = """number, job, state, made_at, made_by, made_by_id, ruleset_version, change, proposed, document, decided_at,
    decided_by, decided_by_id, cycle"""
_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(dict).decode


class StoredPlan(NamedTuple):
    """One plan; times are UTC microseconds. `proposed` is what it was made with that is not saved."""

    number: int
    job: int
    state: PlanState
    made_at: int
    made_by: str
    made_by_id: str
    ruleset_version: int
    change: int
    proposed: dict[str, Json] | None
    plan: Plan
    decided_at: int | None
    decided_by: str | None
    decided_by_id: str | None
    cycle: str | None


class NewPlan(NamedTuple):
    """A plan about to be kept."""

    tenant: str
    job: int
    made_at: int
    made_by: str
    made_by_id: str
    ruleset_version: int
    change: int
    proposed: dict[str, Json] | None
    plan: Plan


STALE = "stale"  # the sort of what was left out when the plan was applied


class PlanSearch(NamedTuple):
    """Which rows of a plan: of one sort (`sort_of`; empty: of any), whose name contains this."""

    sort: str = ""
    text: str = ""


class PlanRow(NamedTuple):
    """Something a plan would do (`digest` says what exactly, `aim` only to what end), or somebody it leaves alone."""

    stage: int
    object: str
    digest: str | None
    detail: Detail
    stale: str | None = None
    aim: str | None = None
    position: int = 0


def add(connection: Connection, new: NewPlan) -> int:
    """Begin to keep a plan; returns its number. The oldest of the job go, and those whose making was cut short."""
    oldest = """job = ? AND ((state = 'making' AND made_at < ?)
        OR number <= (SELECT number FROM plan WHERE job = ? ORDER BY number DESC LIMIT 1 OFFSET ?))"""
    values = (new.job, new.made_at - MADE_WITHIN // MICROSECOND, new.job, KEPT - 1)
    connection.execute(f"DELETE FROM plan_operation WHERE plan IN (SELECT number FROM plan WHERE {oldest})", values)
    connection.execute(f"DELETE FROM plan WHERE {oldest}", values)
    number = int(tenants.setting(connection, new.tenant, _NUMBER) or 0) + 1
    tenants.save_setting(connection, new.tenant, _NUMBER, str(number))
    proposed = None if new.proposed is None else _encode(new.proposed).decode()
    document = _encode(new.plan.to_json()).decode()
    connection.execute(
        """INSERT INTO plan (number, tenant, job, state, made_at, made_by, made_by_id, ruleset_version, change,
            proposed, document)
        VALUES (?, ?, ?, 'making', ?, ?, ?, ?, ?, ?, ?)""",
        (number, *new[:-2], proposed, document),
    )
    return number


def add_rows(connection: Connection, number: int, position: int, rows: Iterable[PlanRow]) -> None:
    """Keep the next rows of a plan, from this position on. Raises LookupError when the plan is gone, with its job."""
    if connection.one("SELECT 1 FROM plan WHERE number = ?", (number,)) is None:
        raise LookupError(f"plan {number}")
    connection.many(
        """INSERT INTO plan_operation (plan, position, stage, object, digest, detail, aim, sort, folded_name)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)""",
        (_values(number, at, row) for at, row in enumerate(rows, position)),
    )


def _values(number: int, position: int, row: PlanRow) -> tuple[object, ...]:
    detail = row.detail
    document = _encode(detail.to_json()).decode()
    kept = (number, position, row.stage, row.object, row.digest, document, row.aim)
    return (*kept, sort_of(detail), fold(detail.name))


def sort_of(detail: Detail) -> str:
    """What a row is listed under: what would be done, or why nothing is (failure, waiting, skipped)."""
    return detail.operation if detail.status == "planned" else detail.status


def sort_all(connection: Connection) -> None:
    """Give the rows that were kept before there were sorts their sort and name."""
    for (number,) in connection.all("SELECT number FROM plan ORDER BY number"):
        for row in rows(connection, number):
            sort = sort_of(row.detail) if row.stale is None else STALE
            connection.execute(
                "UPDATE plan_operation SET sort = ?, folded_name = ? WHERE plan = ? AND position = ?",
                (sort, fold(row.detail.name), number, row.position),
            )


def made(connection: Connection, number: int) -> None:
    """All its rows are there."""
    connection.execute("UPDATE plan SET state = 'planned' WHERE number = ? AND state = 'making'", (number,))


def read(connection: Connection, number: int) -> StoredPlan | None:
    """One plan, whole."""
    row = connection.one(f"SELECT {_COLUMNS} FROM plan WHERE number = ? AND state <> 'making'", (number,))
    return None if row is None else _plan(row)


def of_job(connection: Connection, job: int) -> list[StoredPlan]:
    """The plans of a job, the newest first: no more than KEPT."""
    rows = connection.all(
        f"SELECT {_COLUMNS} FROM plan WHERE job = ? AND state <> 'making' ORDER BY number DESC", (job,)
    )
    return [_plan(row) for row in rows]


def approved(connection: Connection, job: int, at: int) -> int | None:
    """The newest plan of the job that was approved, not applied yet and is not too old at this moment."""
    row = connection.one(
        "SELECT max(number) FROM plan WHERE job = ? AND state = 'approved' AND made_at > ?",
        (job, at - EXPIRES_AFTER // MICROSECOND),
    )
    return None if row is None or row[0] is None else int(row[0])


def rows(
    connection: Connection, number: int, *, stale: bool = False, after: int = -1, page: int = 500
) -> Iterator[PlanRow]:
    """Everything a plan would do or leaves alone, in order, after this position; `stale`: what was left out when it was
    applied.
    """
    condition = " AND stale IS NOT NULL" if stale else ""
    last = after
    while True:
        found = connection.all(
            f"""SELECT position, stage, object, digest, detail, stale FROM plan_operation
            WHERE plan = ? AND position > ?{condition} ORDER BY position LIMIT ?""",
            (number, last, page),
        )
        yield from (_row(*row) for row in found)
        if len(found) < page:
            return
        last = found[-1][0]


def page(
    connection: Connection,
    number: int,
    search: PlanSearch,
    *,
    after: int = -1,
    before: int | None = None,
    limit: int = 50,
) -> list[PlanRow]:
    """The next of these rows in their order, after a position; or the last ones before one."""
    narrowed, values = "", list[object]()
    if search.sort:
        narrowed, values = " AND sort = ?", [search.sort]
    if search.text:
        # `sort > ''` and `+ 0` lead through the index that holds names, past the documents.
        narrowed += " AND instr(folded_name, ?) > 0" if search.sort else " AND sort > '' AND instr(folded_name, ?) > 0"
        values.append(fold(search.text))
    beyond, order = ("> ?", "ASC") if before is None else ("< ?", "DESC")
    by = "position" if search.sort or not search.text else "position + 0"
    positions = connection.all(
        f"""SELECT position FROM plan_operation WHERE plan = ?{narrowed} AND {by} {beyond}
        ORDER BY {by} {order} LIMIT ?""",
        (number, *values, after if before is None else before, limit),
    )
    if not positions:
        return []
    found = connection.all(
        f"""SELECT position, stage, object, digest, detail, stale FROM plan_operation
        WHERE plan = ? AND position IN ({", ".join("?" * len(positions))}) ORDER BY position""",
        (number, *(row[0] for row in positions)),
    )
    return [_row(*row) for row in found]


def _row(position: int, stage: int, object_id: str, digest: str | None, detail: str, stale: str | None) -> PlanRow:
    return PlanRow(stage, object_id, digest, read_detail(detail), stale, position=position)


def digests(
    connection: Connection, number: int, keys: Sequence[tuple[int, str]]
) -> dict[tuple[int, str], tuple[str, str | None]]:
    """Of these (stage, object), what exactly the plan would do and to what end; those to whom it would do nothing are
    not among them.
    """
    if not keys:
        return {}
    marks = ", ".join("(?, ?)" for _ in keys)
    found = connection.all(
        f"""SELECT stage, object, digest, aim FROM plan_operation
        WHERE plan = ? AND digest IS NOT NULL AND (stage, object) IN (VALUES {marks})""",
        (number, *(part for key in keys for part in key)),
    )
    return {(row[0], row[1]): (row[2], row[3]) for row in found}


def doing(connection: Connection, number: int, keys: Sequence[tuple[int, str]]) -> dict[tuple[int, str], PlanRow]:
    """The same, whole."""
    marks = ", ".join("(?, ?)" for _ in keys)
    found = connection.all(
        f"""SELECT stage, object, digest, detail, stale FROM plan_operation
        WHERE plan = ? AND digest IS NOT NULL AND (stage, object) IN (VALUES {marks})""",
        (number, *(part for key in keys for part in key)),
    )
    return {(row[0], row[1]): PlanRow(row[0], row[1], row[2], read_detail(row[3]), row[4]) for row in found}


def decide(connection: Connection, number: int, state: PlanState, *, by: Author, at: int) -> bool:
    """Somebody has approved or discarded the plan; False when it is over meanwhile."""
    row = connection.one(
        """UPDATE plan SET state = ?, decided_by = ?, decided_by_id = ?, decided_at = ?
        WHERE number = ? AND state IN ('planned', 'approved') RETURNING number""",
        (state, by.name, by.id, at, number),
    )
    return row is not None


def applied(connection: Connection, number: int, cycle: str) -> None:
    """A cycle has carried the plan out, or all of it that still held."""
    connection.execute("UPDATE plan SET state = 'applied', cycle = ? WHERE number = ?", (cycle, number))


def stale_unless_planned(connection: Connection, number: int, job: int, why: str) -> None:
    """What the plan would do and the job no longer plans is left out."""
    connection.execute(
        """UPDATE plan_operation SET stale = ?, sort = ? WHERE plan = ? AND digest IS NOT NULL AND stale IS NULL
        AND NOT EXISTS (SELECT 1 FROM operation o WHERE o.job = ? AND o.stage = plan_operation.stage
            AND o.object = plan_operation.object AND o.state = 'planned')""",
        (why, STALE, number, job),
    )


def stale(connection: Connection, number: int, keys: Sequence[tuple[int, str]], why: str) -> None:
    """Of these (stage, object), what the plan would do is left out."""
    connection.many(
        """UPDATE plan_operation SET stale = ?, sort = ?
        WHERE plan = ? AND stage = ? AND object = ? AND digest IS NOT NULL AND stale IS NULL""",
        ((why, STALE, number, stage, object_id) for stage, object_id in keys),
    )


def _plan(row: Row) -> StoredPlan:
    number, job, state, made_at, made_by, made_by_id, version, change, proposed, document, *decided = row
    return StoredPlan(
        number,
        job,
        state,
        made_at,
        made_by,
        made_by_id,
        version,
        change,
        None if proposed is None else _decode(proposed),
        read_plan(document),
        *decided,
    )
