"""One-time links by which somebody chooses a password; the first of all makes the first Global Administrator.

What a link is: admin.setup_links.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from provisor.admin.accounts import refuse_bad_name, refuse_taken
from provisor.admin.context import Context
from provisor.admin.errors import AdminError
from provisor.admin.proofs import is_secret, password_hash, secret_hash
from provisor.admin.roles import GLOBAL_ADMINISTRATOR
from provisor.admin.setup_links import SETUP_PATH, SetupLink, made_link
from provisor.database import Connection
from provisor.storage import accounts, audit
from provisor.storage.accounts import Account
from provisor.storage.authors import Author
from provisor.storage.times import from_microseconds, to_microseconds

__all__ = ["SETUP_PATH", "SetupLink", "SetupLinks", "SetupShown"]

ACTIVITY: Final = "Choose password by link"


@dataclass(frozen=True, slots=True, kw_only=True)
class SetupShown:
    """What a page shows to somebody with a good link. `name` None: a name is to be chosen too."""

    name: str | None
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class SetupLinks:
    """Passwords by one-time links. These verbs take no actor: whoever has the link may."""

    context: Context

    def first_setup(self) -> SetupLink | None:
        """The link that makes the first account, good from now on instead of any before; None once there is one."""
        with self.context.database.transaction() as connection:
            if accounts.any_user(connection, self.context.tenant):
                return None
            return made_link(self.context, connection, None)

    def look(self, code: str) -> SetupShown | None:
        """Whose password is to be chosen; None for a link that is not good any more."""
        found = self._found(self.context.database.reader(), code)
        if found is None:
            return None
        account, expires_at = found
        return SetupShown(name=None if account is None else account.name, expires_at=from_microseconds(expires_at))

    def finish(
        self,
        code: str,
        password: str,
        name: str | None = None,
        address: str | None = None,
        correlation: str | None = None,
    ) -> Account:
        """Choose the password, and for the first account the name. Raises AdminError; the link is then good still."""
        if self._found(self.context.database.reader(), code) is None:  # before a password is hashed for nobody
            raise _over()
        hashed, tenant = password_hash(password), self.context.tenant
        with self.context.database.transaction() as connection:
            found = self._found(connection, code)
            if found is None:
                raise _over()
            account, now = found[0], self.context.now()
            if account is None:
                chosen = (name or "").strip()
                refuse_bad_name(chosen)
                refuse_taken(connection, tenant, "user", chosen)
                account_id = accounts.add(
                    connection, tenant=tenant, kind="user", name=chosen, roles=(GLOBAL_ADMINISTRATOR,),
                    created_by="set-up link", now=now,
                )  # fmt: skip
                accounts.forget_setup_links(connection, tenant, None)
            else:
                account_id = account.id
            accounts.set_password(connection, account_id, hashed)
            made = accounts.read(connection, tenant, account_id)
            if made is None:
                raise _over()
            author = Author(id=made.id, name=made.name, kind="user", address=address, correlation=correlation)
            audit.record(connection, tenant=tenant, author=author, activity=ACTIVITY, target=made.id, now=now)
            return made

    def _found(self, connection: Connection, code: str) -> tuple[Account | None, int] | None:
        if not is_secret("setup", code):  # a link that signs in sets no password
            return None
        tenant, now = self.context.tenant, to_microseconds(self.context.now())
        link = accounts.setup_link(connection, tenant, secret_hash(code), now)
        if link is None:
            return None
        account_id, expires_at = link
        if account_id is None:
            return None if accounts.any_user(connection, tenant) else (None, expires_at)
        account = accounts.read(connection, tenant, account_id)
        return (account, expires_at) if account is not None and account.may_sign_in(now) else None


def _over() -> AdminError:
    return AdminError(
        "setup-link-over",
        "This link is not good any more: it was used, it is older than a day, or there is a newer one.",
        "Ask for another: `provisor admin user setup-link NAME`; the first is printed when `provisor serve` starts.",
    )
