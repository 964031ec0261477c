"""The guided pilot, *start small* of the tutorial's step 5: an application, one or two people, their plan, the outcome.

Every step is a page with an address, and whom one has chosen is part of it. People are looked at, and provisioned, by
the verbs of *Provision on demand*: nobody else is touched. Order: the pages as they come, whom they are about.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlencode

from provisor.admin.actor import ASSIGNMENT_WRITE, JOB_RUN, LOG_READ
from provisor.admin.errors import AdminError
from provisor.admin.on_demand import Provisioned
from provisor.directory.objects import DirectoryObject
from provisor.directory.query import ObjectQuery, searching
from provisor.portal.errors import said
from provisor.portal.frames import JobFrame, job_frame
from provisor.portal.visits import PortalVisit
from provisor.web.answers import PageAnswer, Redirect, TemplatePage

CHOOSE: Final = "/first-steps"
PEOPLE: Final = "/first-steps/{application}/{job}/people"
PLAN: Final = "/first-steps/{application}/{job}/plan"
OUTCOME: Final = "/first-steps/{application}/{job}/outcome"
MOST: Final = 5  # people: on demand Entra takes as many in ten seconds, and small is meant
SHOWN: Final = 20

_HEADS: Final = {"Success": "Would be provisioned", "Skipped": "Would be left alone", "Failure": "Would fail"}
_BECAME: Final = {"Success": "was provisioned", "Skipped": "was left alone", "Failure": "could not be provisioned"}
_TONES: Final = {"Success": "good", "Skipped": "plain", "Failure": "bad"}
_STATUS: Final = {"success": "good", "skipped": "plain", "warning": "warn", "failure": "bad"}


@dataclass(frozen=True, slots=True, kw_only=True)
class PilotCandidate:
    """Somebody who can be chosen or taken out again, and by which address."""

    person: DirectoryObject
    name: str
    address: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LookedAt:
    """What would happen to one person."""

    found: Provisioned
    head: str
    tone: str

    @property
    def reason(self) -> str:
        """Why, in a sentence."""
        return self.found.reason or next((one.description for one in reversed(self.found.steps)), "")


# An application


def choose(visit: PortalVisit) -> PageAnswer:
    """The applications whose job this one may run."""
    actor = visit.actor
    shown = visit.admin.jobs.all(actor)
    jobs = [one for one in shown if actor.may(JOB_RUN, one.job.application)]
    values = {"jobs": jobs, "stage": 1, "base": CHOOSE}
    return TemplatePage(template="home/pilot_application.html", title="Start small", values=values)


# One or two people


def people(visit: PortalVisit) -> PageAnswer:
    """Search, and who was chosen so far."""
    return _people(visit, _frame(visit), _chosen(visit, visit.query.get("chosen", "")))


def _people(
    visit: PortalVisit, frame: JobFrame, chosen: Sequence[DirectoryObject], wrong: str = "", status: int = 200
) -> TemplatePage:
    search = visit.query.get("search", "").strip()[:254]
    ids = [one.id for one in chosen]
    query = ObjectQuery(condition=searching("user", search) if search else None, order_by="displayName")
    found = [
        one
        for one in visit.admin.typed_users.page(visit.actor, query, limit=SHOWN + len(ids)).objects
        if one.id not in ids
    ]
    here = _address(frame, "people")
    values = {
        **_common(frame, 2),
        "search": search,
        "chosen": [_candidate(here, one, [each for each in ids if each != one.id], search) for one in chosen],
        "found": [_candidate(here, one, [*ids, one.id], search) for one in found[:SHOWN]],
        "more": len(found) > SHOWN,
        "most": MOST,
        "ids": ",".join(ids),
        "action": here,
        "assigns": frame.shown.job.settings.get("scope") != "all",
        "configured": frame.shown.job.status_code != "NotConfigured",
        "on": frame.on,
        "wrong": wrong,
    }
    return TemplatePage(template="home/pilot_people.html", title="Start small", values=values, status=status)


def assign(visit: PortalVisit) -> PageAnswer:
    """Assign whom the visitor chose, where that is what makes the scope; and go on to their plan."""
    frame = _frame(visit)
    chosen = _chosen(visit, visit.form.get("chosen", ""))
    if not chosen:
        return _people(visit, frame, chosen, "Choose somebody first.", 400)
    done = ""
    if frame.shown.job.settings.get("scope") != "all":
        try:
            ids = [one.id for one in chosen]
            number = visit.admin.applications.assign(visit.actor, frame.application.id, users=ids)
        except AdminError as error:
            return _people(visit, frame, chosen, said(error), 400)
        if number:
            who = "One person was" if number == 1 else f"{number} people were"
            done = f"{who} assigned to {frame.application.name}."
    return Redirect(to=_address(frame, "plan", chosen), done=done)


# What would happen to them


def plan(visit: PortalVisit) -> PageAnswer:
    """What would be done with exactly these people; the application is only read."""
    frame = _frame(visit)
    chosen = _chosen(visit, visit.query.get("chosen", ""))
    return _plan(visit, frame, chosen) if chosen else Redirect(to=_address(frame, "people"))


def _plan(
    visit: PortalVisit, frame: JobFrame, chosen: Sequence[DirectoryObject], wrong: str = "", status: int = 200
) -> TemplatePage:
    looked: list[LookedAt] = []
    try:
        for person in chosen:
            for one in visit.admin.on_demand.user(visit.actor, frame.id, person.id, dry_run=True):
                looked.append(LookedAt(found=one, head=_HEADS[one.result], tone=_TONES[one.result]))
    except AdminError as error:
        wrong, status = wrong or said(error), 400
    values = {
        **_common(frame, 3),
        "looked": looked,
        "wrong": wrong,
        "ids": ",".join(one.id for one in chosen),
        "action": _address(frame, "plan"),
        "back": _address(frame, "people", chosen),
        "onward": _address(frame, "outcome", chosen),
        "writes": any(one.found.result == "Success" for one in looked),
    }
    return TemplatePage(template="home/pilot_plan.html", title="Start small", values=values, status=status)


def run(visit: PortalVisit) -> PageAnswer:
    """Provision exactly these people, now."""
    frame = _frame(visit)
    chosen = _chosen(visit, visit.form.get("chosen", ""))
    if not chosen:
        return Redirect(to=_address(frame, "people"))
    outcomes: list[Provisioned] = []
    for person in chosen:
        try:
            outcomes += visit.admin.on_demand.user(visit.actor, frame.id, person.id)
        except AdminError as error:
            return _plan(visit, frame, chosen, f"{_before(outcomes)}{person.name}: {said(error)}", 400)
    done = "; ".join(f"{one.name} {_became(one)}" for one in outcomes)
    return Redirect(to=_address(frame, "outcome", chosen), done=f"{done}.")


def _before(outcomes: Sequence[Provisioned]) -> str:
    return "".join(f"{one.name} {_became(one)}. " for one in outcomes)


def _became(one: Provisioned) -> str:
    return _BECAME[one.result]


# What came of it


def outcome(visit: PortalVisit) -> PageAnswer:
    """The newest event of each of them in the provisioning log, and how to go on with more people."""
    frame = _frame(visit)
    chosen = _chosen(visit, visit.query.get("chosen", ""))
    if not chosen:
        return Redirect(to=_address(frame, "people"))
    reads = visit.actor.may(LOG_READ, frame.application.id)
    logs = visit.admin.logs
    events = [
        (one, next(iter(logs.page(visit.actor, job=frame.id, identity=one.id, limit=1)), None) if reads else None)
        for one in chosen
    ]
    values = {
        **_common(frame, 4),
        "events": events,
        "tones": _STATUS,
        "on": frame.on,
        "more": _address(frame, "people"),
        "scope_is_all": frame.shown.job.settings.get("scope") == "all",
        "assigns": visit.actor.may(ASSIGNMENT_WRITE, frame.application.id),
    }
    return TemplatePage(template="home/pilot_outcome.html", title="Start small", values=values)


# Whom the pages are about


def _frame(visit: PortalVisit) -> JobFrame:
    """The job, for who may provision on demand with it. Raises AdminError."""
    frame = job_frame(visit)
    visit.admin.on_demand.rules(visit.actor, frame.id)
    return frame


def _chosen(visit: PortalVisit, ids: str) -> list[DirectoryObject]:
    """The users with these ids, of whom there are still."""
    wanted = list(dict.fromkeys(one for one in ids.split(",") if one))[:MOST]
    found = {one.id: one for one in visit.admin.deleted_objects.live_by_ids(visit.actor, wanted)}
    known = [found[one] for one in wanted if one in found]
    return [one for one in known if one.kind == "user"]


def _candidate(here: str, person: DirectoryObject, ids: Sequence[str], search: str) -> PilotCandidate:
    query = urlencode({name: value for name, value in (("chosen", ",".join(ids)), ("search", search)) if value})
    name = str(person.attributes.get("displayName") or person.name)
    return PilotCandidate(person=person, name=name, address=f"{here}?{query}" if query else here)


def _address(frame: JobFrame, page: str, chosen: Sequence[DirectoryObject] = ()) -> str:
    address = f"/first-steps/{frame.application.id}/{frame.id}/{page}"
    return f"{address}?{urlencode({'chosen': ','.join(one.id for one in chosen)})}" if chosen else address


def _common(frame: JobFrame, stage: int) -> dict[str, object]:
    return {"job": frame, "frame": frame.application, "stage": stage, "base": CHOOSE}
