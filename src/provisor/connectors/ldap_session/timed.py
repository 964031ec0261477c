"""A socket with a limit to a whole answer, besides the one to each wait.

A server that sends a byte now and then would otherwise be waited for without end.
"""

import math
import time
from typing import Any, Final

_WAITS_IN_AN_ANSWER: Final = 20  # an answer in pieces, each in time, may take this many time-outs together


class TimedSocket:
    """The connection's socket with a limit to a whole answer: a server that sends a byte now and then ends too."""

    def __init__(self, wrapped: Any, wait_seconds: float) -> None:
        self._wrapped = wrapped
        self._limit_seconds = wait_seconds * _WAITS_IN_AN_ANSWER
        self._until = math.inf

    def begin(self) -> None:
        """The wait for an answer begins."""
        self._until = time.monotonic() + self._limit_seconds

    def recv(self, size: int) -> bytes:
        """Some bytes."""
        if time.monotonic() > self._until:
            raise TimeoutError("the answer takes too long")
        received: bytes = self._wrapped.recv(size)
        return received

    def __getattr__(self, name: str) -> Any:
        return getattr(self._wrapped, name)
