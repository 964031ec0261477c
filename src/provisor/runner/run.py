"""One run of a job: everything its steps share, and its requests to the target, paced and counted.

Order: how a run ends early, the run, its requests.
"""

import asyncio
import dataclasses
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import datetime
from typing import TypeVar

from msgspec.structs import replace

from provisor.database import Connection, Database, Writer
from provisor.engine.behaviour import Behaviour, NestedGroups
from provisor.engine.desired import Desired, as_leaver, judge, unjudged
from provisor.engine.leavers import Deletion, deletion, is_remembered
from provisor.engine.outcome import RequestPurpose, blame, cycle_failure
from provisor.engine.ports import Answer, Checked, ConnectorError, Exchange, Found, Page, Rejected, Target
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
from provisor.runner.tracing import traced
from provisor.scim.patch.operations import Operation
from provisor.scim.values import Resource
from provisor.storage import clock, jobs, records
from provisor.storage.cycles import Cycle
from provisor.storage.jobs import Job
from provisor.storage.links import StoredLink
from provisor.storage.times import from_microseconds, to_microseconds

T = TypeVar("T")

PAGE = 500  # objects judged, planned, sent and recorded together
REMOVED = "removed."  # counters of the cycle: access that it has taken away so far, by kind
LINKS_SENT = "sent.link."  # likewise: of the accounts that were linked, those that were changed by it
REEVALUATED = "reevaluated."  # likewise: who was judged by new rules or for what had changed, by kind
REFERENCES_FAILED = "failed.reference"  # likewise: of the objects that failed, those whose references did
REFERENCES_THROUGH = "through.reference"  # likewise: objects whose members or references are through, written or not
REFERENCES_SENT = "sent.reference"  # likewise: of those, the ones of whom something was written
HIDDEN = (REMOVED, LINKS_SENT, REFERENCES_FAILED, REFERENCES_THROUGH, REFERENCES_SENT)  # parts of other numbers


class CycleStopped(Exception):
    """The whole cycle must stop, its cursor kept: the credential, the network or the target is at fault, not an object.

    `outcome_unknown`: the request that met it may have taken effect all the same. `begins_anew`: what was planned is
    not to be gone on with. `exchange`: the request and answer that showed it.
    """

    def __init__(
        self,
        failure: Failure,
        *,
        exchange: Exchange | None = None,
        outcome_unknown: bool = False,
        begins_anew: bool = False,
    ) -> None:
        super().__init__(failure.message)
        self.failure = failure
        self.exchange = exchange
        self.outcome_unknown = outcome_unknown
        self.begins_anew = begins_anew


class StopRequested(Exception):
    """The process is asked to end; the cycle is continued by the next run."""


class Aborted(Exception):
    """Somebody ended the cycle at once: what was under way was cancelled. It is continued by the next run."""


class Restarted(Exception):
    """The job was restarted or deleted since the cycle began: what the cycle has seen no longer counts."""


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
    again: bool = False
    """The next cycle follows at once: something was left out of a plan, or the cause of somebody in escrow is gone."""
    new_groups: set[str] = field(default_factory=set)  # created by this run, hence without members
    only: set[str] | None = None  # on demand: nobody but these is planned, sent or told of
    by: str = ""  # who asked for it by name; the service itself otherwise
    by_change: bool = False  # nothing of the interval moves
    change_driven: bool = False  # the job sends changes when they come
    takes_news: bool = False  # what changes on the way is sent on the way
    held: Failure | None = None  # why disables and deletions are held back, where they are
    deletes_allowed: bool = False  # by a person, for this run: they do not count afterwards
    removals_wait: bool = False  # for the end of an import

    @property
    def is_plan(self) -> bool:
        """Nothing may be written to the target, and only the plan is kept."""
        return self.cycle.kind == "plan"

    @property
    def nested(self) -> NestedGroups:
        """Who is in a group, for this job."""
        return self.rules.settings.nested_groups

    def concerns(self, object_id: str) -> bool:
        """Whether this run may act on the object."""
        return self.only is None or object_id in self.only

    def reader(self) -> Connection:
        """For short reads; never hold a cursor over an await."""
        return self.database.reader()

    def fresh_counts(self) -> Counter[str]:
        """What was counted since the last call; the caller writes it down with what it belongs to."""
        fresh = Counter({name: number - self.saved[name] for name, number in self.counters.items()})
        self.saved = Counter(self.counters)
        return +fresh

    def counted(self, counts: Counter[str]) -> None:
        """These are on disk already."""
        self.counters.update(counts)
        self.saved.update(counts)

    def at(self) -> int:
        """The current time as the tables keep it."""
        return to_microseconds(self.now())

    @property
    def evaluates_everything(self) -> bool:
        """Whether every object is evaluated, not only those in the work set."""
        return self.cycle.low < 0

    def knows_already(self, change: int) -> bool:
        """Whether an object is evaluated only because the rules have changed: no change, no event."""
        passed = self.job.watermark
        for_rules = self.evaluates_everything or self.cycle.affected is not None
        return for_rules and self.behaviour.rule_change == "affected" and change <= (passed or 0)

    def matching_paths(self, kind: Kind) -> list[str]:
        """The target attributes that objects of a kind are matched by, in the order of precedence."""
        rows = [row for row in self.ruleset.of(kind).mappings if row.matching_priority > 0]
        return [row.target for row in sorted(rows, key=lambda row: row.matching_priority)]

    def judge(self, record: Record, *, linked: bool) -> Desired:
        """What the directory says about one object, now; with its app roles where the rules read them.

        An error of ours with one object must not stop the others.
        """
        if record.assigned and ROLES in self.rules.of(record.kind).mapper.reads:
            application, nested = self.job.application, self.nested
            found = records.roles(self.reader(), application=application, user=record.id, nested=nested)
            record = replace(record, roles=found)
        try:
            return judge(record, self.rules, self.now(), self.random_bytes, linked=linked)
        except Exception as error:  # noqa: BLE001 - it becomes the failure of this object
            return unjudged(record, error)

    def deletion_of(self, link: StoredLink | None) -> Deletion | None:
        """The deletion that the account of a leaver waits for; None when it is not to be deleted."""
        if link is None or link.disabled_at is None:
            return None
        now = self.now()
        trusted = clock.is_trusted(self.reader(), self.job.tenant, now=now)
        return deletion(self.rules.settings.leavers, from_microseconds(link.disabled_at), now, trusted=trusted)

    def remembered_since(self, desired: Desired) -> int | None:
        """From when on the days count until the account of somebody who leaves now is deleted; None: it is not to be.

        Never before the end of the last cycle: a clock that is behind would make the deletion come too early.
        """
        terms = self.rules.of(desired.kind).terms
        if desired.standing != "unentitled" or not is_remembered(self.rules.settings.leavers, terms, desired.kind):
            return None
        return max(self.at(), self.job.last_ended_at or 0)

    def values_of_leaver(self, record: Record) -> Mapped | None:
        """What the rules make of somebody deleted for good; None where they cannot."""
        try:
            return as_leaver(record, self.rules, self.now(), self.random_bytes)
        except Exception:  # noqa: BLE001 - as above
            return None

    def stopped_by(self, error: ConnectorError) -> CycleStopped:
        """The end of the cycle that this error means."""
        failure = cycle_failure(error, application=self.application, address=self.address)
        return CycleStopped(failure, exchange=self._shown(error.exchange), outcome_unknown=is_open(error))

    def _shown(self, exchange: Exchange | None) -> Exchange | None:
        """What may be kept of an exchange that is about the job, whoever the request was about.

        Where some mapping is redacted, that is neither body: whose values they hold nobody can say here.
        """
        rules = (self.rules.users, self.rules.groups)
        if exchange is None or not any(one.mapper.redacted for one in rules):
            return exchange
        url = exchange.url.partition("?")[0]
        return dataclasses.replace(exchange, url=url, request_body=b"", response_body=b"")

    async def stop_by(self, error: ConnectorError, where: RequestPurpose) -> None:
        """Raise CycleStopped when this error is not one object's; when that is unclear, the target is asked first."""
        blamed = blame(error, where)
        if blamed == "job":
            raise self.stopped_by(error) from error
        if blamed == "unsure":
            self.counters["requests.GET"] += 1
            trouble = await self.silence.explain(error)
            if trouble is not None:
                raise CycleStopped(
                    trouble.failure, exchange=self._shown(trouble.exchange), outcome_unknown=is_open(error)
                ) from error

    def check_stop(self) -> None:
        """Leave at a point where the next run can continue, when the process or the job's cycle is asked to end."""
        if self.stop.is_set():
            raise StopRequested
        if not self.is_plan and jobs.restarts(self.reader(), self.job.number) != self.cycle.restarts:
            raise Restarted

    def refuse_restarted(self, connection: Connection) -> None:
        """Raise Restarted in a transaction that would write what is not so any more: a restart may have forgotten it,
        and where it came with another address, ids mean somebody else.
        """
        if jobs.restarts(connection, self.job.number) != self.cycle.restarts:
            raise Restarted

    async def find(self, kind: Kind, path: str, value: str) -> Found:
        """Target.find, paced and counted. Raises Rejected when nobody was found although somebody may be there."""
        found = await self._ask("GET", lambda: self.target.find(kind, path, value), about="find")
        if not found.complete and not found.resources:
            reason = f"The answer {found.doubt or 'was not whole'}, so it does not prove that anybody is absent."
            raise Rejected(reason, status=200, detail=reason, exchange=found.exchange)
        return found

    async def page(self, kind: Kind, start_index: int, count: int) -> Page:
        """Target.page, paced and counted."""
        return await self._ask("GET", lambda: self.target.page(kind, start_index, count), about="page")

    async def read(self, kind: Kind, target_id: str) -> Answer | None:
        """Target.read, paced and counted."""
        return await self._ask("GET", lambda: self.target.read(kind, target_id), about="read")

    async def check(self, kind: Kind, target_id: str, path: str, value: str) -> Checked:
        """Target.check, paced and counted."""
        return await self._ask("GET", lambda: self.target.check(kind, target_id, path, value), about="check")

    async def create(self, kind: Kind, document: Resource) -> Answer:
        """Target.create, paced and counted. Not repeated when it is unknown whether it was carried out."""
        return await self._ask("POST", lambda: self.target.create(kind, document), about="create", repeatable=False)

    async def patch(self, kind: Kind, target_id: str, operations: Sequence[Operation]) -> Answer:
        """Target.patch, paced and counted."""
        return await self._ask("PATCH", lambda: self.target.patch(kind, target_id, operations), about="patch")

    async def patch_members(self, target_id: str, add: Sequence[str], remove: Sequence[str]) -> Answer:
        """Target.patch_members, paced and counted."""
        return await self._ask(
            "PATCH", lambda: self.target.patch_members(target_id, add, remove), about="patch_members"
        )

    async def delete(self, kind: Kind, target_id: str) -> Answer:
        """Target.delete, paced and counted."""
        return await self._ask("DELETE", lambda: self.target.delete(kind, target_id), about="delete")

    async def _ask(self, method: str, send: Callable[[], Awaitable[T]], *, about: str, repeatable: bool = True) -> T:
        self.counters["requests." + method] += 1
        if method != "GET":
            send = _noted(send)
        send = traced(method, send)
        answer = await self.pace.request(send, about=about, repeatable=repeatable)
        self.silence.broken(method)
        return answer


WROTE: ContextVar[bool] = ContextVar("WROTE", default=False)
"""Whether the operation that this task carries out has sent what may have had an effect, whatever stops it later."""


def _noted(send: Callable[[], Awaitable[T]]) -> Callable[[], Awaitable[T]]:
    """A change that is noted unless it was certainly refused."""

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
