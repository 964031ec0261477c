"""Pages of signing in and out."""

from provisor.database import Connection
from provisor.provider.dashboard.accounts import look_up_account, note_sign_in, password_fits
from provisor.provider.dashboard.page_request import Visit
from provisor.scim.values import fold
from provisor.web import signing_in
from provisor.web.answers import PageAnswer, Redirect, TemplatePage
from provisor.web.sessions import end_session
from provisor.web.signing_in import LONGEST_NAME, SignedIn, TooManyFailures, WrongPair

HOME = "/users-and-groups/users"


def show(visit: Visit) -> PageAnswer:
    """The form, or the first page for somebody who is signed in."""
    return Redirect(to=HOME) if visit.visitor else signing_in.sign_in_page(_words(""))


def home(visit: Visit) -> PageAnswer:
    """The address without a path."""
    return Redirect(to=HOME if visit.visitor else "/sign-in")


def sign_in(visit: Visit) -> PageAnswer:
    """Check address and password; the same message after the same time, whatever was wrong."""
    email, password = visit.form.get("email", "").strip()[:LONGEST_NAME], visit.form.get("password", "")

    def check(connection: Connection) -> str | None:
        account = look_up_account(connection, email)
        served = account is not None and visit.tenants.find(connection, account.tenant) is not None
        fits = password_fits(connection, account, password)
        return account.email_key if account is not None and fits and served else None

    outcome = signing_in.sign_in(
        visit.database,
        visit.arrival,
        None if visit.visitor is None else visit.visitor.session,
        key=fold(email),
        now=visit.now,
        check=check,
    )
    match outcome:
        case SignedIn(secret):
            with visit.database.transaction() as connection:
                note_sign_in(connection, fold(email), visit.now)
            return Redirect(to=HOME, secret=secret)
        case TooManyFailures() | WrongPair():
            return signing_in.sign_in_page(_words(email), outcome)


def _words(email: str) -> TemplatePage:
    values = {"name": email, "wrong": "E-mail address or password is wrong."}
    return TemplatePage(template="sign_in.html", title="Sign in", values=values)


def sign_out(visit: Visit) -> PageAnswer:
    """End the session here and in the store."""
    with visit.database.transaction() as connection:
        end_session(connection, visit.signed_in.session)
    return Redirect(to="/sign-in", secret="")
