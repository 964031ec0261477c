"""Carries out operations on the objects themselves: link, update, disable, release, delete; creates by `creating`.

Each returns the outcome to be recorded, or None when the object must be matched and planned again: its create met a
conflict, or its account has vanished. Order: preparing, changing, deleting, failing.
"""

from collections.abc import Sequence
from typing import cast

import msgspec
from msgspec.structs import replace

from provisor.database import Connection
from provisor.engine.decide import NO_UPDATE, Delete, Disable
from provisor.engine.desired import Desired, as_leaver
from provisor.engine.difference import Difference, difference
from provisor.engine.operation import ONCE_MORE
from provisor.engine.outcome import failure_from
from provisor.engine.ports import Answer, ConnectorError, Rejected
from provisor.engine.record import Record
from provisor.engine.settle import settle
from provisor.engine.unknown import is_open, values_sent
from provisor.rules.failure import Failure
from provisor.runner.executing.creating import Creating
from provisor.runner.executing.failing import ACTIONS, VERBS, failed
from provisor.runner.executing.swaps import Rival, Swaps
from provisor.runner.planning.link_rows import adopted_row, forget, in_doubt, link_row, unsure
from provisor.runner.recording.blaming import own_failure
from provisor.runner.recording.log_rows import Journal
from provisor.runner.recording.recorder import Outcome
from provisor.runner.recording.sending import Sending
from provisor.runner.run import LINKS_SENT, Run
from provisor.scim.patch.derivation import derive
from provisor.scim.patch.operations import Operation
from provisor.scim.values import Resource
from provisor.storage import links, waiting
from provisor.storage.links import StoredLink, StoredLinkState
from provisor.storage.operations import SECOND, StoredOperation

_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(dict).decode

_LEAVING = ("disable", "release")
_GONE = (404, 410)
_CONFLICT, _STALE = 409, 412


class Entries:
    """Operations on objects, for one run."""

    def __init__(self, run: Run, journal: Journal) -> None:
        self._run = run
        self._journal = journal
        self._creating = Creating(run, journal)
        self._swaps = Swaps(run)
        self._conflicts: set[str] = set()  # whose create met a conflict once in this run
        self._missing: set[str] = set()  # whose account the target did not know once in this run
        self._stale: set[str] = set()  # whose account was changed by somebody else once in this run

    def prepare(self, operation: StoredOperation, record: Record, link: StoredLink | None) -> Sending | None:
        """What will be sent, from the directory as it is now; None when it no longer fits the plan."""
        desired = self._run.judge(record, linked=link is not None or operation.kind == "link")
        sending = Sending(operation, desired, link, record)
        if operation.stage == SECOND:
            return sending
        if operation.wanted_hash != desired.wanted_hash or desired.aside is not None:
            return None
        if operation.base_hash != (None if link is None else link.pushed_hash):
            return None
        if operation.kind in (*_LEAVING, "delete") and not self._still_leaves(operation, desired, link):
            return None
        if operation.kind == "create" and desired.mapped is not None:
            sending = replace(sending, values=values_sent(desired.mapped).to_json())
        return sending

    def _still_leaves(self, operation: StoredOperation, desired: Desired, link: StoredLink | None) -> bool:
        """Whether access is still to be taken away in this way. Hashes do not tell who came back where no mapping reads
        IsSoftDeleted, nor what the job may do now: settings may have changed since an earlier run planned this.
        """
        run = self._run
        terms = run.rules.of(desired.kind).terms
        decision = settle(desired, None if link is None else link.state, terms, deletion=run.deletion_of(link))
        if operation.kind == "delete":
            return isinstance(decision, Delete)
        return decision == Disable(release=operation.kind == "release")

    async def choose_values(self, page: Sequence[Sending]) -> None:
        """Choose what must be unique, for the creates of a page together, before any is sent."""
        await self._creating.free_values.choose([one for one in page if one.operation.kind == "create"])

    async def perform(self, sending: Sending) -> Outcome | None:
        """Carry one operation out. Raises CycleStopped."""
        kind = sending.operation.kind
        try:
            if kind == "create":
                if sending.operation.held:
                    return None  # by now its name is free, or taken for good
                return await self._creating.create(sending)
            if kind == "delete":
                return await self._delete(sending)
            return await self._change(sending)
        except ConnectorError as error:
            return await self._refused(sending, error)

    def broken(self, sending: Sending, error: Exception, *, sent: bool = True) -> Outcome:
        """An error of our own in the middle of one operation: what was `sent` by then, nobody knows."""
        failure = own_failure(VERBS[sending.operation.kind], sending.desired.name, error)
        return failed(self._run, self._journal, sending, failure, unknown=sent)

    # Changing

    async def _change(self, sending: Sending) -> Outcome:
        """Link, update, disable or release: send what differs from what the target holds."""
        run, operation, desired = self._run, sending.operation, sending.desired
        held = self._held(sending)
        target_id = cast(str, operation.target_id)
        found = self._difference(sending, held)
        answer: Answer | None = None
        if found.operations:
            try:
                answer = await run.patch(desired.kind, target_id, found.operations)
            except ConnectorError as error:
                if operation.kind not in _LEAVING:
                    raise
                return await self._take_out_of_use(sending, held, found.operations, error)
        if operation.links_only:
            return self._linked(sending, target_id, held)
        if operation.kind == "link" and answer is not None:
            run.counters[f"{LINKS_SENT}{desired.kind}"] += 1
        state: StoredLinkState = "released" if operation.kind == "release" else "linked"
        document = _encode(found.after).decode()
        link = link_row(run, desired, target_id, state, document)
        return Outcome(
            stage=operation.stage,
            object=desired.id,
            link=link,
            events=[
                self._journal.done(
                    desired,
                    ACTIONS[operation.kind],
                    target_id,
                    before=held,
                    after=found.after,
                    matching=self._matched_existing(sending),
                    exchange=None if answer is None else answer.exchange,
                )
            ],
            counts=f"{desired.kind}.{ACTIONS[operation.kind] if operation.kind != 'link' else 'link'}",
            kind=desired.kind,
            removes=operation.removes > 0,
        )

    def _linked(self, sending: Sending, target_id: str, held: Resource) -> Outcome:
        """Linked and left as it is: updating is off. The wanted values were not written; that may be allowed later."""
        desired = sending.desired
        return Outcome(
            stage=sending.operation.stage,
            object=desired.id,
            link=adopted_row(self._run, desired.kind, desired.id, {**held, "id": target_id}),
            events=[self._journal.skipped(desired, NO_UPDATE, target_id, self._matched_existing(sending))],
            counts=f"{desired.kind}.link",
        )

    async def _take_out_of_use(
        self, sending: Sending, held: Resource, refused: Sequence[Operation], error: ConnectorError
    ) -> Outcome:
        """Send the disabling alone when it failed together with other changes: access must not outlive a bad value.

        RFC 7644 section 3.5.2: a PATCH is all or nothing. What was refused fails, unless it is no longer tracked.
        """
        run, desired, operation = self._run, sending.desired, sending.operation
        await run.stop_by(error, "object")
        again = _status(error) == _STALE and desired.id not in self._stale
        if desired.mapped is None or _status(error) in _GONE or again:
            raise error
        mapper = run.rules.of(desired.kind).mapper
        after = mapper.out_of_use(held, desired.mapped)
        alone = derive(held, after, mapper.resource_type)
        target_id = cast(str, operation.target_id)
        if not alone and operation.kind == "release" and not is_open(error):
            outcome = failed(run, self._journal, sending, self._failure(sending, error), error)
            return self._released(sending, outcome, held, error)
        if not alone or tuple(alone) == tuple(refused):
            raise error
        answer = await self._again(sending, error, alone)
        disabled = self._journal.done(desired, "disable", target_id, before=held, after=after, exchange=answer.exchange)
        if _status(error) == _CONFLICT and operation.kind == "disable":
            # The name may be free once others have changed; swaps are resolved then.
            return Outcome(
                stage=operation.stage,
                object=desired.id,
                link=adopted_row(run, desired.kind, desired.id, {**after, "id": target_id}),
                events=[disabled],
                kind=desired.kind,
                removes=operation.removes > 0,
                plan_anew=True,
            )
        outcome = failed(run, self._journal, sending, self._failure(sending, error), error)
        outcome.events = [disabled, *outcome.events]
        outcome.removes = operation.removes > 0
        if operation.kind == "release":
            return self._released(sending, outcome, after, error)
        outcome.link = adopted_row(run, desired.kind, desired.id, {**after, "id": target_id})
        return outcome

    def _released(self, sending: Sending, outcome: Outcome, held: Resource, error: ConnectorError) -> Outcome:
        """Out of use and no longer tracked: other refused changes are reported and not retried.

        If it is not known whether they were refused, the account is read before it is taken back into use.
        """
        desired, target_id = sending.desired, cast(str, sending.operation.target_id)
        outcome.link = link_row(self._run, desired, target_id, "released", _encode(held).decode())
        if is_open(error):
            outcome.link = unsure(outcome.link)
        outcome.failure, outcome.counts = None, f"{desired.kind}.disable"
        return outcome

    async def _again(self, sending: Sending, error: ConnectorError, operations: Sequence[Operation]) -> Answer:
        """A second request after one that failed; if the outcome of the first was unknown, it stays so."""
        try:
            return await self._run.patch(sending.desired.kind, cast(str, sending.operation.target_id), operations)
        except ConnectorError as second:
            raise (error if is_open(error) and not is_open(second) else second) from second

    def _held(self, sending: Sending) -> Resource:
        if sending.operation.found_document is not None:
            return cast(Resource, _decode(sending.operation.found_document))
        if sending.link is None:
            return {}
        return cast(Resource, _decode(sending.link.pushed_document))

    def _difference(self, sending: Sending, held: Resource) -> Difference:
        run, desired, operation = self._run, sending.desired, sending.operation
        if desired.mapped is None or operation.links_only:
            return Difference((), held)
        return difference(
            held,
            desired.mapped,
            run.rules.of(desired.kind).mapper,
            suppress_case_changes=run.behaviour.suppress_case_changes,
        )

    def _matched_existing(self, sending: Sending) -> str | None:
        if sending.operation.kind != "link":
            return None
        operation = sending.operation
        return f"Matched existing: {operation.found_by} of {sending.desired.name} is held by {operation.target_id}."

    # Deleting

    async def _delete(self, sending: Sending) -> Outcome:
        desired = sending.desired
        target_id = cast(str, sending.operation.target_id)
        answer = await self._run.delete(desired.kind, target_id)
        return self._deleted(sending, answer)

    def _deleted(self, sending: Sending, answer: Answer | None) -> Outcome:
        desired, run = sending.desired, self._run
        event = self._journal.done(
            desired, "delete", sending.operation.target_id, exchange=None if answer is None else answer.exchange
        )

        def gone(connection: Connection) -> None:
            forget(connection, run.job.number, desired.kind, [desired.id], run.nested)
            if desired.kind == "user" and desired.standing != "gone":  # who left may return, and get another account
                references = [path for path, _ in run.rules.users.mapper.references]
                waiting.refer_again(connection, run.job.number, [desired.id], references)

        return Outcome(
            stage=sending.operation.stage,
            object=desired.id,
            events=[event],
            also=gone,
            counts=f"{desired.kind}.delete",
            kind=desired.kind,
            removes=True,
        )

    async def _out_of_use_at_least(self, sending: Sending, outcome: Outcome) -> Outcome:
        """An account that was not deleted is disabled: access must not outlive a refusal to delete."""
        run, desired, link, record = self._run, sending.desired, sending.link, sending.record
        rules = run.rules.of(desired.kind)
        if link is None or record is None or "Update" not in rules.terms.actions:
            return outcome
        held = self._held(sending)
        if link.pushed_hash == links.NOBODY_KNOWS:
            held = rules.mapper.without_disabling(held)
        after = rules.mapper.out_of_use(held, as_leaver(record, run.rules, run.now(), run.random_bytes))
        operations = derive(held, after, rules.mapper.resource_type)
        if not operations:
            return outcome
        try:
            answer = await run.patch(desired.kind, link.target_id, operations)
        except ConnectorError as error:
            await run.stop_by(error, "object")
            if is_open(error):
                outcome.link = in_doubt(run, desired.kind, desired.id, link, deleted=True)
            return outcome
        document = _encode(after).decode()
        outcome.link = link_row(run, desired, link.target_id, link.state, document)
        disabled = self._journal.done(
            desired, "disable", link.target_id, before=held, after=after, exchange=answer.exchange
        )
        outcome.events = [disabled, *outcome.events]
        outcome.removes = sending.operation.removes > 0
        return outcome

    # Failing

    async def _refused(self, sending: Sending, error: ConnectorError) -> Outcome | None:
        """What a refusal means: the end of the cycle, another try, or the failure of this object."""
        await self._run.stop_by(error, "object")
        operation, desired = sending.operation, sending.desired
        status = _status(error)
        if operation.kind == "create":
            if is_open(error) and (found := await self._creating.find_again(sending, error)) is not None:
                return found
            if status == _CONFLICT and desired.id not in self._conflicts:
                self._conflicts.add(desired.id)
                return None
        elif status in _GONE and desired.id not in self._missing:
            self._missing.add(desired.id)
            return None  # it is read, and looked for, before that is believed
        elif status == _STALE and desired.id not in self._stale:
            self._stale.add(desired.id)
            return None  # somebody else changed it meanwhile: it is read, and tried once more
        elif status == _CONFLICT and operation.phase != ONCE_MORE:
            return Outcome(stage=operation.stage, object=desired.id, again_in_phase=ONCE_MORE)
        failure = self._failure(sending, error)
        if operation.kind == "delete":
            return await self._out_of_use_at_least(sending, failed(self._run, self._journal, sending, failure, error))
        if status != _CONFLICT:
            return failed(self._run, self._journal, sending, failure, error)
        return await self._conflict(sending, failure, error)

    def _failure(self, sending: Sending, error: ConnectorError) -> Failure:
        verb = VERBS[sending.operation.kind]
        return failure_from(error, application=self._run.application, verb=verb, who=sending.desired.name)

    async def _conflict(self, sending: Sending, failure: Failure, error: ConnectorError) -> Outcome:
        """A value that must be unique is somebody else's: a swap is resolved, else the message says whose it is."""
        run, operation, desired = self._run, sending.operation, sending.desired
        rival = await self._swaps.rival(desired)
        if operation.kind not in ("update", "disable") or desired.mapped is None:
            return failed(run, self._journal, sending, _naming(failure, desired.name, rival), error)
        known = held = self._held(sending)
        if self._swaps.is_parked(desired):
            held = await self._swaps.take_back(sending, held)
        elif rival is not None and run.behaviour.swaps == "resolve" and rival.gives_it_up:
            parked = await self._swaps.park(sending, held, rival)
            if parked is not None:
                return Outcome(
                    stage=operation.stage,
                    object=desired.id,
                    link=adopted_row(run, desired.kind, desired.id, {**parked, "id": operation.target_id}),
                    plan_anew=True,
                )
        outcome = failed(run, self._journal, sending, _naming(failure, desired.name, rival), error)
        after = await self._swaps.send_the_rest(sending, held, self._difference(sending, held).after) or held
        if after is not known or desired.id in self._swaps.unsure:
            outcome.link = adopted_row(run, desired.kind, desired.id, {**after, "id": operation.target_id})
        return outcome


def _naming(failure: Failure, name: str, rival: Rival | None) -> Failure:
    """Say who holds the refused value, if it is one of our objects."""
    if rival is None:
        return failure
    message = f"{failure.message} {rival.path} “{rival.value}” is held by {rival.name}."
    hint = f"{name} and {rival.name} cannot both have it; change one of the two, then retry."
    if rival.gives_it_up:
        hint = f"{name} and {rival.name} swap a name: give one of them a free one by hand, then retry."
    return Failure(code=failure.code, message=message, hint=hint, retry=failure.retry, rival=rival.id)


def _status(error: ConnectorError) -> int:
    return error.status if isinstance(error, Rejected) else 0
