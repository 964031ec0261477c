"""How a cycle, a plan and a job's status are printed."""

from typing import TYPE_CHECKING

from provisor.terminal import counted, duration, print_json, print_table, say

if TYPE_CHECKING:
    from provisor.admin.cycles import CycleSummary, JobStatus, Plan
    from provisor.admin.jobs import JobShown


_DONE = {
    "create": "created",
    "update": "updated",
    "link": "linked to an existing account",
    "disable": "disabled",
    "release": "released without a change",
    "delete": "deleted",
    "skip": "skipped",
    "fail": "failed",
    "add": "added",
    "remove": "removed",
}
_ENDED = {"entry-level-errors": "ended with failures (`provisor log --status failure` says which)"}


def print_cycle(summary: "CycleSummary", *, as_json: bool) -> None:
    """What a cycle did."""
    if as_json:
        error = summary.error
        print_json(
            {
                "cycle": summary.n,
                "id": summary.id,
                "kind": summary.kind,
                "state": summary.state,
                "counts": dict(summary.counts),
                "requests": dict(summary.requests),
                "error": error and {"code": error.code, "message": error.message, "hint": error.hint},
                "seconds": round(summary.seconds, 3),
            }
        )
        return
    for name, number in sorted(summary.counts.items()):
        kind, _, outcome = name.partition(".")
        say(f"{number:>9,} {kind}{'s' * (number != 1)} {_DONE.get(outcome, outcome)}")
    sent = ", ".join(f"{number:,} {method}" for method, number in sorted(summary.requests.items()))
    ended = _ENDED.get(summary.state, summary.state)
    say(f"{summary.kind.capitalize()} cycle {summary.n} {ended} in {summary.seconds:.1f} s.")
    say(f"Requests sent: {sent or 'none'}.")


def print_plan(plan: "Plan", *, as_json: bool) -> None:
    """What a cycle would do."""
    from provisor.admin.cycles import render

    if not as_json:
        for line in render(plan):
            say(line)
        return
    waiting = [candidate.name for candidate in plan.capacity.waiting] if plan.capacity else []
    print_json(
        {
            "cycle": plan.cycle,
            "application": plan.application,
            "operations": plan.operations,
            "counts": {f"{kind}.{operation}": number for (kind, operation), number in plan.counts.items()},
            "verdicts": dict(plan.verdicts),
            "capacityReached": waiting,
            "digest": plan.digest,
        }
    )


def _entries(key: str, number: int) -> str:
    """Graph's `User to User` with how many there are, as a person says it."""
    return counted(number, key.split()[0].lower())


def print_status(shown: "JobShown", status: "JobStatus") -> None:
    """How a job is."""
    job = shown.job
    rows = [
        ("Application", shown.application),
        ("Job", job.id),
        ("Schedule", f"{job.schedule_state}, every {duration(job.interval_seconds)}"),
        ("Status", status.code),
        ("Provisioned", ", ".join(_entries(key, number) for key, number in status.entries.items())),
    ]
    if status.running is not None:
        rows.append(("Cycle", f"{status.running.kind}, running"))
    for units, done, all_of_them in status.progress:
        progress = f"{100 * done // all_of_them} %  ({done:,} of {all_of_them:,})" if all_of_them else "nothing to do"
        rows.append((units, progress))
    if status.last is not None:
        last = status.last
        rows.append(
            ("Last cycle", f"{last.cycle.kind}, {last.state}: {last.exported:,} exported, {last.escrowed:,} failed")
        )
        if last.cycle.error:
            rows.append(("Error", last.cycle.error.get("message", "")))
    print_table(("", ""), rows)
