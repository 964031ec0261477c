"""How a cycle, a plan and a job's status are printed."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from provisor.cli.deletions import amounts
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
    "held": "held back",
    "fail": "failed",
    "add": "added",
    "remove": "removed",
    "write": "written",
}


def print_cycle(
    summary: "CycleSummary",
    failures: Sequence["Cause"],
    skips: Sequence["Cause"],
    details: Iterable["Detail"],
    *,
    as_json: bool,
) -> None:
    """What a cycle did: as JSON with every object, or for a person with the `details` asked for."""
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
        if kind == "reevaluated":
            say(f"{number:>9,} {outcome}{'s' * (number != 1)} looked at for the new rules or a change")
            continue
        say(f"{number:>9,} {kind}{'s' * (number != 1)} {_DONE.get(outcome, outcome)}")
    sent = ", ".join(f"{number:,} {method}" for method, number in sorted(summary.requests.items()))
    say(f"{summary.kind.capitalize()} cycle {summary.n} {summary.ended} in {summary.seconds:.1f} s.")
    say(f"Requests sent: {sent or 'none'}.")
    print_causes(skips, "skipped", names=False)
    print_causes(failures, "failed", names=True)


def print_plan(
    plan: "Plan", failures: Sequence["Cause"], skips: Sequence["Cause"], details: Iterable["Detail"]
) -> None:
    """What a cycle would do; details as above."""
    from provisor.admin.cycles import render

    for line in render(plan):
        paragraph(line)
    print_details(details, plan.counts.values())
    print_causes(skips, "left alone", names=False)
    print_causes(failures, "not possible", names=True)


def _entries(key: str, number: int) -> str:
    """Graph's `User to User` with its count, in plain words."""
    return counted(number, key.split()[0].lower())


def print_status(shown: "JobShown", status: "JobStatus", exchange: Mapping[str, object] | None) -> None:
    """How a job is; `exchange`: the request and answer behind its quarantine."""
    job, runs = shown.job, status.runs
    rows = [
        ("Application", shown.application),
        ("Job", job.id),
        ("Schedule", f"{job.schedule_state}, every {duration(job.interval_seconds)}"),
        ("Status", status.code),
        *_quarantine_rows(status, exchange),
        *_held_rows(status),
        ("Provisioned", ", ".join(_entries(key, number) for key, number in status.entries.items())),
    ]
    rows += _setting_rows(shown)
    rows += _leaver_rows(shown, status)
    if status.running is not None:
        rows.append(("Cycle", f"{status.running.kind}, running: {runs.phase}"))
    elif runs.cut_short:
        rows.append(("Cycle", f"interrupted while {runs.phase}: the next run continues there"))
    for units, done, all_of_them in status.progress:
        of = _OF.get(units, "")
        said = f"{100 * done // all_of_them} %  ({done:,} of {all_of_them:,}{of})" if all_of_them else "nothing to do"
        rows.append((units, said))
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
    rows.append(("Last start", _moment(runs.last_began) or "never"))
    if runs.last_began is not None:
        took = "" if runs.seconds is None else f", after {duration(runs.seconds)}"
        rows.append(("Last end", f"{_moment(runs.last_ended)}{took}" if runs.last_ended else _NOT_ENDED[runs.running]))
    rows.append(("Next start", _moment(runs.next_start) or "not by itself"))
    print_table(("", ""), rows)
    paragraph(runs.note)


def _setting_rows(shown: "JobShown") -> list[tuple[str, str]]:
    """What the job was told that most jobs are not."""
    from provisor.admin.notification import told

    settings, rows = shown.job.settings, list[tuple[str, str]]()
    if settings.get("nestedGroups") == "flatten":
        rows.append(("Nested groups", "flattened: who is in a group of a group is in it"))
    if told(settings):
        rows.append(("Told by mail", ", ".join(told(settings))))
    return rows


def _leaver_rows(shown: "JobShown", status: "JobStatus") -> list[tuple[str, str]]:
    """What is done with leavers where that is not what Entra does, and who waits for it."""
    rows: list[tuple[str, str]] = []
    if shown.leavers.policy != "disable":
        rows.append(("Leavers", str(shown.leavers)))
    if status.next_deletion is not None:
        when = "was due" if status.next_deletion <= status.observed else "is due"
        waits = f"{counted(status.leaving, 'account')}; the first {when} on {status.next_deletion:%Y-%m-%d}"
        rows.append(("To be deleted", waits))
    return rows


def _held_rows(status: "JobStatus") -> list[tuple[str, str]]:
    """What is held back, and what waits for an import."""
    found, rows = status.deletions, list[tuple[str, str]]()
    if found.hold is not None and any(found.held):
        rows.append(("Held back", f"{amounts(found.held)}; see `provisor job deletions`"))
        if status.quarantine is None:
            rows.append(("Held because", found.hold.failure.message))
    if any(found.allowed):
        rows.append(("Allowed", f"{amounts(found.allowed)}, with the next cycle"))
    if found.waits_since is not None:
        rows.append(("Waiting", f"for an import to end, disables and deletions until {_moment(found.waits_until)}"))
    return rows


def _quarantine_rows(status: "JobStatus", exchange: Mapping[str, object] | None) -> list[tuple[str, str]]:
    """Why the job runs less often, or not at all, and who failed."""
    from provisor.admin.status import since, why

    rows: list[tuple[str, str]] = []
    if (found := status.quarantine) is not None:
        rows += [("Quarantine", why(found)), ("In quarantine since", since(found))]
        rows += [("Quarantine error", found.failure.message), ("What to do", found.failure.hint)]
    if exchange is not None:
        rows.append(("Its request", f"{exchange['method']} {exchange['url']}: {exchange['status'] or 'no answer'}"))
        rows.append(("Its answer", str(exchange["response"])))
    if status.escrows_pruned:
        rows.append(("Paused because", "too much failed in the initial cycle; what failed is not tried again"))
    if any(status.escrow.values()):
        objects, references = status.escrow["object"], status.escrow["reference"]
        rows.append(("In escrow", f"{counted(objects, 'object')}, the references of {counted(references, 'object')}"))
    return rows


_OF = {"Memberships": " objects with members or a manager to write"}
_LEFT = {"members": "group", "references": "user"}
_NOT_ENDED = {True: "not yet", False: "unknown: its process was killed"}


def _moment(moment: datetime | None) -> str:
    return "" if moment is None else moment.strftime("%Y-%m-%d %H:%M:%S UTC")
