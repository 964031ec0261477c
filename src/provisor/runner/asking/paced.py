"""What is asked of a target beside a run, each question in its turn: who is there, what it says of itself, a page."""

from typing import Protocol

from provisor.engine.ports import Answer, Found, Page, Target
from provisor.engine.record import Kind
from provisor.runner.asking.pace import Pace


class Questioned(Protocol):
    """Whom questions are put to: a target, or one who is asked in turn."""

    async def discover(self) -> Answer | None:
        """Target.discover."""

    async def find(self, kind: Kind, path: str, value: str) -> Found:
        """Target.find."""

    async def page(self, kind: Kind, start_index: int, count: int) -> Page:
        """Target.page."""


class Paced:
    """A target that is asked when it is the turn of `pace`."""

    def __init__(self, target: Target, pace: Pace) -> None:
        self._target = target
        self._pace = pace

    async def discover(self) -> Answer | None:
        """Target.discover."""
        return await self._pace.request(self._target.discover, about="discover")

    async def find(self, kind: Kind, path: str, value: str) -> Found:
        """Target.find."""
        return await self._pace.request(lambda: self._target.find(kind, path, value), about="find")

    async def page(self, kind: Kind, start_index: int, count: int) -> Page:
        """Target.page."""
        return await self._pace.request(lambda: self._target.page(kind, start_index, count), about="page")
