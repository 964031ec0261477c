"""Pages of getting in and out: set-up link, password, OpenID Connect, sign out."""

from typing import assert_never

from provisor.admin.errors import AdminError
from provisor.admin.openid import START, OpenIdRefused
from provisor.admin.proofs import SHORTEST_PASSWORD
from provisor.admin.roles import GLOBAL_ADMINISTRATOR
from provisor.admin.setup import SetupShown
from provisor.admin.sign_in_links import SIGN_IN_PATH
from provisor.portal.visits import HOME, SIGN_IN, PortalVisit, typed_wrong
from provisor.web.answers import PageAnswer, Redirect, TemplatePage, refused
from provisor.web.signing_in import LONGEST_NAME, SignedIn, TooManyFailures, WrongPair, sign_in_page

_LONGEST_WANTED = 2_000


def show(visit: PortalVisit) -> PageAnswer:
    """The form, or the first page for somebody who is signed in."""
    wanted = local(visit.query.get("to", HOME))
    return Redirect(to=wanted) if visit.visitor else sign_in_page(_words(visit, "", wanted))


def sign_in(visit: PortalVisit) -> PageAnswer:
    """Check name and password; the same message after the same time, whatever was wrong."""
    name, password = visit.form.get("name", "").strip()[:LONGEST_NAME], visit.form.get("password", "")
    wanted = local(visit.form.get("to", HOME))
    outcome = visit.browsers.sign_in(visit.arrival, visit.visitor, name, password)
    match outcome:
        case SignedIn(secret):
            return Redirect(to=wanted, secret=secret)
        case TooManyFailures() | WrongPair():
            return sign_in_page(_words(visit, name, wanted), outcome)
        case _:
            assert_never(outcome)


def local(address: str) -> str:
    """A page of ours to go on at; the first one, where an address leads anywhere else."""
    fits = address.isprintable() and address.isascii() and address.startswith("/") and "\\" not in address
    return address if fits and not address.startswith("//") and len(address) <= _LONGEST_WANTED else HOME


def _words(visit: PortalVisit, name: str, wanted: str = HOME) -> TemplatePage:
    offered = visit.browsers.openid.offered()
    values = {
        "name": name,
        "wrong": "Name or password is wrong.",
        "provider": None if offered is None else offered.name,
        "openid_address": START,
        "wanted": wanted,
    }
    return TemplatePage(template="sign_in.html", title="Sign in", values=values)


def sign_out(visit: PortalVisit) -> PageAnswer:
    """End the session here and in the store."""
    visit.browsers.out(visit.signed_in)
    return Redirect(to=SIGN_IN, secret="")


# At another's page


def begin_openid(visit: PortalVisit) -> PageAnswer:
    """On to the provider's page. The attempt is bound to this browser's cookie, which it gets now if it had none."""
    offered = visit.browsers.openid.offered()
    if offered is not None and offered.address != visit.arrival.url:
        # The answer goes to the address that is set; the cookie of another one would not come along.
        return refused("Not from here", f"Open {offered.address} and sign in there.", 400)
    try:
        to = visit.browsers.openid.begin(visit.arrival.secret)
    except OpenIdRefused as error:
        return _not_signed_in(error)
    return Redirect(to=to, secret=None if visit.arrival.cookie else visit.arrival.secret)


def finish_openid(visit: PortalVisit) -> PageAnswer:
    """Back from the provider's page."""
    try:
        outcome = visit.browsers.vouched(visit.arrival, visit.visitor)
    except OpenIdRefused as error:
        return _not_signed_in(error)
    match outcome:
        case SignedIn(secret):
            return Redirect(to=HOME, secret=secret)
        case TooManyFailures():
            return sign_in_page(_words(visit, ""), outcome)
        case _:
            assert_never(outcome)


def _not_signed_in(error: OpenIdRefused) -> TemplatePage:
    return refused("You are not signed in", f"{error.message} {error.hint} ({error.code})", 403)


# Sign-in links


def open_sign_in_link(visit: PortalVisit) -> PageAnswer:
    """Whom the link signs in. Looking does not use it up."""
    code = visit.arrival.names["code"]
    name = visit.browsers.linked(code)
    if name is None:
        return _no_sign_in()
    values = {"name": name, "action": f"{SIGN_IN_PATH}/{code}"}
    return TemplatePage(template="sign_in_link.html", title="Sign in", values=values)


def use_sign_in_link(visit: PortalVisit) -> PageAnswer:
    """Sign in, once."""
    outcome = visit.browsers.sign_in_by_link(visit.arrival, visit.visitor, visit.arrival.names["code"])
    match outcome:
        case SignedIn(secret):
            return Redirect(to=HOME, secret=secret)
        case TooManyFailures():
            return sign_in_page(_words(visit, ""), outcome)
        case None:
            return _no_sign_in()
        case _:
            assert_never(outcome)


def _no_sign_in() -> TemplatePage:
    text = "This link is not good any more: it was used, it is older than 15 minutes, or there is a newer one."
    return refused("This link is over", text, 404)


# Set-up links


def open_link(visit: PortalVisit) -> PageAnswer:
    """What a set-up link is for. Looking does not use it up."""
    shown = visit.browsers.link(visit.arrival.names["code"])
    return _over() if shown is None else _set_up(visit, shown, "", {})


def use_link(visit: PortalVisit) -> PageAnswer:
    """Take the password; whoever has done it is signed in."""
    code, name = visit.arrival.names["code"], visit.form.get("name", "").strip()
    password, again = visit.form.get("password", ""), visit.form.get("again", "")
    shown = visit.browsers.link(code)
    if shown is None:
        return _over()
    wrong = typed_wrong(password, again)
    if wrong["again"]:
        return _set_up(visit, shown, name, wrong)
    try:
        done = visit.browsers.set_up(
            visit.arrival, visit.visitor, code, name=name if shown.name is None else None, password=password
        )
    except AdminError as error:
        if error.code == "setup-link-over":
            return _over()
        beside = "password" if error.code == "password-weak" else "name"
        return _set_up(visit, shown, name, wrong | {beside: f"{error.message} {error.hint}".strip()})
    return Redirect(to=HOME, secret=done.secret)


def _set_up(visit: PortalVisit, shown: SetupShown, name: str, wrong: dict[str, str]) -> TemplatePage:
    values = {
        "name_wanted": shown.name is None,
        "name": name if shown.name is None else shown.name,
        "role": GLOBAL_ADMINISTRATOR,
        "action": visit.arrival.path,
        "shortest": SHORTEST_PASSWORD,
        "wrong": {"name": "", "password": "", "again": ""} | wrong,
    }
    title = "Set up Provisor" if shown.name is None else "Choose a password"
    return TemplatePage(template="set_up.html", title=title, values=values, status=400 if any(wrong.values()) else 200)


def _over() -> TemplatePage:
    text = "It was used, has expired, or a newer one was made. Ask whoever gave it to you for another one."
    return refused("This link is over", text, 404)
