"""Plans of a job: making, listing, showing, comparing, approving, applying and discarding them."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from provisor.cli.job_details import EACH, causes_json, print_json_with
from provisor.cli.job_status import print_cycle, print_plan
from provisor.cli.options import Details, JobArgument, session
from provisor.cli.running import ended, somebody_was_not, stopping
from provisor.cli.schema import read_document
from provisor.terminal import AsJson, noun, print_json, print_table, progress_bar, say

if TYPE_CHECKING:
    from provisor.admin.plans import PlanDifference, PlanShown

plans = noun("Plans of a job that were kept: list, show, compare.")

AllowDeletes = Annotated[
    int,
    typer.Option(metavar="N", min=0, help="Approve a plan that takes more away than the job's limits, up to N in all."),
]
PlanArgument = Annotated[int, typer.Argument(metavar="PLAN", help="A plan, by its number.")]


def plan(
    context: typer.Context,
    job: JobArgument,
    rules: Annotated[str | None, typer.Option(metavar="FILE", help="Plan with these rules instead.")] = None,
    scope: Annotated[Literal["assigned", "all"] | None, typer.Option(help="Plan with this scope instead.")] = None,
    nested_groups: Annotated[
        Literal["direct", "flatten"] | None, typer.Option(help="Plan with nested groups read so instead.")
    ] = None,
    details: Details = False,
    as_json: AsJson = False,
) -> None:
    """See what a cycle would do. The application is only read, and a cycle that runs is not disturbed.

    With --rules, --scope or --nested-groups: what it would do if those were saved. The plan is kept under a number, by
    which it can be shown, compared, approved and applied.

    With --details by name: some of every sort, with the old and new values of attributes; --json lists all.

    Example: provisor job plan "Cisco Umbrella User Management" --details
    """
    opened = session(context)
    document = None if rules is None else read_document(rules)
    made = opened.admin.plans.make(opened.actor, job, rules=document, scope=scope, nested_groups=nested_groups)
    _print_whole(context, made, details=details, as_json=as_json)


@plans.command("list")
def list_plans(context: typer.Context, job: JobArgument, as_json: AsJson = False) -> None:
    """List the plans of a job, the newest first.

    Example: provisor job plans list "Cisco Umbrella User Management"
    """
    opened = session(context)
    found = opened.admin.plans.all(opened.actor, job)
    if as_json:
        print_json([document(one) for one in found])
        return
    rows = [
        (str(one.stored.number), one.state, _moment(one), f"{one.stored.plan.operations:,}", _of(one)) for one in found
    ]
    print_table(("Plan", "State", "Made", "Operations", "Of"), rows)


@plans.command("show")
def show_plan(context: typer.Context, plan: PlanArgument, details: Details = False, as_json: AsJson = False) -> None:
    """Show a plan, and what was left out when it was applied.

    Example: provisor job plans show 7 --details
    """
    opened = session(context)
    shown = opened.admin.plans.show(opened.actor, plan)
    _print_whole(context, shown, details=details, as_json=as_json)
    if not as_json:
        for detail, why in opened.admin.plans.stale(opened.actor, plan):
            say(f"  stale: {detail.name}: {why}")


@plans.command("compare")
def compare(
    context: typer.Context,
    before: Annotated[int, typer.Argument(metavar="PLAN", help="A plan, by its number.")],
    after: Annotated[int, typer.Argument(metavar="OTHER", help="The plan to compare it with.")],
    as_json: AsJson = False,
) -> None:
    """Show what one plan would do and the other would not, or not in the same way.

    Example: provisor job plans compare 7 8
    """
    opened = session(context)
    found = opened.admin.plans.compare(opened.actor, before, after)
    if as_json:
        print_json([_difference_json(one) for one in found])
        return
    same = True
    for one in found:
        same = False
        for line in _difference(one, before, after):
            say(line)
    if same:
        say(f"Plans {before} and {after} would do the same.")


def approve(
    context: typer.Context, plan: PlanArgument, allow_deletes: AllowDeletes = 0, as_json: AsJson = False
) -> None:
    """Let the next cycle of the job do what the plan holds, and nothing else.

    Example: provisor job approve 7
    """
    opened = session(context)
    _print(opened.admin.plans.approve(opened.actor, plan, allow_deletes=allow_deletes), "Approved", as_json=as_json)


def discard(context: typer.Context, plan: PlanArgument, as_json: AsJson = False) -> None:
    """Decide against a plan; it stays in the list, and cannot be applied any more.

    Example: provisor job discard 7
    """
    opened = session(context)
    _print(opened.admin.plans.discard(opened.actor, plan), "Discarded", as_json=as_json)


def apply(context: typer.Context, plan: PlanArgument, allow_deletes: AllowDeletes = 0, as_json: AsJson = False) -> None:
    """Do exactly what the plan holds, now. What has changed since is left out, shown as stale, and planned anew.

    Example: provisor job apply 7
    """
    opened = session(context)
    verbs = opened.admin.plans
    with progress_bar(quiet=as_json) as moved:
        summary = verbs.apply(opened.actor, plan, report=moved, stopping=stopping, allow_deletes=allow_deletes)
    job = verbs.show(opened.actor, plan).job
    causes = opened.admin.cycles.causes(opened.actor, job, summary.n) if somebody_was_not(summary.counts) else ((), ())
    listed = opened.admin.cycles.done(opened.actor, job, summary.n) if as_json else ()
    print_cycle(summary, *causes, listed, as_json=as_json)
    if not as_json:
        stale = [f"{detail.name}: {why}" for detail, why in verbs.stale(opened.actor, plan)]
        for line in stale[:EACH]:
            say(f"  stale: {line}")
        if len(stale) > EACH:
            say(f"  and {len(stale) - EACH} more; `provisor job plans show {plan}` lists them.")
    ended(summary)


def document(shown: "PlanShown") -> dict[str, object]:
    """A plan for another program, without its rows."""
    stored = shown.stored
    return {
        "plan": stored.number,
        "job": shown.job,
        "state": shown.state,
        "madeAt": shown.made_at.isoformat(),
        "madeBy": stored.made_by,
        "expiresAt": shown.expires_at.isoformat(),
        "ruleSetVersion": stored.ruleset_version,
        "proposed": stored.proposed,
        "decidedBy": stored.decided_by,
        "appliedIn": stored.cycle,
        **stored.plan.to_json(),
    }


def _print_whole(context: typer.Context, shown: "PlanShown", *, details: bool, as_json: bool) -> None:
    opened = session(context)
    number, plan = shown.stored.number, shown.stored.plan
    causes = opened.admin.plans.causes(opened.actor, number) if plan.verdicts else ((), ())
    listed = opened.admin.plans.details(opened.actor, number, each=None if as_json else EACH)
    if as_json:
        failures, skips = causes
        said = {"failures": causes_json(failures), "skips": causes_json(skips)}
        print_json_with({**document(shown), **said}, "details", listed)
        return
    print_plan(plan, *causes, listed if details else ())
    how = f"{number} --allow-deletes {plan.removes}" if plan.brake is not None else number
    say(f"Plan {number} of {_of(shown)}: {shown.state}. {_NEXT.get(shown.state, '').format(how)}".strip())


_NEXT = {"planned": "`provisor job apply {}` does exactly this.", "approved": "The next cycle does exactly this."}


def _of(shown: "PlanShown") -> str:
    """What it was made with."""
    proposed = shown.stored.proposed or {}
    said = {
        "rules": "rules that were not saved",
        "scope": f"the scope {proposed.get('scope')}",
        "nestedGroups": f"nested groups read as {proposed.get('nestedGroups')}",
    }
    words = [said[one] for one in proposed]
    return " and ".join(words) or "the job as it was"


def _moment(shown: "PlanShown") -> str:
    return shown.made_at.strftime("%Y-%m-%d %H:%M:%S UTC")


def _print(shown: "PlanShown", done: str, *, as_json: bool) -> None:
    if as_json:
        print_json(document(shown))
    else:
        say(f"{done} plan {shown.stored.number}.")


def _difference(one: "PlanDifference", before: int, after: int) -> Iterator[str]:
    from provisor.engine.detail import lines

    for number, detail in ((before, one.before), (after, one.after)):
        if detail is not None:
            only = "" if one.before is not None and one.after is not None else "only "
            head, *rest = lines(detail)
            yield f"{only}plan {number}: {head}"
            yield from rest


def _difference_json(one: "PlanDifference") -> dict[str, object]:
    return {
        "before": None if one.before is None else one.before.to_json(),
        "after": None if one.after is None else one.after.to_json(),
    }
