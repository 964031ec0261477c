"""One-time links: a code that is shown once, stored as a hash, and good for a day or until there is a newer one.

The code is the last part of a path: a page without scripts could not read it behind a #. We write no path to a log, and
looking at the page does not use the code up.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from provisor.admin.context import Context
from provisor.admin.proofs import new_secret, secret_hash
from provisor.database import Connection
from provisor.engine.ports import Secret
from provisor.storage import accounts
from provisor.storage.accounts import Account
from provisor.storage.times import to_microseconds

SETUP_PATH: Final = "/set-up"
GOOD_FOR: Final = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class SetupLink:
    """A link that is shown once. `name` is whose account it is; None makes the first."""

    code: Secret
    name: str | None
    expires_at: datetime

    def address(self, root: str = "") -> str:
        """The whole address, where `root` is that of the service; to be shown, never logged."""
        return f"{root}{SETUP_PATH}/{self.code.reveal()}"


def made_link(context: Context, connection: Connection, account: Account | None) -> SetupLink:
    """A new link, in a transaction that is under way."""
    code, now = new_secret("setup", context.random_bytes), context.now()
    expires_at = now + GOOD_FOR
    accounts.add_setup_link(
        connection,
        context.tenant,
        None if account is None else account.id,
        secret_hash(code),
        now=to_microseconds(now),
        expires_at=to_microseconds(expires_at),
    )
    return SetupLink(code=Secret(code), name=None if account is None else account.name, expires_at=expires_at)
