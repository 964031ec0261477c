"""A target that notes what it was asked and what it answered, for whoever wants to see how one object was found."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from provisor.engine.ports import Answer, Checked, ConnectorError, Found, Page, Target
from provisor.engine.record import Kind
from provisor.scim.patch.operations import Operation
from provisor.scim.schemas.schema import ResourceType
from provisor.scim.values import Resource


class Seen(NamedTuple):
    """One question and its answer. `path` is empty for a look by id, which is the `value` then."""

    kind: Kind
    path: str
    value: str
    resources: Sequence[Resource] = ()
    error: ConnectorError | None = None


class Watched:
    """Passes everything on, and keeps what finds and reads came to."""

    def __init__(self, target: Target) -> None:
        self._target = target
        self.seen: list[Seen] = []

    @property
    def caller(self) -> str:
        """Target.caller."""
        return self._target.caller

    def use(self, types: Mapping[Kind, ResourceType]) -> None:
        """Target.use."""
        self._target.use(types)

    async def discover(self) -> Answer | None:
        """Target.discover."""
        return await self._target.discover()

    async def schemas(self, start_index: int = 1) -> Page | None:
        """Target.schemas."""
        return await self._target.schemas(start_index)

    async def find(self, kind: Kind, path: str, value: str) -> Found:
        """Target.find, noted."""
        try:
            found = await self._target.find(kind, path, value)
        except ConnectorError as error:
            self.seen.append(Seen(kind, path, value, error=error))
            raise
        self.seen.append(Seen(kind, path, value, found.resources))
        return found

    async def read(self, kind: Kind, target_id: str) -> Answer | None:
        """Target.read, noted."""
        try:
            answer = await self._target.read(kind, target_id)
        except ConnectorError as error:
            self.seen.append(Seen(kind, "", target_id, error=error))
            raise
        resource = None if answer is None else answer.resource
        self.seen.append(Seen(kind, "", target_id, () if resource is None else (resource,)))
        return answer

    async def check(self, kind: Kind, target_id: str, path: str, value: str) -> Checked:
        """Target.check."""
        return await self._target.check(kind, target_id, path, value)

    async def page(self, kind: Kind, start_index: int, count: int) -> Page:
        """Target.page."""
        return await self._target.page(kind, start_index, count)

    async def create(self, kind: Kind, document: Resource) -> Answer:
        """Target.create."""
        return await self._target.create(kind, document)

    async def patch(self, kind: Kind, target_id: str, operations: Sequence[Operation]) -> Answer:
        """Target.patch."""
        return await self._target.patch(kind, target_id, operations)

    async def patch_members(self, target_id: str, add: Sequence[str], remove: Sequence[str]) -> Answer:
        """Target.patch_members."""
        return await self._target.patch_members(target_id, add, remove)

    async def delete(self, kind: Kind, target_id: str) -> Answer:
        """Target.delete."""
        return await self._target.delete(kind, target_id)

    async def close(self) -> None:
        """Target.close."""
        await self._target.close()
