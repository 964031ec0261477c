"""Carries out the second stage: who is in a group, and references such as manager.

Members are sent as deltas, some at a time; each answered request is recorded at once, and repeating one is harmless.
Order: members of a group, one request, references, failing.
"""

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

import msgspec

from provisor.database import Connection
from provisor.engine.modified import differing_members, differing_references
from provisor.engine.outcome import Verb, failure_from
from provisor.engine.ports import Answer, ConnectorError, Exchange, Rejected
from provisor.engine.record import Kind
from provisor.engine.references import requests
from provisor.engine.unknown import is_open
from provisor.runner.asking.parallel import each
from provisor.runner.executing.checking import Checks
from provisor.runner.planning.link_rows import holding_row, in_doubt
from provisor.runner.planning.plan_members import is_superseded
from provisor.runner.recording.blaming import own_failure
from provisor.runner.recording.log_rows import Journal
from provisor.runner.recording.recorder import Outcome
from provisor.runner.recording.sending import Sending
from provisor.runner.run import Run
from provisor.scim.patch.derivation import derive
from provisor.scim.values import Resource
from provisor.storage import member_links, records, waiting
from provisor.storage.member_links import Pending

EDGES_A_PAGE = 1_000
_GONE = (404, 410)
_STALE, _TOO_LARGE = 412, 413
# About one of the members, it may be; what remains of the statuses is about the request, the group or the target.
_ABOUT_A_MEMBER = frozenset({400, 404, 409, 410, 422})
MOST_FAILED = 3  # requests about one group that the target could not carry out at all; the next cycle continues
MOST_REFUSED = 100  # members refused with none accepted: then it is not about members, and more requests are pointless

_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(dict).decode

MOST_LOOKED = 20  # accounts of members, told of together; where all are there, so are the others

TakeNote = Callable[[Callable[[Connection], None]], None]


@dataclass(slots=True)
class _Told:
    """What has been sent to the target about one group so far."""

    added: list[str]
    removed: list[str]
    unresolved: list[str]
    refused: list[tuple[Pending, Rejected]]
    lost: list[str]  # members whose account has another id, or none
    failures: list[ConnectorError]
    exchange: Exchange | None


class Memberships:
    """Operations of the second stage, for one run. `note` records what an answered request has changed."""

    def __init__(self, run: Run, journal: Journal, note: TakeNote) -> None:
        self._run = run
        self._journal = journal
        self._note = note
        self._checks = Checks(run)
        self._missing: set[str] = set()  # whose account the target did not know once in this run

    async def perform(self, sending: Sending) -> Outcome | None:
        """Carry one operation out; None when the group has vanished and must be planned anew. Raises CycleStopped."""
        if sending.link is None or sending.link.state != "linked":
            # Its own create or link failed in this cycle and says why; this is retried with it.
            return Outcome(stage=sending.operation.stage, object=sending.operation.object)
        try:
            if sending.operation.kind == "members":
                return await self._members(sending)
            return await self._references(sending)
        except ConnectorError as error:
            return await self._refused(sending, error)

    # Members of a group

    async def _members(self, sending: Sending) -> Outcome:
        run, group, link = self._run, sending.operation.object, sending.link
        assert link is not None  # noqa: S101 - perform has looked
        told = _Told([], [], [], [], [], [], None)
        if self._checks.needed(group):
            await self._checks.read_group(link.target_id)
        after = ""
        while page := member_links.pending(
            run.reader(), job=run.job.number, group=group, after=after, limit=EDGES_A_PAGE
        ):
            after = page[-1].member
            due = [one for one in page if run.concerns(one.member) and (one.add or not run.removals_wait)]
            await self._tell(group, link.target_id, due, told)
            if told.failures:
                break
        outcome = Outcome(stage=sending.operation.stage, object=group)
        outcome.vanished = told.lost
        if told.added or told.removed or told.unresolved:
            modified = differing_members(told.added, told.removed)
            outcome.events = [
                self._journal.members_changed(sending.desired, link.target_id, modified, told.unresolved, told.exchange)
            ]
        await self._judge_refused(sending, told, outcome)
        if told.failures and outcome.failure is None:
            self._fail(sending, outcome, told.failures[0], sending.operation.name)
        return outcome

    def broken(self, sending: Sending, error: Exception) -> Outcome:
        """An error of our own in the middle of one operation: what was sent by then is not known."""
        operation, job = sending.operation, self._run.job.number
        failure = own_failure("update", operation.name, error)
        outcome = Outcome(stage=operation.stage, object=operation.object, failure=failure)
        outcome.counts = f"{operation.object_kind}.fail"
        outcome.events = [self._journal.failed(sending.desired, failure, "update")]
        if operation.kind == "members":
            outcome.also = lambda connection: member_links.doubt_pending(connection, job, operation.object)
        elif sending.link is not None:
            outcome.link = in_doubt(self._run, operation.object_kind, operation.object, sending.link)
        return outcome

    async def _judge_refused(self, sending: Sending, told: "_Told", outcome: Outcome) -> None:
        """Members whose account is gone are provisioned again; any other refusal fails the group, naming the member."""
        failed: list[tuple[Pending, Rejected]] = []
        for edge, error in told.refused:
            assert edge.target_id is not None  # noqa: S101 - only they were sent
            if await self._run.read("user", edge.target_id) is None:
                outcome.vanished = [*outcome.vanished, edge.member]
                outcome.plan_anew = True  # they may be there all the same: the group is asked once more
            else:
                failed.append((edge, error))
        if not failed:
            return
        edge, error = failed[0]
        others = f" and {len(failed) - 1} more" if len(failed) > 1 else ""
        who = f"{sending.operation.name}, namely {edge.name}{others}"
        self._fail(sending, outcome, error, who)

    async def _tell(self, group: str, target_id: str, page: Sequence[Pending], told: "_Told") -> None:
        """Send some memberships to the target, and note each answered request.

        A failed request does not hold up others: the next one may remove somebody.
        """
        absent = [edge for edge in page if edge.target_id is None]
        self._set_aside(group, absent)
        told.unresolved += [edge.name for edge in absent if edge.add]
        lost: set[str] = set()
        if self._run.ids_changed:
            lost |= {*await self._lost([edge for edge in page if edge.add and edge.target_id is not None])}
            told.lost += lost
        by_target = {edge.target_id: edge for edge in page if edge.target_id is not None and edge.member not in lost}
        remove = [key for key, edge in by_target.items() if not edge.add]
        if await self._send_some(group, target_id, by_target, requests([], remove, self._per_request), told):
            add = await self._to_add(group, target_id, by_target)
            await self._send_some(group, target_id, by_target, requests(add, [], self._per_request), told)

    @property
    def _per_request(self) -> int:
        return self._run.template.members_per_request

    async def _to_add(self, group: str, target_id: str, by_target: Mapping[str, Pending]) -> list[str]:
        """Whom to add, without those whom a check finds there; they are noted."""
        add = [key for key, edge in by_target.items() if edge.add]
        if not add or not self._checks.needed(group):
            return add
        there = await self._checks.members_there(target_id, add)
        members, job = [by_target[key].member for key in add if key in there], self._run.job.number
        self._note(lambda connection: member_links.pushed(connection, job=job, group=group, added=members, removed=[]))
        return [key for key in add if key not in there]

    async def _send_some(
        self,
        group: str,
        target_id: str,
        by_target: Mapping[str, Pending],
        some: Iterable[tuple[list[str], list[str]]],
        told: "_Told",
    ) -> bool:
        """Send these requests; whether more may be sent after them."""
        for add, remove in some:
            try:
                await self._send(group, target_id, [by_target[key] for key in (*remove, *add)], told)
            except ConnectorError as error:
                if _is_gone(error):
                    raise
                told.failures.append(error)
                if add and not is_open(error):
                    return False  # the next ones would get the same answer; removals were sent before
            if len(told.failures) >= MOST_FAILED:
                return False
        return True

    async def _send(self, group: str, target_id: str, edges: Sequence[Pending], told: "_Told") -> None:
        """One request, noted when answered. What is too large, or refused for one of them, is sent in halves."""
        add = [edge for edge in edges if edge.add]
        remove = [edge for edge in edges if not edge.add]
        try:
            answer = await self._once_more(
                "group", target_id, lambda: self._run.patch_members(target_id, _ids(add), _ids(remove))
            )
        except ConnectorError as error:
            if is_open(error):
                self._in_doubt(group, [edge.member for edge in edges])
            await self._run.stop_by(error, "object")
            if not isinstance(error, Rejected) or not await self._about_members(error, target_id, told):
                raise
            if len(edges) == 1:
                told.refused.append((edges[0], error))
                return
        else:
            told.exchange = answer.exchange
            told.lost += await self._lost(remove)  # before it is noted: a run that is killed in between sends it again
            came, went = [edge.member for edge in add], [edge.member for edge in remove]
            self._pushed(group, came, went)
            told.added += came
            told.removed += went
            return
        half = len(edges) // 2
        await self._send(group, target_id, edges[:half], told)
        await self._send(group, target_id, edges[half:], told)

    async def _once_more(self, kind: Kind, target_id: str, send: Callable[[], Awaitable[Answer]]) -> Answer:
        """Send it; where somebody else had changed the object meanwhile, read it and send it once more."""
        try:
            return await send()
        except Rejected as error:
            if error.status != _STALE or await self._run.read(kind, target_id) is None:
                raise
        return await send()

    async def _lost(self, edges: Sequence[Pending]) -> list[str]:
        """Which of these have no account under the known id. Removed by that id, they may still be members."""
        first = await self._not_there(edges[:MOST_LOOKED])
        return [*first, *await self._not_there(edges[MOST_LOOKED:])] if first else []

    async def _not_there(self, edges: Sequence[Pending]) -> list[str]:
        async def missing(edge: Pending) -> bool:
            assert edge.target_id is not None  # noqa: S101 - only they were sent
            try:
                return await self._run.read("user", edge.target_id) is None
            except ConnectorError as error:
                await self._run.stop_by(error, "object")
                return False  # what is known stays as it is

        answers = await each(edges, self._run.behaviour.requests_at_once, missing)
        return [edge.member for edge, gone in zip(edges, answers, strict=True) if gone]

    async def _about_members(self, error: Rejected, target_id: str, told: "_Told") -> bool:
        """Whether a request with fewer members may succeed."""
        if error.status == _TOO_LARGE:
            return True
        if error.status not in _ABOUT_A_MEMBER:
            return False
        if len(told.refused) >= MOST_REFUSED and not told.added and not told.removed:
            return False
        return error.status not in _GONE or await self._run.read("group", target_id) is not None

    def _set_aside(self, group: str, absent: Sequence[Pending]) -> None:
        """Members without an account: additions wait for one; removals went with it."""
        if not absent:
            return
        job, heal = self._run.job.number, self._run.behaviour.heal_references
        waits = [edge.member for edge in absent if edge.add]
        gone = [edge.member for edge in absent if not edge.add]

        def write(connection: Connection) -> None:
            member_links.postpone(connection, job=job, group=group, members=waits, heal=heal)
            member_links.went_with_account(connection, job=job, group=group, members=gone)

        self._note(write)

    def _pushed(self, group: str, came: Sequence[str], went: Sequence[str]) -> None:
        run = self._run
        run.counters["membership.add"] += len(came)
        run.counters["membership.remove"] += len(went)
        self._note(
            lambda connection: member_links.pushed(
                connection, job=run.job.number, group=group, added=came, removed=went
            )
        )

    def _in_doubt(self, group: str, members: Sequence[str]) -> None:
        job = self._run.job.number
        self._note(lambda connection: member_links.in_doubt(connection, job=job, group=group, members=members))

    # References

    async def _references(self, sending: Sending) -> Outcome:
        run, person, link = self._run, sending.operation.object, sending.link
        assert link is not None  # noqa: S101 - perform has looked
        mapper = run.rules.of(sending.desired.kind).mapper
        held: Resource = _decode(link.pushed_document)
        after = held
        written: list[tuple[str, str]] = []
        wanted: list[tuple[str, str]] = []
        unresolved: list[str] = []
        for reference in waiting.references(run.reader(), run.job.number, person):
            if reference.linked and reference.target_id is not None:
                after = mapper.put(after, reference.attribute, reference.target_id)
                wanted.append((reference.attribute, reference.target_id))
                written.append((person, reference.attribute))
                continue
            unresolved.append(reference.waits_for)
            if is_superseded(mapper, reference, after):
                after = mapper.without(after, reference.attribute)
            if not run.behaviour.heal_references:
                written.append((person, reference.attribute))
        kind = sending.desired.kind
        found = await self._checks.with_references(kind, link.target_id, held, wanted, mapper)
        operations = derive(found, after, mapper.resource_type)
        outcome = Outcome(stage=sending.operation.stage, object=person, also=self._written(written))
        exchange: Exchange | None = None
        modified = differing_references(mapper, found, after)
        if operations:
            answer = await self._once_more(kind, link.target_id, lambda: run.patch(kind, link.target_id, operations))
            run.counters["reference.write"] += len(modified)
            exchange = answer.exchange
        if operations or found is not held:
            outcome.link = holding_row(run, sending.desired, link, _encode(after).decode())
        if operations or unresolved:
            names = records.names(run.reader(), unresolved)
            people = [names.get(one, one) for one in unresolved]
            outcome.events = [
                self._journal.members_changed(sending.desired, link.target_id, modified, people, exchange)
            ]
        return outcome

    def _written(self, references: list[tuple[str, str]]) -> Callable[[Connection], None]:
        job = self._run.job.number
        return lambda connection: waiting.written(connection, job, references)

    # Failing

    async def _refused(self, sending: Sending, error: ConnectorError) -> Outcome | None:
        await self._run.stop_by(error, "object")
        operation = sending.operation
        if _is_gone(error) and (self._run.behaviour.vanished == "match-again" or operation.object not in self._missing):
            self._missing.add(operation.object)
            return None  # it is read, and looked for, before that is believed
        outcome = Outcome(stage=operation.stage, object=operation.object)
        if is_open(error) and operation.kind == "reference" and sending.link is not None:
            outcome.link = in_doubt(self._run, operation.object_kind, operation.object, sending.link)
        self._fail(sending, outcome, error, operation.name)
        return outcome

    def _fail(self, sending: Sending, outcome: Outcome, error: ConnectorError, who: str) -> None:
        """Let the outcome say what went wrong, beside what went well."""
        verb: Verb = "change the members of" if sending.operation.kind == "members" else "update"
        failure = failure_from(error, application=self._run.application, verb=verb, who=who)
        failure = self._journal.shown(sending.desired, failure)
        event = self._journal.failed(
            sending.desired,
            failure,
            "update",
            target_id=None if sending.link is None else sending.link.target_id,
            exchange=error.exchange,
        )
        outcome.events = [*outcome.events, event]
        outcome.failure = failure
        outcome.progress = len(outcome.events) > 1
        outcome.counts = f"{sending.operation.object_kind}.fail"


def _is_gone(error: ConnectorError) -> bool:
    return isinstance(error, Rejected) and error.status in _GONE


def _ids(edges: Sequence[Pending]) -> list[str]:
    return [edge.target_id for edge in edges if edge.target_id is not None]
