"""What stands between a plan and its requests: the approved plan that a run is held to, imports, and the brakes.

Asked before the first write of a cycle, and whenever more was planned on the way. Order: the guards, what each does.
"""

from functools import partial

from provisor.database import Connection
from provisor.rules.failure import Failure
from provisor.runner.import_lock import is_importing, waited_too_long
from provisor.runner.planning.approval import Approval
from provisor.runner.planning.braking import Brake
from provisor.runner.planning.holding import hold
from provisor.runner.run import CycleStopped, Run
from provisor.storage import holds, jobs, operations, taken

_ALL = 1_000_000_000
_ON_DEMAND = "If it is meant, `provisor job deletions JOB allow` starts counting afresh; so does the next full cycle."


class Guards:
    """The guards of one run. `allow_deletes`: how many removals a person has allowed for it.

    Who approved a plan has seen whom it takes away, so the brakes let all of them through; a restart may have said so
    too (the reset scope ForceDeletes).
    """

    def __init__(self, run: Run, *, allow_deletes: int, plan: int | None) -> None:
        self.approval = Approval(run, plan)
        self._run = run
        allows_all = plan is not None or run.job.force_deletes is not None
        self._brake = Brake(run, allowed=_ALL if allows_all else allow_deletes)
        self._asked = False  # of the threshold
        self._left = self._waited = False  # for an import: something; too long
        run.deletes_allowed = allows_all or allow_deletes > 0
        self.admits_more = plan is None and jobs.APPROVE_ABOVE not in run.job.settings

    async def check(self) -> bool:
        """Leave out what was not approved, what waits for an import, and what is above the threshold; whether anything
        was. Raises CycleStopped when what is left would take too much away."""
        run = self._run
        if run.only is not None:
            self._check_on_demand()
            return False
        await self.approval.sift()
        waits = await self.wait_for_import()
        above = await self._stage_above_the_threshold()
        failure = self._brake.above_a_limit()
        if failure is not None:  # which is decided about first: one reason at a time is told
            await hold(run, failure, "planned")
            raise CycleStopped(failure, begins_anew=True)
        if above is not None:
            await hold(run, above, "staged")
            run.held = above
        return waits or run.held is not None

    def failure(self) -> Failure | None:
        """Why what is planned now may not be sent, if it may not."""
        return self._brake.above_the_threshold() or self._brake.above_a_limit()

    def _check_on_demand(self) -> None:
        """What a person names is not held back, but stops with all else once too much was taken away."""
        failure = self._brake.above_a_limit()
        if failure is not None:
            raise CycleStopped(Failure(code=failure.code, message=failure.message, hint=_ON_DEMAND))

    async def _stage_above_the_threshold(self) -> Failure | None:
        """Why what disables and deletes is not sent; None where nothing is to be held that is not held already."""
        run, job = self._run, self._run.job.number
        staged = holds.anything_staged(run.reader(), job)
        if staged and not self._asked:  # by a run that was cut short: some may have been allowed since
            await run.writer.write(partial(holds.unstage, job=job))
        self._asked = True
        planned = self._brake.planned()
        if not (planned.users or planned.groups):
            return None
        failure = self._brake.above_the_threshold()
        if failure is None:
            if staged:
                await run.writer.write(partial(holds.unstage, job=job))
                run.held = None
            return None
        await run.writer.write(partial(holds.stage, job=job))
        return failure

    async def wait_for_import(self) -> bool:
        """Leave what takes access away until an import that is under way has ended; whether one is waited for.

        In change-driven mode, where a cycle may see half of it; not for ever.
        """
        run = self._run
        if self.approval.plan is not None or not run.change_driven:
            return False
        since = taken.waits_since(run.reader(), run.job.number)
        if not self._left:  # what was left once in a run is left to the next one
            self._waited = self._waited or waited_too_long(since, run.at())
            run.removals_wait = is_importing(run.database.path) and not self._waited
        if run.removals_wait:
            if operations.anything_goes(run.reader(), run.job.number):
                self._left = True
                await run.writer.write(partial(self._leave, at=run.at()))
        elif since is not None:
            await run.writer.write(partial(taken.import_over, job=run.job.number))
        return run.removals_wait

    def _leave(self, connection: Connection, at: int) -> None:
        """Disables and deletions come again; removals from groups stay noted (storage.member_links)."""
        taken.wait_for_import(connection, self._run.job.number, at)
        operations.leave_removals(connection, self._run.job.number)
