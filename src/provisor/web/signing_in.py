"""Signing in with a name and a password: guessing is slowed down, and a success begins a new session.

The page is `sign_in.html`; what a name is called, and whose password is right, is the skin's affair.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace

from provisor.database import Connection, Database
from provisor.web import throttle
from provisor.web.answers import Arrival, TemplatePage
from provisor.web.sessions import BrowserSession, begin_session, end_session

LONGEST_NAME = 254


@dataclass(frozen=True, slots=True)
class SignedIn:
    """The cookie of a session that has begun."""

    secret: str


@dataclass(frozen=True, slots=True)
class TooManyFailures:
    """Nothing was tried: so many microseconds must pass first."""

    microseconds: int


@dataclass(frozen=True, slots=True)
class WrongPair:
    """No account has this name and password; it is not said which of them is wrong."""


SignInOutcome = SignedIn | TooManyFailures | WrongPair


def sign_in(
    database: Database,
    arrival: Arrival,
    session: BrowserSession | None,
    *,
    key: str,
    now: int,
    check: Callable[[Connection], str | None],
) -> SignInOutcome:
    """Check a pair and begin a session, which replaces the one this browser had.

    `key` is what failures of this name are counted under. `check` finds the account whose password it is, in the same
    time whether there is such an account or not.
    """
    reader = database.reader()
    until = throttle.wait_until(reader, arrival.address, key, now)
    if until is not None:
        return TooManyFailures(until - now)
    account = check(reader)
    with database.transaction() as connection:
        if account is None:
            throttle.failed(connection, arrival.address, key, now)
            return WrongPair()
        throttle.succeeded(connection, arrival.address, key)
        return begun(connection, arrival, session, account, now)


def begun(connection: Connection, arrival: Arrival, before: BrowserSession | None, account: str, now: int) -> SignedIn:
    """A new session for a browser, with a new cookie; the one it had ends."""
    if before is not None:
        end_session(connection, before)
    return SignedIn(begin_session(connection, account, address=arrival.address, agent=arrival.agent, now=now))


def sign_in_page(words: TemplatePage, outcome: TooManyFailures | WrongPair | None = None) -> TemplatePage:
    """The form, as a skin words it, with what became of the last attempt.

    Among the values of its words are the name that was typed, and a sentence for a pair that is wrong.
    """
    match outcome:
        case None:
            return replace(words, values={"error": "", **words.values})
        case WrongPair():
            return replace(words, values={**words.values, "error": words.values["wrong"]}, status=403)
        case TooManyFailures(microseconds):
            seconds = microseconds // 1_000_000 + 1
            error = f"Too many failed attempts. Try again in {seconds} seconds."
            return replace(words, values={**words.values, "error": error}, status=429, retry_after_seconds=seconds)
