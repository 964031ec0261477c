"""Sessions of signed-in people, and the tokens that prove a form came from our own page.

A session is 256 random bits in a cookie, stored as SHA-256; it ends after 30 idle minutes and in any case after 12
hours. A form's token is an HMAC of the form's address under the cookie's secret: nothing to store, nothing to guess,
and valid for that one form. Whose a session is, is a key that only the skin understands.
"""

import hmac
import secrets
from dataclasses import dataclass
from hashlib import sha256

from provisor.database import Connection, Database, Row

MINUTE = 60 * 1_000_000
IDLE = 30 * MINUTE
LONGEST = 12 * 60 * MINUTE
_SEEN_STEP = MINUTE  # the precision of the last visit: not every page view needs a write
_RANDOM_BYTES = 32
_LONGEST_ADDRESS, _LONGEST_AGENT = 64, 300  # of what browsers say
_COLUMNS = "hash, account, created_at, seen_at, address, agent"


@dataclass(frozen=True, slots=True, kw_only=True)
class BrowserSession:
    """A signed-in browser. `hash` names the session and opens nothing."""

    hash: str
    account: str
    created_at: int
    seen_at: int
    address: str
    agent: str


def new_secret() -> str:
    """What a cookie holds: 256 random bits."""
    return secrets.token_urlsafe(_RANDOM_BYTES)


def session_hash(secret: str) -> str:
    """What is stored of a cookie."""
    return sha256(secret.encode()).hexdigest()


def begin_session(connection: Connection, account: str, *, address: str, agent: str, now: int) -> str:
    """Sign an account in; returns the cookie's secret. Sessions that are over are forgotten."""
    secret = new_secret()
    connection.execute("DELETE FROM browser_session WHERE seen_at <= ? OR created_at <= ?", (now - IDLE, now - LONGEST))
    connection.execute(
        "INSERT INTO browser_session (hash, account, created_at, seen_at, address, agent) VALUES (?, ?, ?, ?, ?, ?)",
        (session_hash(secret), account, now, now, address[:_LONGEST_ADDRESS], agent[:_LONGEST_AGENT]),
    )
    return secret


def look_up_session(connection: Connection, secret: str, now: int) -> BrowserSession | None:
    """The session of a cookie, unless it is over."""
    row = connection.one(
        f"SELECT {_COLUMNS} FROM browser_session WHERE hash = ? AND seen_at > ? AND created_at > ?",
        (session_hash(secret), now - IDLE, now - LONGEST),
    )
    return None if row is None else _session(row)


def recognised(database: Database, secret: str | None, now: int, *, passive: bool = False) -> BrowserSession | None:
    """The session of a cookie, unless it is over; this visit is remembered, so that it does not end as idle. One that
    a page made by itself (`passive`) is not, nor one while somebody writes: no page waits for that, and the next view
    is remembered.
    """
    session = None if secret is None else look_up_session(database.reader(), secret, now)
    if session is not None and not passive and now - session.seen_at >= _SEEN_STEP:
        with database.attempt() as connection:
            if connection is not None:
                connection.execute("UPDATE browser_session SET seen_at = ? WHERE hash = ?", (now, session.hash))
    return session


def end_session(connection: Connection, session: BrowserSession) -> None:
    """Sign out."""
    connection.execute("DELETE FROM browser_session WHERE hash = ?", (session.hash,))


def end_sessions(connection: Connection, account: str) -> None:
    """Sign an account out everywhere."""
    connection.execute("DELETE FROM browser_session WHERE account = ?", (account,))


def sessions_of(connection: Connection, account: str, now: int) -> list[BrowserSession]:
    """Where an account is signed in, the latest visit first."""
    rows = connection.all(
        f"SELECT {_COLUMNS} FROM browser_session WHERE account = ? AND seen_at > ? AND created_at > ? "
        "ORDER BY seen_at DESC, hash",
        (account, now - IDLE, now - LONGEST),
    )
    return [_session(row) for row in rows]


def end_other_sessions(connection: Connection, session: BrowserSession, name: str | None = None) -> int:
    """Sign the account of a session out of another browser, or of all others; returns of how many."""
    return connection.execute(
        "DELETE FROM browser_session WHERE account = ? AND hash <> ? AND hash = COALESCE(?, hash)",
        (session.account, session.hash, name),
    ).rowcount


def form_token(secret: str, form: str) -> str:
    """The hidden field of a form, bound to the browser's cookie and to the form's address."""
    return hmac.new(secret.encode(), f"form:{form}".encode(), sha256).hexdigest()


def form_token_fits(secret: str, form: str, given: str) -> bool:
    """Whether a form came from a page of ours; compared in constant time."""
    return hmac.compare_digest(form_token(secret, form).encode(), given.encode())


def _session(row: Row) -> BrowserSession:
    hash_, account, created, seen, address, agent = row
    return BrowserSession(hash=hash_, account=account, created_at=created, seen_at=seen, address=address, agent=agent)
