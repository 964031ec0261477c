"""Changes that come while a long cycle is executed go out in it, for people and groups that have an account already.

Looked for between the pages of a phase, once everything under way is recorded, so that no object has two requests at
once; while a cycle still plans they wait, because the guards judge the whole plan before its first write. Who has no
account yet, and what would take too much away, waits for the next cycle, which looks at all of these changes again.
"""

import asyncio
from collections.abc import Collection, Iterable, Sequence

from provisor.database import Connection
from provisor.engine.operation import LEAVERS, USERS
from provisor.engine.record import Kind
from provisor.runner.planning.admitting import Guards
from provisor.runner.planning.plan_members import plan_news_of_second_stage
from provisor.runner.planning.planner import Planner
from provisor.runner.run import Run
from provisor.storage import feed, operations, wanted_members, work
from provisor.storage.operations import ENTRY, SECOND, StoredOperation

LOOKED_EVERY_SECONDS = 1.0
# More is an import under way: the next cycle has it at once, and this one comes to its end first.
MOST = 5_000
_KINDS: tuple[Kind, ...] = ("user", "group")


class News:
    """What has changed since one run's cycle began, for the executor."""

    def __init__(self, run: Run, planner: Planner, guards: Guards) -> None:
        self._run = run
        self._planner = planner
        self._guards = guards
        self._seen = run.cycle.high
        self._looked_at = 0.0
        self._over = not (run.takes_news and guards.admits_more)
        self._planned: set[tuple[int, str]] = set()  # what went out on the way, by stage and object

    def waits(self, sent: Iterable[StoredOperation]) -> bool:
        """Whether there is any, and it is time to look: after a page in which something of the cycle's own was sent.

        Else a cycle would have no end where each change is answered with another, by whatever writes to the directory.
        """
        if self._over or all((one.stage, one.object) in self._planned for one in sent):
            return False
        moment = asyncio.get_running_loop().time()
        if moment - self._looked_at < LOOKED_EVERY_SECONDS:
            return False
        self._looked_at = moment
        return feed.current_change(self._run.reader(), self._run.job.tenant) > self._seen

    async def plan(self, busy: Collection[str]) -> None:
        """Plan what has changed of those that are linked, but for the `busy`, who are planned anew anyway.

        Whoever is to lose access by it loses it now, not with the leavers at the end.
        """
        run = self._run
        seen, number = await run.writer.write(self._collect)
        if number > MOST:
            self._over = True
            return
        planned: list[str] = []
        for kind in _KINDS:
            linked = work.linked(run.reader(), run.job.number, kind)
            objects = [one for one in linked if one not in busy]
            await self._planner.plan_all_again(kind, objects, verify=False)
            planned += objects
        groups = await plan_news_of_second_stage(run)
        self._planned |= {*((ENTRY, one) for one in planned), *((SECOND, one) for one in groups)}
        await self._guards.wait_for_import()
        if self._guards.failure() is not None:
            self._over = True
            await run.writer.write(lambda connection: self._leave(connection, planned, groups))
            return
        await run.writer.write(lambda connection: self._hasten(connection, planned))
        self._seen = seen

    def _collect(self, connection: Connection) -> tuple[int, int]:
        run, job = self._run, self._run.job
        high = feed.current_change(connection, job.tenant)
        work.make(
            connection,
            job=job.number,
            tenant=job.tenant,
            application=job.application,
            low=self._seen,
            high=high,
            assigned_only=not run.rules.settings.sync_all,
            nested=run.nested,
            at=None,
        )
        number = sum(work.count(connection, job.number, kind) for kind in _KINDS)
        if number <= MOST and run.rules.groups.enabled and run.rules.groups.mapper.maps_members:
            wanted_members.want_changed(
                connection, job=job.number, tenant=job.tenant, low=self._seen, high=high, nested=run.nested
            )
        return high, number

    def _leave(self, connection: Connection, objects: Sequence[str], groups: Sequence[str]) -> None:
        keys = [*((ENTRY, one) for one in objects), *((SECOND, one) for one in groups)]
        operations.leave(connection, self._run.job.number, keys)

    def _hasten(self, connection: Connection, objects: Sequence[str]) -> None:
        job = self._run.job.number
        leavers = operations.in_phase(connection, job, objects, LEAVERS)
        operations.move_to_phase(connection, job, ((ENTRY, one) for one in leavers), USERS)
