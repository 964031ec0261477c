"""Finds out what became of operations that were sent when an earlier run ended: look before sending again.

A create is looked up by the matching query and decided anew, a patch or delete is read by id; memberships and
references are planned as they were, because repeating them changes nothing (design.md section 5, Crash protocol).
"""

from functools import partial

from provisor.engine.record import Kind
from provisor.runner.planner import Planner
from provisor.runner.run import PAGE, Run
from provisor.storage import operations, records
from provisor.storage.operations import SECOND

_KINDS: tuple[Kind, ...] = ("user", "group")


async def recover(run: Run, planner: Planner) -> int:
    """Settle every operation with an unknown outcome; returns how many there were."""
    job = run.job
    found = 0
    after = ""
    while page := operations.sent(run.reader(), job=job.id, after=after, limit=PAGE):
        run.check_stop()
        found += len(page)
        after = page[-1].object
        again = [(one.stage, one.object) for one in page if one.stage == SECOND]
        await run.writer.write(partial(operations.unsend, job=job.id, keys=again))
        for kind in _KINDS:
            ids = [one.object for one in page if one.stage != SECOND and one.object_kind == kind]
            reads = records.by_ids(run.reader(), application=job.application, job=job.id, ids=ids)
            await planner.plan_again(kind, list(reads.values()), verify=True)
    return found
