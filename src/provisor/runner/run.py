"""One run of a job: everything its steps share, and its requests to the target, paced and counted.

Order: how a run ends early, the run, its requests.
"""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import datetime
from typing import TypeVar

from msgspec.structs import replace

from provisor.database import Connection, Database, Writer
from provisor.engine.behaviour import Behaviour
from provisor.engine.desired import Desired, as_leaver, judge, unjudged
from provisor.engine.outcome import RequestPurpose, blame, cycle_failure
from provisor.engine.ports import Answer, ConnectorError, Found, Page, Rejected, Target
from provisor.engine.record import Kind, Record
from provisor.engine.rules import CompiledRules
from provisor.engine.unknown import is_open
from provisor.gallery.template import Template
from provisor.rules.failure import Failure
from provisor.rules.mapper import Mapped
from provisor.rules.roles import SOURCE as ROLES
from provisor.rules.ruleset import RuleSet
from provisor.runner.asking.pace import Pace
from provisor.runner.asking.timeouts import Silence
from provisor.scim.patch.operations import Operation
from provisor.scim.values import Resource
from provisor.storage import jobs, records
from provisor.storage.cycles import Cycle
from provisor.storage.jobs import Job
from provisor.storage.times import to_microseconds

T = TypeVar("T")

PAGE = 500  # objects judged, planned, sent and recorded together
REMOVED = "removed."  # counters of the cycle: access that it has taken away so far, by kind


class CycleStopped(Exception):
    """The whole cycle must stop, its cursor kept: the credential, the network or the target is at fault, no object.

    `outcome_unknown`: the request that met it may have taken effect all the same. `begins_anew`: what was planned is
    not to be gone on with.
    """

    def __init__(self, failure: Failure, *, outcome_unknown: bool = False, begins_anew: bool = False) -> None:
        super().__init__(failure.message)
        self.failure = failure
        self.outcome_unknown = outcome_unknown
        self.begins_anew = begins_anew


class StopRequested(Exception):
    """The process is asked to end; the cycle is continued by the next run."""


class Restarted(Exception):
    """The job was restarted, or is no more, since the cycle began: what it has seen counts no longer."""


@dataclass(slots=True, kw_only=True)
class Run:
    """What the steps of one cycle, or of one plan, share."""

    database: Database
    writer: Writer
    job: Job
    target: Target
    pace: Pace
    silence: Silence
    ruleset: RuleSet
    rules: CompiledRules
    template: Template
    application: str  # its display name, for sentences
    address: str
    behaviour: Behaviour
    cycle: Cycle
    now: Callable[[], datetime]
    random_bytes: Callable[[int], bytes]
    stop: asyncio.Event
    counters: Counter[str] = field(default_factory=Counter)
    saved: Counter[str] = field(default_factory=Counter)
    """Of the counters, what is on disk or on its way there."""
    ids_changed: bool = False  # an account was found under another id: others may have others too

    @property
    def is_plan(self) -> bool:
        """Nothing may be written to the target, and nothing kept but the plan."""
        return self.cycle.kind == "plan"

    def reader(self) -> Connection:
        """For short reads; never hold a cursor over an await."""
        return self.database.reader()

    def fresh_counts(self) -> Counter[str]:
        """What was counted since this was last asked; whoever asks writes it down with what it belongs to."""
        fresh = Counter({name: number - self.saved[name] for name, number in self.counters.items()})
        self.saved = Counter(self.counters)
        return +fresh

    def counted(self, counts: Counter[str]) -> None:
        """These are on disk already."""
        self.counters.update(counts)
        self.saved.update(counts)

    def at(self) -> int:
        """The present moment as the tables keep it."""
        return to_microseconds(self.now())

    @property
    def evaluates_everything(self) -> bool:
        """Every object is looked at, not only those in the work set."""
        return self.cycle.low < 0

    def knows_already(self, change: int) -> bool:
        """Whether an object is looked at only because the rules have changed: if it stays as it is, that is no news."""
        passed = self.job.watermark
        return self.evaluates_everything and self.behaviour.rule_change == "affected" and change <= (passed or 0)

    def matching_paths(self, kind: Kind) -> list[str]:
        """The target attributes that objects of a kind are matched by, in the order of precedence."""
        rows = [row for row in self.ruleset.of(kind).mappings if row.matching_priority > 0]
        return [row.target for row in sorted(rows, key=lambda row: row.matching_priority)]

    def judge(self, record: Record, *, linked: bool) -> Desired:
        """What the directory says about one object, now; with its app roles where the rules read them.

        A fault of ours with one object must not stop the others.
        """
        if record.assigned and ROLES in self.rules.of(record.kind).mapper.reads:
            found = records.roles(self.reader(), application=self.job.application, user=record.id)
            record = replace(record, roles=found)
        try:
            return judge(record, self.rules, self.now(), self.random_bytes, linked=linked)
        except Exception as error:  # noqa: BLE001 - it becomes the failure of this object
            return unjudged(record, error)

    def values_of_leaver(self, record: Record) -> Mapped | None:
        """What the rules make of somebody deleted for good; None where they cannot."""
        try:
            return as_leaver(record, self.rules, self.now(), self.random_bytes)
        except Exception:  # noqa: BLE001 - as above
            return None

    def stopped_by(self, error: ConnectorError) -> CycleStopped:
        """The end of the cycle that this error means."""
        failure = cycle_failure(error, application=self.application, address=self.address)
        return CycleStopped(failure, outcome_unknown=is_open(error))

    async def stop_by(self, error: ConnectorError, where: RequestPurpose) -> None:
        """Raise CycleStopped when this error is not one object's; where nobody can say, the target is asked first."""
        blamed = blame(error, where)
        if blamed == "job":
            raise self.stopped_by(error) from error
        if blamed == "unsure":
            self.counters["requests.GET"] += 1
            failure = await self.silence.explain(error)
            if failure is not None:
                raise CycleStopped(failure, outcome_unknown=is_open(error)) from error

    def check_stop(self) -> None:
        """Leave at a point from which the next run continues, when the process is asked to end, or the job's cycle."""
        if self.stop.is_set():
            raise StopRequested
        if not self.is_plan and jobs.restarts(self.reader(), self.job.number) != self.cycle.restarts:
            raise Restarted

    async def find(self, kind: Kind, path: str, value: str) -> Found:
        """Target.find, paced and counted. Raises Rejected when nobody was found and somebody may have been there."""
        found = await self._ask("GET", lambda: self.target.find(kind, path, value))
        if not found.complete and not found.resources:
            reason = f"The answer {found.doubt or 'was not whole'}, so nobody can be said to be absent."
            raise Rejected(reason, status=200, detail=reason, exchange=found.exchange)
        return found

    async def page(self, kind: Kind, start_index: int, count: int) -> Page:
        """Target.page, paced and counted."""
        return await self._ask("GET", lambda: self.target.page(kind, start_index, count))

    async def read(self, kind: Kind, target_id: str) -> Answer | None:
        """Target.read, paced and counted."""
        return await self._ask("GET", lambda: self.target.read(kind, target_id))

    async def create(self, kind: Kind, document: Resource) -> Answer:
        """Target.create, paced and counted. Not repeated when nobody knows whether it was carried out."""
        return await self._ask("POST", lambda: self.target.create(kind, document), repeatable=False)

    async def patch(self, kind: Kind, target_id: str, operations: Sequence[Operation]) -> Answer:
        """Target.patch, paced and counted."""
        return await self._ask("PATCH", lambda: self.target.patch(kind, target_id, operations))

    async def patch_members(self, target_id: str, add: Sequence[str], remove: Sequence[str]) -> Answer:
        """Target.patch_members, paced and counted."""
        return await self._ask("PATCH", lambda: self.target.patch_members(target_id, add, remove))

    async def delete(self, kind: Kind, target_id: str) -> Answer:
        """Target.delete, paced and counted."""
        return await self._ask("DELETE", lambda: self.target.delete(kind, target_id))

    async def _ask(self, method: str, send: Callable[[], Awaitable[T]], *, repeatable: bool = True) -> T:
        self.counters["requests." + method] += 1
        if method != "GET":
            send = _noted(send)
        answer = await self.pace.request(send, repeatable=repeatable)
        self.silence.broken(method)
        return answer


WROTE: ContextVar[bool] = ContextVar("WROTE", default=False)
"""Whether the operation that this task carries out has sent what may have had an effect, whatever stops it later."""


def _noted(send: Callable[[], Awaitable[T]]) -> Callable[[], Awaitable[T]]:
    """A change that is noted unless it was surely refused."""

    async def noted() -> T:
        try:
            answer = await send()
        except ConnectorError as error:
            if is_open(error):
                WROTE.set(True)
            raise
        except BaseException:
            WROTE.set(True)
            raise
        WROTE.set(True)
        return answer

    return noted
