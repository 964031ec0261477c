"""What a source told that is not in the directory as it is there, its run history, and deletions that are held back."""

from typing import Final

from provisor.admin.actor import SOURCE_WRITE
from provisor.admin.errors import AdminError
from provisor.admin.source_told import HeldDeletions, SourceProblem
from provisor.portal.errors import said, status_of
from provisor.portal.provisioning.words import counted, listed
from provisor.portal.sources.fields import whole_number
from provisor.portal.sources.frame import SourceFrame, source_frame
from provisor.portal.sources.words import COLUMNS, run_rows
from provisor.portal.visits import PortalVisit
from provisor.web.answers import PageAnswer, Redirect, TemplatePage

ROWS: Final = 50
_LONGEST: Final = 1_000  # characters of an anchor
_TONES: Final = {"left out": "plain", "not taken over": "bad", "taken over in part": "warn"}


def show_records(visit: PortalVisit) -> PageAnswer:
    """A page of them, with why."""
    frame = source_frame(visit)
    after = visit.query.get("after", "")[:_LONGEST]
    with_left_out = visit.query.get("show", "") != "refused"
    rows = visit.admin.sources.told.problems(visit.actor, frame.id, after=after, limit=ROWS + 1, left_out=with_left_out)
    values = {
        "source": frame,
        "part": "records",
        "rows": [(row, _why(row), _TONES[row.fate]) for row in rows[:ROWS]],
        "show": "" if with_left_out else "refused",
        "first": not after,
        "later": rows[ROWS - 1].anchor if len(rows) > ROWS else "",
    }
    return TemplatePage(template="sources/records.html", title="Records not taken over", values=values)


def show_runs(visit: PortalVisit) -> PageAnswer:
    """A page of the runs, newest first."""
    frame = source_frame(visit)
    before = whole_number(visit.query.get("before", ""))
    runs = visit.admin.sources.runs.history(visit.actor, frame.id, before=before, limit=ROWS + 1)
    values = {
        "source": frame,
        "part": "runs",
        "columns": [*COLUMNS],
        "rows": run_rows(runs[:ROWS]),
        "newest": before is None,
        "later": runs[ROWS - 1].n if len(runs) > ROWS else None,
    }
    return TemplatePage(template="sources/runs.html", title="Run history", values=values)


# Deletions that are held back


def show_deletions(visit: PortalVisit) -> PageAnswer:
    """Who would leave, a page at a time."""
    frame = source_frame(visit)
    after = visit.query.get("after", "")[:_LONGEST]
    rows = visit.admin.sources.told.leaving(visit.actor, frame.id, after=after, limit=ROWS + 1)
    values = {
        "source": frame,
        "part": "deletions",
        "held": _held(frame.shown.source.held),
        "hold": frame.shown.source.held,
        "allowed": frame.shown.source.allowed,
        "threshold": frame.shown.source.deletion_threshold,
        "rows": rows[:ROWS],
        "first": not after,
        "later": rows[ROWS - 1].anchor if len(rows) > ROWS else "",
    }
    return TemplatePage(template="sources/deletions.html", title="Held deletions", values=values)


def confirm_allow(visit: PortalVisit) -> PageAnswer:
    """What allowing means, and of how many."""
    return _confirming(source_frame(visit, SOURCE_WRITE), "allow")


def confirm_reject(visit: PortalVisit) -> PageAnswer:
    """What rejecting means."""
    return _confirming(source_frame(visit, SOURCE_WRITE), "reject")


def allow(visit: PortalVisit) -> PageAnswer:
    """Let as many leave as were shown."""
    frame = source_frame(visit, SOURCE_WRITE)
    shown = whole_number(visit.form.get("number", ""))
    try:
        number = visit.admin.sources.told.allow(visit.actor, frame.id, shown=-1 if shown is None else shown)
    except AdminError as error:
        return _confirming(frame, "allow", said(error), status_of(error))
    when = "at once" if frame.on else "with the next run: the source is paused"
    return Redirect(to=f"{frame.address}/deletions", done=f"{number:,} may leave. They go {when}.")


def reject(visit: PortalVisit) -> PageAnswer:
    """Nobody leaves; everything is read once more."""
    frame = source_frame(visit, SOURCE_WRITE)
    try:
        number = visit.admin.sources.told.reject(visit.actor, frame.id)
    except AdminError as error:
        return _confirming(frame, "reject", said(error), status_of(error))
    done = f"{number:,} stay. The next run reads everything; who is missing then is judged anew."
    return Redirect(to=f"{frame.address}/deletions", done=done)


def _confirming(frame: SourceFrame, decision: str, wrong: str = "", status: int = 200) -> TemplatePage:
    held = frame.shown.source.held
    values = {
        "source": frame,
        "part": "deletions",
        "decision": decision,
        "action": f"{frame.address}/deletions/{decision}",
        "held": _held(held),
        "hold": held,
        "number": 0 if held is None else held.total,
        "wrong": wrong,
    }
    title = f"{decision.capitalize()} held deletions"
    return TemplatePage(template="sources/deletions_confirm.html", title=title, values=values, status=status)


def _held(held: HeldDeletions | None) -> str:
    """`3 users and 1 group`; empty for nobody."""
    if held is None:
        return ""
    numbers = ((held.users, "user"), (held.groups, "group"))
    return listed([counted(number, kind) for number, kind in numbers if number])


def _why(row: SourceProblem) -> str:
    return said(AdminError(row.trouble.code, row.trouble.message, row.trouble.hint))
