"""Plans that are made while whoever asked for them does something else: asking returns at once, and is looked at again.

Kept in this process, and for some time: a plan that is being made when its process ends is made by nobody. Order: what
is known of one, the verbs.
"""

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime
from threading import Lock, Thread
from typing import Final, Literal, TypeAlias

from provisor.admin.actor import JOB_READ, Actor
from provisor.admin.context import Context
from provisor.admin.errors import AdminError
from provisor.admin.plans import Plans
from provisor.engine.behaviour import NestedGroups
from provisor.engine.progress import Progress
from provisor.runner.plans import Proposal
from provisor.scim.values import Json

AT_ONCE: Final = 2  # plans; each keeps a core busy
KEPT: Final = 200

MakingState: TypeAlias = Literal["running", "succeeded", "failed"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Making:
    """A plan that is or was made, of this job; `plan` is its number once it is there, `error` why it never will be."""

    id: str
    job: str
    began_at: datetime
    state: MakingState = "running"
    plan: int | None = None
    error: AdminError | None = None
    progress: Progress | None = None


@dataclass(frozen=True, slots=True)
class PlanMaking:
    """Plans under way."""

    context: Context
    plans: Plans
    _known: OrderedDict[str, Making] = field(default_factory=OrderedDict)
    _lock: Lock = field(default_factory=Lock)

    def ask(
        self,
        actor: Actor,
        key: str,
        *,
        rules: Json = None,
        scope: str | None = None,
        nested_groups: NestedGroups | None = None,
    ) -> Making:
        """Begin to make a plan, as `Plans.make` does. What cannot be planned is refused now."""
        job = self.plans.plannable(actor, key, Proposal(rules=rules, scope=scope, nested_groups=nested_groups))
        made = Making(id=self.context.random_bytes(16).hex(), job=job.id, began_at=self.context.now())
        self._admit(made)

        def failed(error: AdminError) -> None:
            self._changed(made.id, lambda one: replace(one, state="failed", error=error))

        def work() -> None:
            try:
                plan = self.plans.make(
                    actor,
                    job.id,
                    rules=rules,
                    scope=scope,
                    nested_groups=nested_groups,
                    report=lambda progress: self._changed(made.id, lambda one: replace(one, progress=progress)),
                )
                self._changed(made.id, lambda one: replace(one, state="succeeded", plan=plan.stored.number))
            except AdminError as error:
                failed(error)
            except Exception as error:  # noqa: BLE001 - the edge of a thread: whoever waits must be told
                said = f"{type(error).__name__}: {error}"
                failed(AdminError("InternalError", said, "Report this as a bug."))

        Thread(target=work, name=f"plan {made.id}", daemon=True).start()
        return made

    def look(self, actor: Actor, making: str) -> Making:
        """How far it is."""
        self.context.needs(actor, JOB_READ)
        found = self._known.get(making)
        gone = AdminError(
            "not-found",
            f"No plan is being made under {making[:100]!r}.",
            "It may be done for long, or its process ended: list the plans of the job, and ask again.",
        )
        if found is None:
            raise gone
        try:
            self.plans.cycles.jobs.find(self.context.read(actor, JOB_READ), found.job, actor, JOB_READ)
        except AdminError as error:
            raise (gone if error.code == "not-found" else error) from None
        return found

    def under_way(self, actor: Actor, key: str) -> Making | None:
        """The plan of a job that is being made now, if one is."""
        job = self.plans.cycles.jobs.find(self.context.read(actor, JOB_READ), key, actor, JOB_READ)
        with self._lock:
            running = [one for one in self._known.values() if one.job == job.id and one.state == "running"]
        return running[0] if running else None

    def _admit(self, made: Making) -> None:
        with self._lock:
            running = [one for one in self._known.values() if one.state == "running"]
            if any(one.job == made.job for one in running) or len(running) >= AT_ONCE:
                raise AdminError(
                    "job-busy",
                    f"{len(running)} plans are being made, one of them of this job."
                    if any(one.job == made.job for one in running)
                    else f"{len(running)} plans are being made, and no more are at once.",
                    "Ask again when one is done.",
                )
            self._known[made.id] = made
            while len(self._known) > KEPT:
                self._known.popitem(last=False)

    def _changed(self, making: str, change: Callable[[Making], Making]) -> None:
        with self._lock:
            if making in self._known:
                self._known[making] = change(self._known[making])
