"""Verbs on the credentials of an application: Graph's key and value pairs, of which the secret ones never come back.

Some of Graph's keys are settings of the job, and go there: SyncAll, SkipOutOfScopeDeletions, SyncNotificationSettings.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from provisor.admin import credential_keys as keys
from provisor.admin.actor import JOB_CREDENTIALS, JOB_READ, JOB_WRITE, Actor
from provisor.admin.context import Context
from provisor.admin.credential_keeping import ACTIVITY, CredentialKeeping, accepted, saved_and_removed
from provisor.admin.jobs import Jobs, JobShown, owner_of
from provisor.admin.moving import LinksAfterwards


@dataclass(frozen=True, slots=True)
class Credentials:
    """What an application is signed in to with."""

    context: Context
    jobs: Jobs

    def save(
        self, actor: Actor, key: str, given: Mapping[str, str | None], *, links: LinksAfterwards | None = None
    ) -> JobShown:
        """Keep these, and remove those that are None; others stay. Nothing is asked of the application.

        `links`: what becomes of them at another tenant URL. Raises AdminError, and keeps nothing, for an unknown key,
        for what cannot be used, and where another address leaves open whose secrets and accounts are meant.
        """
        wanted = accepted(given)
        self.context.needs(actor, JOB_CREDENTIALS, ACTIVITY)
        stored = {name: value for name, value in wanted.items() if name in keys.STORED}
        known = self.jobs.find(self.context.database.reader(), key, actor, JOB_CREDENTIALS, ACTIVITY)
        about = known.application
        if wanted.keys() & keys.SETTINGS:
            self.context.needs(actor, JOB_WRITE, ACTIVITY, about)
        keeping, owner = CredentialKeeping(self.context, self.jobs), owner_of(known)
        with (
            keeping.nobody_there(owner, stored, links),
            self.context.change(actor, JOB_CREDENTIALS, ACTIVITY, about) as change,
        ):
            job = self.jobs.find(change.connection, known.id, actor, JOB_CREDENTIALS)
            forgotten = keeping.move(change, owner, stored, links)
            keeping.store(change, owner, stored)
            keeping.set(change, [job], {name: value for name, value in wanted.items() if name in keys.SETTINGS})
            change.target, change.detail = job.id, saved_and_removed(wanted, forgotten=forgotten)
            if not wanted:
                change.nothing()
            return self.jobs.show_again(change.connection, job)

    def show(self, actor: Actor, key: str) -> dict[str, str | None]:
        """What is stored, by key; of what is secret only that it is there (None)."""
        connection = self.context.read(actor, JOB_READ)
        owner = owner_of(self.jobs.find(connection, key, actor, JOB_READ))
        shown = CredentialKeeping(self.context, self.jobs).shown(connection, owner)
        return {name: text for name, text in shown.items() if name in keys.STORED}
