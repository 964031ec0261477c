"""One-time links that sign somebody in: a code that is shown once, stored as a hash, good once and for 15 minutes.

They lie where set-up links do, one of either kind an account, and a code is good for its own kind alone. Looking at the
page does not use the code up: programs that look at links before people do would take them. Order: a link, the verbs.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from provisor.admin.context import Context
from provisor.admin.proofs import is_secret, new_secret, secret_hash
from provisor.database import Connection
from provisor.engine.ports import Secret
from provisor.storage import accounts, audit
from provisor.storage.accounts import Account
from provisor.storage.authors import Author
from provisor.storage.times import to_microseconds

SIGN_IN_PATH: Final = "/sign-in/link"
GOOD_FOR: Final = timedelta(minutes=15)
ACTIVITY: Final = "Sign in by link"


@dataclass(frozen=True, slots=True, kw_only=True)
class SignInLink:
    """A link that is shown once, and whom it signs in."""

    code: Secret
    name: str
    expires_at: datetime

    def address(self, root: str = "") -> str:
        """The whole address, where `root` is that of the service; to be shown, never logged."""
        return f"{root}{SIGN_IN_PATH}/{self.code.reveal()}"


def made_sign_in_link(context: Context, connection: Connection, account: Account) -> SignInLink:
    """A new link, in a transaction that is under way; a former one of the account is good no longer."""
    code, now = new_secret("signin", context.random_bytes), context.now()
    expires_at = now + GOOD_FOR
    accounts.add_setup_link(
        connection,
        context.tenant,
        account.id,
        secret_hash(code),
        now=to_microseconds(now),
        expires_at=to_microseconds(expires_at),
    )
    return SignInLink(code=Secret(code), name=account.name, expires_at=expires_at)


@dataclass(frozen=True, slots=True)
class SignInLinks:
    """What links are good for. These verbs take no actor: whoever has the link may."""

    context: Context

    def look(self, code: str) -> str | None:
        """The name of the account that it signs in; None for a link that is not good any more."""
        found = self._found(self.context.database.reader(), code)
        return None if found is None else found.name

    def use(self, code: str, address: str | None = None, correlation: str | None = None) -> Account | None:
        """The account whose link this is, which is used up; None for one that is not good any more."""
        if self._found(self.context.database.reader(), code) is None:  # whoever guesses costs no write
            return None
        with self.context.database.transaction() as connection:
            found = self._found(connection, code)
            if found is None:
                return None
            tenant, now = self.context.tenant, self.context.now()
            accounts.forget_setup_links(connection, tenant, found.id)
            accounts.note_use(connection, found.id, to_microseconds(now))
            author = Author(id=found.id, name=found.name, kind="user", address=address, correlation=correlation)
            audit.record(connection, tenant=tenant, author=author, activity=ACTIVITY, target=found.id, now=now)
            return found

    def _found(self, connection: Connection, code: str) -> Account | None:
        if not is_secret("signin", code):
            return None
        tenant, now = self.context.tenant, to_microseconds(self.context.now())
        link = accounts.setup_link(connection, tenant, secret_hash(code), now)
        account = None if link is None or link[0] is None else accounts.read(connection, tenant, link[0])
        return account if account is not None and account.may_sign_in(now) else None
