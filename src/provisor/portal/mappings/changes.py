"""The draft as a whole: what differs from what is saved, what that would change, saving and discarding it."""

from collections.abc import Sequence
from itertools import islice
from typing import Final

from provisor.admin.actor import JOB_READ, JOB_WRITE
from provisor.admin.errors import AdminError
from provisor.admin.plan_making import Making
from provisor.admin.plans import PlanRow
from provisor.admin.rule_differences import differences
from provisor.admin.rules import readable
from provisor.portal.errors import said
from provisor.portal.mappings.drafting import Desk, back, desk, refusal_status
from provisor.portal.visits import PortalVisit
from provisor.web.answers import PageAnswer, Redirect, TemplatePage

SHOWN: Final = 25  # people of a plan; its own page has all
_LOOKED_AT: Final = 500  # rows of a plan, for those who are concerned


def show(visit: PortalVisit) -> PageAnswer:
    """What differs from what is saved."""
    return _changes(desk(visit))


def _changes(here: Desk, problem: str = "", status: int = 200) -> TemplatePage:
    schemas, actor = here.visit.admin.schemas, here.visit.actor
    saved = readable(schemas.export(actor, here.job.id))
    found = differences(saved, here.ruleset) if here.draft.changed else ()
    concerns = schemas.would_concern(actor, here.job.id, here.draft.document) if found else ""
    values = {"differences": found, "concerns": concerns, "problems": [text for _, text in here.problems]}
    return here.page("changes.html", "Changes that are not saved", values, problem=problem, status=status)


def send(visit: PortalVisit) -> PageAnswer:
    """Save the draft, or plan with it."""
    here = desk(visit, JOB_WRITE)
    try:
        if visit.form.get("do") == "plan":
            return begin_plan(here)
        return save(here, to=here.address, edition=visit.form.get("edition", ""))
    except AdminError as error:
        text = said(error)
        if error.code == "rule-problems" and here.problems:
            text = "The mappings cannot be saved like this; what is wrong is listed here."
        return _changes(here, text, refusal_status(error))


def save(here: Desk, *, to: str, edition: str) -> Redirect:
    """Save this edition of the draft, and say what the next cycle does for it. Raises AdminError where it cannot be."""
    schemas, actor = here.visit.admin.schemas, here.visit.actor
    if not here.draft.changed:
        return back(to, "Nothing was changed: what is saved is as you see it.")
    if here.draft.overtaken:
        raise AdminError(
            "changed-meanwhile",
            f"Somebody else saved version {here.draft.saved} of these rules while you were changing version"
            f" {here.draft.began_from}. Nothing was overwritten.",
            "Review the differences, download your draft to keep it, discard it, and make your changes again.",
        )
    version = schemas.save_draft(actor, here.job.id, edition=edition)
    concerned = schemas.concerned(actor, here.job.id)
    return back(to, f"Saved as version {version}. {concerned}".rstrip())


def ask_to_discard(visit: PortalVisit) -> PageAnswer:
    """What would be lost."""
    here = desk(visit, JOB_WRITE)
    saved = readable(visit.admin.schemas.export(visit.actor, here.job.id))
    found = differences(saved, here.ruleset) if here.draft.changed else ()
    return here.page("discard.html", "Discard changes", {"differences": found})


def discard(visit: PortalVisit) -> PageAnswer:
    """Back to what is saved."""
    here = desk(visit, JOB_WRITE)
    visit.admin.schemas.discard_draft(visit.actor, here.job.id)
    return back(here.address, "The changes were discarded.")


# What would this change?


def begin_plan(here: Desk) -> Redirect:
    """Have a plan made with the draft. Raises AdminError where it cannot be."""
    rules = here.draft.document if here.draft.changed else None
    making = here.visit.admin.plan_making.ask(here.visit.actor, here.job.id, rules=rules)
    return back(f"{here.address}/plans/{making.id}")


def show_plan(visit: PortalVisit) -> PageAnswer:
    """A plan that is being made, or what it has come to."""
    here = desk(visit, JOB_READ)
    making = visit.admin.plan_making.look(visit.actor, visit.names["making"])
    if making.job != here.job.id:
        raise AdminError("not-found", "This plan is of another job.")
    values: dict[str, object] = {
        "making": making,
        "own": f"{here.address}/plans/{making.id}",
        "error": "" if making.error is None else said(making.error),
        "plan": None,
        "concerned": (),
        "more": False,
    }
    if making.plan is not None:
        shown = visit.admin.plans.show(visit.actor, making.plan)
        concerned = _concerned(visit, making)
        counts = [
            (number, kind, _VERBS.get(operation, operation))
            for (kind, operation), number in sorted(shown.stored.plan.counts.items())
            if number and operation != "verdict"
        ]
        unsaved = shown.stored.proposed is not None
        values |= {"plan": shown, "counts": counts, "concerned": concerned[:SHOWN], "more": len(concerned) > SHOWN}
        values |= {"unsaved": unsaved}
    return here.page("plan.html", "What would this change?", values)


_VERBS: Final = {
    "create": "created",
    "link": "linked to an existing account",
    "update": "updated",
    "disable": "disabled",
    "release": "released without a change",
    "delete": "deleted",
    "members": "changed in their members",
    "reference": "given another manager",
}


def _concerned(visit: PortalVisit, making: Making) -> Sequence[PlanRow]:
    """Those to whom the plan does something, or who would fail; the first of them."""
    if making.plan is None:
        return ()
    rows = islice(visit.admin.plans.operations(visit.actor, making.plan), _LOOKED_AT)
    return list(islice((row for row in rows if row.detail.status != "skipped"), SHOWN + 1))
