"""Creates accounts, and looks for the account when no answer comes.

Order: creating, looking after a request that was not clearly answered, an id that is somebody else's.
"""

from functools import partial
from typing import cast

import msgspec

from provisor.engine.ports import Answer, ConnectorError, Throttled
from provisor.engine.unknown import FoundAgain, Ours, is_open, said, values_sent
from provisor.rules.failure import Failure
from provisor.runner.executing.failing import failed
from provisor.runner.executing.free_values import FreeValues
from provisor.runner.planning.link_rows import adopted_row, link_row
from provisor.runner.planning.looking import look_for
from provisor.runner.recording.log_rows import Journal
from provisor.runner.recording.recorder import Outcome
from provisor.runner.recording.sending import Sending
from provisor.runner.run import CycleStopped, Run
from provisor.scim.values import Resource

_encode = msgspec.json.Encoder().encode


class Creating:
    """The creates of one run."""

    def __init__(self, run: Run, journal: Journal) -> None:
        self._run = run
        self._journal = journal
        self.free_values = FreeValues(run)

    async def create(self, sending: Sending) -> Outcome:
        """Create one account. Raises ConnectorError and CycleStopped."""
        run, kind = self._run, sending.desired.kind
        mapped = sending.desired.mapped
        assert mapped is not None  # noqa: S101 - only a mapped object is planned to be created
        document = self.free_values.put_into(sending, mapped.created)
        for _ in range(run.behaviour.tries - 1):
            try:
                return self._created(sending, document, await run.create(kind, document))
            except Throttled as error:
                if not is_open(error):
                    raise
                # A 503 does not mean that nothing was done, so the account is looked for before another create.
                found = await self._look(sending)
                if isinstance(found, Ours):
                    return self._adopted(sending, found, error)
                if found is None:
                    raise
        return self._created(sending, document, await run.create(kind, document))

    def _created(self, sending: Sending, document: Resource, answer: Answer) -> Outcome:
        desired = sending.desired
        resource = cast(Resource, answer.resource)  # the port promises a resource with an id
        target_id = str(resource["id"])
        if desired.kind == "group":
            self._run.new_groups.add(desired.id)
        return Outcome(
            stage=sending.operation.stage,
            object=desired.id,
            link=link_row(self._run, desired, target_id, "linked", _encode(document).decode()),
            events=[self._journal.done(desired, "create", target_id, after=document, exchange=answer.exchange)],
            counts=f"{desired.kind}.create",
            if_taken=partial(self._clashed, sending),
        )

    async def find_again(self, sending: Sending, error: ConnectorError) -> Outcome | None:
        """The outcome when the account is there although its create was not clearly answered; None when it is not.

        Not finding it so soon proves nothing: it stays unknown until the next cycle has looked again.
        """
        found = await self._look(sending)
        return self._adopted(sending, found, error) if isinstance(found, Ours) else None

    async def _look(self, sending: Sending) -> FoundAgain | None:
        """Whose account is there; None when that could not be found out."""
        desired = sending.desired
        if desired.mapped is None:
            return None
        try:
            return await look_for(self._run, desired.kind, desired.id, values_sent(desired.mapped))
        except ConnectorError as refusal:
            try:
                await self._run.stop_by(refusal, "filter")
            except CycleStopped as stopped:
                stopped.outcome_unknown = True  # of the create, whatever is known of the look
                raise
            return None

    def _adopted(self, sending: Sending, found: Ours, error: ConnectorError) -> Outcome:
        desired = sending.desired
        target_id = str(found.resource["id"])
        event = self._journal.done(
            desired, "create", target_id, after=found.resource, matching=said(found), exchange=error.exchange
        )
        return Outcome(
            stage=sending.operation.stage,
            object=desired.id,
            link=adopted_row(self._run, desired.kind, desired.id, found.resource),
            events=[event],
            counts=f"{desired.kind}.create",
            if_taken=partial(self._clashed, sending),
            plan_anew=True,
        )

    def _clashed(self, sending: Sending, owner: str) -> Outcome:
        """The target answered a create with the id of an account that belongs to `owner`."""
        failure = Failure(
            code="DuplicateSourceEntries",
            message=f"{self._run.application} answered the creation of {sending.desired.name} with the id of {owner}.",
            hint="Give the two different values in what the application tells accounts apart by, and match by that.",
        )
        return failed(self._run, self._journal, sending, failure, unknown=True)  # an account of its own may be there
