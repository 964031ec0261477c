"""Writes down what came of requests: links, memberships, log events and finished operations, in micro-batches.

A batch is one transaction, written at most 50 ms after its first outcome; until then its operations stay `sent`, and a
crash makes the next run look before it sends again. Order: the outcome, the recorder.
"""

import asyncio
from collections import Counter
from collections.abc import Callable

import msgspec

from provisor.database import Connection
from provisor.engine.record import Kind
from provisor.engine.unknown import SentValues
from provisor.rules.failure import Failure
from provisor.runner.run import Run
from provisor.storage import cycles, links, log, operations, records, unknown
from provisor.storage.links import LinkRow
from provisor.storage.log import LogRow
from provisor.storage.operations import FailedRow
from provisor.storage.unknown import UnknownCreate

LONGEST_WAIT_SECONDS = 0.05
BATCH = 200
_KINDS: tuple[Kind, ...] = ("user", "group")

_encode = msgspec.json.Encoder().encode

WriteRows = Callable[[Connection], None]


class Outcome(msgspec.Struct, kw_only=True):
    """What one operation came to: over, unless `failure` or `again_in_phase` says otherwise.

    `also` are further statements of the same transaction (memberships, waiting rows) for the rarer kinds.
    """

    stage: int
    object: str
    kind: Kind | None = None  # of the object; needed where its outcome is unknown
    link: LinkRow | None = None
    events: list[LogRow] = []
    failure: Failure | None = None
    again_in_phase: int | None = None
    also: WriteRows | None = None
    counts: str | None = None  # the counter of the cycle it adds to
    removes: bool = False  # an account was taken out of use
    vanished: list[str] = []  # people whose account turned out to be gone
    unknown: SentValues | None = None  # of a create that may have been carried out
    plan_anew: bool = False  # something is known now that was not when it was planned
    if_taken: Callable[[str], "Outcome"] | None = None
    """Of a link with an id that the target chose: the outcome when the account belongs to somebody else, given whom."""


def failed_row(run: Run, stage: int, object_id: str, failure: Failure) -> FailedRow:
    """A failure as the operation keeps it."""
    said = {"code": failure.code, "message": failure.message, "hint": failure.hint}
    return FailedRow(stage, object_id, _encode(said).decode(), run.at())


class Recorder:
    """Collects outcomes and writes them. Belongs to one run; `drain` before reading what depends on it.

    `recorded` is told how many operations are through.
    """

    def __init__(self, run: Run, recorded: Callable[[int], None]) -> None:
        self._run = run
        self._recorded = recorded
        self._loop = asyncio.get_running_loop()
        self._outcomes: list[Outcome] = []
        self._changes: list[WriteRows] = []
        self._timer: asyncio.TimerHandle | None = None
        self._under_way: set[asyncio.Future[Counter[str]]] = set()
        self._failure: BaseException | None = None

    def add(self, outcome: Outcome) -> None:
        """Write this down soon."""
        self._outcomes.append(outcome)
        self._soon()

    def note(self, change: WriteRows) -> None:
        """Write this down soon; it ends no operation."""
        self._changes.append(change)
        self._soon()

    async def drain(self) -> None:
        """Wait until everything added so far is on disk. Raises what kept it from getting there."""
        self._write()
        while self._under_way:
            await asyncio.wait(self._under_way)
        if self._failure is not None:
            raise self._failure

    def _soon(self) -> None:
        if len(self._outcomes) >= BATCH:
            self._write()
        elif self._timer is None:
            self._timer = self._loop.call_later(LONGEST_WAIT_SECONDS, self._write)

    def _write(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if not self._outcomes and not self._changes:
            return
        batch, self._outcomes = self._outcomes, []
        changes, self._changes = self._changes, []
        fresh = self._run.fresh_counts()
        future = self._run.writer.write(lambda connection: self._put(connection, batch, changes, fresh))
        self._under_way.add(future)
        future.add_done_callback(lambda done: self._written(done, batch))

    def _written(self, done: "asyncio.Future[Counter[str]]", batch: list[Outcome]) -> None:
        self._under_way.discard(done)
        failure = None if done.cancelled() else done.exception()
        if failure is not None:
            self._failure = self._failure or failure
        elif not done.cancelled():
            self._run.counted(done.result())
        self._recorded(len(batch))

    def _put(
        self, connection: Connection, batch: list[Outcome], changes: list[WriteRows], fresh: Counter[str]
    ) -> Counter[str]:
        """Write a batch down; returns what the outcomes count as. May run twice: it changes no value of its own."""
        run = self._run
        job = run.job.number
        outcomes = self._without_clashes(connection, batch)
        for change in changes:
            change(connection)
        links.put(connection, [one.link for one in outcomes if one.link is not None])
        log.append(connection, [event for one in outcomes for event in one.events])
        unknown.note(
            connection,
            job,
            [
                UnknownCreate(one.object, one.kind, one.unknown)
                for one in outcomes
                if one.unknown is not None and one.kind is not None
            ],
        )
        done: list[tuple[int, str]] = []
        for one in outcomes:
            if one.also is not None:
                one.also(connection)
            if one.again_in_phase is not None:
                operations.move_to_phase(connection, job, [(one.stage, one.object)], one.again_in_phase)
            elif one.failure is not None:
                operations.failed(connection, job, [failed_row(run, one.stage, one.object, one.failure)])
            elif not one.plan_anew:  # else it stays `sent` until it is planned anew, which a kill must not forget
                done.append((one.stage, one.object))
        operations.done(connection, job, done)
        counts = Counter(one.counts for one in outcomes if one.counts is not None)
        counts.update(f"removed.{one.kind}" for one in outcomes if one.removes)
        cycles.add_counts(connection, job, run.cycle.n, fresh + counts)
        return counts

    def _without_clashes(self, connection: Connection, batch: list[Outcome]) -> list[Outcome]:
        """One account belongs to one object: a target that answers twice with the same id must not end the cycle."""
        given: dict[tuple[str, str], str] = {}
        for kind in _KINDS:
            new = [one.link for one in batch if one.if_taken is not None and one.link is not None]
            ids = [link.target_id for link in new if link.kind == kind]
            owners = links.owners(connection, self._run.job.number, kind, ids)
            given.update(((kind, target_id), owner) for target_id, owner in owners.items())
        outcomes: list[Outcome] = []
        for one in batch:
            if one.if_taken is not None and one.link is not None:
                owner = given.setdefault((one.link.kind, one.link.target_id), one.object)
                if owner != one.object:
                    outcomes.append(one.if_taken(records.names(connection, [owner]).get(owner, owner)))
                    continue
            outcomes.append(one)
        return outcomes
