"""Failures: what is tried again, by cause; who failed for one; one of them with what went over the wire."""

from itertools import islice
from typing import Final

from provisor.admin.actor import DIRECTORY_READ, JOB_RUN
from provisor.admin.errors import AdminError
from provisor.portal.errors import said, status_of
from provisor.portal.frames import JobFrame, job_frame
from provisor.portal.provisioning.advice import advice
from provisor.portal.provisioning.exchanges import shown_exchange
from provisor.portal.visits import PortalVisit
from provisor.web.answers import PageAnswer, Redirect, TemplatePage

ROWS: Final = 50
_LONGEST_SEARCH: Final = 254


def by_cause(visit: PortalVisit) -> PageAnswer:
    """Why objects failed, the most frequent cause first."""
    return _causes(visit, job_frame(visit))


def _causes(visit: PortalVisit, frame: JobFrame, error: AdminError | None = None) -> TemplatePage:
    causes = visit.admin.escrow.causes(visit.actor, frame.id)
    values = {
        "job": frame,
        "part": "failures",
        "causes": [(one, advice(one.example.hint)) for one in causes],
        "objects": sum(one.objects for one in causes),
        "references": sum(one.references for one in causes),
        "may_retry": visit.actor.may(JOB_RUN, frame.application.id),
        "wrong": "" if error is None else said(error),
    }
    status = 200 if error is None else status_of(error)
    return TemplatePage(template="provisioning/failures.html", title="Failures", values=values, status=status)


def of_cause(visit: PortalVisit) -> PageAnswer:
    """Who failed for one cause, a page at a time."""
    frame = job_frame(visit)
    cause, search = visit.names["cause"], visit.query.get("search", "").strip()[:_LONGEST_SEARCH]
    known = next((one for one in visit.admin.escrow.causes(visit.actor, frame.id) if one.cause == cause), None)
    if known is None:
        return Redirect(to=f"{frame.address}/failures", done="Nobody fails for that any more.")
    last, _, kind = visit.query.get("after", "").partition(".")
    entries = visit.admin.escrow.entries(
        visit.actor, frame.id, cause=cause, search=search, after=(last, kind), page=ROWS + 1
    )
    rows = list(islice(entries, ROWS + 1))
    values = {
        "job": frame,
        "part": "failures",
        "cause": known,
        "advice": advice(known.example.hint),
        "search": search,
        "rows": rows[:ROWS],
        "first": not last,
        "later": f"{rows[ROWS - 1].object}.{rows[ROWS - 1].kind}" if len(rows) > ROWS else "",
        "may_retry": visit.actor.may(JOB_RUN, frame.application.id),
    }
    return TemplatePage(template="provisioning/failures_of_cause.html", title=known.example.code, values=values)


def of_object(visit: PortalVisit) -> PageAnswer:
    """What failed of one object, with the request and its answer."""
    frame = job_frame(visit)
    entries = visit.admin.escrow.show(visit.actor, frame.id, visit.names["object"])
    values = {
        "job": frame,
        "part": "failures",
        "entries": [
            (one, advice(one.hint), shown_exchange(visit.admin.escrow.exchange(visit.actor, one.event)))
            for one in entries
        ],
        "first": entries[0],
        "may_retry": visit.actor.may(JOB_RUN, frame.application.id),
        "may_open": visit.actor.may(DIRECTORY_READ),
    }
    return TemplatePage(template="provisioning/failure.html", title=entries[0].name, values=values)


def retry(visit: PortalVisit) -> PageAnswer:
    """Try all of them, those of a cause, or one with the next run, which is due at once."""
    frame = job_frame(visit, JOB_RUN)
    cause, who = visit.form.get("cause") or None, visit.form.get("object") or None
    try:
        number = visit.admin.escrow.retry(visit.actor, frame.id, cause=cause, who=who)
    except AdminError as error:
        return _causes(visit, frame, error)
    then = "" if frame.on else " Provisioning is off: they wait until it is on."
    done = f"{number:,} {'is' if number == 1 else 'are'} tried again with the next run.{then}"
    return Redirect(to=f"{frame.address}/failures", done=done if number else "There was nothing to try again.")
