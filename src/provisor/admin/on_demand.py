"""Verbs that provision one user, or one group with chosen members, at once (spec/provisioning-service.md section 13).

What a behaviour does not offer is refused here, with the reason, before anything is asked of the application.
Order: the verbs, whom they mean, what is refused.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Final, NamedTuple

from provisor.admin.actor import DIRECTORY_READ, JOB_READ, JOB_RUN, Actor
from provisor.admin.context import Change, Context
from provisor.admin.cycles import Cycles, driven
from provisor.admin.errors import AdminError, accepted
from provisor.database import Connection
from provisor.directory.objects import DirectoryKind, DirectoryObject, Refusal
from provisor.engine.behaviour import PROVISOR, OnDemandLimits, behaviour_named
from provisor.engine.desired import judge, unjudged
from provisor.engine.on_demand import OnDemandStep, Provisioned, Setting, graph_answer, graph_parts, scoped
from provisor.runner.on_demand import Wish, provision_on_demand, try_on_demand
from provisor.runner.planning.begin import load
from provisor.runner.recording.summary import NotRunnable
from provisor.scim.values import Json
from provisor.storage import audit, directory_verbs, jobs, member_links, members, objects, people, records
from provisor.storage.jobs import Job

__all__ = ["OnDemand", "Provisioned", "ScopeTold", "graph_answer", "graph_parts"]

ACTIVITY: Final = "Provision on demand"
WAIT_SECONDS: Final = 10.0
_INTERVAL: Final = timedelta(seconds=10)


class _Bounds(NamedTuple):
    """How long a cycle is waited for, and how many runs are taken in ten seconds."""

    wait_seconds: float
    most_runs: int | None


@dataclass(frozen=True, slots=True)
class ScopeTold:
    """Why somebody is in scope of a job or not, as provisioning on demand tells it, and whether there is a link."""

    step: OnDemandStep
    linked: bool


@dataclass(frozen=True, slots=True)
class OnDemand:
    """Provisioning of single objects."""

    context: Context
    cycles: Cycles

    def rules(self, actor: Actor, key: str) -> Json:
        """The rules that objects of the job are provisioned by, for who may provision them."""
        connection = self.context.read(actor, JOB_RUN)
        job = self.cycles.jobs.find(connection, key, actor, JOB_RUN)
        return jobs.rules(connection, job.number, job.ruleset_version)

    def scope(self, actor: Actor, key: str, who: str) -> ScopeTold:
        """Whether a user or group, by id, is in scope of a job, and clause by clause why. Nothing is asked or written.

        Raises AdminError for a job whose rules cannot be used.
        """
        connection = self.context.read(actor, DIRECTORY_READ)
        self.context.needs(actor, JOB_READ)
        job = self.cycles.jobs.find(connection, key, actor, JOB_READ)
        item = objects.read(connection, self.context.tenant, who.lower())
        if item is None:
            raise AdminError("not-found", f"There is no user and no group {who}.", "Name it by its id.")
        try:
            setup = load(connection, job.number)
        except NotRunnable as error:
            raise AdminError("job-not-runnable", str(error), error.hint) from error
        nested = jobs.nested_groups(job)
        read = records.by_ids(connection, application=job.application, job=job.number, nested=nested, ids=[item.id])
        record, link = read[item.id]
        rules, random_bytes = setup.rules, self.context.random_bytes
        try:
            desired = judge(record, rules, self.context.now(), random_bytes, linked=False)
        except Exception as error:  # noqa: BLE001 - as a cycle: one object's fault is told with the object
            desired = unjudged(record, error)
        roles = records.roles(connection, application=job.application, user=item.id, nested=nested)
        names = [role["displayName"] for role in roles]
        setting = Setting(rules.settings.sync_all, names, setup.ruleset.of(record.kind))
        return ScopeTold(step=scoped(desired, record, setting), linked=link is not None)

    def user(
        self,
        actor: Actor,
        key: str,
        user: str,
        *,
        dry_run: bool = False,
        wait_seconds: float = WAIT_SECONDS,
        most_runs: int | None = None,
    ) -> list[Provisioned]:
        """Provision one user, named by id, userPrincipalName, mail, display name, or first and last name.

        A dry run finds out the same, and sends nothing but GETs. Else a cycle that runs is waited for, so long.
        `most_runs` in ten seconds, where the behaviour does not say fewer.
        """
        job = self._job(actor, key)
        person = self._person(job, user)
        wish = Wish(object=person.id, by=actor.name)
        bounds = _Bounds(wait_seconds, most_runs)
        return self._carried_out(actor, job, wish, [person], dry_run=dry_run, bounds=bounds)

    def group(
        self,
        actor: Actor,
        key: str,
        group: str,
        chosen: Sequence[str] = (),
        *,
        dry_run: bool = False,
        wait_seconds: float = WAIT_SECONDS,
        most_runs: int | None = None,
    ) -> list[Provisioned]:
        """Provision one group with these of its members; those who left it are taken out. Members get accounts first.

        What became of the group comes first.
        """
        job = self._job(actor, key)
        found = self._group(job, group)
        limits = _limits(job)
        if len(chosen) > limits.most_members:
            raise AdminError(
                "invalid-value",
                f"{len(chosen)} members of {found.name} were chosen, and {limits.most_members} can be at once.",
                "Choose fewer; the next cycle brings all of them.",
            )
        chosen_people = [self._member(job, found, one) for one in chosen]
        ids = list(dict.fromkeys(person.id for person in chosen_people))
        wish = Wish(object=found.id, members=ids, by=actor.name)
        bounds = _Bounds(wait_seconds, most_runs)
        return self._carried_out(actor, job, wish, [found, *chosen_people], dry_run=dry_run, bounds=bounds)

    def _carried_out(
        self,
        actor: Actor,
        job: Job,
        wish: Wish,
        named: Sequence[DirectoryObject],
        *,
        dry_run: bool,
        bounds: _Bounds,
    ) -> list[Provisioned]:
        order = self.cycles.order(job.id, asyncio.Event())
        order = replace(order, connect=self.context.connect_on_demand or order.connect)
        if dry_run:
            return driven(try_on_demand(order, wish))
        with self.context.change(actor, JOB_RUN, ACTIVITY, job.application) as change:
            self._not_too_often(change, job, bounds.most_runs)
            change.target = job.id
            change.detail = {"objects": [item.id for item in named], "names": [item.name for item in named]}
        try:
            return driven(provision_on_demand(order, wish, wait_seconds=bounds.wait_seconds))
        except AdminError as error:
            if error.code != "job-busy":
                raise
            hint = f"It was waited for {bounds.wait_seconds:g} seconds (--wait); --dry-run looks without waiting."
            raise AdminError("job-busy", error.message, hint) from error

    # Whom they mean

    def _job(self, actor: Actor, key: str) -> Job:
        self.context.needs(actor, DIRECTORY_READ, ACTIVITY)
        return self.cycles.runnable(actor, key)

    def _person(self, job: Job, key: str) -> DirectoryObject:
        """The one who is called so. Raises AdminError when there is nobody, or several."""
        connection, tenant = self.context.database.reader(), self.context.tenant
        live = directory_verbs.find(connection, tenant, "user", key)
        if isinstance(live, Refusal) and live.code == "not-found":
            found = people.called(connection, tenant, key)
            if len(found) > 1:
                raise AdminError(
                    "name-ambiguous",
                    f"{len(found)} users are called {key}.",
                    "Name the one you mean: " + ", ".join(f"{one.name} ({one.id})" for one in found) + ".",
                )
            live = found[0] if found else self._leaver(connection, "user", key) or live
        person = accepted(live)
        if not _limits(job).leavers and (not person.enabled or person.deleted_at or person.purged_at):
            state = "deleted" if person.deleted_at or person.purged_at else "disabled"
            raise _unsupported(
                f"{person.name} is {state} in the directory, and Entra neither finds nor restores such people so."
            )
        return person

    def _leaver(self, connection: Connection, kind: DirectoryKind, key: str) -> DirectoryObject | None:
        """Somebody in the recycle bin, or one deleted for good, by id, whose account may still be there."""
        tenant = self.context.tenant
        found = directory_verbs.find(connection, tenant, kind, key, deleted=True)
        if isinstance(found, DirectoryObject):
            return found
        item = objects.read(connection, tenant, key)
        return item if item is not None and item.kind == kind else None

    def _group(self, job: Job, key: str) -> DirectoryObject:
        connection = self.context.database.reader()
        found = directory_verbs.find(connection, self.context.tenant, "group", key)
        if isinstance(found, Refusal) and found.code == "not-found" and _limits(job).leavers:
            found = self._leaver(connection, "group", key) or found
        return accepted(found)

    def _member(self, job: Job, group: DirectoryObject, key: str) -> DirectoryObject:
        """A member of the group, or one who left it and whom the application still has in it."""
        connection, tenant = self.context.database.reader(), self.context.tenant
        nested = directory_verbs.find(connection, tenant, "group", key)
        if isinstance(nested, DirectoryObject):
            raise _unsupported(f"{nested.name} is a group, and members of groups within groups are not provisioned.")
        person = self._person(job, key)
        if members.contains(connection, group.id, person.id, jobs.nested_groups(job)):
            return person
        if member_links.is_pushed(connection, job.number, group.id, person.id):
            return person
        raise AdminError(
            "not-found",
            f"{person.name} is no member of {group.name}, and was none.",
            f"`provisor group show {group.name}` lists the members.",
        )

    # What is refused

    def _not_too_often(self, change: Change, job: Job, wanted: int | None) -> None:
        most = min((one for one in (_limits(job).runs_in_10_seconds, wanted) if one is not None), default=None)
        if most is None:
            return
        since = change.now - _INTERVAL
        ran = audit.count(
            change.connection, self.context.tenant, activity=ACTIVITY, target=job.id, since=since, until=change.now
        )
        if ran >= most:
            raise AdminError(
                "too-many-requests",
                f"{ran} objects were provisioned on demand within 10 seconds, and {most} are taken, as by Entra.",
                "Wait some seconds; --dry-run is not limited.",
            )


def _limits(job: Job) -> OnDemandLimits:
    return (behaviour_named(job.behaviour) or PROVISOR).on_demand


def _unsupported(message: str) -> AdminError:
    return AdminError(
        "on-demand-unsupported", message, "The next cycle does what is right; the behaviour provisor does it on demand."
    )
