"""Who somebody is: by a password, another's word, a token, a client's secret, or a session that began so.

What is answered holds at that moment: a disabled, expired or deleted account, or one whose person left the directory,
is nobody with the next request, and roles are those of now. Guessing is slowed down where requests come in, in web and
graph_api. Order: machines, people, sessions.
"""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Final

from provisor.admin.accounts import refuse_bad_name
from provisor.admin.actor import LOCAL_OPERATOR, Actor
from provisor.admin.context import Context
from provisor.admin.errors import AdminError
from provisor.admin.proofs import is_secret, new_secret, password_fits, password_hash, secret_hash
from provisor.admin.roles import own_permissions_of, permissions_of, read_roles
from provisor.database import Connection, DatabaseError
from provisor.scim.values import Json
from provisor.storage import accounts, audit
from provisor.storage.accounts import Account
from provisor.storage.audit import AuditResult
from provisor.storage.authors import Author
from provisor.storage.times import to_microseconds

__all__ = ["Account", "Authentication"]

ACCESS_TOKEN_SECONDS: Final = 3_600
SIGN_IN: Final = "Sign in"
_SECOND: Final = 1_000_000
_USE_NOTED_EVERY: Final = 3_600 * _SECOND  # not every request needs a write
_NOBODY: Final = Author(id="nobody", name="nobody", kind="user")


@dataclass(frozen=True, slots=True)
class Authentication:
    """Who somebody is. These verbs take no actor: they say who it is."""

    context: Context

    def authenticate(self, bearer: str, address: str | None = None, correlation: str | None = None) -> Actor | None:
        """Whose token this is, or whose access token; None when it is nobody's."""
        connection, tenant, now = self.context.database.reader(), self.context.tenant, self._now()
        if is_secret("access", bearer):
            found = accounts.of_access_token(connection, tenant, secret_hash(bearer), now)
        elif is_secret("token", bearer):
            found = accounts.of_secret(connection, tenant, secret_hash(bearer))
        else:
            return None
        if found is None or not found.may_sign_in(now):
            return None
        if now - (found.last_used_at or 0) >= _USE_NOTED_EVERY:
            # A full disk, or one that another program locks, keeps nobody from reading.
            with suppress(DatabaseError), self.context.database.transaction() as writing:
                accounts.note_use(writing, found.id, now)
        return self._actor(connection, found, address, correlation)

    def issue(
        self, client_id: str, secret: str, address: str | None = None, correlation: str | None = None
    ) -> tuple[str, int] | None:
        """An access token for a client that knows its secret, and for how many seconds; None for any other."""
        connection, tenant, now = self.context.database.reader(), self.context.tenant, self._now()
        found = accounts.of_secret(connection, tenant, secret_hash(secret)) if is_secret("client", secret) else None
        if found is None or found.id != client_id.lower() or found.kind != "client" or not found.may_sign_in(now):
            known = accounts.read(connection, tenant, client_id.lower())
            self._note(known, "failure", address, correlation)
            return None
        given = new_secret("access", self.context.random_bytes)
        with self.context.database.transaction() as writing:
            expires_at = now + ACCESS_TOKEN_SECONDS * _SECOND
            accounts.add_access_token(writing, found, secret_hash(given), now=now, expires_at=expires_at)
            accounts.note_use(writing, found.id, now)
        return given, ACCESS_TOKEN_SECONDS

    def check_password(self, name: str, password: str) -> Account | None:
        """The account whose password this is; takes as long whether there is such an account or not."""
        connection = self.context.database.reader()
        # By the name alone: it is what guesses are counted under.
        found = accounts.called(connection, self.context.tenant, "user", name.strip())
        stored = None if found is None else accounts.password_hash(connection, found.id)
        fits = password_fits(stored, password)
        return found if found is not None and fits and found.may_sign_in(self._now()) else None

    def sign_in(
        self, name: str, password: str, address: str | None = None, correlation: str | None = None
    ) -> Account | None:
        """The same, and the audit log has it, whether it was the password or not."""
        found = self.check_password(name, password)
        if found is None:
            # A name that nobody has is not kept: some type their password there.
            known = accounts.called(self.context.database.reader(), self.context.tenant, "user", name.strip())
            self._note(known, "failure", address, correlation)
            return None
        self.signed_in(found, address, correlation)
        return found

    def signed_in(self, account: Account, address: str | None = None, correlation: str | None = None) -> None:
        """What follows a success: the time of the last use, and the audit log."""
        self._note(account, "success", address, correlation)

    def vouched(
        self,
        issuer: str,
        subject: str,
        name: str,
        roles: Sequence[str],
        address: str | None = None,
        correlation: str | None = None,
    ) -> Account:
        """The account of somebody whom another vouches for, made or brought up to date with these roles.

        Raises AdminError where it is disabled, or has the name of another account: nobody takes one over by its name.
        """
        granted, key = read_roles(roles), f"{issuer} {subject}"
        tenant = self.context.tenant
        with self.context.database.transaction() as connection:
            before = found = accounts.of_subject(connection, tenant, key)
            if found is None:
                refuse_bad_name(name)
                if accounts.named(connection, tenant, "user", name) is not None:
                    raise AdminError(
                        "name-taken",
                        f"There is an account {name} already, which is not of {issuer}.",
                        "Rename or delete that account, with `provisor admin user`.",
                    )
                now = self.context.now()
                accounts.add(
                    connection, tenant=tenant, kind="user", name=name, roles=granted, created_by=issuer, now=now,
                    subject=key,
                )  # fmt: skip
            elif found.roles != granted:
                accounts.set_roles(connection, found.id, granted)
            found = accounts.of_subject(connection, tenant, key)
            if found is not None:
                self._keep_word(connection, issuer, before, found, address, correlation)
        if found is None or not found.may_sign_in(self._now()):
            self._note(found, "failure", address, correlation)
            raise AdminError("account-disabled", f"The account {name} is disabled.", "Ask a Global Administrator.")
        self.signed_in(found, address, correlation)
        return found

    def _keep_word(
        self,
        connection: Connection,
        issuer: str,
        before: Account | None,
        after: Account,
        address: str | None,
        correlation: str | None,
    ) -> None:
        """Have the audit log tell what another's word made of an account."""
        now: list[Json] = [*after.roles]
        detail: dict[str, Json] = {"issuer": issuer}
        if before is None:
            detail |= {"name": after.name, "roles": now}
        elif before.roles != after.roles:
            detail["roles"] = {"old": [*before.roles], "new": now}
        else:
            return
        audit.record(
            connection,
            tenant=self.context.tenant,
            author=Author(id=after.id, name=after.name, kind=after.kind, address=address, correlation=correlation),
            activity="Add account" if before is None else "Update account",
            target=after.id,
            now=self.context.now(),
            detail=detail,
        )

    def not_vouched(
        self, issuer: str, subject: str, address: str | None = None, correlation: str | None = None
    ) -> None:
        """Another says that somebody has no role any more: it holds where that one is signed in already, too."""
        with self.context.database.transaction() as connection:
            key = f"{issuer} {subject}"
            before = accounts.of_subject(connection, self.context.tenant, key)
            if before is None or not before.roles:
                return
            accounts.set_roles(connection, before.id, ())
            after = accounts.of_subject(connection, self.context.tenant, key)
            if after is not None:
                self._keep_word(connection, issuer, before, after, address, correlation)

    def change_password(
        self, account_id: str, old: str, new: str, address: str | None = None, correlation: str | None = None
    ) -> Account:
        """Another password by its holder; every session ends, this one too. Raises AdminError."""
        connection, tenant = self.context.database.reader(), self.context.tenant
        found = accounts.read(connection, tenant, account_id)
        stored = accounts.password_hash(connection, account_id)
        if not password_fits(stored, old) or found is None or not found.may_sign_in(self._now()):
            self._note(found, "failure", address, correlation, "Change password")
            raise AdminError("sign-in-failed", "This is not the present password.", "Type the present one again.")
        hashed = password_hash(new)
        with self.context.database.transaction() as writing:
            now = accounts.read(writing, tenant, account_id)
            if now is None or now.session_key != found.session_key:  # another one was set meanwhile
                raise AdminError("sign-in-failed", "This is not the present password.", "Sign in again.")
            accounts.set_password(writing, found.id, hashed)
            self._record(writing, found, "success", address, correlation, "Change password")
            return accounts.read(writing, tenant, account_id) or found

    # Sessions

    def of_session(self, session_key: str, address: str | None = None, correlation: str | None = None) -> Actor | None:
        """Who has a session that was kept under this key (`Account.session_key`); None when it is over."""
        found = self.account_of(session_key.partition(".")[0])
        if found is None or found.session_key != session_key:
            return None
        return self._now_an_actor(found, address, correlation)

    def actor_of(self, account_id: str, address: str | None = None, correlation: str | None = None) -> Actor | None:
        """What an account may do now; None when it may not sign in."""
        found = self.account_of(account_id)
        return None if found is None else self._now_an_actor(found, address, correlation)

    def account_of(self, account_id: str) -> Account | None:
        """One account."""
        return accounts.read(self.context.database.reader(), self.context.tenant, account_id)

    def acting_as(self, name: str) -> Actor:
        """The local operator as one of the accounts. Raises AdminError when there is none, or it may not sign in."""
        connection, tenant = self.context.database.reader(), self.context.tenant
        found = accounts.named(connection, tenant, "user", name) or accounts.read(connection, tenant, name)
        actor = None if found is None else self._now_an_actor(found, None, None)
        if found is None:
            hint = "`provisor admin user list` shows the accounts."
            raise AdminError("not-found", f"There is no account {name!r} to act as.", hint)
        if actor is None:
            raise AdminError(
                "account-disabled",
                f"The account {found.name} is disabled, has expired, or its person has left the directory.",
                "`provisor admin user show` tells which.",
            )
        return replace(actor, through=LOCAL_OPERATOR.name)

    def _now_an_actor(self, found: Account, address: str | None, correlation: str | None) -> Actor | None:
        if not found.may_sign_in(self._now()):
            return None
        return self._actor(self.context.database.reader(), found, address, correlation)

    def _actor(self, connection: Connection, found: Account, address: str | None, correlation: str | None) -> Actor:
        own = own_permissions_of(found.roles)
        return Actor(
            id=found.id,
            name=found.name,
            kind=found.kind,
            roles=found.roles,
            permissions=permissions_of(found.roles),
            own_permissions=own,
            owned=accounts.owned(connection, found.person) if own and found.person is not None else frozenset(),
            address=address,
            correlation=correlation,
        )

    def _note(
        self,
        found: Account | None,
        result: AuditResult,
        address: str | None,
        correlation: str | None,
        activity: str = SIGN_IN,
    ) -> None:
        with self.context.database.transaction() as connection:
            if found is not None and result == "success":
                accounts.note_use(connection, found.id, self._now())
            self._record(connection, found, result, address, correlation, activity)

    def _record(
        self,
        connection: Connection,
        found: Account | None,
        result: AuditResult,
        address: str | None,
        correlation: str | None,
        activity: str,
    ) -> None:
        author = _NOBODY if found is None else Author(id=found.id, name=found.name, kind=found.kind)
        audit.record(
            connection,
            tenant=self.context.tenant,
            author=replace(author, address=address, correlation=correlation),
            activity=activity,
            target=author.id,
            now=self.context.now(),
            result=result,
        )

    def _now(self) -> int:
        return to_microseconds(self.context.now())
