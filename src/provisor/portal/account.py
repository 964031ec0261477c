"""The page of the own account: name, roles, where it is signed in, the password."""

from typing import assert_never

from provisor.admin.browsers import WRONG_PASSWORD
from provisor.admin.errors import AdminError
from provisor.admin.proofs import SHORTEST_PASSWORD
from provisor.portal.visits import ACCOUNT, PortalVisit, typed_wrong
from provisor.web.answers import PageAnswer, Redirect, TemplatePage
from provisor.web.signing_in import SignedIn, TooManyFailures


def show(visit: PortalVisit) -> PageAnswer:
    """Name, roles, sessions."""
    return _account(visit, {})


def _account(visit: PortalVisit, wrong: dict[str, str], status: int = 200) -> TemplatePage:
    browsers = visit.browsers
    offered = visit.browsers.openid.offered()
    return TemplatePage(
        template="account.html",
        title="Your account",
        values={
            "has_password": browsers.account(visit.signed_in).has_password,
            "provider": "another service" if offered is None else offered.name,
            "sessions": browsers.sessions(visit.signed_in),
            "own": visit.signed_in.session.hash,
            "shortest": SHORTEST_PASSWORD,
            "wrong": {"old": "", "password": "", "again": ""} | wrong,
        },
        status=status,
    )


def change_password(visit: PortalVisit) -> PageAnswer:
    """Another password, and a new session here; every other one is over."""
    old, password = visit.form.get("old", ""), visit.form.get("password", "")
    wrong = typed_wrong(password, visit.form.get("again", ""))
    if wrong["again"]:
        return _account(visit, wrong, 400)
    try:
        outcome = visit.browsers.change_password(visit.arrival, visit.signed_in, old, password)
    except AdminError as error:
        beside = "old" if error.code == WRONG_PASSWORD else "password"
        return _account(visit, {beside: f"{error.message} {error.hint}".strip()}, 400)
    match outcome:
        case SignedIn(secret):
            return Redirect(to=ACCOUNT, secret=secret, done="The password was changed.")
        case TooManyFailures(microseconds):
            seconds = microseconds // 1_000_000 + 1
            return _account(visit, {"old": f"Too many failed attempts. Try again in {seconds} seconds."}, 429)
        case _:
            assert_never(outcome)


def end_other(visit: PortalVisit) -> PageAnswer:
    """Sign out of one other browser."""
    visit.browsers.end_others(visit.signed_in, visit.arrival.names["session"])
    return Redirect(to=ACCOUNT, done="Signed out there.")


def end_others(visit: PortalVisit) -> PageAnswer:
    """Sign out of all other browsers."""
    visit.browsers.end_others(visit.signed_in)
    return Redirect(to=ACCOUNT, done="Signed out there.")
