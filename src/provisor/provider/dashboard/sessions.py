"""Sessions of signed-in people, and the tokens that prove a form came from our own page.

A session is 256 random bits in a cookie, stored as SHA-256; it ends after 30 idle minutes and in any case after 12
hours. A form's token is an HMAC of the form's address under the cookie's secret: nothing to store, nothing to guess,
and good for that one form only.
"""

import hmac
import secrets
from dataclasses import dataclass
from hashlib import sha256
from typing import cast

from provisor.database import Connection
from provisor.provider.dashboard.accounts import Account, AccountRole

MINUTE = 60 * 1_000_000
IDLE = 30 * MINUTE
LONGEST = 12 * 60 * MINUTE
_SEEN_STEP = MINUTE  # how exactly the last visit is kept: a page view need not be a write
_RANDOM_BYTES = 32


@dataclass(frozen=True, slots=True, kw_only=True)
class BrowserSession:
    """A signed-in browser."""

    hash: str
    account: Account
    seen_at: int
    shown_token: str | None  # the id of a token shown and not yet acknowledged


def new_secret() -> str:
    """What a cookie holds: 256 random bits."""
    return secrets.token_urlsafe(_RANDOM_BYTES)


def session_hash(secret: str) -> str:
    """What is stored of a cookie."""
    return sha256(secret.encode()).hexdigest()


def begin_session(connection: Connection, account: Account, now: int) -> str:
    """Sign an account in; returns the cookie's secret. Sessions that are over are forgotten."""
    secret = new_secret()
    connection.execute("DELETE FROM session WHERE seen_at <= ? OR created_at <= ?", (now - IDLE, now - LONGEST))
    connection.execute(
        "INSERT INTO session (hash, email_key, created_at, seen_at) VALUES (?, ?, ?, ?)",
        (session_hash(secret), account.email_key, now, now),
    )
    connection.execute("UPDATE account SET signed_in_at = ? WHERE email_key = ?", (now, account.email_key))
    return secret


def look_up_session(connection: Connection, secret: str, now: int) -> BrowserSession | None:
    """The session of a cookie, unless it is over."""
    row = connection.one(
        "SELECT s.hash, s.seen_at, s.shown_token, a.email_key, a.tenant, a.email, a.role, a.created_at, a.signed_in_at "
        "FROM session s JOIN account a ON a.email_key = s.email_key "
        "WHERE s.hash = ? AND s.seen_at > ? AND s.created_at > ?",
        (session_hash(secret), now - IDLE, now - LONGEST),
    )
    if row is None:
        return None
    hash_, seen, shown, key, tenant, email, role, created, signed_in = row
    account = Account(
        email_key=key,
        tenant=tenant,
        email=email,
        role=cast(AccountRole, role),
        created_at=created,
        signed_in_at=signed_in,
    )
    return BrowserSession(hash=hash_, account=account, seen_at=seen, shown_token=shown)


def due(session: BrowserSession, now: int) -> bool:
    """Whether this visit should be remembered by `touch`."""
    return now - session.seen_at >= _SEEN_STEP


def touch(connection: Connection, session: BrowserSession, now: int) -> None:
    """Remember a visit, so that the session does not end as idle."""
    connection.execute("UPDATE session SET seen_at = ? WHERE hash = ?", (now, session.hash))


def show_token(connection: Connection, session: BrowserSession, token_id: str | None) -> bool:
    """Remember that a token was shown (or, with None, acknowledged); False when another one still is to be."""
    condition = "shown_token IS NULL" if token_id else "shown_token IS NOT NULL"
    return (
        connection.execute(
            f"UPDATE session SET shown_token = ? WHERE hash = ? AND {condition}",
            (token_id, session.hash),
        ).rowcount
        > 0
    )


def end_session(connection: Connection, session: BrowserSession) -> None:
    """Sign out."""
    connection.execute("DELETE FROM session WHERE hash = ?", (session.hash,))


def form_token(secret: str, form: str) -> str:
    """The hidden field of a form, bound to the browser's cookie and to the form's address."""
    return hmac.new(secret.encode(), f"form:{form}".encode(), sha256).hexdigest()


def form_token_fits(secret: str, form: str, given: str) -> bool:
    """Whether a form came from a page of ours; compared in constant time."""
    return hmac.compare_digest(form_token(secret, form).encode(), given.encode())
