"""What of a job lives on from one run to the next in the process that serves it.

The client with its connections, its place among those who ask its target, and when that last answered; made anew when
the credentials or the behaviour have changed. The compiled rules are kept by their text (planning.begin), and what a
target was found to bear by runner.asking.rates.
"""

import asyncio
from collections.abc import Callable
from typing import NamedTuple

from provisor.database import Writer
from provisor.engine.ports import Target
from provisor.runner.asking.pace import Pace
from provisor.runner.planning.begin import Setup
from provisor.storage.jobs import Job

WELL_SECONDS = 300.0  # so long after its last answer a target is taken to be there, and is not asked for nobody first


class Ends(NamedTuple):
    """The two ends of a run, and how fast the far one is asked."""

    writer: Writer
    target: Target
    pace: Pace


class JobSession:
    """One job between its runs. Belongs to one event loop; `writer` is shared by all jobs of the process."""

    def __init__(self, writer: Writer) -> None:
        self.writer = writer
        self._stamp: object = None
        self._ends: Ends | None = None
        self._well_at: float | None = None

    async def ends(
        self, setup: Setup, stamp: object, connect: Callable[[Job], Target], pace: Callable[[Target], Pace]
    ) -> Ends:
        """The ends as they were, unless the credentials (`stamp`) or the behaviour are others by now."""
        stamp = (stamp, setup.job.behaviour, setup.job.template)
        if self._ends is None or self._stamp != stamp:
            await self.close()
            target = connect(setup.job)
            self._ends, self._stamp = Ends(self.writer, target, pace(target)), stamp
        return self._ends

    @property
    def well(self) -> bool:
        """Whether the target answered not long ago, and the last run was not stopped by it."""
        loop = asyncio.get_running_loop()
        return self._well_at is not None and loop.time() - self._well_at < WELL_SECONDS

    def ended(self, *, well: bool) -> None:
        """A run has ended in which the target was asked."""
        self._well_at = asyncio.get_running_loop().time() if well else None

    async def close(self) -> None:
        """Give the client back."""
        ends, self._ends, self._well_at = self._ends, None, None
        if ends is not None:
            ends.pace.close()
            await ends.target.close()
