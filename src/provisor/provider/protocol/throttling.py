"""Keeps one client from spoiling the server for all: a rate for every token, delays for those who guess tokens.

Both are counted by this process: of several servers on one database each allows the rate. No I/O but the clock. Sizes
and depths are refused where they are read: documents, requests, scim.grammar, scim.operations. Source:
reference/scim-service-provider.md section *Limits*.
"""

import asyncio
import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

from provisor.scim.errors import ScimError

STRICT_RATE = 50.0  # requests a second; what Umbrella is said to allow (spec/scim-wire.md section 11.4)

_FREE_FAILURES = 10  # a client with an old token is answered at once; those who guess wait
_FORGOTTEN_AFTER_SECONDS = 60.0
_FIRST_DELAY_SECONDS = 0.05
_LONGEST_DELAY_SECONDS = 2.0
WAITING_LIMIT = 50  # answers held back at a time, each with its request; more are answered 429 without delay
_ADDRESSES_LIMIT = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What an administrator may set when starting the server; the defaults limit nothing and trust nobody."""

    requests_per_second: float | None = None  # for every token
    trust_proxy: bool = False  # trust X-Forwarded-Proto, -Host and -For


NO_LIMITS = Limits()


class TooManyRequests(ScimError):
    """A refusal that says when to try again."""

    def __init__(self, detail: str, retry_seconds: int) -> None:
        super().__init__(429, None, detail)
        self.retry_seconds = retry_seconds


class Level(NamedTuple):
    """How many requests a token might have sent at a moment."""

    requests: float
    at: float  # seconds of the clock


class RateLimit:
    """A number of requests per second for every token, with a burst of one second's worth."""

    def __init__(self, per_second: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._rate = per_second
        self._burst = max(1.0, per_second)
        self._clock = clock
        self._levels: dict[str, Level] = {}  # of tokens that exist, so it stays small

    def take(self, token_id: str) -> None:
        """Count a request. Raises TooManyRequests when the token has used up what it may send."""
        level = self._level(token_id)
        if level.requests < 1.0:
            wait = max(1, math.ceil((1.0 - level.requests) / self._rate))
            raise TooManyRequests(
                f"This token may send {self._rate:g} requests a second and sent more; wait {wait} s and go on.", wait
            )
        self._levels[token_id] = Level(level.requests - 1, level.at)

    def charge(self, token_id: str, requests: int) -> None:
        """Count the operations of a bulk beyond its one request. Later requests wait for it."""
        level = self._level(token_id)
        self._levels[token_id] = Level(level.requests - requests, level.at)

    def _level(self, token_id: str) -> Level:
        now = self._clock()
        known = self._levels.get(token_id)
        if known is None:
            return Level(self._burst, now)
        return Level(min(self._burst, known.requests + (now - known.at) * self._rate), now)


class Failures:
    """Slows down an address that keeps sending wrong tokens; a request with a right one is never held up."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._counts: dict[str, tuple[int, float]] = {}
        self._waiting = 0
        self.total = 0

    def count(self, address: str) -> float:
        """Count a failure; returns for how many seconds its answer should wait."""
        now = self._clock()
        self.total += 1
        failures, last = self._counts.pop(address, (0, now))
        failures = 1 if now - last > _FORGOTTEN_AFTER_SECONDS else failures + 1
        if len(self._counts) >= _ADDRESSES_LIMIT:
            del self._counts[next(iter(self._counts))]  # the one seen longest ago
        self._counts[address] = (failures, now)
        beyond = failures - _FREE_FAILURES
        return 0.0 if beyond <= 0 else min(_LONGEST_DELAY_SECONDS, _FIRST_DELAY_SECONDS * 2.0 ** min(beyond - 1, 16))

    async def slow_down(self, address: str) -> bool:
        """Count a failure and hold its answer back, if it is to wait; returns whether it was.

        Raises TooManyRequests when too many answers are held back already.
        """
        delay = self.count(address)
        if not delay:
            return False
        if self._waiting >= WAITING_LIMIT:
            raise TooManyRequests("Too many requests with wrong tokens; wait and send the right one.", 5)
        self._waiting += 1
        try:
            await asyncio.sleep(delay)
        finally:
            self._waiting -= 1
        return True
