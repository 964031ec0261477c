"""Records the results of requests: links, memberships, log events and finished operations, in micro-batches.

A batch is one transaction, written at most 50 ms after its first outcome; until then its operations stay `sent`, and a
crash makes the next run look before it sends again. Order: the outcome, one that cannot be written down, the
recorder.
"""

import asyncio
from collections import Counter
from collections.abc import Callable

import msgspec

from provisor.database import Connection
from provisor.engine.brake import Amounts
from provisor.engine.record import Kind
from provisor.engine.unknown import SentValues
from provisor.rules.failure import Failure
from provisor.runner.recording.blaming import NOBODYS, own_failure
from provisor.runner.recording.log_rows import event_of_failure
from provisor.runner.run import REFERENCES_FAILED, REFERENCES_SENT, REFERENCES_THROUGH, Run
from provisor.storage import cycles, escrow, holds, links, log, operations, records, taken, unknown
from provisor.storage.escrow import FailedRow
from provisor.storage.links import LinkRow
from provisor.storage.log import LogRow
from provisor.storage.operations import ENTRY, SECOND
from provisor.storage.unknown import UnknownCreate

LONGEST_WAIT_SECONDS = 0.05
BATCH = 200
_KINDS: tuple[Kind, ...] = ("user", "group")

WriteRows = Callable[[Connection], None]


class Outcome(msgspec.Struct, kw_only=True):
    """The result of one operation: done, unless `failure` or `again_in_phase` says otherwise.

    `also` are further statements of the same transaction (memberships, waiting rows) for the rarer kinds.
    """

    stage: int
    object: str
    kind: Kind | None = None  # of the object; needed where its outcome is unknown
    link: LinkRow | None = None
    events: list[LogRow] = []
    failure: Failure | None = None
    progress: bool = False  # it failed, and part of it was done all the same
    again_in_phase: int | None = None
    also: WriteRows | None = None
    counts: str | None = None  # the counter of the cycle it adds to
    removes: bool = False  # an account was taken out of use
    vanished: list[str] = []  # users whose account turned out to be gone
    unknown: SentValues | None = None  # of a create that may have been carried out
    plan_anew: bool = False  # something has become known since it was planned
    if_taken: Callable[[str], "Outcome"] | None = None
    """Of a link with an id that the target chose: the outcome when the account belongs to somebody else, given whom."""


def _references(outcomes: list[Outcome]) -> Counter[str]:
    """What operations of the second stage count as, beside what they count as for their objects."""
    ended = [one for one in outcomes if one.stage == SECOND and one.again_in_phase is None]
    failed = [one for one in ended if one.failure is not None]
    through = [one for one in ended if one.failure is not None or not one.plan_anew]
    written = [one for one in through if any(event.status == "success" for event in one.events)]
    return Counter({REFERENCES_THROUGH: len(through), REFERENCES_SENT: len(written), REFERENCES_FAILED: len(failed)})


def fail_unrecorded(run: Run, connection: Connection, outcome: Outcome, error: Exception) -> Counter[str]:
    """What came of an operation could not be written down: nobody knows it, and the object has failed."""
    job, stage = run.job.number, outcome.stage
    operation = operations.one(connection, job, stage, outcome.object)
    if operation is None:
        return Counter()
    unknown.keep_in_doubt(connection, job, [operation])
    failure = own_failure("record what came of", operation.name, error)
    event = event_of_failure(run, operation.object_kind, operation.object, operation.name, failure)
    log.append(connection, [event])
    escrow.record(connection, job, [FailedRow(stage, outcome.object, failure, run.at(), event.id)], run.behaviour)
    counts = Counter({f"{operation.object_kind}.fail": 1})
    if stage == SECOND:
        counts[REFERENCES_FAILED] = counts[REFERENCES_THROUGH] = 1
    return counts


def _is_unlinked(outcome: Outcome) -> bool:
    """Whether the account is not tracked any more."""
    return outcome.link is None or outcome.link.state == "released"


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
        """Write this down soon; it does not end an operation."""
        self._changes.append(change)
        self._soon()

    async def drain(self) -> None:
        """Wait until everything added so far is on disk. Raises what prevented that."""
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
        self._put_soon(batch, changes, self._run.fresh_counts())

    def _put_soon(self, batch: list[Outcome], changes: list[WriteRows], fresh: Counter[str]) -> None:
        def write(connection: Connection) -> Counter[str]:
            return self._put(connection, batch, changes, fresh)

        self._watch(write, batch, changes, fresh)

    def _watch(
        self,
        write: Callable[[Connection], Counter[str]],
        batch: list[Outcome],
        changes: list[WriteRows],
        fresh: Counter[str],
        *,
        blamed: bool = False,
    ) -> None:
        def written(done: "asyncio.Future[Counter[str]]") -> None:
            self._under_way.discard(done)
            failure = None if done.cancelled() else done.exception()
            if isinstance(failure, Exception) and not isinstance(failure, NOBODYS) and batch and not blamed:
                self._find_whom(failure, batch, changes, fresh)
                return
            if failure is not None:
                self._failure = self._failure or failure
            elif not done.cancelled():
                self._run.counted(done.result())
            self._recorded(len(batch))

        future = self._run.writer.write(write)
        self._under_way.add(future)
        future.add_done_callback(written)

    def _find_whom(self, error: Exception, batch: list[Outcome], changes: list[WriteRows], fresh: Counter[str]) -> None:
        """An error of our own about one of these: the others are written down, and that one fails."""
        if changes or len(batch) > 1:
            half = len(batch) // 2
            if changes or any(fresh.values()):
                self._put_soon([], changes, fresh)
            for part in (batch[:half], batch[half:]):
                if part:
                    self._put_soon(part, [], Counter())
            return
        (outcome,) = batch

        def blame(connection: Connection) -> Counter[str]:
            counts = fail_unrecorded(self._run, connection, outcome, error)
            cycles.add_counts(connection, self._run.job.number, self._run.cycle.n, fresh + counts)
            return counts

        self._watch(blame, batch, [], fresh, blamed=True)

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
        doubtful = [UnknownCreate(one.object, one.kind, one.unknown) for one in outcomes if one.unknown and one.kind]
        unknown.note(connection, job, doubtful)
        done: list[tuple[int, str]] = []
        failed: list[FailedRow] = []
        for one in outcomes:
            if one.also is not None:
                one.also(connection)
            if one.again_in_phase is not None:
                operations.move_to_phase(connection, job, [(one.stage, one.object)], one.again_in_phase)
            elif one.failure is not None:
                event = one.events[-1].id if one.events else None
                failed.append(FailedRow(one.stage, one.object, one.failure, run.at(), event, one.progress))
            elif not one.plan_anew:  # else it stays `sent` until it is planned anew, which a kill must not forget
                done.append((one.stage, one.object))
        operations.done(connection, job, done)
        gone = [key for key in done if key[0] == ENTRY or not run.removals_wait]
        allowed = holds.settle(connection, job, gone)
        if any(allowed):
            taken.add(connection, job, Amounts(*(-number for number in allowed)))
        escrow.record(connection, job, failed, run.behaviour)
        counts = Counter(one.counts for one in outcomes if one.counts is not None)
        counts.update(f"removed.{one.kind}" for one in outcomes if one.removes)
        counts[taken.UNLINKED] += sum(one.removes and one.kind == "user" and _is_unlinked(one) for one in outcomes)
        counts += _references(outcomes)
        self._settle(connection, done, outcomes)
        cycles.add_counts(connection, job, run.cycle.n, fresh + counts)
        return counts

    def _settle(self, connection: Connection, done: list[tuple[int, str]], outcomes: list[Outcome]) -> None:
        """Who got through leaves escrow; whose cause is seen to be gone by it is tried again at once."""
        run, job = self._run, self._run.job.number
        gone = escrow.settle(connection, job, done)
        if run.behaviour.early_retry:
            written = [object_id for stage, object_id in done if stage == ENTRY]
            freed = sum(one.removes for one in outcomes)
            run.again |= escrow.see(connection, job, run.at(), gone=gone, changed=written, freed=freed)

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
