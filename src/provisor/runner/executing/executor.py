"""Carries the plan out: phase by phase, many requests in flight, one at a time per target object.

Operations become `sent` a page at a time, committed before their requests, and at most SENT_BOUND at once; so a
killed run leaves a bounded number of unknown outcomes. Order: the executor, a phase, a page, planning anew.
"""

import asyncio
from collections import Counter
from collections.abc import Mapping, Sequence
from functools import partial
from typing import TypeAlias

import msgspec

from provisor.database import Connection
from provisor.engine.desired import unjudged
from provisor.engine.operation import PHASES
from provisor.engine.record import Kind
from provisor.runner.asking.parallel import Crew
from provisor.runner.executing.execute_members import Memberships
from provisor.runner.executing.execute_objects import Entries
from provisor.runner.executing.news import News
from provisor.runner.planning.admitting import Guards
from provisor.runner.planning.link_rows import adopted_row
from provisor.runner.planning.plan_members import plan_second_stage_again
from provisor.runner.planning.planner import make_planner
from provisor.runner.recording.log_rows import Journal
from provisor.runner.recording.progress import Reporter, part_of
from provisor.runner.recording.recorder import Outcome, Recorder
from provisor.runner.recording.sending import Sending
from provisor.runner.run import PAGE, WROTE, CycleStopped, Restarted, Run, StopRequested
from provisor.runner.tracing import span
from provisor.storage import escrow, links, operations, records, work
from provisor.storage.links import LinkRow
from provisor.storage.operations import ENTRY, SECOND, SentRow, StoredOperation
from provisor.storage.records import Read

SENT_BOUND = 2 * PAGE  # one page in progress and one behind it
ROUNDS = 10  # of all phases: what is planned again may belong to an earlier one; the next cycle does the rest
PLANNED_ANEW = 5  # times per object and cycle; the next cycle deals with what keeps changing it

# What ends a cycle where the next run goes on: what was answered is recorded, what was not sent is planned again.
_ENDINGS = (CycleStopped, StopRequested, Restarted, asyncio.CancelledError)

_OperationKey: TypeAlias = tuple[int, str]
_KINDS: tuple[Kind, ...] = ("user", "group")


async def execute(run: Run, guards: Guards, reporter: Reporter) -> None:
    """Carry out everything that is planned. Raises CycleStopped or StopRequested with the rest still planned."""
    reporter.begin(_total(run))
    await Executor(run, guards, reporter).execute()
    reporter.end()


def _total(run: Run) -> Mapping[str, int]:
    total: Counter[str] = Counter()
    for (object_kind, kind, state), number in operations.counts(run.reader(), run.job.number, run.cycle.n).items():
        if state == "planned":
            total[part_of(object_kind, kind)] += number
    return total


class Executor:
    """Executes the plan of one run."""

    def __init__(self, run: Run, guards: Guards, reporter: Reporter) -> None:
        journal = Journal(run)
        self._run = run
        self._guards = guards
        self._reporter = reporter
        self._planner = make_planner(run)
        self._news = News(run, self._planner, guards)
        self._recorder = Recorder(run, self._recorded)
        self._entries = Entries(run, journal)
        self._memberships = Memberships(run, journal, self._recorder.note)
        self._room = asyncio.Event()
        self._outstanding = 0  # marked sent, not yet recorded
        self._unsent: list[_OperationKey] = []  # marked sent, but certainly without effect
        self._anew: list[tuple[Kind, str]] = []  # to be matched and planned again once the phase is through
        self._times_anew: Counter[str] = Counter()  # how often each object was planned again

    async def execute(self) -> None:
        """Carry out everything that is planned. Raises CycleStopped or StopRequested with the rest still planned."""
        for _ in range(ROUNDS):
            for phase in PHASES:
                page = self._due(phase)
                if page:
                    self._reporter.entered(phase)
                    with span("execute", phase=PHASES[phase]):
                        await self._send_all(phase, page)
                if await self._plan_anew():
                    break
            if not any(self._due(phase) for phase in PHASES):
                return

    def _due(self, phase: int) -> list[StoredOperation]:
        run = self._run
        return operations.due(run.reader(), job=run.job.number, phase=phase, limit=PAGE, only=run.only)

    async def _send_all(self, phase: int, page: list[StoredOperation]) -> None:
        run = self._run
        crew: Crew[Sending] = Crew(run.behaviour.requests_at_once, self._carry_out, self._room.set)
        try:
            while page and crew.failure is None:
                run.check_stop()
                ready = await self._prepare(page)
                await self._entries.choose_values(ready)
                crew.give(await self._mark_sent(ready))
                await self._until(SENT_BOUND - PAGE, crew)
                if self._news.waits(page):
                    await self._send_news(phase, crew)
                page = self._due(phase)
        except _ENDINGS as stop:
            crew.stop(stop)
        finally:
            await self._closed(crew)
        if crew.failure is not None and not isinstance(crew.failure, _ENDINGS):
            raise crew.failure
        await self._recorder.drain()
        if crew.failure is not None:
            left = [(one.operation.stage, one.operation.object) for one in crew.waiting]
            await run.writer.write(
                lambda connection: operations.unsend(connection, run.job.number, [*left, *self._unsent])
            )
            raise crew.failure

    async def _send_news(self, phase: int, crew: Crew[Sending]) -> None:
        """What has changed meanwhile: planned while nothing is under way; what is of earlier phases is sent at once."""
        await self._until(0, crew)
        if crew.failure is not None:
            return
        await self._news.plan({object_id for _, object_id in self._anew})
        for earlier in PHASES:
            if earlier < phase and (page := self._due(earlier)):
                await self._send_all(earlier, page)

    async def _closed(self, crew: Crew[Sending]) -> None:
        """What is under way has ended; when that takes too long it is cancelled, and has ended then."""
        try:
            await crew.close()
        except asyncio.CancelledError as cancelled:
            crew.stop(cancelled)
            await crew.close()

    async def _prepare(self, page: list[StoredOperation]) -> list[Sending]:
        """Derive what to send from the directory as it is now; what no longer fits the plan is planned again."""
        run, job = self._run, self._run.job
        ids = [operation.object for operation in page]
        reads = records.by_ids(run.reader(), application=job.application, job=job.number, nested=run.nested, ids=ids)
        ready: list[Sending] = []
        unfit: dict[Kind, list[str]] = {}
        lost: list[_OperationKey] = []  # the object's row is gone: nothing can be said about it any more
        broken: list[Outcome] = []
        for operation in page:
            read = reads.get(operation.object)
            if read is None:
                lost.append((operation.stage, operation.object))
                continue
            try:
                sending = self._entries.prepare(operation, *read)
            except Exception as error:  # noqa: BLE001 - it becomes the failure of this object
                broken.append(self._broken(operation, read, error))
                continue
            if sending is not None:
                ready.append(sending)
            else:
                unfit.setdefault(operation.object_kind, []).append(operation.object)
        if broken:
            await self._record(broken)
        if lost:
            await run.writer.write(partial(_forget, job.number, lost))
        for kind, objects in unfit.items():
            await self._plan_again(kind, objects, verify=False)
        return ready

    def _broken(self, operation: StoredOperation, read: Read, error: Exception) -> Outcome:
        """The outcome of an operation that something of ours keeps from being sent."""
        record, link = read
        sending = Sending(operation, unjudged(record, error), link, record)
        if operation.stage == ENTRY:
            return self._entries.broken(sending, error, sent=False)
        return self._memberships.broken(sending, error)

    async def _record(self, outcomes: Sequence[Outcome]) -> None:
        """Write these down before anything else is done: they are planned still, and would come again."""
        self._outstanding += len(outcomes)
        for outcome in outcomes:
            self._recorder.add(outcome)
        await self._recorder.drain()

    async def _plan_again(self, kind: Kind, objects: Sequence[str], *, verify: bool) -> None:
        """Plan these again, each a bounded number of times, so that a page cannot come back forever."""
        self._times_anew.update(objects)
        tired = [one for one in objects if self._times_anew[one] > PLANNED_ANEW]
        if tired:
            await self._run.writer.write(partial(self._leave, tired))
        again = [one for one in objects if one not in set(tired)]
        if again:
            await self._planner.plan_all_again(kind, again, verify=verify)
            await self._guards.check()

    def _leave(self, objects: Sequence[str], connection: Connection) -> None:
        """What was planned for these is left for the next cycle."""
        for stage in (ENTRY, SECOND):
            operations.leave(connection, self._run.job.number, [(stage, object_id) for object_id in objects])

    async def _mark_sent(self, ready: list[Sending]) -> list[Sending]:
        """Mark what is about to be sent. A create keeps the values that it can be found by; a matched account is linked
        now, in doubt: whatever happens to the request, the account is known to be theirs.

        Raises Restarted when one came first: it may have forgotten the operations, and nobody would know that they were
        sent.
        """
        run, job = self._run, self._run.job.number
        rows = [SentRow(one.operation.stage, one.operation.object, one.values) for one in ready]
        linking = [one for one in ready if one.operation.kind == "link"]

        def mark(connection: Connection) -> set[str]:
            run.refuse_restarted(connection)
            clashing = self._clashing(connection, linking)
            sure = [row for row in rows if row.object not in clashing]
            operations.mark_sent(connection, job, sure)
            links.put(connection, [_matched(run, one) for one in linking if one.operation.object not in clashing])
            return clashing

        clashing = await run.writer.write(mark)
        if clashing:
            for kind in _KINDS:
                objects = [one.desired.id for one in linking if one.desired.kind == kind and one.desired.id in clashing]
                await self._plan_again(kind, objects, verify=False)
        sure = [one for one in ready if one.operation.object not in clashing]
        self._outstanding += len(sure)
        return sure

    def _clashing(self, connection: Connection, linking: Sequence[Sending]) -> set[str]:
        """Those who may not be linked after all: the account has been given to somebody else since it was matched."""
        clashing: set[str] = set()
        for kind in _KINDS:
            wanted = {str(one.operation.target_id): one.desired.id for one in linking if one.desired.kind == kind}
            owners = links.owners(connection, self._run.job.number, kind, list(wanted))
            clashing |= {wanted[target_id] for target_id, owner in owners.items() if owner != wanted[target_id]}
        return clashing

    async def _until(self, outstanding: int, crew: Crew[Sending]) -> None:
        """Wait until at most so many operations are sent but not recorded, or the work has ended."""
        while self._outstanding > outstanding and crew.failure is None:
            self._room.clear()
            await self._room.wait()

    def _recorded(self, number: int) -> None:
        self._outstanding -= number
        self._room.set()
        self._reporter.advanced()

    async def _carry_out(self, sending: Sending) -> None:
        operation = sending.operation
        WROTE.set(False)
        try:
            if operation.stage == ENTRY:
                outcome = await self._entries.perform(sending)
            else:
                outcome = await self._memberships.perform(sending)
        except _ENDINGS as stop:
            self._outstanding -= 1
            if not WROTE.get() and not (isinstance(stop, CycleStopped) and stop.outcome_unknown):
                self._unsent.append((operation.stage, operation.object))
            raise
        except Exception as error:  # noqa: BLE001 - a fault of ours with one object must not stop the others
            outcome = (self._entries if operation.stage == ENTRY else self._memberships).broken(sending, error)
        if outcome is None:
            self._anew.append((operation.object_kind, operation.object))
            self._recorded(1)
        else:
            self._anew += [("user", person) for person in outcome.vanished]
            if outcome.plan_anew:
                self._anew.append((operation.object_kind, operation.object))
            if outcome.again_in_phase is None:
                self._reporter.through(operation)
            self._recorder.add(outcome)

    async def _plan_anew(self) -> bool:
        """Plan again objects whose create met a conflict or whose account had vanished; then what refers to them."""
        run, job = self._run, self._run.job
        anew, self._anew = self._anew, []
        if not anew:
            return False
        # Changes of their members or references are planned with their new object, or sent once more.
        second = [(SECOND, object_id) for _, object_id in anew]
        if run.only is not None:
            run.only.update(object_id for _, object_id in anew)

        def begin(connection: Connection) -> None:
            if run.only is None:  # else it is that of a cycle which was cut short
                work.clear(connection, job.number)
            operations.unsend(connection, job.number, second)

        await run.writer.write(begin)
        for kind in _KINDS:
            await self._plan_again(kind, [object_id for one, object_id in anew if one == kind], verify=True)
        await plan_second_stage_again(run)
        await self._guards.check()
        return True


def _forget(job: int, keys: Sequence[_OperationKey], connection: Connection) -> None:
    operations.done(connection, job, keys)
    escrow.settle(connection, job, keys)


def _matched(run: Run, sending: Sending) -> LinkRow:
    """The link to the account that was matched, before anything is written to it."""
    operation = sending.operation
    held = msgspec.json.decode(operation.found_document or "{}")
    return adopted_row(run, operation.object_kind, operation.object, {**held, "id": operation.target_id})
