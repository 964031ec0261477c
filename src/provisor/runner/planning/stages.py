"""The stages of planning, one after the other; an interrupted cycle continues in the one it has reached.

users, groups, places for groups, memberships, references; then the plan is executed.
"""

from collections.abc import Mapping
from functools import partial

from provisor.database import Connection
from provisor.engine.guard import Admission
from provisor.engine.record import Kind
from provisor.runner.planning.capacity import admit_groups
from provisor.runner.planning.plan_members import plan_memberships, plan_references, plan_second_stage_again
from provisor.runner.planning.planner import Planner
from provisor.runner.recording.log_rows import Journal
from provisor.runner.recording.progress import Reporter
from provisor.runner.run import Run
from provisor.storage import cycles

STAGES = ("user", "group", "capacity", "members", "references", "execute")
_KINDS: Mapping[str, Kind] = {"user": "user", "group": "group"}
_SHOWN: Mapping[str, str] = {
    "user": "users",
    "group": "groups",
    "capacity": "places for groups",
    "members": "memberships",
    "references": "references",
}


async def plan_stages(run: Run, planner: Planner, reporter: Reporter) -> Admission | None:
    """Plan from the stage that the cycle has reached; who waits for a place is returned."""
    if run.cycle.phase == STAGES[-1]:
        await plan_second_stage_again(run)
    reached = STAGES.index(run.cycle.phase) if run.cycle.phase in STAGES else 0
    admission: Admission | None = None
    for number, stage in enumerate(STAGES[reached:-1], reached):
        cursor = run.cycle.cursor if number == reached else None
        reporter.planning(_SHOWN[stage])
        match stage:
            case "user" | "group":
                await planner.plan_kind(_KINDS[stage], cursor)
            case "capacity":
                await run.writer.write(partial(enter, run, stage))
                admission = await admit_groups(run, planner, Journal(run))
            case "members":
                await plan_memberships(run, cursor)
            case "references":
                await plan_references(run, cursor)
    return admission


def enter(run: Run, stage: str, connection: Connection) -> None:
    """The cycle has reached this stage."""
    cycles.advance(connection, run.job.number, run.cycle.n, phase=stage, cursor=None)
