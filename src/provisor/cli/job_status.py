"""How a cycle, a plan and a job's status are printed."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from provisor.cli.job_details import causes_json, paragraph, print_causes, print_details, print_json_with
from provisor.terminal import counted, duration, print_table, say

if TYPE_CHECKING:
    from provisor.admin.cycles import Cause, CycleSummary, Detail, JobStatus, Plan
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
    "write": "written",
}
_ENDED = {"entry-level-errors": "ended with failures", "stopped": "was stopped"}


def print_cycle(
    summary: "CycleSummary",
    failures: Sequence["Cause"],
    skips: Sequence["Cause"],
    details: Iterable["Detail"],
    *,
    as_json: bool,
) -> None:
    """What a cycle did. As JSON with every object; for a person with the `details` that were asked for."""
    if as_json:
        error = summary.error
        head = {
            "cycle": summary.n,
            "id": summary.id,
            "kind": summary.kind,
            "state": summary.state,
            "counts": dict(summary.counts),
            "requests": dict(summary.requests),
            "error": error and {"code": error.code, "message": error.message, "hint": error.hint},
            "seconds": round(summary.seconds, 3),
            "failures": causes_json(failures),
            "skips": causes_json(skips),
        }
        print_json_with(head, "details", details)
        return
    print_details(details, summary.counts.values())
    for name, number in sorted(summary.counts.items()):
        kind, _, outcome = name.partition(".")
        say(f"{number:>9,} {kind}{'s' * (number != 1)} {_DONE.get(outcome, outcome)}")
    sent = ", ".join(f"{number:,} {method}" for method, number in sorted(summary.requests.items()))
    ended = _ENDED.get(summary.state, summary.state)
    say(f"{summary.kind.capitalize()} cycle {summary.n} {ended} in {summary.seconds:.1f} s.")
    say(f"Requests sent: {sent or 'none'}.")
    print_causes(skips, "skipped", names=False)
    print_causes(failures, "failed", names=True)


def print_plan(
    plan: "Plan",
    failures: Sequence["Cause"],
    skips: Sequence["Cause"],
    details: Iterable["Detail"],
    *,
    as_json: bool,
) -> None:
    """What a cycle would do; details as above."""
    from provisor.admin.cycles import render

    if not as_json:
        for line in render(plan):
            paragraph(line)
        print_details(details, plan.counts.values())
        print_causes(skips, "left alone", names=False)
        print_causes(failures, "not possible", names=True)
        return
    waiting = [candidate.name for candidate in plan.capacity.waiting] if plan.capacity else []
    head = {
        "cycle": plan.cycle,
        "application": plan.application,
        "operations": plan.operations,
        "counts": {f"{kind}.{operation}": number for (kind, operation), number in plan.counts.items()},
        "verdicts": dict(plan.verdicts),
        "capacityReached": waiting,
        "digest": plan.digest,
        "stops": None
        if plan.brake is None
        else {"code": plan.brake.code, "message": plan.brake.message, "hint": plan.brake.hint},
        "failures": causes_json(failures),
        "skips": causes_json(skips),
    }
    print_json_with(head, "details", details)


def _entries(key: str, number: int) -> str:
    """Graph's `User to User` with how many there are, as a person says it."""
    return counted(number, key.split()[0].lower())


def print_status(shown: "JobShown", status: "JobStatus") -> None:
    """How a job is."""
    job, runs = shown.job, status.runs
    rows = [
        ("Application", shown.application),
        ("Job", job.id),
        ("Schedule", f"{job.schedule_state}, every {duration(job.interval_seconds)}"),
        ("Status", status.code),
        ("Provisioned", ", ".join(_entries(key, number) for key, number in status.entries.items())),
    ]
    if status.running is not None:
        rows.append(("Cycle", f"{status.running.kind}, running: {runs.phase}"))
    elif runs.cut_short:
        rows.append(("Cycle", f"cut short while {runs.phase}: the next run goes on there"))
    for units, done, all_of_them in status.progress:
        progress = f"{100 * done // all_of_them} %  ({done:,} of {all_of_them:,})" if all_of_them else "nothing to do"
        rows.append((units, progress))
    if runs.left:
        left = (f"{what} of {counted(runs.left[what], whose)}" for what, whose in _LEFT.items() if what in runs.left)
        rows.append(("Still to do", ", ".join(left)))
    if status.last is not None:
        last = status.last
        state = "stopped" if last.cycle.state == "stopped" else last.state
        rows.append(("Last cycle", f"{last.cycle.kind}, {state}: {last.exported:,} exported, {last.escrowed:,} failed"))
        if last.cycle.error:
            rows.append(("Error", last.cycle.error.get("message", "")))
            rows.append(("What to do", last.cycle.error.get("hint", "")))
    rows.append(("Last begin", _moment(runs.last_began) or "never"))
    if runs.last_began is not None:
        took = "" if runs.seconds is None else f", after {duration(runs.seconds)}"
        rows.append(("Last end", f"{_moment(runs.last_ended)}{took}" if runs.last_ended else _NOT_ENDED[runs.running]))
    rows.append(("Next start", _moment(runs.next_start) or "not by itself"))
    print_table(("", ""), rows)
    paragraph(runs.note)


_LEFT = {"members": "group", "references": "user"}
_NOT_ENDED = {True: "not yet", False: "its process was killed, and nobody wrote down when"}


def _moment(moment: datetime | None) -> str:
    return "" if moment is None else moment.strftime("%Y-%m-%d %H:%M:%S UTC")
