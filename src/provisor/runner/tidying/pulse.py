"""Whether the event loop of a service is alive: it beats every second, and others see how long ago that was.

Read from another thread. A loop that waits for a locked database for half a minute is slow, not dead.
"""

import asyncio
import time

BEAT_SECONDS = 1.0
DEAD_AFTER_SECONDS = 90.0  # three times as long as a database may stay locked


class Pulse:
    """The last beat of a loop."""

    def __init__(self) -> None:
        self._last = time.monotonic()
        self._begun = False
        self.over = False

    @property
    def age_seconds(self) -> float:
        """How long ago it last beat."""
        return time.monotonic() - self._last

    @property
    def alive(self) -> bool:
        """Whether what it belongs to still works."""
        return self._begun and not self.over and self.age_seconds < DEAD_AFTER_SECONDS

    def beat_once(self) -> None:
        """It works at this moment."""
        self._begun, self._last = True, time.monotonic()

    async def beat(self, stop: asyncio.Event) -> None:
        """Beat until `stop` is set."""
        while not stop.is_set():
            self.beat_once()
            try:
                await asyncio.wait_for(stop.wait(), BEAT_SECONDS)
            except TimeoutError:
                pass
        self.over = True
