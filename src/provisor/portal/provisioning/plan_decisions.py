"""Deciding about a plan: approve it, apply it now, discard it."""

from typing import Any

from provisor.admin.errors import AdminError
from provisor.admin.plans import PlanShown
from provisor.portal.errors import said, status_of
from provisor.portal.frames import JobFrame, job_frame
from provisor.portal.provisioning.advice import advice
from provisor.portal.provisioning.plan_words import brake_said, made_of, tiles
from provisor.portal.provisioning.plans import decisions, plan_of
from provisor.portal.visits import PortalVisit
from provisor.web.answers import PageAnswer, Redirect, TemplatePage


def confirm(visit: PortalVisit) -> PageAnswer:
    """What approving or applying means, in numbers."""
    frame = job_frame(visit)
    return _page(visit, frame, plan_of(visit, frame))


def decide(visit: PortalVisit) -> PageAnswer:
    """Do it; where the plan takes much away, with as many as were shown."""
    frame = job_frame(visit)
    shown = plan_of(visit, frame)
    decision, number = _decision(visit), shown.stored.number
    text = visit.form.get("allow_deletes", "")
    allowed = int(text) if text.isascii() and text.isdigit() and len(text) < 19 else 0
    try:
        if decision == "approve":
            visit.admin.plans.approve(visit.actor, number, allow_deletes=allowed)
            done = f"Plan {number} is approved. The next cycle does what it holds, and nothing else."
        else:
            visit.admin.plans.ask_to_apply(visit.actor, number, allow_deletes=allowed)
            done = f"Plan {number} is being applied."
    except AdminError as error:
        return _page(visit, frame, shown, error)
    return Redirect(to=f"{frame.address}/plans/{number}", done=done)


def discard(visit: PortalVisit) -> PageAnswer:
    """It is not applied; it stays in the list."""
    frame = job_frame(visit)
    number = plan_of(visit, frame).stored.number
    visit.admin.plans.discard(visit.actor, number)
    return Redirect(to=f"{frame.address}/plans/{number}", done=f"Plan {number} is discarded.")


def _decision(visit: PortalVisit) -> str:
    """What the address ends with: approve or apply."""
    return visit.arrival.path.rpartition("/")[2]


def _page(visit: PortalVisit, frame: JobFrame, shown: PlanShown, error: AdminError | None = None) -> TemplatePage:
    decision, plan = _decision(visit), shown.stored.plan
    values: dict[str, Any] = {
        "job": frame,
        "part": "plans",
        "shown": shown,
        "plan": plan,
        "decision": decision,
        "tiles": tiles(plan),
        "of": made_of(shown),
        "brake": brake_said(plan),
        "brake_advice": "" if plan.brake is None else advice(plan.brake.hint),
        **decisions(visit, frame, shown),
        "wrong": "" if error is None else said(error),
    }
    title = f"{decision.capitalize()} plan {shown.stored.number}"
    status = 200 if error is None else status_of(error)
    return TemplatePage(template="provisioning/plan_confirm.html", title=title, values=values, status=status)
