"""Verbs on people's accounts: add, list, show, change roles and person, disable, passwords, set-up links, delete.

The last Global Administrator who can sign in stays one. What is changed holds from the next request on. Order: what is
shown, the verbs, what is refused.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from provisor.admin.actor import ACCOUNT_READ, ACCOUNT_WRITE, LOCAL_OPERATOR, Actor
from provisor.admin.context import Change, Context
from provisor.admin.errors import AdminError, acceptable_name, accepted
from provisor.admin.last_administrator import one_stays
from provisor.admin.proofs import password_hash
from provisor.admin.roles import APPLICATION_OWNER, read_roles
from provisor.admin.setup_links import SetupLink, made_link
from provisor.admin.sign_in_links import SignInLink, made_sign_in_link
from provisor.database import Connection
from provisor.scim.nearest import did_you_mean
from provisor.scim.values import Json, fold
from provisor.storage import accounts, directory_verbs, records
from provisor.storage.accounts import Account, AccountKind
from provisor.storage.authors import SERVICE
from provisor.storage.times import from_microseconds, to_microseconds

__all__ = ["Account", "AccountShown", "Accounts"]

# How the audit log calls those who have no account: nobody else may look like them.
_OTHERS = frozenset({LOCAL_OPERATOR.id, LOCAL_OPERATOR.name, SERVICE.id, fold(SERVICE.name), "nobody"})


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountShown:
    """An account, the name of its person, and whether it is good for anything now."""

    account: Account
    person: str | None
    usable: bool

    @property
    def state(self) -> str:
        """In one word or two."""
        if not self.account.enabled:
            return "disabled"
        if not self.account.person_is_there:
            return "person gone"
        if not self.usable:
            return "expired"
        return "active" if self.account.kind != "user" or self.account.has_sign_in else "no password"

    def to_json(self) -> dict[str, Json]:
        """For another program; never anything secret."""
        account = self.account
        return {
            "id": account.id,
            "name": account.name,
            "kind": account.kind,
            "roles": [*account.roles],
            "person": self.person,
            "state": self.state,
            "createdDateTime": _time(account.created_at),
            "createdBy": account.created_by,
            "expiresDateTime": _time(account.expires_at),
            "lastUsedDateTime": _time(account.last_used_at),
        }


@dataclass(frozen=True, slots=True)
class Accounts:
    """People who may sign in."""

    context: Context

    def all(self, actor: Actor) -> Sequence[AccountShown]:
        """Every account, by name."""
        connection = self.context.read(actor, ACCOUNT_READ)
        found = accounts.all_of(connection, self.context.tenant, "user")
        return [shown(self.context, connection, each) for each in found]

    def show(self, actor: Actor, name: str) -> AccountShown:
        """One account, by name or id."""
        connection = self.context.read(actor, ACCOUNT_READ)
        return shown(self.context, connection, known(self.context, connection, "user", name))

    def add(
        self,
        actor: Actor,
        name: str,
        roles: Sequence[str],
        *,
        person: str | None = None,
        password: str | None = None,
    ) -> AccountShown:
        """A new account, of a person of the directory where one is named; without a password it takes a set-up link."""
        self.context.needs(actor, ACCOUNT_WRITE, "Add account")
        hashed = None if password is None else password_hash(password)
        called = name.strip()
        with self.context.change(actor, ACCOUNT_WRITE, "Add account") as change:
            refuse_bad_name(called)
            refuse_taken(change.connection, self.context.tenant, "user", called)
            account_id = accounts.add(
                change.connection,
                tenant=self.context.tenant,
                kind="user",
                name=called,
                roles=consistent(read_roles(roles), person),
                created_by=actor.name,
                now=change.now,
                person=person_named(self.context, change.connection, person),
            )
            if hashed is not None:
                accounts.set_password(change.connection, account_id, hashed)
            return self._changed(change, account_id)

    def set(
        self,
        actor: Actor,
        name: str,
        *,
        roles: Sequence[str] | None = None,
        enabled: bool | None = None,
        person: str | None = None,
    ) -> AccountShown:
        """Give it other roles, disable or enable it, or tie it to a person (empty: to nobody); None changes nothing."""
        with self.context.change(actor, ACCOUNT_WRITE, "Update account") as change:
            connection, found = change.connection, known(self.context, change.connection, "user", name)
            tied = found.person if person is None else person_named(self.context, connection, person or None)
            granted = consistent(found.roles if roles is None else read_roles(roles), tied)
            with one_stays(self.context, connection):
                if granted != found.roles:
                    accounts.set_roles(connection, found.id, granted)
                if tied != found.person:
                    accounts.set_person(connection, found.id, tied)
                if enabled is not None and enabled != found.enabled:
                    accounts.set_enabled(connection, found.id, enabled=enabled)
            after = self._changed(change, found.id)
            if after.account == found:
                change.nothing()
            change.detail = {
                part: {"old": _said(getattr(found, part)), "new": _said(getattr(after.account, part))}
                for part in ("roles", "enabled", "person")
                if getattr(found, part) != getattr(after.account, part)
            }
            return after

    def set_password(self, actor: Actor, name: str, password: str) -> AccountShown:
        """Another password; sessions that began with the former one are over."""
        self.context.needs(actor, ACCOUNT_WRITE, "Set password")
        hashed = password_hash(password)
        with self.context.change(actor, ACCOUNT_WRITE, "Set password") as change:
            found = known(self.context, change.connection, "user", name)
            accounts.set_password(change.connection, found.id, hashed)
            return self._changed(change, found.id)

    def setup_link(self, actor: Actor, name: str) -> SetupLink:
        """A one-time link by which its holder chooses a password; a former link is good no longer."""
        with self.context.change(actor, ACCOUNT_WRITE, "Make set-up link") as change:
            found = known(self.context, change.connection, "user", name)
            change.target, change.detail = found.id, {"name": found.name}
            return made_link(self.context, change.connection, found)

    def sign_in_link(self, actor: Actor, name: str) -> SignInLink:
        """A one-time link that signs its holder in; a former link of the account, of either kind, is good no longer."""
        with self.context.change(actor, ACCOUNT_WRITE, "Make sign-in link") as change:
            found = known(self.context, change.connection, "user", name)
            change.target, change.detail = found.id, {"name": found.name}
            return made_sign_in_link(self.context, change.connection, found)

    def delete(self, actor: Actor, name: str) -> Account:
        """Delete an account; its sessions are over, and what it did stays in the audit log."""
        with self.context.change(actor, ACCOUNT_WRITE, "Delete account") as change:
            found = known(self.context, change.connection, "user", name)
            with one_stays(self.context, change.connection):
                accounts.delete(change.connection, found.id)
            change.target, change.detail = found.id, {"name": found.name}
            return found

    def _changed(self, change: Change, account_id: str) -> AccountShown:
        after = accounts.read(change.connection, self.context.tenant, account_id)
        if after is None:
            raise _unknown(change.connection, self.context.tenant, "user", account_id)
        change.target = after.id
        change.detail = {"name": after.name, "roles": [*after.roles]}
        return shown(self.context, change.connection, after)


def shown(context: Context, connection: Connection, account: Account) -> AccountShown:
    """An account as it is now."""
    names = {} if account.person is None else records.names(connection, [account.person])
    return AccountShown(
        account=account,
        person=None if account.person is None else names.get(account.person, account.person),
        usable=account.may_sign_in(to_microseconds(context.now())),
    )


def known(context: Context, connection: Connection, kind: AccountKind, name: str) -> Account:
    """The one that is meant by a name or an id. Raises AdminError when there is none."""
    found = accounts.named(connection, context.tenant, kind, name.strip())
    if found is None:
        raise _unknown(connection, context.tenant, kind, name)
    return found


def consistent(roles: tuple[str, ...], person: str | None) -> tuple[str, ...]:
    """The roles. Raises AdminError for an owner who is nobody."""
    if APPLICATION_OWNER in roles and not person:
        raise AdminError(
            "invalid-value",
            f"An {APPLICATION_OWNER} is a person of the directory, who owns applications.",
            "Name the user with --person.",
        )
    return roles


def person_named(context: Context, connection: Connection, person: str | None) -> str | None:
    """The id of a user of the directory. Raises AdminError when there is none of that name."""
    if person is None:
        return None
    return accepted(directory_verbs.find(connection, context.tenant, "user", person)).id


def refuse_bad_name(name: str) -> None:
    """Raise AdminError for what cannot be the name of an account, or a label."""
    if not name.strip():
        raise AdminError("name-blank", "The name of the account is blank.", "Give it a name.")
    acceptable_name(name, "the name of an account")
    if fold(name.strip()) in _OTHERS:
        raise AdminError(
            "name-taken", f"In the audit log, {name} is somebody without an account.", "Choose another name."
        )


def refuse_taken(connection: Connection, tenant: str, kind: AccountKind, name: str) -> None:
    """Raise AdminError for a name that another has."""
    if accounts.named(connection, tenant, kind, name) is not None:
        what, verb = ("An account", "set") if kind == "user" else (f"A {kind}", "rotate")
        raise AdminError(
            "name-taken",
            f"{what} is already called {name}.",
            f"Choose another name, or change that one: `provisor admin {kind} {verb}`.",
        )


def _unknown(connection: Connection, tenant: str, kind: AccountKind, name: str) -> AdminError:
    names = (each.name for each in accounts.all_of(connection, tenant, kind))
    what = {"user": "account", "token": "token", "client": "client"}[kind]
    return AdminError(
        "not-found",
        f"There is no {what} {name!r}.",
        f"{did_you_mean(name, names)}`provisor admin {kind} list` shows them.",
    )


def _said(value: object) -> Json:
    return [*value] if isinstance(value, tuple) else value if isinstance(value, bool | str) else None


def _time(at: int | None) -> str | None:
    return None if at is None else from_microseconds(at).strftime("%Y-%m-%dT%H:%M:%SZ")
