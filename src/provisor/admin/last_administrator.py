"""Somebody who can sign in stays a Global Administrator, whatever is changed about accounts and how they sign in.

What the provider says of somebody, and who leaves the directory, holds for the last one too: access fails closed, and
who owns the machine mends it.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from provisor.admin.context import Context
from provisor.admin.errors import AdminError
from provisor.admin.roles import GLOBAL_ADMINISTRATOR
from provisor.database import Connection
from provisor.storage import accounts, openid_settings
from provisor.storage.accounts import Account
from provisor.storage.openid_settings import OpenIdSettings
from provisor.storage.times import to_microseconds


@contextmanager
def one_stays(context: Context, connection: Connection) -> Iterator[None]:
    """Raise AdminError after a block that left no Global Administrator who can sign in, where there was one before."""
    before = _any(context, connection)
    yield
    if before and not _any(context, connection):
        raise AdminError(
            "last-administrator",
            "This is the last Global Administrator who can sign in.",
            "Give another account that role and a password first.",
        )


def _any(context: Context, connection: Connection) -> bool:
    now, offered = to_microseconds(context.now()), openid_settings.read(connection, context.tenant)
    return any(
        GLOBAL_ADMINISTRATOR in one.roles and one.may_sign_in(now) and (one.has_password or _vouched(one, offered))
        for one in accounts.all_of(connection, context.tenant, "user")
    )


def _vouched(account: Account, offered: OpenIdSettings | None) -> bool:
    """Whether it is of the provider at which people sign in."""
    return offered is not None and (account.subject or "").startswith(f"{offered.issuer} ")
