"""Who shares a limit of a target: all in this process who ask the same origin with the same credential.

What was found out about a target is kept for a while after the last who asked it, so that the next run need not find
it out again, and heeds the pause that it asked for. Another process finds it out for itself.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from threading import Lock
from time import monotonic
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:  # most commands ask no target, and need not pay for the imports
    from provisor.runner.asking.turns import Turns

KEPT_SECONDS: Final = 900.0  # longer than the longest pause
MOST: Final = 256  # that are kept though nobody asks


@dataclass(slots=True)
class _Held:
    turns: Turns
    used_at: float


class Rates:
    """The turns of each target and credential that this process asks. For any thread."""

    def __init__(self, clock: Callable[[], float] = monotonic) -> None:
        self._clock = clock
        self._lock = Lock()
        self._held: dict[str, _Held] = {}

    def turns(self, caller: str) -> Turns:
        """Those of a caller (engine.ports.Target.caller)."""
        from provisor.runner.asking.turns import Turns

        with self._lock:
            present = self._clock()
            self._forget(present)
            held = self._held.setdefault(caller, _Held(Turns(), present))
            held.used_at = present
            return held.turns

    def __len__(self) -> int:
        return len(self._held)

    def _forget(self, present: float) -> None:
        for held in self._held.values():
            if held.turns.busy:
                held.used_at = present
        idle = sorted((held.used_at, caller) for caller, held in self._held.items() if not held.turns.busy)
        for number, (used_at, caller) in enumerate(idle):
            if present - used_at > KEPT_SECONDS or len(idle) - number > MOST:
                del self._held[caller]
