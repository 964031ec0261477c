"""Pages of plans: those of a job, one that is being made, one whole, one of its objects, two compared."""

from datetime import datetime
from itertools import islice
from typing import Any, Final

from provisor.admin.actor import DIRECTORY_READ, JOB_RUN, PLAN_APPROVE
from provisor.admin.errors import AdminError
from provisor.admin.plan_making import Making
from provisor.admin.plans import ComparePlace, PlanSearch, PlanShown
from provisor.engine.brake import UNMATCHED
from provisor.portal.errors import said, status_of
from provisor.portal.frames import JobFrame, job_frame
from provisor.portal.provisioning.advice import advice
from provisor.portal.provisioning.plan_making import STAGES, stages
from provisor.portal.provisioning.plan_words import (
    SORTS,
    brake_said,
    in_short,
    left_alone,
    made_of,
    shown_row,
    state_of,
    tiles,
)
from provisor.portal.visits import PortalVisit
from provisor.web.answers import PageAnswer, Redirect, TemplatePage
from provisor.web.live import LiveTopic

ROWS: Final = 50
COMPARED: Final = 50
_CAUSES_OF: Final = 500  # of those who fail, and of those who are left alone
_LONGEST_SEARCH: Final = 254


def all_of_job(visit: PortalVisit) -> PageAnswer:
    """The plans of a job, and the one that is being made."""
    return _all(visit, job_frame(visit))


def _all(visit: PortalVisit, frame: JobFrame, error: AdminError | None = None) -> TemplatePage:
    found = visit.admin.plans.all(visit.actor, frame.id)
    values = {
        "job": frame,
        "part": "plans",
        "plans": [_listed(one) for one in found],
        "making": visit.admin.plan_making.under_way(visit.actor, frame.id),
        "settings": visit.admin.jobs.in_force(visit.actor, frame.id),
        "wrong": "" if error is None else said(error),
    }
    status = 200 if error is None else status_of(error)
    return TemplatePage(template="provisioning/plans.html", title="Plans", values=values, status=status)


def _listed(shown: PlanShown) -> dict[str, Any]:
    state, tone = state_of(shown)
    return {"shown": shown, "state": state, "tone": tone, "of": made_of(shown), "does": in_short(shown.stored.plan)}


def ask(visit: PortalVisit) -> PageAnswer:
    """Begin to make a plan of the job as it is saved."""
    frame = job_frame(visit, JOB_RUN)
    try:
        made = visit.admin.plan_making.ask(visit.actor, frame.id)
    except AdminError as error:
        return _all(visit, frame, error)
    return Redirect(to=f"{frame.address}/plans/making/{made.id}")


# One that is being made


def making(visit: PortalVisit) -> PageAnswer:
    """How far it is; on to the plan when it is there."""
    frame = job_frame(visit)
    found = _made(visit, frame)
    if found.plan is not None:
        return Redirect(to=f"{frame.address}/plans/{found.plan}", done=f"Plan {found.plan} is made.")
    values = {"job": frame, "part": "plans", **_making(visit, frame)}
    return TemplatePage(template="provisioning/plan_making.html", title="New plan", values=values)


def making_topic(visit: PortalVisit) -> LiveTopic:
    """The same, moving by itself."""
    frame = job_frame(visit)
    _made(visit, frame)

    def look() -> TemplatePage:
        values = _making(visit, frame)
        return TemplatePage(template="provisioning/plan_making_part.html", title="New plan", values=values)

    return LiveTopic(key=f"plan making {frame.id} {visit.names['making']}", look=look)


def _making(visit: PortalVisit, frame: JobFrame) -> dict[str, Any]:
    found = _made(visit, frame)
    phase = "" if found.progress is None else found.progress.phase
    problem = "" if found.error is None else said(found.error)
    return {"base": frame.address, "making": found, "stages": stages(phase), "count": len(STAGES), "problem": problem}


def _made(visit: PortalVisit, frame: JobFrame) -> Making:
    """The one that the address names, of the job that it names. Raises AdminError."""
    found = visit.admin.plan_making.look(visit.actor, visit.names["making"])
    if found.job != frame.id:
        raise AdminError("not-found", "This plan is of another job.")
    return found


# One whole


def show(visit: PortalVisit) -> PageAnswer:
    """What a plan would do, whether it may be applied, and who decided."""
    frame = job_frame(visit)
    shown = plan_of(visit, frame)
    number, plan = shown.stored.number, shown.stored.plan
    search = searched(visit)
    after, before = _position(visit, "after"), _position(visit, "before")
    found = visit.admin.plans.page(
        visit.actor, number, search, after=-1 if after is None else after, before=before, limit=ROWS + 1
    )
    further = len(found) > ROWS
    rows = (found[1:] if before is not None else found[:ROWS]) if further else found
    causes = visit.admin.plans.causes(visit.actor, number, most=_CAUSES_OF) if plan.verdicts else ((), ())
    others = [one for one in visit.admin.plans.all(visit.actor, frame.id) if one.stored.number != number]
    values = {
        "job": frame,
        "part": "plans",
        **_standing(visit, frame, shown),
        **decisions(visit, frame, shown),
        "tiles": tiles(plan),
        "brake": brake_said(plan),
        "brake_advice": "" if plan.brake is None else advice(plan.brake.hint),
        "left_alone": left_alone(plan, causes),
        "search": search,
        "sorts": [("", "Everything"), *((sort, words) for sort, words in SORTS.items())],
        "rows": [shown_row(one) for one in rows],
        "earlier": rows[0].position if rows and (after is not None if before is None else further) else None,
        "later": rows[-1].position if rows and (further if before is None else True) else None,
        "others": [
            (str(one.stored.number), f"Plan {one.stored.number}, {in_short(one.stored.plan)}") for one in others
        ],
    }
    return TemplatePage(template="provisioning/plan.html", title=f"Plan {number}", values=values)


def decisions(visit: PortalVisit, frame: JobFrame, shown: PlanShown) -> dict[str, Any]:
    """What this visitor may decide about it, and why not what they might expect. The verbs decide."""
    open_still = shown.state in ("planned", "approved")
    may_approve = visit.actor.may(PLAN_APPROVE, frame.application.id)
    may_run = visit.actor.may(JOB_RUN, frame.application.id)
    differs = visit.admin.jobs.in_force(visit.actor, frame.id)["approverDiffers"] is True
    own = differs and shown.stored.made_by_id == visit.actor.id
    brake = shown.stored.plan.brake
    possible = open_still and not (own and shown.state == "planned") and (brake is None or brake.code != UNMATCHED)
    return {
        "may_approve": possible and may_approve and shown.state == "planned",
        "may_apply": possible and may_run and (may_approve or shown.state == "approved"),
        "may_discard": open_still and may_approve,
        "approver_differs": differs and shown.state == "planned",
        "own": own,
        "may_open": visit.actor.may(DIRECTORY_READ),
    }


def standing_topic(visit: PortalVisit) -> LiveTopic:
    """The state of a plan while it is decided about and applied."""
    frame = job_frame(visit)
    number = plan_of(visit, frame).stored.number

    def look() -> TemplatePage:
        values = _standing(visit, frame, visit.admin.plans.show(visit.actor, number), moved=True)
        return TemplatePage(template="provisioning/plan_standing.html", title="", values=values)

    return LiveTopic(key=f"plan {number}", look=look)


def _standing(visit: PortalVisit, frame: JobFrame, shown: PlanShown, *, moved: bool = False) -> dict[str, Any]:
    """`moved`: it comes to a page that was there before, whose buttons may be out of date."""
    state, tone = state_of(shown)
    status = visit.admin.cycles.status(visit.actor, frame.id) if shown.state == "approved" else None
    return {
        "base": frame.address,
        "moved": moved,
        "shown": shown,
        "plan": shown.stored.plan,
        "state": state,
        "tone": tone,
        "of": made_of(shown),
        "expires_at": _microseconds(shown.expires_at),
        "progress": () if status is None or status.running is None else status.progress,
        "running": status is not None and status.running is not None,
    }


def show_row(visit: PortalVisit) -> PageAnswer:
    """One object of a plan, with every change."""
    frame = job_frame(visit)
    shown = plan_of(visit, frame)
    position = _number(visit.names["position"])
    found = visit.admin.plans.page(visit.actor, shown.stored.number, PlanSearch(), after=position - 1, limit=1)
    if not found or found[0].position != position:
        raise AdminError("not-found", f"Plan {shown.stored.number} holds nothing at {position}.")
    values = {
        "job": frame,
        "part": "plans",
        "shown": shown,
        "one": shown_row(found[0], None),
        "may_open": visit.actor.may(DIRECTORY_READ),
    }
    return TemplatePage(template="provisioning/plan_row.html", title=f"Plan {shown.stored.number}", values=values)


# Two compared


def compare(visit: PortalVisit) -> PageAnswer:
    """What the other plan would do and this one would not, and the other way round."""
    frame = job_frame(visit)
    one = plan_of(visit, frame)
    other = visit.admin.plans.show(visit.actor, _number(visit.query.get("with", "")))
    found = list(
        islice(
            visit.admin.plans.compare(visit.actor, one.stored.number, other.stored.number, start=_place(visit)),
            COMPARED + 1,
        )
    )
    first = {tile.sort: tile for tile in tiles(one.stored.plan)}
    second = {tile.sort: tile for tile in tiles(other.stored.plan)}
    values = {
        "job": frame,
        "part": "plans",
        "one": one,
        "other": other,
        "counts": [
            (words, first[sort].number if sort in first else 0, second[sort].number if sort in second else 0)
            for sort, words in SORTS.items()
            if sort in first or sort in second
        ],
        "differences": found[:COMPARED],
        "later": "{}.{}".format(*found[COMPARED - 1].place) if len(found) > COMPARED else "",
    }
    title = f"Plans {one.stored.number} and {other.stored.number}"
    return TemplatePage(template="provisioning/plan_compare.html", title=title, values=values)


# Reading addresses


def plan_of(visit: PortalVisit, frame: JobFrame) -> PlanShown:
    """The plan that the address names, of the job that it names. Raises AdminError."""
    number = _number(visit.names["plan"])
    shown = visit.admin.plans.show(visit.actor, number)
    if shown.job != frame.id:
        raise AdminError("not-found", f"There is no plan {number} of this job.")
    return shown


def searched(visit: PortalVisit) -> PlanSearch:
    """Which rows are wanted."""
    sort = visit.query.get("sort", "")
    return PlanSearch(sort if sort in SORTS else "", visit.query.get("search", "").strip()[:_LONGEST_SEARCH])


def _number(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) < 19):
        raise AdminError("not-found", f"There is no plan {text[:50]!r}.")
    return int(text)


def _position(visit: PortalVisit, name: str) -> int | None:
    text = visit.query.get(name, "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 19 else None


def _place(visit: PortalVisit) -> ComparePlace:
    first, _, second = visit.query.get("after", "").partition(".")
    fits = first in ("0", "1") and second.isascii() and second.isdigit() and len(second) < 19
    return (int(first), int(second)) if fits else (0, -1)


def _microseconds(moment: datetime) -> int:
    return round(moment.timestamp() * 1_000_000)
