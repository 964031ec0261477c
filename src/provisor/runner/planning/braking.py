"""Asks the brakes (engine.brake) before the first write of a cycle and whenever more was planned during it.

Counted is what is planned and what was taken away since the last full cycle began (storage.taken), without what a
person has allowed by name.
"""

from provisor.engine.brake import (
    NONE,
    Amounts,
    WhyMany,
    judge,
    judge_matching,
    judge_threshold,
    limits_of,
    threshold_of,
)
from provisor.engine.record import Kind
from provisor.rules.failure import Failure
from provisor.runner.planning.begin import counts_afresh
from provisor.runner.run import Run
from provisor.storage import had_links, holds, links, member_links, operations, taken, why_many

_KINDS: tuple[Kind, ...] = ("user", "group")


class Brake:
    """The brakes of one run. `allowed`: how many removals a person has allowed for it."""

    def __init__(self, run: Run, *, allowed: int) -> None:
        self._run = run
        self._allowed = allowed
        self._limits = limits_of(run.job.settings) if run.behaviour.deletion_limits else NONE
        self._threshold = threshold_of(run.job.settings)

    def planned(self) -> Amounts:
        """What is planned to be taken away, without what was allowed by name."""
        run = self._run
        found = holds.planned(run.reader(), run.job.number, only=run.only)
        if run.only is None:
            return found
        return found._replace(memberships=min(found.memberships, len(run.only)))  # of a group, chosen ones alone

    def above_a_limit(self) -> Failure | None:
        """Why the cycle must not go on."""
        unmatched = self._unmatched()
        if unmatched is not None:
            return unmatched
        planned = self.planned()
        removed, done = self._with_done(planned)
        if self._is_allowed(planned) or not any(
            number and limit.exceeded(total, 0)
            for number, total, limit in zip(planned, removed, self._limits, strict=True)
        ):
            return None  # then what is held need not be counted
        held = self._before(done)
        failure = judge(removed, held, self._limits, taken=done)
        return None if failure is None else judge(removed, held, self._limits, taken=done, why=self._why(removed, held))

    def above_the_threshold(self) -> Failure | None:
        """Why disables and deletions are to be held back."""
        planned = self.planned()
        if not (planned.users or planned.groups):
            return None
        staged = holds.planned(self._run.reader(), self._run.job.number, state="staged")
        due = Amounts(planned.users + staged.users, planned.groups + staged.groups)
        if self._is_allowed(due):
            return None
        removed, _ = self._with_done(due)
        number = removed.users + removed.groups
        if judge_threshold(number, self._threshold) is None:
            return None
        kind = "user" if due.users >= due.groups else "group"
        return judge_threshold(number, self._threshold, why=self._of_accounts(kind))

    def _unmatched(self) -> Failure | None:
        """Whether those who had an account before links were forgotten match none."""
        run = self._run
        if self._limits == NONE:
            return None
        created = had_links.count_created(run.reader(), run.job.number)
        if sum(created) <= self._allowed:
            return None
        return judge_matching(created, self._had(), self._limits, run.application)

    def _had(self) -> Amounts:
        """Who has an account or group, or had one when links were forgotten."""
        connection, job = self._run.reader(), self._run.job.number
        users, groups = (links.count_linked(connection, job, kind) for kind in _KINDS)
        forgotten = had_links.count_unlinked(connection, job)  # they are matched by this very cycle
        return Amounts(users + forgotten.users, groups + forgotten.groups)

    def _is_allowed(self, planned: Amounts) -> bool:
        """Whether this run takes no more away than a person allowed for it."""
        return sum(planned) + sum(self._run.counters.get(name, 0) for name in taken.COUNTERS) <= self._allowed

    def _with_done(self, planned: Amounts) -> tuple[Amounts, Amounts]:
        """All that counts, and the part of it that is done; a plan is of a full cycle, which may count afresh."""
        run = self._run
        full_plan = run.cycle.kind == "plan" and run.only is None
        done = Amounts() if full_plan and counts_afresh(run.reader(), run.job.number) else self._done()
        return Amounts(*map(sum, zip(planned, done, strict=True))), done

    def _before(self, done: Amounts) -> Amounts:
        """What the application held of ours before any of this was done."""
        connection, job = self._run.reader(), self._run.job.number
        users, groups, _ = self._had()
        if self._run.is_plan:  # a run releases these while it plans
            users -= operations.counts(connection, job, self._run.cycle.n).get(("user", "release", "verdict"), 0)
        users += min(taken.unlinked(connection, job), done.users)  # who is disabled alone is provisioned still
        return Amounts(users, groups + done.groups, member_links.count_pushed(connection, job) + done.memberships)

    def _done(self) -> Amounts:
        return taken.since_full_cycle(self._run.reader(), self._run.job.number)

    def _why(self, removed: Amounts, held: Amounts) -> WhyMany | None:
        over = [limit.exceeded(*pair) for *pair, limit in zip(removed, held, self._limits, strict=True)]
        if over[0] or over[1]:
            return self._of_accounts("user" if over[0] else "group")
        return why_many.of_memberships(self._run.reader(), self._run.job)

    def _of_accounts(self, kind: str) -> WhyMany | None:
        return why_many.of_accounts(self._run.reader(), self._run.job, self._run.cycle, kind)
