"""Carries a cycle that has begun through: recover, give up, plan, admit, execute, finish.

runner.plans makes a plan by the same steps up to the first write.
"""

from functools import partial

from provisor.engine.guard import Admission
from provisor.runner.ending import Ending
from provisor.runner.executing.executor import execute
from provisor.runner.finishing import Ended, cut_short, finish, through
from provisor.runner.planning.admitting import Guards
from provisor.runner.planning.capacity import admit_groups
from provisor.runner.planning.giving_up import give_up
from provisor.runner.planning.planner import Planner, make_planner
from provisor.runner.planning.recovery import recover
from provisor.runner.planning.stages import STAGES, enter, plan_stages
from provisor.runner.plans import ask_for_approval
from provisor.runner.recording.log_rows import Journal
from provisor.runner.recording.progress import Reporter, ReportProgress
from provisor.runner.run import Aborted, CycleStopped, Restarted, Run, StopRequested
from provisor.runner.tracing import span


async def carry_through(run: Run, ending: Ending, report: ReportProgress | None, guards: Guards) -> Ended:
    """The whole of a cycle, as far as it gets."""
    try:
        await ending.heed(_steps(run, guards, Reporter(run, report)))
        ended = through(run)
    except (CycleStopped, StopRequested, Aborted, Restarted) as reason:
        ended = cut_short(reason)
    finally:
        run.silence.end()
    await run.writer.write(lambda connection: finish(connection, run, ended, plan=guards.approval.plan))
    return ended


async def _steps(run: Run, guards: Guards, reporter: Reporter) -> None:
    planner = make_planner(run)
    await recover(run, planner)
    await give_up(run)
    with span("plan"):
        admission = await plan_stages(run, planner, reporter)
    await _admit(run, guards, planner, admission)
    await execute(run, guards, reporter)


async def _admit(run: Run, guards: Guards, planner: Planner, admission: Admission | None) -> None:
    """What is planned may be carried out. Raises CycleStopped when somebody has to decide about it first."""
    if await guards.check() and admission is not None:
        admission = await admit_groups(run, planner, Journal(run))  # no place is free whose group is held back
    if guards.approval.plan is None:
        await ask_for_approval(run, admission)
    await run.writer.write(partial(enter, run, STAGES[-1]))
