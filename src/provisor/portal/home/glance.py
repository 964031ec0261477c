"""Jobs at a glance: how each is, what it did last and does next, and what waits for a person.

The same for everybody who sees the same jobs; a window that shows them follows them. Order: what is shown, how it is
found out, the topic.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final, Literal, TypeAlias

from provisor.admin.actor import APPLICATION_READ, JOB_READ, Actor
from provisor.admin.bundle import Admin
from provisor.admin.credential_keys import TOKEN_EXPIRATION
from provisor.admin.errors import AdminError
from provisor.admin.jobs import JobShown
from provisor.admin.status import Execution, JobStatus, why
from provisor.portal.visits import PortalVisit
from provisor.web.answers import TemplatePage
from provisor.web.live import LiveTopic

ADDRESS: Final = "/home/jobs"
TEMPLATE: Final = "home/jobs.html"
WARNED_BEFORE: Final = timedelta(days=30)
_SOON: Final = timedelta(seconds=5)

CardTone: TypeAlias = Literal["good", "warn", "bad", "plain", ""]
_ENDED: Final = {
    "Succeeded": "Succeeded",
    "EntryLevelErrors": "Ended, and some objects failed",
    "Failed": "Failed",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class WaitingThing:
    """Something that a person has to see to, and where; `of` tells links with the same words apart."""

    text: str
    address: str
    of: str
    tone: CardTone = "warn"


@dataclass(frozen=True, slots=True, kw_only=True)
class LastCycle:
    """The newest cycle that has ended; times are microseconds."""

    ended_at: int | None
    outcome: str
    tone: CardTone
    wrote: int


@dataclass(frozen=True, slots=True, kw_only=True)
class JobCard:
    """One job on a card. `progress` is (done, all) of the cycle that runs; `next_at` microseconds, 0 is now."""

    application: str
    name: str
    address: str
    state: str
    tone: CardTone
    detail: str
    last: LastCycle | None
    next_at: int | None
    on: bool
    served: bool
    phase: str
    progress: tuple[int, int] | None
    provisioned: tuple[int, int]
    waiting: tuple[WaitingThing, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class IdleApplication:
    """An application without a job."""

    name: str
    address: str


def glances(admin: Admin, actor: Actor) -> list[JobCard]:
    """Every job that this one may see, those that wait for a person first."""
    if not actor.may(JOB_READ):
        return []
    found = [_glance(admin, actor, one) for one in admin.jobs.all(actor)]
    return sorted(found, key=lambda one: (one.tone != "bad", not one.waiting))


def idle(admin: Admin, actor: Actor) -> list[IdleApplication]:
    """The applications that have no job yet."""
    if not (actor.may(APPLICATION_READ) and actor.may(JOB_READ)):
        return []
    busy = {one.job.application for one in admin.jobs.all(actor)}
    return [
        IdleApplication(name=one.display_name, address=f"/applications/{one.id}/provisioning")
        for one in admin.service_principals.all(actor)
        if one.id not in busy
    ]


def _glance(admin: Admin, actor: Actor, shown: JobShown) -> JobCard:
    job, status = shown.job, admin.cycles.status(actor, shown.job.id)
    address = f"/applications/{job.application}/provisioning/{job.id}"
    state, tone, detail = _state(shown, status)
    running = status.running is not None
    return JobCard(
        application=job.application,
        name=shown.application,
        address=address,
        state=state,
        tone=tone,
        detail=detail,
        last=None if status.last is None else _last(status.last),
        next_at=_next(status),
        on=job.schedule_state == "Active",
        served=status.runs.served,
        phase=status.runs.phase if running else "",
        progress=_progress(status) if running else None,
        provisioned=(status.entries["User to User"], status.entries["Group to Group"]),
        waiting=tuple(_waiting(admin, actor, shown, status, address)),
    )


def _state(shown: JobShown, status: JobStatus) -> tuple[str, CardTone, str]:
    """How the job is in a word, its tone, and more of it."""
    if status.quarantine is not None:
        return "In quarantine", "bad", f"{why(status.quarantine).partition(': ')[2].capitalize()}."
    if status.code == "NotConfigured":
        return "Not configured", "warn", ""
    if status.running is not None:
        return "Running", "", ""
    if shown.job.schedule_state == "Paused":
        return "Off", "plain", "It was switched off, and goes on where it was once it is On again."
    if shown.job.schedule_state != "Active":
        return "Off", "plain", "Provisioning Status was never On."
    if status.last is not None and status.last.state == "Failed":
        return "Last cycle failed", "bad", (status.last.cycle.error or {}).get("message", "")
    return "On", "good", ""


def _last(last: Execution) -> LastCycle:
    tone: CardTone = "good" if last.state == "Succeeded" else "warn" if last.state == "EntryLevelErrors" else "bad"
    return LastCycle(ended_at=last.cycle.ended_at, outcome=_ENDED[last.state], tone=tone, wrote=last.exported)


def _next(status: JobStatus) -> int | None:
    at = status.runs.next_start
    if at is None:
        return None
    return 0 if at <= status.observed + _SOON else _microseconds(at)


def _progress(status: JobStatus) -> tuple[int, int] | None:
    done = sum(one for _, one, _ in status.progress)
    everything = sum(one for _, _, one in status.progress)
    return (done, everything) if everything else None


def _waiting(admin: Admin, actor: Actor, shown: JobShown, status: JobStatus, address: str) -> Iterator[WaitingThing]:
    name = shown.application

    def one(text: str, page: str, tone: CardTone = "warn") -> WaitingThing:
        return WaitingThing(text=text, address=f"{address}/{page}", of=name, tone=tone)

    if status.code == "NotConfigured":
        yield one("Tenant URL and Secret Token are missing", "settings")
    elif (expiry := _expiry(admin, actor, shown)) is not None:
        days = (expiry - status.observed.date()).days
        if days <= WARNED_BEFORE.days:
            text = f"The credentials expire on {expiry}" if days >= 0 else f"The credentials expired on {expiry}"
            yield one(text, "settings", "warn" if days >= 0 else "bad")
    if status.deletions.hold is not None:
        held = sum(status.deletions.held)
        yield one(f"{held:,} deletion{'s' * (held != 1)} held back: allow or reject", "deletions", "bad")
    plan = _undecided(admin, actor, shown)
    if plan is not None:
        yield one(f"Plan {plan} waits for a decision", f"plans/{plan}")
    failures = sum(status.escrow.values())
    if failures:
        yield one(f"{failures:,} failure{'s' * (failures != 1)} tried again from time to time", "failures")


def _expiry(admin: Admin, actor: Actor, shown: JobShown) -> date | None:
    """When somebody said that the credentials expire."""
    if TOKEN_EXPIRATION not in shown.credentials:
        return None
    try:
        told = admin.credentials.show(actor, shown.job.id).get(TOKEN_EXPIRATION)
    except AdminError:  # under another key than this service has, which the page of keys tells of
        return None
    return None if told is None else date.fromisoformat(told)


def _undecided(admin: Admin, actor: Actor, shown: JobShown) -> int | None:
    """The newest plan, unless it was decided about or a cycle has run since."""
    newest = next(iter(admin.plans.all(actor, shown.job.id)), None)
    if newest is None or newest.state != "planned":
        return None
    return newest.stored.number if newest.stored.made_at > (shown.job.last_began_at or 0) else None


def _microseconds(at: datetime) -> int:
    return round(at.timestamp() * 1_000_000)


# What moves by itself


def partial(admin: Admin, actor: Actor) -> dict[str, Sequence[object]]:
    """What the template of the jobs names."""
    return {"jobs": glances(admin, actor), "idle": idle(admin, actor)}


def topic(visit: PortalVisit) -> LiveTopic:
    """The jobs that this visitor sees; windows of those who see the same ones share it. Raises AdminError for nobody
    who sees any.
    """
    admin, actor = visit.admin, visit.actor
    admin.jobs.all(actor)

    def look() -> TemplatePage:
        now = admin.authentication.actor_of(actor.id)
        if now is None or seen(now) != seen(actor):
            raise LookupError("What this window may see has changed.")  # it asks again, and follows another topic
        return TemplatePage(template=TEMPLATE, title="", values=partial(admin, now))

    return LiveTopic(key=f"home {seen(actor)}", look=look)


def seen(actor: Actor) -> str:
    """Which applications and jobs this one sees, as a key: all, or the own ones."""
    read = frozenset({APPLICATION_READ, JOB_READ})
    everywhere, own = read & actor.permissions, (read & actor.own_permissions) - actor.permissions
    return " ".join([*sorted(everywhere), "own", *sorted(own), *(sorted(actor.owned) if own else ())])
