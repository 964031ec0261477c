"""The loop that sends what is in the outbox, in one process at a time, until it is told to stop.

Once an hour it looks for credentials that are about to expire, and forgets what was sent long ago.
A quiet outbox costs two short questions a second. What a killed sender had under way is due again when the next begins.
"""

import asyncio
from collections.abc import Collection
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from provisor.runner.job_lock import JobBusy, job_lock
from provisor.runner.notifying.delivering import Notifying, deliver
from provisor.runner.notifying.expiring import warn_of_expiry
from provisor.runner.notifying.schedule import LONGEST_WAIT
from provisor.storage import outbox

POLL_SECONDS: Final = 1.0
AT_ONCE: Final = 4
FINISH_SECONDS: Final = 3.0  # what is under way at the stop may end by itself: cut short, a letter would be in doubt
STOP_SECONDS: Final = 6.0  # then it is cut short, and has so long to say what came of it
KEPT: Final = timedelta(days=30)  # what was sent, for `mail show` and `webhook list`
_HOURLY: Final = timedelta(hours=1)
_LOCK: Final = "outbox"


async def send_notices(
    order: Notifying,
    *,
    stop: asyncio.Event,
    poll_seconds: float = POLL_SECONDS,
    finish_seconds: float = FINISH_SECONDS,
) -> None:
    """Send until `stop` is set. While another process sends for this database, wait for its end."""
    while not stop.is_set():
        try:
            with job_lock(order.database.path, _LOCK):
                await _send(order, stop, poll_seconds, finish_seconds)
        except JobBusy:
            await _pause(stop, poll_seconds)


async def _send(order: Notifying, stop: asyncio.Event, poll_seconds: float, finish_seconds: float) -> None:
    running: dict[str, asyncio.Task[None]] = {}
    kept_up = _Upkeep()
    try:
        while not stop.is_set():
            try:
                kept_up.do(order, running)
                _start_what_is_due(order, running)
            except Exception as error:  # noqa: BLE001 - the edge of the loop: what breaks once is tried again
                order.failed(f"{type(error).__name__}: {error}")
            await _pause(stop, poll_seconds)
            for channel in [channel for channel, task in running.items() if task.done()]:
                broken = running.pop(channel).exception()
                if broken is not None:  # its outcome could not be noted, as when the disk is full
                    kept_up.recovered = False
                    order.failed(f"A message was left under way: {broken}")
    finally:
        await _end(running.values(), finish_seconds)


async def _end(running: Collection[asyncio.Task[None]], finish_seconds: float) -> None:
    """Let what is under way end, and cut short what does not."""
    if not running:
        return
    _, late = await asyncio.wait(running, timeout=finish_seconds)
    for task in late:
        task.cancel()
    if late:
        await asyncio.wait(late, timeout=STOP_SECONDS)


@dataclass(slots=True)
class _Upkeep:
    """What is done once, or once in a while."""

    recovered: bool = False
    looked_at: datetime | None = None

    def do(self, order: Notifying, running: Collection[str]) -> None:
        now = order.now()
        if not self.recovered:
            with order.database.transaction() as connection:
                outbox.recover(connection, order.tenant, now=now, running=running)
            self.recovered = True
        if self.looked_at is None or abs(now - self.looked_at) >= _HOURLY:
            self.looked_at = now  # before: what cannot be done is told once an hour
            with order.database.transaction() as connection:
                outbox.clean(connection, order.tenant, before=now - KEPT)
            warn_of_expiry(order)


def _start_what_is_due(order: Notifying, running: dict[str, asyncio.Task[None]]) -> None:
    """Begin deliveries, one of a channel at a time, as many at once as are allowed."""
    reader, now = order.database.reader(), order.now()
    if outbox.waiting_channels(reader, order.tenant, now=now):
        with order.database.transaction() as connection:
            outbox.make_messages(connection, order.tenant, now=now)
    for message in outbox.due(reader, order.tenant, now=now, longest_wait=LONGEST_WAIT):
        if len(running) >= AT_ONCE:
            return
        if message.channel not in running:
            running[message.channel] = asyncio.create_task(deliver(order, message))


async def _pause(stop: asyncio.Event, seconds: float) -> None:
    with suppress(TimeoutError):
        await asyncio.wait_for(stop.wait(), seconds)
