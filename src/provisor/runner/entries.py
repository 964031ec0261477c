"""Carries out operations on the objects themselves: create, link, update, disable, release, delete.

Each answers with the outcome to be recorded, or None when the object must be matched and planned anew: its create met a
conflict, or its account has vanished. Order: preparing, creating, changing, deleting, failing.
"""

from typing import cast

import msgspec

from provisor.engine.decide import Fail, Forget, vanished
from provisor.engine.difference import Difference, difference
from provisor.engine.log_event import Action
from provisor.engine.operation import ONCE_MORE
from provisor.engine.outcome import Verb, failure_from
from provisor.engine.ports import Answer, ConnectorError, Rejected, Unreachable
from provisor.engine.record import Record
from provisor.expressions.values import Candidates
from provisor.rules.failure import Failure
from provisor.rules.matching import NoMatch, recheck
from provisor.runner.journal import Journal
from provisor.runner.placing import HELD, forget, in_doubt, link_row
from provisor.runner.recorder import Outcome
from provisor.runner.run import Run
from provisor.runner.sending import Sending
from provisor.scim.values import Resource
from provisor.storage import links
from provisor.storage.links import Link, LinkState
from provisor.storage.operations import SECOND, StoredOperation

_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(dict).decode

_LEAVING = ("disable", "release")
_VERBS: dict[str, Verb] = {
    "create": "create",
    "link": "link",
    "update": "update",
    "disable": "disable",
    "release": "disable",
    "delete": "delete",
}
_ACTIONS: dict[str, Action] = {
    "create": "create",
    "link": "update",
    "update": "update",
    "disable": "disable",
    "release": "disable",
    "delete": "delete",
}
_GONE = 404
_CONFLICT = 409


class Entries:
    """Operations on objects, for one run."""

    def __init__(self, run: Run, journal: Journal) -> None:
        self._run = run
        self._journal = journal
        self._conflicts: set[str] = set()  # whose create met a conflict once in this run

    def prepare(self, operation: StoredOperation, record: Record, link: Link | None) -> Sending | None:
        """What will be sent, from the directory as it is now; None when that is no longer what was planned."""
        desired = self._run.judge(record, linked=link is not None or operation.kind == "link")
        sending = Sending(operation, desired, link)
        if operation.stage == SECOND:
            return sending
        if operation.wanted_hash != desired.wanted_hash or desired.aside is not None:
            return None
        if operation.base_hash != (None if link is None else link.pushed_hash):
            return None
        return sending

    async def perform(self, sending: Sending) -> Outcome | None:
        """Carry one operation out. Raises CycleStopped."""
        kind = sending.operation.kind
        try:
            if kind == "create":
                if sending.operation.detail == HELD:
                    return None  # by now its name is free, or another's for good
                return await self._create(sending)
            if kind == "delete":
                return await self._delete(sending)
            return await self._change(sending)
        except ConnectorError as error:
            return await self._refused(sending, error)

    # Creating

    async def _create(self, sending: Sending) -> Outcome:
        desired = sending.desired
        mapped = desired.mapped
        assert mapped is not None  # noqa: S101 - only a mapped object is planned to be created
        document = mapped.created
        for path, candidates in mapped.candidates:
            document = await self._with_free_value(sending, document, path, candidates)
        answer = await self._run.create(desired.kind, document)
        resource = cast(Resource, answer.resource)  # the port promises a resource with an id
        target_id = str(resource["id"])
        return Outcome(
            stage=sending.operation.stage,
            object=desired.id,
            link=link_row(self._run, desired, target_id, "linked", _encode(document).decode(), answer.etag),
            events=[self._journal.done(desired, "create", target_id, after=document, exchange=answer.exchange)],
            counts=f"{desired.kind}.create",
            created=sending,
        )

    def clashed(self, sending: Sending, owner: str) -> Outcome:
        """The target answered a create with the id of an account that belongs to `owner`."""
        failure = Failure(
            code="DuplicateSourceEntries",
            message=f"{self._run.application} answered the creation of {sending.desired.name} with the id of {owner}.",
            hint="Give the two different values in what the application tells accounts apart by, and match by that.",
        )
        return self._failed(sending, failure, None)

    async def _with_free_value(
        self, sending: Sending, document: Resource, path: str, candidates: Candidates
    ) -> Resource:
        """The first value of SelectUniqueValue that nobody at the target has."""
        kind = sending.desired.kind
        mapper = self._run.rules.of(kind).mapper
        for value in candidates.values:
            found = await self._run.find(kind, path, str(value))
            if isinstance(recheck(found.resources, path, str(value), mapper.resource_type), NoMatch):
                return mapper.put(document, path, value)
        raise Rejected(
            f"every candidate for {path} is taken",
            status=_CONFLICT,
            scim_type="uniqueness",
            detail=f"Every candidate of SelectUniqueValue for {path} is taken",
        )

    # Changing

    async def _change(self, sending: Sending) -> Outcome:
        """Link, update, disable or release: send what differs from what the target holds."""
        run, operation, desired = self._run, sending.operation, sending.desired
        held = self._held(sending)
        target_id = cast(str, operation.target_id)
        found = self._difference(sending, held)
        answer: Answer | None = None
        if found.operations:
            answer = await run.patch(desired.kind, target_id, found.operations)
        state: LinkState = "released" if operation.kind == "release" else "linked"
        document = _encode(found.after).decode()
        etag = answer.etag if answer is not None else None if sending.link is None else sending.link.etag
        link = link_row(run, desired, target_id, state, document, etag)
        if _only_links(operation):
            link = (
                *link[:5],
                links.NOBODY_KNOWS,
                links.NOBODY_KNOWS,
                *link[7:],
            )  # what is wanted was not written: updating may be allowed later
        return Outcome(
            stage=operation.stage,
            object=desired.id,
            link=link,
            events=[
                self._journal.done(
                    desired,
                    _ACTIONS[operation.kind],
                    target_id,
                    before=held,
                    after=found.after,
                    matching=self._matched_existing(sending),
                    exchange=None if answer is None else answer.exchange,
                )
            ],
            counts=f"{desired.kind}.{_ACTIONS[operation.kind] if operation.kind != 'link' else 'link'}",
        )

    def _held(self, sending: Sending) -> Resource:
        if sending.operation.found_document is not None:
            return cast(Resource, _decode(sending.operation.found_document))
        if sending.link is None:
            return {}
        return cast(Resource, _decode(sending.link.pushed_document))

    def _difference(self, sending: Sending, held: Resource) -> Difference:
        run, desired, operation = self._run, sending.desired, sending.operation
        if desired.mapped is None or _only_links(operation):
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
        path = str(_decode(sending.operation.detail).get("by", ""))
        return f"Matched existing: {path} of {sending.desired.name} is held by {sending.operation.target_id}."

    # Deleting

    async def _delete(self, sending: Sending) -> Outcome:
        desired = sending.desired
        target_id = cast(str, sending.operation.target_id)
        answer = await self._run.delete(desired.kind, target_id)
        return self._deleted(sending, answer)

    def _deleted(self, sending: Sending, answer: Answer | None) -> Outcome:
        desired, job = sending.desired, self._run.job.id
        event = self._journal.done(
            desired, "delete", sending.operation.target_id, exchange=None if answer is None else answer.exchange
        )
        return Outcome(
            stage=sending.operation.stage,
            object=desired.id,
            events=[event],
            also=lambda connection: forget(connection, job, desired.kind, [desired.id]),
            counts=f"{desired.kind}.delete",
        )

    # Failing

    async def _refused(self, sending: Sending, error: ConnectorError) -> Outcome | None:
        """What a refusal means: the end of the cycle, another try, or the failure of this object."""
        await self._run.stop_by(error, "object")
        operation, desired = sending.operation, sending.desired
        status = error.status if isinstance(error, Rejected) else 0
        if status == _GONE and operation.kind not in ("create", "delete"):
            return self._vanished(sending)
        if status == _CONFLICT and operation.kind == "create" and desired.id not in self._conflicts:
            self._conflicts.add(desired.id)
            return None
        if status == _CONFLICT and operation.kind != "create" and operation.phase != ONCE_MORE:
            return Outcome(stage=operation.stage, object=desired.id, again_in_phase=ONCE_MORE)
        verb = _VERBS[operation.kind]
        failure = failure_from(error, application=self._run.application, verb=verb, who=desired.name)
        if status == _CONFLICT:
            failure = await self._naming_the_rival(sending, failure)
        return self._failed(sending, failure, error)

    def _vanished(self, sending: Sending) -> Outcome | None:
        """The target answered 404 for the object we are linked to."""
        desired = sending.desired
        step = vanished(desired.standing, desired.name, self._run.behaviour.vanished)
        if isinstance(step, Fail):
            return self._failed(sending, step.failure, None)
        if isinstance(step, Forget):
            return self._deleted(sending, None)
        return None

    async def _naming_the_rival(self, sending: Sending, failure: Failure) -> Failure:
        """Say who holds the value that is refused, when that is somebody of ours."""
        run, desired = self._run, sending.desired
        if desired.mapped is None:
            return failure
        for path, value in desired.mapped.matching:
            try:
                found = await run.find(desired.kind, path, value)
            except ConnectorError:
                return failure  # it would have been kind to say who; whatever this one is about, others will meet it
            for resource in found.resources:
                owner = links.owner(run.reader(), run.job.id, desired.kind, str(resource.get("id", "")))
                if owner is not None and owner.id != desired.id:
                    message = f"{failure.message} {path} “{value}” is held by {owner.name}."
                    hint = f"{desired.name} and {owner.name} cannot both have it; change one of the two, then retry."
                    return Failure(code=failure.code, message=message, hint=hint, retry=failure.retry)
        return failure

    def _failed(self, sending: Sending, failure: Failure, error: ConnectorError | None) -> Outcome:
        operation, desired = sending.operation, sending.desired
        failure = self._journal.shown(desired, failure)
        link = sending.link if isinstance(error, Unreachable) else None
        event = self._journal.failed(
            desired,
            failure,
            _ACTIONS[operation.kind],
            target_id=operation.target_id,
            exchange=None if error is None else error.exchange,
        )
        return Outcome(
            stage=operation.stage,
            object=desired.id,
            link=None if link is None else in_doubt(self._run, desired.kind, desired.id, link),
            events=[event],
            failure=failure,
            counts=f"{desired.kind}.fail",
        )


def _only_links(operation: StoredOperation) -> bool:
    return operation.kind == "link" and '"update":false' in operation.detail
