"""Verbs on the secrets of a service principal as Graph has them: whole sets, replaced at once, before any job too.

What clients do with it: spec/graph-synchronization-api.md sections 0 and 6. Order: the verbs, what a set changes.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from provisor.admin import credential_keys as keys
from provisor.admin.actor import JOB_CREDENTIALS, JOB_READ, JOB_WRITE, Actor
from provisor.admin.context import Change, Context
from provisor.admin.credential_keeping import ACTIVITY, CredentialKeeping, accepted, only, saved_and_removed
from provisor.admin.credential_settings import given_settings, setting_shown
from provisor.admin.errors import AdminError
from provisor.admin.moving import LinksAfterwards
from provisor.admin.service_principals import ApplicationKey, ServicePrincipals
from provisor.database import Connection
from provisor.storage import jobs, secrets
from provisor.storage.secrets import SecretOwner


@dataclass(frozen=True, slots=True, kw_only=True)
class CredentialSets:
    """The secrets of applications, each a whole set."""

    context: Context
    keeping: CredentialKeeping
    principals: ServicePrincipals

    def replace(
        self, actor: Actor, key: ApplicationKey, given: Mapping[str, str], *, links: LinksAfterwards | None = None
    ) -> None:
        """Keep these, and no others; the empty text removes a key, `*` keeps what is stored under it. Of settings only
        those are taken back that were put by this verb.

        Raises AdminError as `Credentials.save` does, and for a `*` that stands for nothing.
        """
        wanted = _wanted(given)
        self.context.needs(actor, JOB_CREDENTIALS, ACTIVITY)
        reader = self.context.database.reader()
        application = self.principals.find(reader, key, actor, JOB_CREDENTIALS, ACTIVITY)
        owner = SecretOwner(tenant=application.tenant, kind="application", id=application.id)
        with (
            self.keeping.nobody_there(owner, wanted, links),
            self.context.change(actor, JOB_CREDENTIALS, ACTIVITY, application.id) as change,
        ):
            held = keys.ALL.intersection(secrets.names(change.connection, owner))
            changes = self._differing(change.connection, owner, _whole(given, wanted, held))
            settings = only(keys.SETTINGS, changes)
            if settings:
                self.context.needs(actor, JOB_WRITE, about=application.id)
            forgotten = self.keeping.move(change, owner, only(keys.STORED, changes), links)
            self.keeping.store(change, owner, changes)
            self.keeping.keep(change, owner, settings)
            self.keeping.set(change, jobs.all_jobs(change.connection, owner.tenant, owner.id), settings)
            self._order(change, owner, [name for name, text in given.items() if text])
            change.target, change.detail = application.id, saved_and_removed(changes, forgotten=forgotten)
            if not changes and not forgotten:
                change.nothing()

    def show(self, actor: Actor, key: ApplicationKey) -> dict[str, str | None]:
        """What is stored, in the order in which it was put; of what is secret only that it is there (None)."""
        connection = self.context.read(actor, JOB_READ)
        application = self.principals.find(connection, key, actor, JOB_READ)
        return self._shown(connection, SecretOwner(tenant=application.tenant, kind="application", id=application.id))

    def _shown(self, connection: Connection, owner: SecretOwner) -> dict[str, str | None]:
        first = next(iter(jobs.all_jobs(connection, owner.tenant, owner.id)), None)
        shown = self.keeping.shown(connection, owner)
        for name in keys.SETTINGS & shown.keys():
            found = self.context.secret(connection, owner, name)
            shown[name] = setting_shown(name, "" if found is None else found.reveal(), first)
        order = self._ordered(connection, owner)
        return {name: shown[name] for name in [*order, *sorted(shown.keys() - set(order))] if name in shown}

    def _ordered(self, connection: Connection, owner: SecretOwner) -> list[str]:
        held = self.context.secret(connection, owner, keys.ORDER)
        return [] if held is None else held.reveal().split(",")

    def _order(self, change: Change, owner: SecretOwner, names: list[str]) -> None:
        if names != self._ordered(change.connection, owner):
            self.keeping.keep(change, owner, {keys.ORDER: ",".join(names) or None})

    def _differing(
        self, connection: Connection, owner: SecretOwner, wanted: Mapping[str, str | None]
    ) -> dict[str, str | None]:
        """Those of the pairs that are not so already: a client may put the same set again and again."""
        shown = self._shown(connection, owner)
        found: dict[str, str | None] = {}
        for name, value in wanted.items():
            held = self.context.secret(connection, owner, name)
            same = value == (shown.get(name) if name in keys.SETTINGS else None if held is None else held.reveal())
            if not same:
                found[name] = value
        return found


def _wanted(given: Mapping[str, str]) -> dict[str, str | None]:
    """What is to be stored, settings as they were written; None is to go. Raises AdminError for what cannot be."""
    put = {name: text or None for name, text in given.items() if text != keys.KEPT}
    wanted = accepted(put)
    settings = only(keys.SETTINGS, put)
    notification = given_settings(settings).get("notification")
    if notification is not None:
        notification.set_in(None)
    return {**wanted, **settings}


def _whole(given: Mapping[str, str], wanted: Mapping[str, str | None], held: frozenset[str]) -> dict[str, str | None]:
    """What a set changes: what is held and not in it goes. Raises AdminError for a mask over nothing."""
    for name, text in given.items():
        if text == keys.KEPT and keys.known(name) not in held:
            raise AdminError(
                "invalid-value",
                f"Nothing is stored under {name} that could be kept.",
                "Give its value, or leave it out.",
            )
    gone = dict.fromkeys(held - given.keys())
    return {**{name: value for name, value in wanted.items() if value is not None or name in held}, **gone}
