"""Keeps one client from spoiling the API for all: a rate for every caller, waits for addresses that guess tokens.

Counted by this process, in memory. Order: the numbers, a level, the two limits.
"""

import math
from collections import OrderedDict
from typing import Final, NamedTuple

from provisor.graph_api.odata.errors import GraphError

DEFAULT_RATE: Final = 200.0  # requests a second of one caller; no client of ours comes near, a loop gone wild does
BURST_SECONDS: Final = 5.0  # what a page that asks for many things at once may use up
FREE_FAILURES: Final = 20  # of one address, refilled by one every few seconds
FAILURES_PER_SECOND: Final = 0.2
MOST_KEPT: Final = 10_000  # callers remembered; the one that was quiet longest is forgotten


class Bucket(NamedTuple):
    """What a caller has left, and when that was so in seconds of the clock."""

    left: float
    at: float


class CallerLimit:
    """So many requests a second for each key, with a burst; refuses by 429 with Retry-After."""

    def __init__(self, per_second: float, burst: float) -> None:
        self._rate = per_second
        self._burst = max(1.0, burst)
        self._buckets: OrderedDict[str, Bucket] = OrderedDict()

    def take(self, key: str, now: float) -> None:
        """Count one. Raises GraphError 429 where nothing is left."""
        self.check(key, now)
        bucket = self._now(key, now)
        self._keep(key, Bucket(bucket.left - 1, now))

    def check(self, key: str, now: float) -> None:
        """Raise GraphError 429 where nothing is left; counts nothing."""
        bucket = self._now(key, now)
        if bucket.left < 1:
            seconds = max(1, math.ceil((1 - bucket.left) / self._rate))
            raise GraphError(
                429,
                "TooManyRequests",
                f"Too many requests; the next is answered in {seconds} seconds.",
                "Wait as long as Retry-After says.",
                "too-many-requests",
                {"Retry-After": str(seconds)},
            )

    def count(self, key: str, now: float) -> None:
        """Count one, whether anything is left or not."""
        self._keep(key, Bucket(max(0.0, self._now(key, now).left - 1), now))

    def _now(self, key: str, now: float) -> Bucket:
        found = self._buckets.get(key)
        if found is None:
            return Bucket(self._burst, now)
        return Bucket(min(self._burst, found.left + (now - found.at) * self._rate), now)

    def _keep(self, key: str, bucket: Bucket) -> None:
        self._buckets[key] = bucket
        self._buckets.move_to_end(key)
        while len(self._buckets) > MOST_KEPT:
            self._buckets.popitem(last=False)
