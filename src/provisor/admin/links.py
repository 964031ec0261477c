"""Verbs on single links of a job, to repair one by hand (spec/provisioning-service.md section 2.3, object connections).

A link is named by its object's id or name, or by the id at the target: looked up in that order. It is forgotten only
while the job is paused or disabled. All at once are not listed, as in Graph.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import NamedTuple

import msgspec

from provisor.admin.actor import JOB_READ, JOB_WRITE, Actor
from provisor.admin.context import Context
from provisor.admin.errors import AdminError
from provisor.admin.jobs import Jobs
from provisor.database import Connection
from provisor.directory.objects import DirectoryKind, DirectoryObject
from provisor.engine.leavers import Deletion, deletion, leavers_of
from provisor.engine.modified import differing
from provisor.runner.job_lock import JobBusy, job_lock
from provisor.runner.planning.begin import load
from provisor.runner.planning.link_rows import forget
from provisor.runner.recording.summary import NotRunnable
from provisor.scim.values import Json
from provisor.storage import clock, feed, jobs, links, objects, waiting
from provisor.storage.jobs import Job
from provisor.storage.links import StoredLink
from provisor.storage.times import from_microseconds

_KINDS: tuple[DirectoryKind, ...] = ("user", "group")

_FORGET = "Remove object connection"


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkShown:
    """Which account or group at the target belongs to an object. `state`: linked, or released and left alone.

    `deletion`: when the account of somebody who left is deleted; None where it is not to be. `certain`: what the
    account holds of ours is known, and is not read before the next change. `attributes`: what was written there, with
    redacted values hidden; not told of a link that was forgotten.
    """

    object: str
    kind: DirectoryKind
    name: str
    target: str
    state: str
    deletion: Deletion | None = None
    certain: bool = True
    attributes: Sequence[tuple[str, str]] = ()

    def to_json(self) -> dict[str, Json]:
        """As Graph's object connection."""
        return {
            "objectId": self.object,
            "objectTypeName": self.kind.capitalize(),
            "displayName": self.name,
            "sourceAnchor": self.object,
            "targetAnchor": self.target,
            "state": self.state,
            "deletionDateTime": None if self.deletion is None else self.deletion.on.strftime("%Y-%m-%dT%H:%M:%SZ"),
        }


class LeaverShown(NamedTuple):
    """Somebody whose account waits for its deletion; `place`: where the list goes on after them."""

    object: str
    kind: DirectoryKind
    name: str
    target: str
    disabled_at: datetime
    deletion: Deletion | None
    place: tuple[int, str]


@dataclass(frozen=True, slots=True)
class JobLinks:
    """Single links of jobs."""

    context: Context
    jobs: Jobs

    def show(self, actor: Actor, job: str, key: str) -> LinkShown:
        """One link. Raises AdminError when there is none, and when none is named."""
        connection = self.context.read(actor, JOB_READ)
        if not key.strip():
            raise AdminError(
                "listing-refused",
                "Links are shown one at a time.",
                "Name a user or group, or an id at the application: `provisor job link show JOB NAME`.",
            )
        found = self._found(connection, self.jobs.find(connection, job, actor, JOB_READ), key)
        if found is None:
            raise AdminError("not-found", f"The job has no link of {key!r}.", "It is not provisioned, or not any more.")
        return found

    def shown_whole(self, actor: Actor, job: str, key: str) -> LinkShown:
        """One link, with what was written to its account."""
        link = self.show(actor, job, key)
        connection = self.context.database.reader()
        found = self.jobs.find(connection, job, actor, JOB_READ)
        stored = links.by_object(connection, found.number, link.object)
        if stored is None:
            return link
        try:
            mapper = load(connection, found.number).rules.of(link.kind).mapper
        except NotRunnable:  # what is to be hidden cannot be told
            return link
        document = msgspec.json.decode(stored.pushed_document, type=dict)
        held = [(path, value) for path, _, value in differing(mapper, None, document) if value is not None]
        return replace(link, attributes=held)

    def leavers(
        self, actor: Actor, job: str, *, after: tuple[int, str] = (0, ""), limit: int = 50
    ) -> Sequence[LeaverShown]:
        """Whose accounts wait for their deletion, who is due first first, after this place."""
        connection = self.context.read(actor, JOB_READ)
        found = self.jobs.find(connection, job, actor, JOB_READ)
        policy, now = leavers_of(found.settings), self.context.now()
        trusted = clock.is_trusted(connection, found.tenant, now=now)
        return [
            LeaverShown(
                object=one.object,
                kind=one.kind,
                name=one.name,
                target=one.target_id,
                disabled_at=from_microseconds(one.disabled_at),
                deletion=deletion(policy, from_microseconds(one.disabled_at), now, trusted=trusted),
                place=(one.disabled_at, one.object),
            )
            for one in links.leavers_page(connection, found.number, after=after, limit=limit)
        ]

    def forget(self, actor: Actor, job: str, key: str) -> LinkShown | None:
        """Forget one link: nothing is sent, and whoever it was of is matched anew. None when there was none."""
        self.context.needs(actor, JOB_WRITE, _FORGET)
        found_job = self.jobs.find(self.context.database.reader(), job, actor, JOB_WRITE, _FORGET)
        try:
            with (
                job_lock(self.context.database.path, found_job.id),
                self.context.change(actor, JOB_WRITE, _FORGET) as change,
            ):
                found_job = self.jobs.find(change.connection, found_job.id, actor, JOB_WRITE)
                if found_job.schedule_state == "Active":
                    raise _not_paused()
                found = self._found(change.connection, found_job, key)
                if found is None:
                    change.nothing()
                    return None
                _forget(change.connection, found_job, found)
                change.target, change.detail = found_job.id, {"object": found.object, "target": found.target}
                return found
        except JobBusy as error:
            raise _not_paused() from error

    def _found(self, connection: Connection, job: Job, key: str) -> LinkShown | None:
        item = objects.read(connection, self.context.tenant, key)
        if item is not None and (found := links.by_object(connection, job.number, item.id)) is not None:
            return self._shown(connection, job, item, found)
        for kind in _KINDS:
            owner = links.owners(connection, job.number, kind, [key]).get(key)
            found = None if owner is None else links.by_object(connection, job.number, owner)
            item = None if owner is None else objects.read(connection, self.context.tenant, owner)
            if found is not None and item is not None:
                return self._shown(connection, job, item, found)
        named = [item for kind in _KINDS for item in objects.by_name(connection, self.context.tenant, kind, key)]
        if len(named) > 1:
            raise AdminError(
                "name-ambiguous",
                f"{len(named)} objects are called {key}.",
                "Name the one you mean by its id: " + ", ".join(each.id for each in named) + ".",
            )
        return self._found(connection, job, named[0].id) if named else None

    def _shown(self, connection: Connection, job: Job, item: DirectoryObject, link: StoredLink) -> LinkShown:
        now = self.context.now()
        since = None if link.disabled_at is None else from_microseconds(link.disabled_at)
        trusted = clock.is_trusted(connection, job.tenant, now=now)
        return LinkShown(
            object=item.id,
            kind=item.kind,
            name=item.name,
            target=link.target_id,
            state=link.state,
            deletion=deletion(leavers_of(job.settings), since, now, trusted=trusted),
            certain=link.pushed_hash != links.NOBODY_KNOWS,
        )


def _forget(connection: Connection, job: Job, link: LinkShown) -> None:
    """The link goes with what hangs off it; its object counts as changed, so that it is looked at again."""
    forget(connection, job.number, link.kind, [link.object], jobs.nested_groups(job))
    try:
        references = [path for path, _ in load(connection, job.number).rules.users.mapper.references]
    except NotRunnable:
        references = []
    waiting.refer_again(connection, job.number, [link.object], references)
    objects.touch(connection, link.object, change=feed.next_change(connection, job.tenant))


def _not_paused() -> AdminError:
    return AdminError(
        "job-not-paused",
        "The job is not paused, or a cycle of it still runs.",
        "Pause it with `provisor job pause`, or `provisor job abort`; then try again.",
    )
