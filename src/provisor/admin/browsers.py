"""People at browsers: signing in by password, by another's word or by a set-up link, and where they are signed in.

Guessing is slowed down and sessions are kept by web; whose they are, admin.authentication says with every request, so
that one ends with the account it is of. Order: recognising, signing in, the own sessions.
"""

from dataclasses import dataclass, replace

from provisor.admin.actor import Actor
from provisor.admin.authentication import Authentication
from provisor.admin.context import Context
from provisor.admin.errors import AdminError
from provisor.admin.openid import NoRoleVouched, OpenId, OpenIdRefused, Vouched
from provisor.admin.setup import SetupLinks, SetupShown
from provisor.admin.sign_in_links import SignInLinks
from provisor.database import Connection
from provisor.scim.values import Json, fold
from provisor.storage import audit
from provisor.storage.accounts import Account
from provisor.storage.authors import Author
from provisor.storage.times import to_microseconds
from provisor.web import sessions, signing_in, throttle
from provisor.web.answers import Arrival
from provisor.web.sessions import BrowserSession
from provisor.web.signing_in import SignedIn, SignInOutcome, TooManyFailures

SIGN_IN = "Sign in"
WRONG_PASSWORD = "sign-in-failed"  # noqa: S105 - a code, not a secret
NOBODY = Author(id="nobody", name="nobody", kind="user")


@dataclass(frozen=True, slots=True, kw_only=True)
class PortalVisitor:
    """Somebody who is signed in: what they may, and this browser's session."""

    actor: Actor
    session: BrowserSession


@dataclass(frozen=True, slots=True)
class Browsers:
    """Who is signed in where. A skin with pages makes it of the verbs that it receives."""

    authentication: Authentication
    openid: OpenId
    setup: SetupLinks

    @property
    def context(self) -> Context:
        """What all verbs of this service work with."""
        return self.authentication.context

    def recognised(self, arrival: Arrival) -> PortalVisitor | None:
        """Who has this cookie, with the roles of this moment; None once the session or its account is over."""
        session = sessions.recognised(self.context.database, arrival.cookie, self._now(), passive=arrival.passive)
        actor = (
            None
            if session is None
            else self.authentication.of_session(session.account, arrival.address, arrival.correlation)
        )
        return None if session is None or actor is None else PortalVisitor(actor=actor, session=session)

    # Signing in

    def sign_in(self, arrival: Arrival, visitor: PortalVisitor | None, name: str, password: str) -> SignInOutcome:
        """By name and password."""

        def check(_connection: Connection) -> str | None:
            account = self.authentication.sign_in(name, password, arrival.address, arrival.correlation)
            return None if account is None else account.session_key

        return signing_in.sign_in(
            self.context.database,
            arrival,
            None if visitor is None else visitor.session,
            key=fold(name),
            now=self._now(),
            check=check,
        )

    def vouched(self, arrival: Arrival, visitor: PortalVisitor | None) -> SignedIn | TooManyFailures:
        """By the word of the OpenID Connect provider, from which the browser came back.

        Raises OpenIdRefused, which the audit log keeps with its reason.
        """
        now = self._now()
        until = throttle.wait_until(self.context.database.reader(), arrival.address, None, now)
        if until is not None:
            return TooManyFailures(until - now)
        try:
            word = self.openid.vouched(arrival.query, arrival.cookie)
            account = self._vouched(word, arrival)
        except OpenIdRefused as refused:
            self._keep_refusal(arrival, refused)
            if isinstance(refused, NoRoleVouched):
                self.authentication.not_vouched(refused.issuer, refused.subject, arrival.address, arrival.correlation)
            raise
        return self._begun(arrival, visitor, account)

    def _vouched(self, word: Vouched, arrival: Arrival) -> Account:
        try:
            return self.authentication.vouched(
                word.issuer, word.subject, word.name, word.roles, arrival.address, arrival.correlation
            )
        except AdminError as error:
            raise OpenIdRefused(error.code, error.message, error.hint) from error

    def link(self, code: str) -> SetupShown | None:
        """What a set-up link is for; None when it is over."""
        return self.setup.look(code)

    def set_up(
        self, arrival: Arrival, visitor: PortalVisitor | None, code: str, *, name: str | None, password: str
    ) -> SignedIn:
        """Use a set-up link up: the account has this password then, and is signed in. Raises AdminError."""
        account = self.setup.finish(code, password, name, arrival.address, arrival.correlation)
        return self._begun(arrival, visitor, account)

    def linked(self, code: str) -> str | None:
        """Whom a sign-in link signs in; None when it is over."""
        return SignInLinks(self.context).look(code)

    def sign_in_by_link(
        self, arrival: Arrival, visitor: PortalVisitor | None, code: str
    ) -> SignedIn | TooManyFailures | None:
        """Use a sign-in link up; None when it is over, which counts as a guess."""
        now = self._now()
        until = throttle.wait_until(self.context.database.reader(), arrival.address, None, now)
        if until is not None:
            return TooManyFailures(until - now)
        account = SignInLinks(self.context).use(code, arrival.address, arrival.correlation)
        if account is None:
            with self.context.database.transaction() as connection:
                throttle.failed(connection, arrival.address, None, now)
            return None
        return self._begun(arrival, visitor, account)

    # The own sessions

    def account(self, visitor: PortalVisitor) -> Account:
        """The visitor's account. Raises AdminError when it was deleted this moment."""
        account = self.authentication.account_of(visitor.actor.id)
        if account is None:
            raise AdminError("not-found", "Your account was deleted.", "Sign in with another one.")
        return account

    def sessions(self, visitor: PortalVisitor) -> list[BrowserSession]:
        """Where the visitor is signed in, the latest visit first."""
        return sessions.sessions_of(self.context.database.reader(), visitor.session.account, self._now())

    def end_others(self, visitor: PortalVisitor, name: str | None = None) -> int:
        """Sign the visitor out of one other browser, or of all others; returns of how many."""
        with self.context.database.transaction() as connection:
            ended = sessions.end_other_sessions(connection, visitor.session, name)
            if ended:
                self._keep(connection, visitor, "End sessions", {"ended": ended})
            return ended

    def out(self, visitor: PortalVisitor) -> None:
        """Sign the visitor out here."""
        with self.context.database.transaction() as connection:
            sessions.end_session(connection, visitor.session)
            self._keep(connection, visitor, "Sign out", {})

    def _keep(self, connection: Connection, visitor: PortalVisitor, activity: str, detail: dict[str, Json]) -> None:
        audit.record(
            connection,
            tenant=self.context.tenant,
            author=visitor.actor.author,
            activity=activity,
            target=visitor.actor.id,
            now=self.context.now(),
            detail=detail,
        )

    def change_password(
        self, arrival: Arrival, visitor: PortalVisitor, old: str, new: str
    ) -> SignedIn | TooManyFailures:
        """Another password: the visitor goes on in a new session, and all other sessions are over.

        Raises AdminError; a wrong password of now counts as a guess.
        """
        now, key = self._now(), fold(visitor.actor.name)
        until = throttle.wait_until(self.context.database.reader(), arrival.address, key, now)
        if until is not None:
            return TooManyFailures(until - now)
        try:
            account = self.authentication.change_password(
                visitor.actor.id, old, new, arrival.address, arrival.correlation
            )
        except AdminError as error:
            if error.code == WRONG_PASSWORD:
                with self.context.database.transaction() as connection:
                    throttle.failed(connection, arrival.address, key, now)
            raise
        return self._begun(arrival, visitor, account)

    def _begun(self, arrival: Arrival, visitor: PortalVisitor | None, account: Account) -> SignedIn:
        with self.context.database.transaction() as connection:
            before = None if visitor is None else visitor.session
            return signing_in.begun(connection, arrival, before, account.session_key, self._now())

    def _keep_refusal(self, arrival: Arrival, refused: OpenIdRefused) -> None:
        with self.context.database.transaction() as connection:
            throttle.failed(connection, arrival.address, None, self._now())
            audit.record(
                connection,
                tenant=self.context.tenant,
                author=replace(NOBODY, address=arrival.address, correlation=arrival.correlation),
                activity=SIGN_IN,
                target="OpenID Connect",
                now=self.context.now(),
                detail={"code": refused.code, "reason": refused.message},
                result="failure",
            )

    def _now(self) -> int:
        return to_microseconds(self.context.now())
