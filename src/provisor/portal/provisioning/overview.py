"""The overview of a job: how it stands and how far it is, statistics to date, what its cycles did. It moves by itself.

Two parts move, each a topic of its own: how the job stands, looked at every second, and what its cycles did, which
changes when one has ended.
"""

from collections.abc import Callable
from typing import Any

from provisor.admin.errors import AdminError
from provisor.admin.jobs import JobShown
from provisor.admin.status import JobStatus, why
from provisor.engine.health import DISABLED_AFTER
from provisor.portal.errors import said
from provisor.portal.frames import JobFrame, job_frame
from provisor.portal.provisioning.activity import CHARTED, charts, history, speed
from provisor.portal.provisioning.standing import (
    Waits,
    WatchedPace,
    held_amounts,
    how_far,
    is_switched_off,
    standing,
    wants_approval,
)
from provisor.portal.provisioning.words import counted, listed, span
from provisor.portal.visits import PortalVisit
from provisor.web.answers import PageAnswer, TemplatePage
from provisor.web.live import LiveTopic

_MICROSECOND = 1_000_000
_CAUSES = 3
_KINDS = {"user": "Users", "group": "Groups", "job": "Whole cycles"}


def show(visit: PortalVisit) -> PageAnswer:
    """The whole page."""
    frame = job_frame(visit)
    values = {
        "job": frame,
        "part": "overview",
        "ready": frame.shown.job.status_code != "NotConfigured",
        **_standing(visit, frame, WatchedPace()),
        **_activity(visit, frame),
    }
    return TemplatePage(template="provisioning/overview.html", title="Provisioning", values=values)


def standing_topic(visit: PortalVisit) -> LiveTopic:
    """How the job stands."""
    frame, pace = job_frame(visit), WatchedPace()
    return _topic("standing", frame, lambda: _standing(visit, frame, pace))


def activity_topic(visit: PortalVisit) -> LiveTopic:
    """What its cycles did: read again when another one has begun or ended."""
    frame = job_frame(visit)
    kept: dict[str, Any] = {}

    def look() -> dict[str, Any]:
        newest = [(one.id, one.ended_at) for one in visit.admin.reports.cycles(visit.actor, frame.id, limit=1)]
        if not kept or kept["newest"] != newest:
            kept.update(newest=newest, values=_activity(visit, frame))
        values: dict[str, Any] = kept["values"]
        return values

    return _topic("activity", frame, look)


def _topic(part: str, frame: JobFrame, values: Callable[[], dict[str, Any]]) -> LiveTopic:
    def look() -> TemplatePage:
        return TemplatePage(template=f"provisioning/{part}.html", title="", values=values())

    return LiveTopic(key=f"{part} of {frame.id}", look=look)


# How it stands


def _standing(visit: PortalVisit, frame: JobFrame, pace: WatchedPace) -> dict[str, Any]:
    shown = visit.admin.jobs.show(visit.actor, frame.id)
    status = visit.admin.cycles.status(visit.actor, frame.id)
    last = status.last
    return {
        "at": frame.address,
        "stands": standing(shown, status),
        "far": how_far(status, pace),
        "status": status,
        "on": shown.job.schedule_state == "Active",
        "quarantine": _quarantine(visit, shown, status),
        "stopped_by": None if last is None or status.quarantine is not None else _stopped_by(last.cycle.error),
        "waits": _waits(visit, frame, status),
        "every": span(shown.job.interval_seconds),
        "last_ended": _at(status.runs.last_ended),
        "took": "" if status.runs.seconds is None else span(status.runs.seconds),
        "next_start": _at(status.runs.next_start),
        "next_deletion": _at(status.next_deletion),
    }


def _at(moment: Any) -> int | None:
    return None if moment is None else int(moment.timestamp() * _MICROSECOND)


def _quarantine(visit: PortalVisit, shown: JobShown, status: JobStatus) -> dict[str, Any] | None:
    found = status.quarantine
    if found is None:
        return None
    return {
        "why": why(found),
        "said": _sentences(found.failure.message, found.failure.hint),
        "since": found.series_began,
        "next_try": found.next_try if shown.job.schedule_state == "Active" else None,
        "tries": found.series_count,
        "switched_off": found.series_began + int(DISABLED_AFTER.total_seconds()) * _MICROSECOND,
        "over": is_switched_off(shown, status),
        "held": found.reason == "TooManyDeletes",
        "exchange": visit.admin.escrow.exchange(visit.actor, found.event),
    }


def _stopped_by(error: dict[str, str] | None) -> str | None:
    return None if error is None else _sentences(error.get("message", ""), error.get("hint", ""))


def _sentences(message: str, hint: str) -> str:
    return said(AdminError("", message, hint))


def _waits(visit: PortalVisit, frame: JobFrame, status: JobStatus) -> list[Waits]:
    """Plans to approve, deletions that are held, failures by their cause.

    A plan of mappings that were not saved waits for nobody, unless they were saved and a cycle has stopped for it.
    """
    found = [
        Waits(
            text=f"Plan {one.stored.number} of {one.made_at:%Y-%m-%d %H:%M} UTC waits for approval.",
            address=f"{frame.address}/plans/{one.stored.number}",
            link=f"Look at plan {one.stored.number}",
        )
        for number, one in enumerate(visit.admin.plans.all(visit.actor, frame.id))
        if one.state == "planned"
        and one.stored.state == "planned"
        and (one.stored.proposed is None or (number == 0 and wants_approval(status)))
    ]
    held = held_amounts(status.deletions.held._asdict())
    if held:
        text = f"Held back until somebody decides: {listed(held)} would lose access."
        found.append(Waits(text=text, address=f"{frame.address}/deletions", link="Allow or reject the deletions"))
    if any(status.escrow.values()):
        for cause in visit.admin.escrow.causes(visit.actor, frame.id)[:_CAUSES]:
            many = counted(cause.objects + cause.references, "object")
            text = f"{many} failed and {'is' if many.startswith('1 ') else 'are'} tried again: {cause.example.message}"
            found.append(Waits(text=text, address=f"{frame.address}/failures", link=f"See why: {cause.cause}"))
    return found


# What its cycles did


def _activity(visit: PortalVisit, frame: JobFrame) -> dict[str, Any]:
    told = visit.admin.reports.cycles(visit.actor, frame.id, limit=CHARTED)
    statistics = visit.admin.reports.statistics(visit.actor, frame.id)
    return {
        "at": frame.address,
        "log": f"/provisioning-logs?application={frame.application.id}",
        "job_id": frame.id,
        "statistics": statistics,
        "to_date": [
            (_KINDS.get(kind, kind), [(name, number) for name, number in counts.items() if number])
            for kind, counts in statistics.done.items()
        ],
        "statistics_ended": _at(statistics.last_ended),
        "statistics_took": "" if statistics.last_seconds is None else span(statistics.last_seconds),
        "steady": _steady(visit, frame),
        "history": history(told),
        "charts": charts(told),
        "speed": speed(told, visit.admin.reports.asked(visit.actor, frame.id)),
    }


def _steady(visit: PortalVisit, frame: JobFrame) -> tuple[int | None, int | None]:
    """When nothing was left to do, first and last."""
    job = visit.admin.jobs.show(visit.actor, frame.id).job
    return job.steady_first_at, job.steady_last_at
