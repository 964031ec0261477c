"""Pages of signing in and out."""

from provisor.provider.dashboard import throttle
from provisor.provider.dashboard.accounts import look_up_account, password_fits
from provisor.provider.dashboard.page_request import PageAnswer, Redirect, TemplatePage, Visit
from provisor.provider.dashboard.sessions import begin_session, end_session
from provisor.scim.values import fold

HOME = "/users-and-groups/users"


def show(visit: Visit) -> PageAnswer:
    """The form, or the first page for somebody who is signed in."""
    return Redirect(to=HOME) if visit.session else _form("")


def home(visit: Visit) -> PageAnswer:
    """The address without a path."""
    return Redirect(to=HOME if visit.session else "/sign-in")


def sign_in(visit: Visit) -> PageAnswer:
    """Check address and password; the same words and the same time whatever was wrong with them."""
    email, password = visit.form.get("email", "").strip()[:254], visit.form.get("password", "")
    key = fold(email)
    reader = visit.database.reader()
    until = throttle.wait_until(reader, visit.address, key, visit.now)
    if until is not None:
        return _wait(email, until - visit.now)
    account = look_up_account(reader, email)
    served = account is not None and visit.tenants.find(reader, account.tenant) is not None
    fits = password_fits(reader, account, password) and served
    with visit.database.transaction() as connection:
        if account is None or not fits:
            throttle.failed(connection, visit.address, key, visit.now)
            return _form(email, "E-mail address or password is wrong.", status=403)
        throttle.succeeded(connection, visit.address, key)
        if visit.session is not None:
            end_session(connection, visit.session)
        return Redirect(to=HOME, secret=begin_session(connection, account, visit.now))


def _form(email: str, error: str = "", status: int = 200) -> TemplatePage:
    return TemplatePage(
        template="sign_in.html", title="Sign in", values={"email": email, "error": error}, status=status
    )


def _wait(email: str, microseconds: int) -> TemplatePage:
    seconds = microseconds // 1_000_000 + 1
    return TemplatePage(
        template="sign_in.html",
        title="Sign in",
        values={"email": email, "error": f"Too many failed attempts. Try again in {seconds} seconds."},
        status=429,
        retry_after_seconds=seconds,
    )


def sign_out(visit: Visit) -> PageAnswer:
    """End the session here and in the store."""
    with visit.database.transaction() as connection:
        end_session(connection, visit.signed_in)
    return Redirect(to="/sign-in", secret="")
