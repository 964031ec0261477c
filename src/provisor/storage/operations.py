"""Operations: what is planned, what is under way, what a cycle leaves to the next, who waits for a free place.

planned -> sent (committed before the request) -> the row goes; who failed is in escrow (storage.escrow). `left`: not
carried out, so the next cycle decides anew. `staged`: held back by accidental-deletion prevention (storage.holds).
`waiting` is a group beyond the application's capacity. An operation holds
hashes, not a body: the body is derived when it is sent. A plan's `verdict` rows (objects it leaves alone, and why) live
here too until the next plan or run.
"""

from collections.abc import Collection, Iterable, Iterator, Sequence
from typing import Literal, NamedTuple

import msgspec

from provisor.database import Connection, Row
from provisor.engine.decide import Owner
from provisor.engine.operation import REFERENCES, OperationKind
from provisor.engine.record import Kind

ENTRY, SECOND = 1, 2  # stages: the object itself; its members or references
ON_DEMAND = 0  # as the cycle of an operation: planned on demand, in no cycle


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
    state: Literal["planned", "verdict", "left"]
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
    found_document, found_by, links_only, held, verdict, reason, removes"""


class StoredOperation(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One row of the plan.

    Of a link: `found_by` is the attribute by which the account was found, and `links_only` says that nothing is sent.
    Of a create: `held` says that the account is looked for once more before it is sent. Of a verdict, and of who waits:
    `verdict` and `reason` say why nothing is done. `found_document` is the account as JSON text, as found or read.
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
    removes: int = 0


class SentRow(NamedTuple):
    """An operation about to be sent. `values`: by which the account of a create can be found (engine.unknown)."""

    stage: int
    object: str
    values: str | None


def plan(connection: Connection, rows: Iterable[PlannedRow]) -> None:
    """Write operations; one that a cycle left over stays so until it is done."""
    connection.many(_PLAN, rows)


def due(
    connection: Connection, *, job: int, phase: int, limit: int, only: Collection[str] | None = None
) -> list[StoredOperation]:
    """The next planned operations of a phase, in the order of their objects' ids; `only`: of these objects."""
    narrow = "" if only is None else f"AND object IN ({','.join('?' * len(only))})"
    return _read(
        connection,
        f"WHERE job = ? AND state = 'planned' AND phase = ? {narrow} ORDER BY stage, object LIMIT ?",
        (job, phase, *(only or ()), limit),
    )


def sent(connection: Connection, job: int) -> list[StoredOperation]:
    """Operations whose outcome is unknown because the run ended between request and record: a bounded number."""
    return _read(connection, "WHERE job = ? AND state = 'sent' ORDER BY phase, stage, object", (job,))


def one(connection: Connection, job: int, stage: int, object_id: str) -> StoredOperation | None:
    """The operation on one object."""
    found = _read(connection, "WHERE job = ? AND stage = ? AND object = ?", (job, stage, object_id))
    return found[0] if found else None


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
    """The rows of a job in one state; meant for the short lists (waiting, left)."""
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


def anything_goes(connection: Connection, job: int) -> bool:
    """Whether anything that takes access away is planned."""
    row = connection.one("SELECT 1 FROM operation WHERE job = ? AND state = 'planned' AND removes > 0 LIMIT 1", (job,))
    return row is not None


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
    """From now on the outcome of these is unknown until it is recorded."""
    connection.many(
        "UPDATE operation SET state = 'sent', sent = ? WHERE job = ? AND stage = ? AND object = ?",
        ((values, job, stage, object_id) for stage, object_id, values in rows),
    )


def unsend(connection: Connection, job: int, keys: Iterable[tuple[int, str]]) -> None:
    """No request was made for these, or it certainly had no effect: planned again."""
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
    """These operations are done; their links and log events show the result."""
    connection.many(
        "DELETE FROM operation WHERE job = ? AND stage = ? AND object = ?",
        ((job, stage, object_id) for stage, object_id in keys),
    )


def wait_for_place(connection: Connection, job: int, cycle: int, rows: Iterable[tuple[str, str, str]]) -> None:
    """(object, code, reason): over capacity, kept until a place is free; no request is made."""
    connection.many(
        """UPDATE operation SET state = 'waiting', cycle = ?, verdict = ?, reason = ?
        WHERE job = ? AND stage = 1 AND object = ?""",
        ((cycle, code, reason, job, object_id) for object_id, code, reason in rows),
    )


def newly(connection: Connection, job: int, objects: Iterable[str]) -> list[str]:
    """Of these objects, those nobody was told of yet; from now on they count as told."""
    return [
        object_id
        for object_id in objects
        if connection.one(
            """UPDATE operation SET told = 1 WHERE job = ? AND stage = 1 AND object = ? AND told = 0
            RETURNING object""",
            (job, object_id),
        )
    ]


def leave(connection: Connection, job: int, keys: Iterable[tuple[int, str]]) -> None:
    """The next cycle takes these up, whatever they wait for now."""
    connection.many(
        """UPDATE operation SET state = 'left', left_over = 1
        WHERE job = ? AND stage = ? AND object = ? AND state IN ('planned', 'sent')""",
        ((job, stage, object_id) for stage, object_id in keys),
    )


def leave_for_next(connection: Connection, job: int) -> None:
    """Whatever is still planned at the end of a cycle is taken up by the next one."""
    connection.execute("UPDATE operation SET state = 'left', left_over = 1 WHERE job = ? AND state = 'planned'", (job,))


def leave_removals(connection: Connection, job: int) -> None:
    """The next run decides anew about the accounts and groups that were to be taken away."""
    connection.execute(
        f"""UPDATE operation SET state = 'left', left_over = 1
        WHERE job = ? AND state = 'planned' AND stage = {ENTRY} AND removes > 0""",
        (job,),
    )


def leave_on_demand(connection: Connection, job: int) -> None:
    """What was planned on demand and not begun is taken up by the next cycle: nothing else may know of it."""
    connection.execute(
        "UPDATE operation SET state = 'left', left_over = 1 WHERE job = ? AND state = 'planned' AND cycle = ?",
        (job, ON_DEMAND),
    )


def refer_later(connection: Connection, job: int, people: Iterable[str]) -> None:
    """The next cycle looks at the references of these people, unless this run does: no work set brings them."""
    connection.many(
        f"""INSERT INTO operation (job, stage, object, cycle, object_kind, name, kind, phase, state, left_over)
        SELECT ?, {SECOND}, id, {ON_DEMAND}, kind, name, 'reference', {REFERENCES}, 'left', 1 FROM object WHERE id = ?
        ON CONFLICT DO NOTHING""",
        ((job, person) for person in people),
    )


def discard_plan(connection: Connection, job: int) -> None:
    """Forget what was planned but not begun; what an earlier cycle left over is taken up by the next one.

    References too: the object they lead to may have an account by now, and would not wake them again.
    """
    leave_on_demand(connection, job)
    connection.execute("UPDATE operation SET state = 'left', left_over = 1 WHERE job = ? AND state = 'staged'", (job,))
    for state in ("verdict", "planned"):
        connection.execute(
            "DELETE FROM operation WHERE job = ? AND state = ? AND left_over = 0 AND kind <> 'reference'", (job, state)
        )
        connection.execute(
            "UPDATE operation SET state = 'left', left_over = 1 WHERE job = ? AND state = ?", (job, state)
        )


def _read(connection: Connection, condition: str, values: tuple[object, ...]) -> list[StoredOperation]:
    return [_of(row) for row in connection.all(f"SELECT {_COLUMNS} FROM operation {condition}", values)]


def _of(row: Row) -> StoredOperation:
    (_, stage, object_id, _, object_kind, name, kind, phase, state, target_id, wanted_hash, base_hash) = row[:12]
    found_document, found_by, links_only, held, verdict, reason, removes = row[12:]
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
        removes=removes,
    )
