"""Held deletions: who would lose access and why that waits, to allow or to reject them; what was decided before."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any, Final

from provisor.admin.actor import AUDIT_READ, DIRECTORY_READ, JOB_WRITE
from provisor.admin.audits import AuditEvent
from provisor.admin.deletions import ACTIVITY, HeldShown
from provisor.admin.errors import AdminError
from provisor.engine.brake import UNMATCHED, Amounts
from provisor.portal.errors import said, status_of
from provisor.portal.frames import JobFrame, job_frame
from provisor.portal.visits import PortalVisit
from provisor.web.answers import PageAnswer, Redirect, TemplatePage

ROWS: Final = 50
_EVENTS: Final = 100  # of restarts, too, which have the same name in the audit log
_DECIDED: Final = 10
_LONGEST_SEARCH: Final = 254
_DEEDS: Final = {"delete": "Delete", "disable": "Disable", "members": "Remove members"}
_NOUNS: Final = ("user", "group", "membership")


@dataclass(frozen=True, slots=True, kw_only=True)
class HoldDecision:
    """What somebody decided about held deletions."""

    event: AuditEvent
    allowed: bool
    number: int


def show(visit: PortalVisit) -> PageAnswer:
    """Everybody who is held, a page at a time."""
    frame = job_frame(visit)
    shown = visit.admin.deletions.show(visit.actor, frame.id)
    search = visit.query.get("search", "").strip()[:_LONGEST_SEARCH]
    stage, _, last = visit.query.get("after", "").partition(".")
    after = (int(stage), last) if stage in ("1", "2") else (0, "")
    entries = visit.admin.deletions.entries(visit.actor, frame.id, search=search, after=after, page=ROWS + 1)
    rows = list(islice(entries, ROWS + 1))
    values = {
        "job": frame,
        "part": "deletions",
        **_held(visit, frame, shown),
        "search": search,
        "rows": rows[:ROWS],
        "first": after == (0, ""),
        "later": f"{rows[ROWS - 1].stage}.{rows[ROWS - 1].object}" if len(rows) > ROWS else "",
        "deeds": _DEEDS,
        "settings": visit.admin.jobs.in_force(visit.actor, frame.id),
        "decided": _history(visit, frame),
        "may_open": visit.actor.may(DIRECTORY_READ),
    }
    return TemplatePage(template="provisioning/deletions.html", title="Held deletions", values=values)


def confirm(visit: PortalVisit) -> PageAnswer:
    """What allowing or rejecting means, and of how many."""
    return _confirming(visit, job_frame(visit, JOB_WRITE))


def allow(visit: PortalVisit) -> PageAnswer:
    """Let everybody through who is held now, if they are as many as were shown."""
    frame = job_frame(visit, JOB_WRITE)
    text = visit.form.get("number", "")
    shown = int(text) if text.isascii() and text.isdigit() and len(text) < 19 else -1
    try:
        number = visit.admin.deletions.allow(visit.actor, frame.id, shown=shown)
    except AdminError as error:
        return _confirming(visit, frame, said(error), status_of(error))
    return Redirect(to=f"{frame.address}/deletions", done=f"Allowed {number:,} of those held back. {_then(frame)}")


def reject(visit: PortalVisit) -> PageAnswer:
    """Have everybody be judged anew."""
    frame = job_frame(visit, JOB_WRITE)
    try:
        number = visit.admin.deletions.reject(visit.actor, frame.id)
    except AdminError as error:
        return _confirming(visit, frame, said(error), status_of(error))
    return Redirect(to=f"{frame.address}/deletions", done=f"{number:,} are judged anew. {_then(frame)}")


def amounts(numbers: Amounts) -> str:
    """`3 users, 1 group`; empty for nobody."""
    return ", ".join(
        f"{number:,} {noun}{'s' * (number != 1)}" for number, noun in zip(numbers, _NOUNS, strict=True) if number
    )


def _held(visit: PortalVisit, frame: JobFrame, shown: HeldShown) -> dict[str, Any]:
    return {
        "shown": shown,
        "held": amounts(shown.held),
        "allowed": amounts(shown.allowed),
        "taken": amounts(shown.taken),
        "unmatched": shown.hold is not None and shown.hold.failure.code == UNMATCHED,
        "may_decide": visit.actor.may(JOB_WRITE, frame.application.id),
        "all_later": frame.shown.job.behaviour == "entra",
    }


def _confirming(visit: PortalVisit, frame: JobFrame, wrong: str = "", status: int = 200) -> TemplatePage:
    shown = visit.admin.deletions.show(visit.actor, frame.id)
    decision = visit.arrival.path.rpartition("/")[2]
    values = {
        "job": frame,
        "part": "deletions",
        **_held(visit, frame, shown),
        "decision": decision,
        "number": sum(shown.held),
        "wrong": wrong,
    }
    title = f"{decision.capitalize()} held deletions"
    return TemplatePage(template="provisioning/deletions_confirm.html", title=title, values=values, status=status)


def _then(frame: JobFrame) -> str:
    return "The next cycle begins at once." if frame.on else "They go with the next cycle: provisioning is off."


def _history(visit: PortalVisit, frame: JobFrame) -> Sequence[HoldDecision]:
    """What was decided, for who may read the audit log; the newest first."""
    if not visit.actor.may(AUDIT_READ):
        return ()
    events = visit.admin.audits.page(visit.actor, activity=ACTIVITY, target=frame.id, limit=_EVENTS)
    found = (
        HoldDecision(event=event, allowed=event.detail["heldDeletions"] == "allowed", number=number)
        for event in events
        if "heldDeletions" in event.detail and isinstance(number := event.detail.get("number"), int)
    )
    return list(islice(found, _DECIDED))
