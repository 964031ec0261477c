"""Operations: what is planned, what is under way, what failed and is tried again, who waits for a free place.

planned -> sent (committed before the request) -> the row goes when done, or becomes retry. `waiting` is a group beyond
the application's capacity. An operation holds hashes, not a body: the body is derived when it is sent. A plan's
`verdict` rows (objects it leaves alone, and why) live here too until the next plan or run.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import Literal, NamedTuple

import msgspec

from provisor.database import Connection, Row
from provisor.engine.decide import Owner
from provisor.engine.operation import OperationKind
from provisor.engine.record import Kind

ENTRY, SECOND = 1, 2  # stages: the object itself; its members or references


class PlannedRow(NamedTuple):
    """An operation as it is planned; StoredOperation says what its fields mean."""

    job: int
    stage: int
    object: str
    cycle: int
    object_kind: Kind
    name: str
    kind: OperationKind
    phase: int
    state: Literal["planned", "verdict"]
    target_id: str | None = None
    wanted_hash: str | None = None
    base_hash: str | None = None
    found_document: str | None = None
    found_by: str | None = None
    links_only: bool = False
    held: bool = False
    verdict: str | None = None
    reason: str | None = None
    removes: int = 0


_PLAN = """INSERT INTO operation (job, stage, object, cycle, object_kind, name, kind, phase, state, target_id,
    wanted_hash, base_hash, found_document, found_by, links_only, held, verdict, reason, removes)
    VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)
    ON CONFLICT (job, stage, object) DO UPDATE SET cycle = excluded.cycle, name = excluded.name,
    kind = excluded.kind, phase = excluded.phase, state = excluded.state, target_id = excluded.target_id,
    wanted_hash = excluded.wanted_hash, base_hash = excluded.base_hash,
    found_document = excluded.found_document, found_by = excluded.found_by, links_only = excluded.links_only,
    held = excluded.held, verdict = excluded.verdict, reason = excluded.reason, removes = excluded.removes"""
_COLUMNS = """job, stage, object, cycle, object_kind, name, kind, phase, state, target_id, wanted_hash, base_hash,
    found_document, found_by, links_only, held, verdict, reason, attempts, failure, removes"""


class StoredFailure(msgspec.Struct, frozen=True):
    """Why an operation failed, or what it waits for."""

    code: str = ""
    message: str = ""
    hint: str = ""


_decode = msgspec.json.Decoder(StoredFailure).decode


class StoredOperation(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One row of the plan.

    Of a link: `found_by` is the attribute by which the account was found, and `links_only` says that nothing is sent.
    Of a create: `held` says that the account is looked for once more before it is sent. Of a verdict: `verdict` and
    `reason` say why nothing is done. `found_document` is the account as JSON text, as it was found or read.
    """

    stage: int
    object: str
    object_kind: Kind
    name: str
    kind: OperationKind
    phase: int
    state: str
    target_id: str | None
    wanted_hash: str | None
    base_hash: str | None
    found_document: str | None
    found_by: str | None
    links_only: bool
    held: bool
    verdict: str | None
    reason: str | None
    attempts: int
    failure: StoredFailure | None
    removes: int = 0

    @property
    def code(self) -> str:
        """Why a verdict leaves the object alone, or an operation waits or failed; empty for any other."""
        if self.state == "verdict":
            return self.verdict or ""
        return "" if self.failure is None else self.failure.code


class SentRow(NamedTuple):
    """An operation about to be sent. `values`: by which the account of a create can be found (engine.unknown)."""

    stage: int
    object: str
    values: str | None


class FailedRow(NamedTuple):
    """An operation that failed; `failure` as JSON text."""

    stage: int
    object: str
    failure: str
    at: int


def plan(connection: Connection, rows: Iterable[PlannedRow]) -> None:
    """Write operations; one that failed before keeps its count of attempts and the time it first failed."""
    connection.many(_PLAN, rows)


def due(connection: Connection, *, job: int, phase: int, limit: int) -> list[StoredOperation]:
    """The next planned operations of a phase, in the order of their objects' ids."""
    return _read(
        connection,
        "WHERE job = ? AND state = 'planned' AND phase = ? ORDER BY stage, object LIMIT ?",
        (job, phase, limit),
    )


def sent(connection: Connection, job: int) -> list[StoredOperation]:
    """Operations whose outcome is unknown because the run ended between request and record: a bounded number."""
    return _read(connection, "WHERE job = ? AND state = 'sent' ORDER BY phase, stage, object", (job,))


def stream(connection: Connection, job: int, cycle: int, page: int = 500) -> Iterator[StoredOperation]:
    """Every row of a cycle's plan, verdicts included, by phase and object; pages keep memory flat."""
    last = (0, 0, "")
    while True:
        rows = _read(
            connection,
            """WHERE job = ? AND cycle = ? AND state IN ('planned', 'waiting', 'verdict')
            AND (phase, stage, object) > (?, ?, ?) ORDER BY phase, stage, object LIMIT ?""",
            (job, cycle, *last, page),
        )
        yield from rows
        if len(rows) < page:
            return
        last = (rows[-1].phase, rows[-1].stage, rows[-1].object)


def in_state(connection: Connection, job: int, state: str, kind: Kind | None = None) -> list[StoredOperation]:
    """The rows of a job in one state; meant for the short lists (waiting, retry)."""
    condition = "" if kind is None else " AND object_kind = ?"
    values: tuple[object, ...] = (job, state) if kind is None else (job, state, kind)
    return _read(connection, f"WHERE job = ? AND state = ?{condition} ORDER BY phase, stage, object", values)


def any_in_state(connection: Connection, job: int, state: str) -> bool:
    """Whether the job has an operation in this state."""
    return connection.one("SELECT 1 FROM operation WHERE job = ? AND state = ? LIMIT 1", (job, state)) is not None


def counts(connection: Connection, job: int, cycle: int) -> dict[tuple[str, str, str], int]:
    """How many rows of the cycle's plan there are by (object kind, operation kind, state)."""
    rows = connection.all(
        """SELECT object_kind, kind, state, count(*) FROM operation WHERE job = ? AND cycle = ?
        AND state IN ('planned', 'sent', 'waiting', 'verdict') GROUP BY object_kind, kind, state""",
        (job, cycle),
    )
    return {(row[0], row[1], row[2]): row[3] for row in rows}


def creates(connection: Connection, job: int, kind: Kind) -> list[tuple[str, str, bool]]:
    """(object, name, whether it waits) of those of a kind that would be created, waiting ones included."""
    rows = connection.all(
        """SELECT object, name, state FROM operation WHERE job = ? AND state IN ('planned', 'waiting') AND stage = 1
        AND kind = 'create' AND object_kind = ?""",
        (job, kind),
    )
    return [(row[0], row[1], row[2] == "waiting") for row in rows]


def count_planned(connection: Connection, job: int, *, kind: str, object_kind: Kind) -> int:
    """How many operations of one kind on one kind of object are planned."""
    row = connection.one(
        "SELECT count(*) FROM operation WHERE job = ? AND state = 'planned' AND kind = ? AND object_kind = ?",
        (job, kind, object_kind),
    )
    return int(row[0]) if row else 0


def removals(connection: Connection, job: int) -> tuple[int, int, int]:
    """How many users are to be disabled or deleted, groups to be deleted, and memberships to be removed."""
    rows = connection.all(
        """SELECT stage, object_kind, sum(removes) FROM operation WHERE job = ? AND state = 'planned' AND removes > 0
        GROUP BY stage, object_kind""",
        (job,),
    )
    found = {(row[0], row[1]): int(row[2]) for row in rows}
    return found.get((ENTRY, "user"), 0), found.get((ENTRY, "group"), 0), found.get((SECOND, "group"), 0)


def claimed(connection: Connection, job: int, object_kind: Kind, target_id: str) -> Owner | None:
    """The object that an operation will link to this target object."""
    row = connection.one(
        """SELECT object, name FROM operation WHERE job = ? AND object_kind = ? AND target_id = ? AND kind = 'link'""",
        (job, object_kind, target_id),
    )
    return Owner(row[0], row[1]) if row else None


def in_phase(connection: Connection, job: int, objects: Sequence[str], phase: int) -> list[str]:
    """Of these objects, those for whom an operation of their own is planned in this phase."""
    if not objects:
        return []
    marks = ",".join("?" * len(objects))
    rows = connection.all(
        f"""SELECT object FROM operation WHERE job = ? AND stage = {ENTRY} AND object IN ({marks})
        AND state = 'planned' AND phase = ?""",
        (job, *objects, phase),
    )
    return [row[0] for row in rows]


def mark_sent(connection: Connection, job: int, rows: Iterable[SentRow]) -> None:
    """From here on the outcome of these is unknown until it is recorded."""
    connection.many(
        "UPDATE operation SET state = 'sent', sent = ? WHERE job = ? AND stage = ? AND object = ?",
        ((values, job, stage, object_id) for stage, object_id, values in rows),
    )


def unsend(connection: Connection, job: int, keys: Iterable[tuple[int, str]]) -> None:
    """No request was made for these, or it surely had no effect: planned again."""
    connection.many(
        "UPDATE operation SET state = 'planned' WHERE job = ? AND stage = ? AND object = ? AND state = 'sent'",
        ((job, stage, object_id) for stage, object_id in keys),
    )


def move_to_phase(connection: Connection, job: int, keys: Iterable[tuple[int, str]], phase: int) -> None:
    """Try these once more in a later phase of the same cycle."""
    connection.many(
        "UPDATE operation SET state = 'planned', phase = ? WHERE job = ? AND stage = ? AND object = ?",
        ((phase, job, stage, object_id) for stage, object_id in keys),
    )


def done(connection: Connection, job: int, keys: Iterable[tuple[int, str]]) -> None:
    """These operations are over; their links and log events say what came of them."""
    connection.many(
        "DELETE FROM operation WHERE job = ? AND stage = ? AND object = ?",
        ((job, stage, object_id) for stage, object_id in keys),
    )


def failed(connection: Connection, job: int, rows: Iterable[FailedRow]) -> None:
    """Recorded, and tried again by the next cycle."""
    connection.many(
        """UPDATE operation SET state = 'retry', attempts = attempts + 1, failure = ?,
        first_failed_at = coalesce(first_failed_at, ?) WHERE job = ? AND stage = ? AND object = ?""",
        ((failure, at, job, stage, object_id) for stage, object_id, failure, at in rows),
    )


def wait_for_place(connection: Connection, job: int, cycle: int, rows: Iterable[tuple[str, str]]) -> None:
    """(object, reason as JSON): over capacity, kept until a place is free; no request is made."""
    connection.many(
        "UPDATE operation SET state = 'waiting', cycle = ?, failure = ? WHERE job = ? AND stage = 1 AND object = ?",
        ((cycle, reason, job, object_id) for object_id, reason in rows),
    )


def newly(connection: Connection, job: int, objects: Iterable[str], at: int) -> list[str]:
    """Of these objects, those nobody was told of yet; from now on they count as told."""
    return [
        object_id
        for object_id in objects
        if connection.one(
            """UPDATE operation SET first_failed_at = ? WHERE job = ? AND stage = 1 AND object = ?
            AND first_failed_at IS NULL RETURNING object""",
            (at, job, object_id),
        )
    ]


def leave(connection: Connection, job: int, keys: Iterable[tuple[int, str]]) -> None:
    """These are taken up by the next cycle, whatever they wait for now."""
    connection.many(
        """UPDATE operation SET state = 'retry'
        WHERE job = ? AND stage = ? AND object = ? AND state IN ('planned', 'sent')""",
        ((job, stage, object_id) for stage, object_id in keys),
    )


def leave_for_next(connection: Connection, job: int) -> None:
    """Whatever is still planned at the end of a cycle is taken up by the next one."""
    connection.execute("UPDATE operation SET state = 'retry' WHERE job = ? AND state = 'planned'", (job,))


def discard_plan(connection: Connection, job: int) -> None:
    """Forget what was planned but not begun; what had failed or waited before is tried again instead.

    References too: whoever they lead to may have an account by now, and would not wake those who waited once more.
    """
    for state in ("verdict", "planned"):
        connection.execute(
            """DELETE FROM operation WHERE job = ? AND state = ? AND failure IS NULL
            AND kind <> 'reference'""",
            (job, state),
        )
        connection.execute("UPDATE operation SET state = 'retry' WHERE job = ? AND state = ?", (job, state))


def _read(connection: Connection, condition: str, values: tuple[object, ...]) -> list[StoredOperation]:
    return [_of(row) for row in connection.all(f"SELECT {_COLUMNS} FROM operation {condition}", values)]


def _of(row: Row) -> StoredOperation:
    (_, stage, object_id, _, object_kind, name, kind, phase, state, target_id, wanted_hash, base_hash) = row[:12]
    found_document, found_by, links_only, held, verdict, reason, attempts, failure, removes = row[12:]
    return StoredOperation(
        stage=stage,
        object=object_id,
        object_kind=object_kind,
        name=name,
        kind=kind,
        phase=phase,
        state=state,
        target_id=target_id,
        wanted_hash=wanted_hash,
        base_hash=base_hash,
        found_document=found_document,
        found_by=found_by,
        links_only=bool(links_only),
        held=bool(held),
        verdict=verdict,
        reason=reason,
        attempts=attempts,
        failure=None if failure is None else _decode(failure),
        removes=removes,
    )
