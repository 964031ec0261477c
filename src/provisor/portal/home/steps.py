"""First steps: those of the tutorial, each ticked off by what is there, with the page where it is done.

About the oldest application that the visitor may see. Order: the values, what is done, marks.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from provisor.admin import actor as may
from provisor.admin.actor import Actor
from provisor.admin.assignments import Narrowed
from provisor.admin.bundle import Admin
from provisor.admin.errors import AdminError
from provisor.admin.first_steps import MARKS, FirstSteps, StepMark
from provisor.admin.jobs import JobShown
from provisor.admin.notification import told
from provisor.admin.service_principals import ApplicationBrief, ApplicationKey
from provisor.portal.visits import HOME, PortalVisit
from provisor.web.answers import PageAnswer, Redirect, not_here

UMBRELLA: Final = "Cisco Umbrella User Management"
MARK: Final = "/first-steps/marks/{mark}"


@dataclass(frozen=True, slots=True, kw_only=True)
class FirstStep:
    """One step. `address` is None for who may not do it, or before it can be done; `mark`: opening it ticks it off."""

    number: str  # of the tutorial
    title: str
    about: str
    done: bool
    address: str | None
    action: str
    mark: StepMark | None = None
    optional: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class StepFacts:
    """What there is."""

    people: bool
    application: ApplicationBrief | None
    job: JobShown | None
    assigned: bool
    tested: bool
    cycled: bool
    marks: frozenset[StepMark]

    @property
    def page(self) -> str | None:
        """The address of the job, or of where it is made."""
        if self.application is None:
            return None
        own = f"/applications/{self.application.id}/provisioning"
        return own if self.job is None else f"{own}/{self.job.job.id}"


def first_steps(admin: Admin, actor: Actor) -> list[FirstStep]:
    """The steps for this visitor; none where they were dismissed, or for who configures nothing."""
    if not (actor.may(may.JOB_WRITE) and actor.may(may.DIRECTORY_READ)):
        return []
    facts = _facts(admin, actor)
    if "dismissed" in facts.marks:
        return []
    return [*_before(facts, actor), *_configured(facts), *_after(facts)]


def _facts(admin: Admin, actor: Actor) -> StepFacts:
    marks = FirstSteps(admin.health.context)
    application = next(iter(admin.service_principals.all(actor)), None)
    key = None if application is None else ApplicationKey("service principal", application.id)
    job = None if key is None else next(iter(admin.synchronization.all_jobs(actor, key)), None)
    return StepFacts(
        people=bool(admin.users.page(actor, limit=1)),
        application=application,
        job=job,
        assigned=key is not None and bool(admin.assignments.of_application(actor, key, Narrowed(), limit=1)),
        tested=application is not None and marks.tested(actor, application.id),
        cycled=job is not None and admin.cycles.succeeded(actor, job.job.id),
        marks=marks.marks(actor),
    )


def _before(facts: StepFacts, actor: Actor) -> Iterator[FirstStep]:
    yield FirstStep(
        number="Before the steps",
        title="Import the directory",
        about="People, groups and memberships from CSV files.",
        done=facts.people,
        address="/import" if actor.may(may.DIRECTORY_WRITE) else None,
        action="Import",
    )
    yield FirstStep(
        number="Step 2",
        title="Import the objectGUID attribute",
        about="Only for endpoints with AnyConnect or Cisco Secure Client 4.10 MR5 or earlier.",
        done=False,
        address="/first-steps/object-guid",
        action="Is it needed?",
        optional=True,
    )
    yield FirstStep(
        number="Step 4",
        title=f"Add {UMBRELLA} from the application gallery",
        about="Or another application of the gallery.",
        done=facts.application is not None,
        address="/applications/new" if actor.may(may.APPLICATION_CREATE) else None,
        action="New application",
    )
    everybody = facts.job is not None and facts.job.job.settings.get("scope") == "all"
    yield FirstStep(
        number="Step 5",
        title="Define who will be in scope",
        about="Start small: choose one or two people, see what would happen to them, and provision them.",
        done=facts.assigned or everybody,
        address="/first-steps" if facts.job is not None else None,
        action="Start small",
    )


def _configured(facts: StepFacts) -> Iterator[FirstStep]:
    job, page = facts.job, facts.page
    settings = page if page is None or job is None else f"{page}/settings"
    configured = job is not None and job.job.status_code != "NotConfigured"
    yield FirstStep(
        number="Steps 3 and 6",
        title="Save Tenant URL and Secret Token, and test the connection",
        about="The application's dashboard shows both where a token is generated.",
        done=configured and (facts.tested or facts.cycled),
        address=settings,
        action="Admin Credentials",
    )
    yield FirstStep(
        number="Step 6",
        title="Say who is told of failures",
        about="Notification Email, and Send an email notification when a failure occurs.",
        done=job is not None and bool(told(job.job.settings)),
        address=settings,
        action="Notification Email",
    )
    yield FirstStep(
        number="Step 6",
        title="Review the attribute mappings",
        about="Which attribute goes where, and by which one accounts are matched.",
        done="mappings" in facts.marks or (job is not None and job.job.ruleset_version > 1),
        address=None if page is None or job is None else f"{page}/mappings/users",
        action="Mappings",
        mark="mappings",
    )
    yield FirstStep(
        number="Step 6",
        title="Set Provisioning Status to On",
        about="This starts the initial cycle; the next ones follow about every 40 minutes, and when something changes.",
        done=job is not None and job.job.schedule_state == "Active",
        address=settings,
        action="Provisioning Status",
    )


def _after(facts: StepFacts) -> Iterator[FirstStep]:
    yield FirstStep(
        number="Step 7",
        title="Watch the first cycle to its end",
        about="The progress bar shows how far it is.",
        done=facts.cycled,
        address=facts.page if facts.job is not None else None,
        action="Overview",
    )
    yield FirstStep(
        number="Step 7",
        title="Look at the provisioning logs",
        about="Who was provisioned, who was left alone, and why.",
        done="logs" in facts.marks,
        address="/provisioning-logs" if facts.cycled else None,
        action="Provisioning logs",
        mark="logs",
    )


# Marks


def mark(visit: PortalVisit) -> PageAnswer:
    """Remember that somebody opened the page of a step, or wants to see the steps no more; and go on there."""
    name = visit.names["mark"]
    if name not in MARKS:
        return not_here("Such a step")
    wanted: StepMark = name
    FirstSteps(visit.admin.health.context).mark(visit.actor, wanted)
    if wanted == "dismissed":
        return Redirect(to=HOME, done="The first steps are not shown any more.")
    step = next((one for one in _marked(visit) if one.mark == wanted), None)
    return Redirect(to=HOME if step is None or step.address is None else step.address)


def _marked(visit: PortalVisit) -> list[FirstStep]:
    try:
        return first_steps(visit.admin, visit.actor)
    except AdminError:  # without the right to see it any more
        return []
