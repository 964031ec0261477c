"""Verbs on deletions that are held back: who and why, let them through, or go on after the cause was put right.

Rules: spec/provisioning-service.md section 12, explanation/settled-cases.md section *Brakes*.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from provisor.admin.actor import JOB_READ, JOB_WRITE, Actor
from provisor.admin.context import Change, Context
from provisor.admin.errors import AdminError
from provisor.admin.held import HeldShown, held_of
from provisor.admin.jobs import Jobs
from provisor.engine.behaviour import PROVISOR, behaviour_named
from provisor.engine.brake import UNMATCHED, Amounts
from provisor.runner.planning.holding import tell
from provisor.scim.values import Json
from provisor.storage import applications, had_links, holds, quarantine, resets, run_requests, taken
from provisor.storage.holds import HeldDeletion, Hold
from provisor.storage.jobs import Job
from provisor.storage.times import to_microseconds

__all__ = ["Deletions", "HeldDeletion", "HeldShown"]

ACTIVITY = "Enable/restart provisioning configuration"  # as the specification has it for a restart


@dataclass(frozen=True, slots=True)
class Deletions:
    """Deletions that are held back."""

    context: Context
    jobs: Jobs

    def show(self, actor: Actor, key: str) -> HeldShown:
        """How much is held, and why."""
        connection = self.context.read(actor, JOB_READ)
        return held_of(connection, self.jobs.find(connection, key, actor, JOB_READ))

    def entries(
        self, actor: Actor, key: str, *, search: str = "", after: tuple[int, str] = (0, ""), page: int = 500
    ) -> Iterator[HeldDeletion]:
        """Everybody who is held, and who was allowed and has not gone yet, whose name contains `search`; after this
        stage and object, read by `page` at a time.
        """
        connection = self.context.read(actor, JOB_READ)
        job = self.jobs.find(connection, key, actor, JOB_READ)
        return holds.stream(connection, job.number, search=search, after=after, page=page)

    def allow(self, actor: Actor, key: str, *, shown: int | None = None) -> int:
        """Let through who is held now, and nobody who was not shown; how many. With the behaviour `entra`, as there:
        whatever the next cycle means to take away. The next cycle follows at once where the job is started. Raises
        AdminError where not as many are held by now as were `shown`.
        """
        with self.context.change(actor, JOB_WRITE, ACTIVITY) as change:
            job = self.jobs.find(change.connection, key, actor, JOB_WRITE)
            held = sum(holds.count(change.connection, job.number, allowed=False))
            if shown is not None and held != shown:
                raise AdminError(
                    "held-meanwhile", f"{held:,} are held back by now, and {max(shown, 0):,} were shown.", "Look again."
                )
            number = holds.allow(change.connection, job.number, to_microseconds(change.now))
            hold = holds.read(change.connection, job.number)
            if hold is not None and hold.failure.code == UNMATCHED:
                number += had_links.allow(change.connection, job.number)
            if not number and not any(taken.since_full_cycle(change.connection, job.number)):
                raise _nothing_held()
            taken.begin(change.connection, job.number)
            detail: dict[str, Json] = {"heldDeletions": "allowed", "number": number}
            if (behaviour_named(job.behaviour) or PROVISOR).allowed_deletions == "all":
                resets.reset(change.connection, job.number, {"ForceDeletes"}, now=change.now, by=actor.author)
                detail["resetScope"] = "ForceDeletes"
            self._decided(change, job, detail, actor)
            return number

    def reject(self, actor: Actor, key: str) -> int:
        """Go on after the cause was put right: everything is judged anew, and what is still due is held again; how many
        were held. The next cycle follows at once where the job is started.
        """
        with self.context.change(actor, JOB_WRITE, ACTIVITY) as change:
            job = self.jobs.find(change.connection, key, actor, JOB_WRITE)
            hold = holds.read(change.connection, job.number)
            if hold is None:
                raise _nothing_held()
            number = holds.reject(change.connection, job.number)
            taken.go_on(change.connection, job.number)
            if hold.failure.code == "TooManyDeletes":
                quarantine.lift(change.connection, job, now=change.now, by=actor.author)
            self._decided(change, job, {"heldDeletions": "rejected", "number": number}, actor, hold)
            return number

    def _decided(
        self, change: Change, job: Job, detail: dict[str, Json], actor: Actor, hold: Hold | None = None
    ) -> None:
        """The job goes on at once, and whoever was told that it was held is told that it is not."""
        change.target, change.detail = job.id, detail
        connection = change.connection
        if job.schedule_state == "Active":
            run_requests.ask(connection, job.number, at=to_microseconds(change.now), by_hand=False)
        hold = hold or holds.read(connection, job.number)
        if hold is not None:
            application = applications.read(connection, job.application)
            name = job.id if application is None else application.display_name
            tell(connection, job, "over", hold.failure, name, Amounts(), now=change.now, by=actor.author)


def _nothing_held() -> AdminError:
    return AdminError("nothing-held", "The job holds nothing back.", "`provisor job status` shows how it is.")
