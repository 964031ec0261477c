"""Carries out the second stage: who is in a group, and references such as manager.

Members are sent as deltas, some at a time; each answered request is recorded at once, and repeating one is harmless.
Order: members of a group, one request, references, failing.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import msgspec

from provisor.database import Connection
from provisor.engine.log_event import Change, as_text, differing_members
from provisor.engine.outcome import Verb, failure_from, stops_cycle
from provisor.engine.ports import ConnectorError, Exchange, Rejected
from provisor.engine.references import requests
from provisor.runner.journal import Journal
from provisor.runner.recorder import Outcome
from provisor.runner.run import Run
from provisor.runner.sending import Sending
from provisor.scim.patch import derive
from provisor.scim.values import Resource
from provisor.storage import member_links, waiting
from provisor.storage.links import Link, LinkRow
from provisor.storage.member_links import Pending

EDGES_A_PAGE = 1_000
_GONE = 404
_TOO_LARGE = 413

_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(dict).decode

Note = Callable[[Callable[[Connection], None]], None]


@dataclass(slots=True)
class _Told:
    """What the target has been told of one group so far."""

    added: list[str]
    removed: list[str]
    unresolved: list[str]
    exchange: Exchange | None


class Memberships:
    """Operations of the second stage, for one run. `note` records what an answered request has changed."""

    def __init__(self, run: Run, journal: Journal, note: Note) -> None:
        self._run = run
        self._journal = journal
        self._note = note

    async def perform(self, sending: Sending) -> Outcome | None:
        """Carry one operation out; None when the group has vanished and must be planned anew. Raises CycleStopped."""
        if sending.link is None or sending.link.state != "linked":
            # Its own create or link failed in this cycle and says why; this comes again with it.
            return Outcome(stage=sending.operation.stage, object=sending.operation.object)
        try:
            if sending.operation.kind == "members":
                return await self._members(sending)
            return await self._references(sending)
        except ConnectorError as error:
            return self._refused(sending, error)

    # Members of a group

    async def _members(self, sending: Sending) -> Outcome:
        run, group, link = self._run, sending.operation.object, sending.link
        assert link is not None  # noqa: S101 - perform has looked
        told = _Told([], [], [], None)
        after = ""
        while page := member_links.pending(run.reader(), job=run.job.id, group=group, after=after, limit=EDGES_A_PAGE):
            after = page[-1].member
            await self._tell(group, link.target_id, page, told)
        run.counters["membership.add"] += len(told.added)
        run.counters["membership.remove"] += len(told.removed)
        outcome = Outcome(stage=sending.operation.stage, object=group)
        if told.added or told.removed or told.unresolved:
            modified = differing_members(told.added, told.removed)
            outcome.events = [
                self._journal.members_changed(sending.desired, link.target_id, modified, told.unresolved, told.exchange)
            ]
        return outcome

    async def _tell(self, group: str, target_id: str, page: Sequence[Pending], told: "_Told") -> None:
        """Tell the target of some memberships, and note each request that it has answered."""
        absent = [edge for edge in page if edge.target_id is None]
        self._set_aside(group, absent)
        told.unresolved += [edge.name for edge in absent if edge.add]
        by_target = {edge.target_id: edge for edge in page if edge.target_id is not None}
        add = [key for key, edge in by_target.items() if edge.add]
        remove = [key for key, edge in by_target.items() if not edge.add]
        for some_add, some_remove in requests(add, remove, self._run.template.members_per_request):
            told.exchange = await self._send(target_id, some_add, some_remove)
            came = [by_target[key].member for key in some_add]
            went = [by_target[key].member for key in some_remove]
            self._pushed(group, came, went)
            told.added += came
            told.removed += went

    async def _send(self, target_id: str, add: Sequence[str], remove: Sequence[str]) -> Exchange:
        """One request; what is too large for the target is sent in halves."""
        try:
            return (await self._run.patch_members(target_id, add, remove)).exchange
        except Rejected as error:
            if error.status != _TOO_LARGE or len(add) + len(remove) < 2:
                raise
        half_add, half_remove = len(add) // 2, (len(remove) + 1) // 2
        await self._send(target_id, add[:half_add], remove[:half_remove])
        return await self._send(target_id, add[half_add:], remove[half_remove:])

    def _set_aside(self, group: str, absent: Sequence[Pending]) -> None:
        """Members without an account: additions wait for one; removals went with it."""
        if not absent:
            return
        job, heal = self._run.job.id, self._run.behaviour.heal_references
        waits = [edge.member for edge in absent if edge.add]
        gone = [edge.member for edge in absent if not edge.add]

        def write(connection: Connection) -> None:
            member_links.postpone(connection, job=job, group=group, members=waits, heal=heal)
            member_links.pushed(connection, job=job, group=group, added=(), removed=gone)

        self._note(write)

    def _pushed(self, group: str, came: Sequence[str], went: Sequence[str]) -> None:
        job = self._run.job.id
        self._note(lambda connection: member_links.pushed(connection, job=job, group=group, added=came, removed=went))

    # References

    async def _references(self, sending: Sending) -> Outcome:
        run, person, link = self._run, sending.operation.object, sending.link
        assert link is not None  # noqa: S101 - perform has looked
        mapper = run.rules.of(sending.desired.kind).mapper
        held: Resource = _decode(link.pushed_document)
        after = held
        written: list[tuple[str, str]] = []
        unresolved: list[str] = []
        for attribute, waits_for, target_id in waiting.references(run.reader(), run.job.id, person):
            if target_id is None:
                unresolved.append(waits_for)
            else:
                after = mapper.put(after, attribute, target_id)
                written.append((person, attribute))
        operations = derive(held, after, mapper.resource_type)
        outcome = Outcome(stage=sending.operation.stage, object=person, also=self._written(written))
        if operations:
            answer = await run.patch(sending.desired.kind, link.target_id, operations)
            run.counters["reference.write"] += len(written)
            modified: list[Change] = [(one.path or "", None, as_text(one.value)) for one in operations]
            outcome.link = self._holding(sending, link, after, answer.etag)
            outcome.events = [
                self._journal.members_changed(sending.desired, link.target_id, modified, unresolved, answer.exchange)
            ]
        return outcome

    def _holding(self, sending: Sending, link: Link, document: Resource, etag: str | None) -> LinkRow:
        """The link of an account that now holds `document`; what is wanted of it has not changed."""
        at = self._run.at()
        return (
            self._run.job.id,
            sending.operation.object,
            sending.desired.kind,
            link.target_id,
            link.state,
            link.wanted_hash,
            link.pushed_hash,
            _encode(document).decode(),
            etag,
            at,
            at,
        )

    def _written(self, references: list[tuple[str, str]]) -> Callable[[Connection], None]:
        job = self._run.job.id
        return lambda connection: waiting.written(connection, job, references)

    # Failing

    def _refused(self, sending: Sending, error: ConnectorError) -> Outcome | None:
        if stops_cycle(error, "object"):
            raise self._run.stopped_by(error) from error
        operation = sending.operation
        of_members = operation.kind == "members"
        if isinstance(error, Rejected) and error.status == _GONE and self._run.behaviour.vanished == "match-again":
            return None
        verb: Verb = "change the members of" if of_members else "update"
        failure = failure_from(error, application=self._run.application, verb=verb, who=operation.name)
        event = self._journal.failed(
            sending.desired,
            failure,
            "update",
            target_id=None if sending.link is None else sending.link.target_id,
            exchange=error.exchange,
        )
        return Outcome(
            stage=operation.stage,
            object=operation.object,
            events=[event],
            failure=failure,
            counts=f"{operation.object_kind}.fail",
        )
