"""Puts a run together: what was ordered, the two ends it works between, and what its steps share.

Order: the order, its ends, the run.
"""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime

from provisor.database import Database, Writer
from provisor.engine.ports import Target
from provisor.expressions.values import RandomBytes
from provisor.rules.failure import Failure
from provisor.runner.asking.pace import Pace
from provisor.runner.asking.probe import probe
from provisor.runner.asking.timeouts import Silence
from provisor.runner.planning.begin import Setup
from provisor.runner.recording.progress import ReportProgress
from provisor.runner.run import Run, StopRequested
from provisor.storage.cycles import Cycle
from provisor.storage.jobs import Job

Connect = Callable[[Job], Target]
Now = Callable[[], datetime]

DEFAULT_ADDRESS = "its tenant URL"


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What somebody asks for: a cycle or a plan of one job, and everything it needs from outside."""

    database: Database
    job: str
    connect: Connect
    now: Now
    random_bytes: RandomBytes
    report: ReportProgress | None = None
    stop: asyncio.Event = field(default_factory=asyncio.Event)
    address: str = DEFAULT_ADDRESS

    async def probe(self, target: Target, setup: Setup) -> Failure | None:
        """Ask the target for nobody; what is wrong with it."""
        return await probe(
            target, setup.ruleset, "user", self.random_bytes, application=setup.application, address=self.address
        )


@asynccontextmanager
async def ends(order: Order, setup: Setup) -> AsyncIterator[tuple[Writer, Target]]:
    """The two ends of a cycle, given back whatever happens."""
    target = order.connect(setup.job)
    writer = Writer(order.database)
    try:
        yield writer, target
    finally:
        await target.close()
        await writer.close()


def make_run(order: Order, setup: Setup, ends: tuple[Writer, Target], cycle: Cycle, counters: Counter[str]) -> Run:
    """What the steps of one cycle share; `counters` may hold what was counted since the cycle's row was written."""
    writer, target = ends

    async def sleep(seconds: float) -> None:
        """A pause that ends with the process: a target may ask for ten minutes."""
        try:
            await asyncio.wait_for(order.stop.wait(), seconds)
        except TimeoutError:
            return
        raise StopRequested

    limits = [one for one in (setup.behaviour.requests_per_second, setup.template.requests_per_second) if one]
    return Run(
        database=order.database,
        writer=writer,
        job=setup.job,
        target=target,
        pace=Pace(per_second=min(limits, default=None), now=order.now, sleep=sleep),
        silence=Silence(lambda: order.probe(target, setup), application=setup.application, address=order.address),
        ruleset=setup.ruleset,
        rules=setup.rules,
        template=setup.template,
        application=setup.application,
        address=order.address,
        behaviour=setup.behaviour,
        cycle=cycle,
        now=order.now,
        random_bytes=order.random_bytes,
        stop=order.stop,
        counters=counters,
        saved=Counter(cycle.counters),
    )
