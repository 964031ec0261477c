"""Puts a run together: the order, the two systems it works between, and what its steps share.

Order: the order, its ends, the run.
"""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass, field
from datetime import datetime
from math import inf

from provisor.database import Database, Writer
from provisor.engine.ports import Target
from provisor.expressions.values import RandomBytes
from provisor.runner.asking.pace import Pace
from provisor.runner.asking.paced import Paced
from provisor.runner.asking.probe import Trouble, probe
from provisor.runner.asking.rates import Rates
from provisor.runner.asking.timeouts import Silence
from provisor.runner.due import is_change_driven
from provisor.runner.planning.begin import Setup
from provisor.runner.recording.progress import ReportProgress
from provisor.runner.run import Run, StopRequested
from provisor.runner.session import Ends, JobSession
from provisor.storage.credentials_stamp import credentials_stamp
from provisor.storage.cycles import Cycle
from provisor.storage.jobs import Job

Connect = Callable[[Job], Target]
Now = Callable[[], datetime]

DEFAULT_ADDRESS = "its tenant URL"
PATIENCE_SECONDS = 30.0  # of a person (spec/provisioning-service.md section 13), where a target asks for a pause


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """An order for a cycle or a plan of one job, with everything it needs from outside."""

    database: Database
    job: str
    connect: Connect
    now: Now
    random_bytes: RandomBytes
    report: ReportProgress | None = None
    stop: asyncio.Event = field(default_factory=asyncio.Event)
    address: str = DEFAULT_ADDRESS
    rates: Rates = field(default_factory=Rates)  # how fast targets are asked, by all of the process
    prompt: bool = False  # a person waits for it
    session: JobSession | None = None  # what lives on from the run before, and to the next one
    by_change: bool = False  # only for what has changed

    async def probe(self, ends: Ends, setup: Setup) -> Trouble | None:
        """Ask the target for nobody, before all else; what is wrong with it."""
        with closing(ends.pace.aside()) as pace:
            return await probe(
                Paced(ends.target, pace),
                setup.ruleset,
                "user",
                self.random_bytes,
                application=setup.application,
                address=self.address,
            )


@asynccontextmanager
async def ends(order: Order, setup: Setup) -> AsyncIterator[Ends]:
    """The two ends of a run; given back whatever happens, unless they live on in a session."""

    def pace(target: Target) -> Pace:
        return _pace(order, setup, target)

    if order.session is not None:
        stamp = credentials_stamp(order.database.reader(), setup.job.tenant, setup.job.application)
        both = await order.session.ends(setup, stamp, order.connect, pace)
        both.target.use(setup.rules.types)
        yield both
        return
    target = order.connect(setup.job)
    target.use(setup.rules.types)
    writer, paced = Writer(order.database), pace(target)
    try:
        yield Ends(writer, target, paced)
    finally:
        paced.close()
        await target.close()
        await writer.close()


def _pace(order: Order, setup: Setup, target: Target) -> Pace:
    """At most as fast as the behaviour and the application allow, in turn with all others who ask it."""

    async def interrupted() -> BaseException:
        await order.stop.wait()  # a target may ask for ten minutes
        return StopRequested()

    return Pace(
        order.rates.turns(target.caller),
        now=order.now,
        per_second=setup.behaviour.requests_per_second,
        at_once=setup.behaviour.requests_at_once,
        ceiling=setup.template.requests_per_second,
        tries=setup.behaviour.tries,
        prompt=order.prompt,
        patience_seconds=PATIENCE_SECONDS if order.prompt else inf,
        interrupted=interrupted,
    )


def make_run(order: Order, setup: Setup, ends: Ends, cycle: Cycle, counters: Counter[str]) -> Run:
    """What the steps of one cycle share; `counters` may hold what was counted since the cycle's row was written."""
    writer, target, pace = ends
    target.use(setup.rules.types)  # the rules may have changed since it was connected
    return Run(
        database=order.database,
        writer=writer,
        job=setup.job,
        target=target,
        pace=pace,
        silence=Silence(lambda: order.probe(ends, setup), application=setup.application, address=order.address),
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
        by_change=order.by_change,
        change_driven=is_change_driven(setup.job),
        takes_news=order.session is not None and is_change_driven(setup.job),
    )
