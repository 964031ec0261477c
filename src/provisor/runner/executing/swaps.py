"""Objects that swap a unique name, or pass it round: each needs what another still has.

Where the behaviour resolves it, each takes a free name on the way; when the target refuses, or another object keeps
its name after all, the old one is taken back. Order: the rival, the way round.
"""

from typing import NamedTuple

from provisor.engine.desired import Desired
from provisor.engine.ports import ConnectorError
from provisor.engine.unknown import is_open, parked_name
from provisor.runner.recording.sending import Sending
from provisor.runner.run import Run
from provisor.scim.patch.derivation import derive
from provisor.scim.path import getter
from provisor.scim.values import Resource, fold
from provisor.storage import links, records


class Rival(NamedTuple):
    """Another object of ours whose account holds a value that is wanted. `gives_it_up`: it wants another itself."""

    id: str
    name: str
    path: str
    value: str
    gives_it_up: bool


class Swaps:
    """Names that pass from one to another, for one run."""

    def __init__(self, run: Run) -> None:
        self._run = run
        self._parked: dict[str, Resource] = {}  # those who took a free name, and what their account held before
        self.unsure: set[str] = set()  # whose request on the way was not clearly answered

    async def rival(self, desired: Desired) -> Rival | None:
        """Who holds one of the unique values of this object, if it is one of our objects."""
        run = self._run
        if desired.mapped is None:
            return None
        for path, value in desired.mapped.matching:
            try:
                found = await run.find(desired.kind, path, value)
            except ConnectorError:
                return None  # naming the holder is optional; if the target is at fault, other requests will show it
            for resource in found.resources:
                owner = links.owner(run.reader(), run.job.number, desired.kind, str(resource.get("id", "")))
                if owner is not None and owner.id != desired.id:
                    return Rival(owner.id, owner.name, path, value, self._gives_up(owner.id, path, value))
        return None

    def _gives_up(self, object_id: str, path: str, value: str) -> bool:
        run = self._run
        reads = records.by_ids(
            run.reader(), application=run.job.application, job=run.job.number, nested=run.nested, ids=[object_id]
        )
        if object_id not in reads:
            return False
        desired = run.judge(reads[object_id][0], linked=True)
        if desired.mapped is None:
            return False
        wanted = dict(desired.mapped.matching).get(path)
        return wanted is not None and fold(wanted) != fold(value)

    def is_parked(self, desired: Desired) -> bool:
        """Whether the account has a free name, and has had its way round."""
        return desired.id in self._parked

    async def take_back(self, sending: Sending, held: Resource) -> Resource:
        """Give an account that was parked its old name back; returns what it holds then."""
        before = self._parked[sending.desired.id]
        return before if await self._send(sending, held, before) else held

    async def park(self, sending: Sending, held: Resource, rival: Rival) -> Resource | None:
        """Give the account a free name, so that another can have its present one; returns what it holds then.

        None when the target refuses.
        """
        desired = sending.desired
        mapper = self._run.rules.of(desired.kind).mapper
        if getter(rival.path, mapper.resource_type)(held) is None:
            return None
        free = mapper.put(held, rival.path, parked_name(rival.value, desired.id))
        if not await self._send(sending, held, free):
            return None
        self._parked[desired.id] = held
        return free

    async def send_the_rest(self, sending: Sending, held: Resource, after: Resource) -> Resource | None:
        """Send what does not touch the unique values; returns what the account holds then, None if nothing was sent."""
        mapped = sending.desired.mapped
        if mapped is None:
            return None
        mapper = self._run.rules.of(sending.desired.kind).mapper
        rest = after
        for path, _ in mapped.matching:
            value = getter(path, mapper.resource_type)(held)
            rest = mapper.without(rest, path) if value is None else mapper.put(rest, path, value)
        return rest if await self._send(sending, held, rest) else None

    async def _send(self, sending: Sending, held: Resource, after: Resource) -> bool:
        """Whether the account holds `after` now. A refusal is not reported: the conflict behind it is."""
        kind, target_id = sending.desired.kind, sending.operation.target_id
        operations = derive(held, after, self._run.rules.of(kind).mapper.resource_type)
        if not operations or target_id is None:
            return False
        try:
            await self._run.patch(kind, target_id, operations)
        except ConnectorError as error:
            await self._run.stop_by(error, "object")
            if is_open(error):
                self.unsure.add(sending.desired.id)
            return False
        return True
