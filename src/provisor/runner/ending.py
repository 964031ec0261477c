"""Sees that a run ends when it must: somebody aborts its cycle, or its process is asked to end.

Who is asked to end leaves at the next point that the next run goes on from (Run.check_stop); what has not got there in
time, because the target hangs, is cancelled. An abort cancels at once. What was sent by then has an unknown outcome.
"""

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

from provisor.database import Database
from provisor.runner.run import Aborted, StopRequested
from provisor.storage import jobs

T = TypeVar("T")

GRACE_SECONDS = 4.0  # for requests under way, when the process is asked to end; it has ten seconds in all
POLL_SECONDS = 0.25  # how soon an abort by another process is seen
_CANCELLED_AGAIN_SECONDS = 1.0


class Ending:
    """Watches over one run of a job. Made before the job is locked, so that no abort of this run is missed."""

    def __init__(self, database: Database, job_id: str, stop: asyncio.Event) -> None:
        self._database = database
        self._stop = stop
        job = jobs.by_id(database.reader(), job_id)
        self._job = None if job is None else job.number
        self._aborts = None if job is None else job.aborts

    async def heed(self, work: Coroutine[Any, Any, T]) -> T:
        """Carry the work out. Raises Aborted or StopRequested when it had to be cancelled."""
        task = asyncio.ensure_future(work)
        watch = asyncio.ensure_future(self._must_end())
        try:
            await asyncio.wait({task, watch}, return_when=asyncio.FIRST_COMPLETED)
            if not task.done():
                await self._cancel(task)
            if task.cancelled():
                raise watch.result() if watch.done() else asyncio.CancelledError
            return task.result()
        except asyncio.CancelledError:
            await self._cancel(task)  # what it works with is given back next
            raise
        finally:
            watch.cancel()
            await asyncio.wait({watch})

    async def _must_end(self) -> Aborted | StopRequested:
        """Why the work must end; returns when it must."""
        loop = asyncio.get_running_loop()
        asked_at: float | None = None
        while True:
            if self._job is not None and jobs.aborts(self._database.reader(), self._job) != self._aborts:
                return Aborted()
            if self._stop.is_set():
                asked_at = loop.time() if asked_at is None else asked_at
                if loop.time() - asked_at >= GRACE_SECONDS:
                    return StopRequested()
                await asyncio.sleep(POLL_SECONDS)
                continue
            try:
                await asyncio.wait_for(self._stop.wait(), POLL_SECONDS)
            except TimeoutError:
                pass

    async def _cancel(self, task: "asyncio.Future[Any]") -> None:
        while not task.done():  # a library may lose a cancellation that meets an answer
            task.cancel()
            await asyncio.wait({task}, timeout=_CANCELLED_AGAIN_SECONDS)
