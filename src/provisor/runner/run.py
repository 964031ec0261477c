"""One run of a job: everything its steps share, and the one door to the target, where requests are paced and counted.

Order: how a run ends early, the run, its requests.
"""

import asyncio
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from provisor.database import Connection, Database, Writer
from provisor.engine.behaviour import Behaviour
from provisor.engine.desired import Desired, judge
from provisor.engine.outcome import cycle_failure
from provisor.engine.ports import Answer, ConnectorError, Found, Page, Target, Unreachable
from provisor.engine.record import Kind, Record
from provisor.engine.rules import CompiledRules
from provisor.gallery.template import Template
from provisor.rules.failure import Failure
from provisor.rules.ruleset import RuleSet
from provisor.runner.rate import Pace
from provisor.scim.patch import Operation
from provisor.scim.values import Resource
from provisor.storage.cycles import Cycle
from provisor.storage.jobs import Job
from provisor.storage.times import to_microseconds

PAGE = 500  # objects judged, planned, sent and recorded together


class CycleStopped(Exception):
    """The whole cycle must stop, its cursor kept: the credential, the network or the target is at fault, no object.

    `outcome_unknown`: the request that met it may have taken effect all the same.
    """

    def __init__(self, failure: Failure, *, outcome_unknown: bool = False) -> None:
        super().__init__(failure.message)
        self.failure = failure
        self.outcome_unknown = outcome_unknown


class StopRequested(Exception):
    """The process is asked to end; the cycle is continued by the next run."""


@dataclass(slots=True, kw_only=True)
class Run:
    """What the steps of one cycle, or of one plan, share."""

    database: Database
    writer: Writer
    job: Job
    target: Target
    pace: Pace
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

    @property
    def is_plan(self) -> bool:
        """Nothing may be written to the target, and nothing kept but the plan."""
        return self.cycle.kind == "plan"

    def reader(self) -> Connection:
        """For short reads; never hold a cursor over an await."""
        return self.database.reader()

    def at(self) -> int:
        """The present moment as the tables keep it."""
        return to_microseconds(self.now())

    @property
    def evaluates_everything(self) -> bool:
        """Every object is looked at, not only those in the work set."""
        return self.cycle.low < 0

    def matching_paths(self, kind: Kind) -> list[str]:
        """The target attributes that objects of a kind are matched by, in the order of precedence."""
        rows = [row for row in self.ruleset.of(kind).mappings if row.matching_priority > 0]
        return [row.target for row in sorted(rows, key=lambda row: row.matching_priority)]

    def judge(self, record: Record, *, linked: bool) -> Desired:
        """What the directory says about one object, now."""
        return judge(record, self.rules, self.now(), self.random_bytes, linked=linked)

    def stopped_by(self, error: ConnectorError) -> CycleStopped:
        """The end of the cycle that this error means."""
        failure = cycle_failure(error, application=self.application, address=self.address)
        return CycleStopped(failure, outcome_unknown=isinstance(error, Unreachable) and error.sent)

    def check_stop(self) -> None:
        """Leave at a point from which the next run continues, when the process is asked to end."""
        if self.stop.is_set():
            raise StopRequested

    async def find(self, kind: Kind, path: str, value: str) -> Found:
        """Target.find, paced and counted."""
        self.counters["requests.GET"] += 1
        return await self.pace.request(lambda: self.target.find(kind, path, value))

    async def page(self, kind: Kind, start_index: int, count: int) -> Page:
        """Target.page, paced and counted."""
        self.counters["requests.GET"] += 1
        return await self.pace.request(lambda: self.target.page(kind, start_index, count))

    async def read(self, kind: Kind, target_id: str) -> Answer | None:
        """Target.read, paced and counted."""
        self.counters["requests.GET"] += 1
        return await self.pace.request(lambda: self.target.read(kind, target_id))

    async def create(self, kind: Kind, document: Resource) -> Answer:
        """Target.create, paced and counted."""
        self.counters["requests.POST"] += 1
        return await self.pace.request(lambda: self.target.create(kind, document))

    async def patch(self, kind: Kind, target_id: str, operations: Sequence[Operation]) -> Answer:
        """Target.patch, paced and counted."""
        self.counters["requests.PATCH"] += 1
        return await self.pace.request(lambda: self.target.patch(kind, target_id, operations))

    async def patch_members(self, target_id: str, add: Sequence[str], remove: Sequence[str]) -> Answer:
        """Target.patch_members, paced and counted."""
        self.counters["requests.PATCH"] += 1
        return await self.pace.request(lambda: self.target.patch_members(target_id, add, remove))

    async def delete(self, kind: Kind, target_id: str) -> Answer:
        """Target.delete, paced and counted."""
        self.counters["requests.DELETE"] += 1
        return await self.pace.request(lambda: self.target.delete(kind, target_id))
