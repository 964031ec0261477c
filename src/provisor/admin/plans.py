"""Verbs on plans: make one, list, show, compare two, approve, discard, apply.

A plan is made of a job as it is, or of rules or a scope that are not saved; only the first kind can be applied.
"""

import asyncio
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import Final, Literal, NamedTuple, TypeAlias

from provisor.admin.actor import JOB_READ, JOB_RUN, PLAN_APPROVE, Actor
from provisor.admin.context import Context
from provisor.admin.cycles import RUN_ACTIVITY, Cycles, driven
from provisor.admin.errors import AdminError
from provisor.admin.job_settings import changed_settings, check_together
from provisor.database import Connection
from provisor.engine.behaviour import NestedGroups
from provisor.engine.brake import CODE as TOO_MANY
from provisor.engine.brake import UNMATCHED
from provisor.engine.causes import Cause, Causes
from provisor.engine.detail import Detail
from provisor.runner.explaining import first, told
from provisor.runner.plans import Proposal, make_plan
from provisor.runner.recording.progress import ReportProgress
from provisor.runner.recording.summary import CycleSummary
from provisor.scim.values import Json
from provisor.storage import accounts, feed, jobs, plans, run_requests
from provisor.storage.jobs import Job
from provisor.storage.plans import PlanRow, PlanSearch, StoredPlan
from provisor.storage.times import from_microseconds, to_microseconds

__all__ = ["ComparePlace", "PlanDifference", "PlanRow", "PlanSearch", "PlanShown", "Plans"]

_APPROVE: Final = "Approve provisioning plan"
ShownState: TypeAlias = Literal["planned", "approved", "applied", "discarded", "expired"]


# Whether the second plan is gone through already, and the position in the one that is.
ComparePlace: TypeAlias = tuple[int, int]


class PlanShown(NamedTuple):
    """A plan as it is now: what it holds, of which job, and whether it may still be applied; `changes` of the directory
    have come since it was made, and `new_rules`.
    """

    stored: StoredPlan
    job: str
    state: ShownState
    made_at: datetime
    expires_at: datetime
    changes: int = 0
    new_rules: bool = False


class PlanDifference(NamedTuple):
    """Something that one plan holds and the other does not, or not like this; `place`: where comparing goes on."""

    before: Detail | None
    after: Detail | None
    place: ComparePlace = (0, -1)


@dataclass(frozen=True, slots=True)
class Plans:
    """What jobs would do."""

    context: Context
    cycles: Cycles

    def make(
        self,
        actor: Actor,
        key: str,
        *,
        rules: Json = None,
        scope: str | None = None,
        nested_groups: NestedGroups | None = None,
        report: ReportProgress | None = None,
    ) -> PlanShown:
        """What a cycle would do now, or would with these rules, this scope or groups read so. The application is only
        read, and nothing but the plan is kept; a cycle that runs meanwhile is not disturbed.
        """
        proposal = Proposal(rules=rules, scope=scope, nested_groups=nested_groups)
        job = self.plannable(actor, key, proposal)
        order = self.cycles.order(job.id, asyncio.Event(), report)
        made = driven(make_plan(order, by=actor.author, proposal=proposal))
        return self.show(actor, made)

    def plannable(self, actor: Actor, key: str, proposal: Proposal) -> Job:
        """The job, for an actor who may plan it. Raises AdminError when it cannot run with what is proposed."""
        job = self.cycles.runnable(actor, key)
        rules, scope, nested_groups = proposal.rules, proposal.scope, proposal.nested_groups
        check_together(job, changed_settings(job, nested_groups=nested_groups))
        if rules is not None or scope is not None:
            document = rules
            if document is None:
                document = jobs.rules(self.context.database.reader(), job.number, job.ruleset_version)
            self.cycles.jobs.usable(self.context.database.reader(), job, document, scope=scope)
        return job

    def all(self, actor: Actor, key: str) -> list[PlanShown]:
        """The plans of a job, the newest first."""
        connection = self.context.read(actor, JOB_READ)
        job = self.cycles.jobs.find(connection, key, actor, JOB_READ)
        return [self._shown(one, job) for one in plans.of_job(connection, job.number)]

    def show(self, actor: Actor, number: int) -> PlanShown:
        """One plan."""
        return self._shown(*self._found(self.context.read(actor, JOB_READ), actor, number, JOB_READ))

    def _found(self, connection: Connection, actor: Actor, number: int, permission: str) -> tuple[StoredPlan, Job]:
        """The plan with its job, for an actor who has this permission there."""
        stored = plans.read(connection, number)
        job = None if stored is None else jobs.read(connection, stored.job)
        if stored is None or job is None or job.tenant != self.context.tenant:
            about = None
        else:
            about = job.application
            if actor.sees(about, permission):
                self.context.needs(actor, permission, about=about)
                return stored, job
        if permission not in actor.permissions:
            self.context.refused(actor, permission, about or f"plan {number}")
        raise AdminError("not-found", f"There is no plan {number}.", "`provisor job plans list JOB` shows them.")

    def details(self, actor: Actor, number: int, *, each: int | None = None) -> Iterator[Detail]:
        """By name what the plan would do; `each`: not more than so many of a sort, and only what is done."""
        self.show(actor, number)
        found = plans.rows(self.context.database.reader(), number)
        return first((row.detail for row in found if each is None or row.digest is not None), each)

    def operations(self, actor: Actor, number: int, *, after: int = -1) -> Iterator[PlanRow]:
        """Everything the plan would do or leaves alone, and what was left out when it was applied; after a position."""
        self.show(actor, number)
        return plans.rows(self.context.database.reader(), number, after=after)

    def page(
        self,
        actor: Actor,
        number: int,
        search: PlanSearch,
        *,
        after: int = -1,
        before: int | None = None,
        limit: int = 50,
    ) -> Sequence[PlanRow]:
        """The next of the rows that are searched for, after a position, or the last ones before one."""
        self.show(actor, number)
        return plans.page(self.context.database.reader(), number, search, after=after, before=before, limit=limit)

    def stale(self, actor: Actor, number: int) -> Iterator[tuple[Detail, str]]:
        """What was left out when the plan was applied, and why."""
        self.show(actor, number)
        for row in plans.rows(self.context.database.reader(), number, stale=True):
            yield row.detail, row.stale or ""

    def causes(self, actor: Actor, number: int, *, most: int | None = None) -> tuple[Sequence[Cause], Sequence[Cause]]:
        """Why objects would fail by the plan, and why they would be left alone; `most`: by the first so many."""
        self.show(actor, number)
        failures, skips = Causes(), Causes()
        for sort, found in (("failure", failures), ("waiting", skips), ("skipped", skips)):
            for detail in islice(self._of_sort(number, sort), most):
                found.add(told(detail))
        return failures.found(), skips.found()

    def _of_sort(self, number: int, sort: str) -> Iterator[Detail]:
        connection, after = self.context.database.reader(), -1
        while page := plans.page(connection, number, PlanSearch(sort), after=after, limit=500):
            yield from (row.detail for row in page)
            after = page[-1].position

    def compare(
        self, actor: Actor, before: int, after: int, *, start: ComparePlace = (0, -1)
    ) -> Iterator[PlanDifference]:
        """What the two plans do not have in common, object by object. Raises AdminError for those of two jobs."""
        one, other = self.show(actor, before), self.show(actor, after)
        if one.job != other.job:
            raise AdminError("invalid-value", f"Plans {before} and {after} are of different jobs.")
        return self._differences(before, after, start)

    def _differences(self, before: int, after: int, start: ComparePlace) -> Iterator[PlanDifference]:
        second, position = start
        if not second:
            for row, twin in self._only_in(before, after, position):
                yield PlanDifference(row.detail, None if twin is None else twin.detail, (0, row.position))
        for row, twin in self._only_in(after, before, position if second else -1):
            if twin is None:
                yield PlanDifference(None, row.detail, (1, row.position))

    def _only_in(self, number: int, other: int, position: int) -> Iterator[tuple[PlanRow, PlanRow | None]]:
        """What one plan would do and the other would not, or not like this, after a position."""
        connection = self.context.database.reader()
        doing = (row for row in plans.rows(connection, number, after=position) if row.digest is not None)
        while page := list(islice(doing, 500)):
            there = plans.doing(connection, other, [(row.stage, row.object) for row in page])
            for row in page:
                twin = there.get((row.stage, row.object))
                if twin is None or twin.digest != row.digest:
                    yield row, twin

    def approve(self, actor: Actor, number: int, *, allow_deletes: int = 0) -> PlanShown:
        """Let the job's next cycle do what this plan holds, and nothing else.

        Raises AdminError for one that a run would stop for, or hold back, unless so many removals are allowed.
        """
        connection = self.context.database.reader()
        self.context.needs(actor, PLAN_APPROVE, _APPROVE)
        stored, _ = self._found(connection, actor, number, PLAN_APPROVE)
        _within_limits(stored, allow_deletes)
        return self._decide(actor, number, "approved", _APPROVE)

    def discard(self, actor: Actor, number: int) -> PlanShown:
        """The plan is not applied."""
        return self._decide(actor, number, "discarded", "Discard provisioning plan")

    def apply(
        self,
        actor: Actor,
        number: int,
        *,
        report: ReportProgress | None = None,
        stopping: Callable[[], None] | None = None,
        allow_deletes: int = 0,
    ) -> CycleSummary:
        """Do exactly what the plan holds, now; what has changed since is left out, and shown as stale. `allow_deletes`
        as above.
        """
        connection = self.context.read(actor, JOB_RUN)
        shown = self._shown(*self._found(connection, actor, number, JOB_RUN))
        if shown.state != "approved":
            self.approve(actor, number, allow_deletes=allow_deletes)
        return self.cycles.run(actor, shown.job, report=report, stopping=stopping, plan=number)

    def ask_to_apply(self, actor: Actor, number: int, *, allow_deletes: int = 0) -> PlanShown:
        """Approve the plan, and have whoever serves the jobs do exactly what it holds, now; back at once."""
        shown = self.show(actor, number)
        self.cycles.runnable(actor, shown.job)
        if shown.state != "approved":
            shown = self.approve(actor, number, allow_deletes=allow_deletes)
        with self.context.change(actor, JOB_RUN, RUN_ACTIVITY) as change:
            job = self.cycles.jobs.find(change.connection, shown.job, actor, JOB_RUN)
            at = to_microseconds(change.now)
            newest = plans.approved(change.connection, job.number, at)
            if newest != number:
                raise _over(number, "over" if newest is None else f"followed by plan {newest}, which is approved, too")
            change.target, change.detail = job.id, {"plan": number}
            run_requests.ask(change.connection, job.number, at=at, by_hand=True)
        return shown

    def _decide(self, actor: Actor, number: int, state: Literal["approved", "discarded"], activity: str) -> PlanShown:
        with self.context.change(actor, PLAN_APPROVE, activity) as change:
            stored, job = self._found(change.connection, actor, number, PLAN_APPROVE)
            shown = self._shown(stored, job)
            if shown.state == state:
                change.nothing()
                return shown
            if shown.state not in ("planned", "approved"):
                raise _over(number, shown.state)
            if state == "approved":
                self._by_another(change.connection, stored, job, actor)
                self._as_saved(stored)
            change.target = shown.job
            change.detail = {"plan": number}
            if not plans.decide(change.connection, number, state, by=actor.author, at=to_microseconds(change.now)):
                raise _over(number, "over")  # since it was looked at
            return self._shown(plans.read(change.connection, number) or stored, job)

    def _by_another(self, connection: Connection, stored: StoredPlan, job: Job, actor: Actor) -> None:
        """Raise AdminError where the job demands that another approves than who asked, and this is the same one, or an
        account of the same person.
        """
        if job.settings.get(jobs.APPROVER_DIFFERS) is not True:
            return
        asked, approves = (
            {one, None if account is None else account.person}
            for one in (stored.made_by_id, actor.id)
            for account in [accounts.read(connection, job.tenant, one)]
        )
        if (asked & approves) - {None}:
            self.context.refused(actor, PLAN_APPROVE, job.id)
            raise AdminError(
                "approver-must-differ",
                f"{stored.made_by} asked for plan {stored.number}, and this job demands that another approves it.",
                "Have another approve it; on this machine, with `provisor --as NAME job approve`.",
            )

    def _as_saved(self, stored: StoredPlan) -> None:
        """Raise AdminError when the plan was made with what is not saved."""
        connection = self.context.database.reader()
        job = jobs.read(connection, stored.job)
        if stored.proposed is None or job is None:
            return
        rules, scope = stored.proposed.get("rules"), stored.proposed.get("scope")
        if rules is not None and rules != jobs.rules(connection, job.number, job.ruleset_version):
            raise AdminError(
                "plan-not-saved",
                f"Plan {stored.number} was made with rules that are not saved.",
                "Save them with `provisor schema import JOB FILE`, and apply the plan then.",
            )
        if scope is not None and scope != job.settings.get("scope"):
            raise AdminError(
                "plan-not-saved",
                f"Plan {stored.number} was made for the scope {scope}, which is not saved.",
                f"Save it with `provisor job settings JOB --scope {scope}`, and apply the plan then.",
            )

        nested = stored.proposed.get(jobs.NESTED_GROUPS)
        if nested is not None and nested != jobs.nested_groups(job):
            raise AdminError(
                "plan-not-saved",
                f"Plan {stored.number} was made with nested groups read as {nested}, which is not saved.",
                f"Save it with `provisor job settings JOB --nested-groups {nested}`, and apply the plan then.",
            )

    def _shown(self, stored: StoredPlan, job: Job) -> PlanShown:
        made_at = from_microseconds(stored.made_at)
        expires_at = made_at + plans.EXPIRES_AFTER
        state: ShownState = "planned" if stored.state == "making" else stored.state
        if state in ("planned", "approved") and self.context.now() >= expires_at:
            state = "expired"
        changes = max(feed.current_change(self.context.database.reader(), job.tenant) - stored.change, 0)
        new_rules = stored.ruleset_version != job.ruleset_version and "rules" not in (stored.proposed or {})
        return PlanShown(stored, job.id, state, made_at, expires_at, changes, new_rules)


def _within_limits(stored: StoredPlan, allow_deletes: int) -> None:
    brake, removes = stored.plan.brake, stored.plan.removes
    if brake is not None and brake.code == UNMATCHED:
        raise AdminError(UNMATCHED, f"The plan {stored.number} is not approved: {brake.message}", brake.hint)
    if brake is not None and removes > allow_deletes:
        raise AdminError(
            TOO_MANY,
            f"Plan {stored.number} is not approved: {brake.message}",
            f"See whom with `provisor job plans show {stored.number} --details`. If it is meant, add --allow-deletes"
            f" {removes}; if not, put the directory, the assignments or the rules right, and plan again.",
        )


def _over(number: int, state: str) -> AdminError:
    return AdminError("plan-over", f"Plan {number} is {state}.", "Make another with `provisor job plan JOB`.")
