"""The loop of a service beside its jobs: every second it passes the log on, every hour it removes what is old enough.

Both work in a thread of their own, so that no cycle waits for a syslog or a long log; a failure is told once, until it
is over or another one comes.
"""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from functools import partial

from provisor.database import Database
from provisor.runner.tidying.forwarding import forward
from provisor.runner.tidying.sweeping import sweep

FORWARD_EVERY_SECONDS = 1.0
SWEEP_EVERY_SECONDS = 3_600.0


async def keep_house(
    database: Database,
    tenant: str,
    *,
    stop: asyncio.Event,
    now: Callable[[], datetime],
    failed: Callable[[str], None],
) -> None:
    """Do both until `stop` is set; `failed` is told what went wrong."""
    loop = asyncio.get_running_loop()
    told: dict[str, str] = {}
    next_sweep = loop.time()

    def tell(what: str, sentence: str | None) -> None:
        if sentence is not None and told.get(what) != sentence:
            failed(sentence)
        told.pop(what, None) if sentence is None else told.update({what: sentence})

    with ThreadPoolExecutor(max_workers=1, thread_name_prefix="house") as thread:
        last = False
        while not last:
            last = stop.is_set()  # once more after the end of the last cycle
            try:
                failures = await loop.run_in_executor(thread, forward, database, tenant)
                for sink in ("file", "syslog"):
                    tell(sink, failures.get(sink))
                if loop.time() >= next_sweep and not last:
                    next_sweep = loop.time() + SWEEP_EVERY_SECONDS
                    work = partial(sweep, database, tenant, now=now, stopping=stop.is_set)
                    await loop.run_in_executor(thread, work)
                tell("house", None)
            except Exception as error:  # noqa: BLE001 - the edge: what is left undone now is done by the next turn
                tell("house", f"Log and history could not be looked after: {error}")
            try:
                await asyncio.wait_for(stop.wait(), FORWARD_EVERY_SECONDS)
            except TimeoutError:
                pass
