"""An event loop whose time leaps: a sleep ends as soon as there is nothing else to do.

Pauses, paces and batches cost no time, and the same steps come in the same order on every machine.
"""

import asyncio
import selectors
from collections.abc import Coroutine
from typing import Any, TypeVar

T = TypeVar("T")

_LONGEST_WAIT_SECONDS = 0.2  # for another thread, when nobody sleeps


class LeapingLoop(asyncio.SelectorEventLoop):
    """Time stands still while there is something to do, and otherwise leaps to the next wake-up."""

    def __init__(self) -> None:
        self._seconds = 0.0
        super().__init__(_LeapingSelector(self._leap))

    def time(self) -> float:
        """Seconds that were slept."""
        return self._seconds

    def _leap(self, seconds: float) -> None:
        self._seconds += seconds


class _LeapingSelector(selectors.DefaultSelector):
    def __init__(self, leap: Any) -> None:
        super().__init__()
        self._leap = leap

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        ready = super().select(_LONGEST_WAIT_SECONDS if timeout is None else 0)
        if not ready and timeout is not None and timeout > 0:
            self._leap(timeout)
        return ready


def run_leaping(main: Coroutine[Any, Any, T]) -> T:
    """Like asyncio.run, in a loop whose time leaps."""
    with asyncio.Runner(loop_factory=LeapingLoop) as runner:
        return runner.run(main)
