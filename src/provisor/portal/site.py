"""The portal's pages: their routes, who may open which, and what stands around all of them."""

from collections.abc import Mapping
from dataclasses import replace
from itertools import chain
from typing import Final
from urllib.parse import quote, urlencode

from provisor.admin.browsers import Browsers
from provisor.admin.bundle import Admin
from provisor.admin.errors import AdminError
from provisor.admin.openid import CALLBACK, START
from provisor.admin.setup import SETUP_PATH
from provisor.admin.sign_in_links import SIGN_IN_PATH
from provisor.portal import account, signing_in
from provisor.portal.applications import routes as applications
from provisor.portal.directory import routes as directory
from provisor.portal.errors import advice, error_page
from provisor.portal.history import routes as history
from provisor.portal.home import routes as home
from provisor.portal.mappings import routes as mappings
from provisor.portal.navigation import is_within, navigation
from provisor.portal.provisioning import routes as provisioning
from provisor.portal.settings import routes as settings
from provisor.portal.sources import routes as sources
from provisor.portal.visits import (
    ACCOUNT,
    HOME,
    PRODUCT,
    SIGN_IN,
    PortalAccess,
    PortalLiveRule,
    PortalRule,
    PortalVisit,
)
from provisor.web.answers import Arrival, PageAnswer, Redirect
from provisor.web.rendering import Renderer
from provisor.web.site import Rule, WebSite

PortalSite = WebSite[PortalVisit, PortalAccess]

# Another one than the dashboard's: browsers send cookies to all ports of a host.
COOKIE = "provisor-portal"

_ENTERING: tuple[PortalRule, ...] = (
    Rule(method="GET", path=SIGN_IN, handler=signing_in.show, access="anyone"),
    Rule(method="POST", path=SIGN_IN, handler=signing_in.sign_in, access="anyone"),
    Rule(method="POST", path="/sign-out", handler=signing_in.sign_out, access="signed-in"),
    Rule(method="GET", path=START, handler=signing_in.begin_openid, access="anyone", slow=True),
    Rule(method="GET", path=CALLBACK, handler=signing_in.finish_openid, access="anyone", slow=True),
    Rule(method="GET", path=f"{SETUP_PATH}/{{code}}", handler=signing_in.open_link, access="anyone"),
    Rule(method="POST", path=f"{SETUP_PATH}/{{code}}", handler=signing_in.use_link, access="anyone"),
    Rule(method="GET", path=f"{SIGN_IN_PATH}/{{code}}", handler=signing_in.open_sign_in_link, access="anyone"),
    Rule(method="POST", path=f"{SIGN_IN_PATH}/{{code}}", handler=signing_in.use_sign_in_link, access="anyone"),
    Rule(method="GET", path=ACCOUNT, handler=account.show, access="signed-in"),
    Rule(method="POST", path=f"{ACCOUNT}/password", handler=account.change_password, access="signed-in"),
    Rule(method="POST", path=f"{ACCOUNT}/sessions/end-others", handler=account.end_others, access="signed-in"),
    Rule(method="POST", path=f"{ACCOUNT}/sessions/{{session}}/end", handler=account.end_other, access="signed-in"),
)
_ROOMS = (home, directory, sources, applications, provisioning, mappings, history, settings)
RULES: tuple[PortalRule, ...] = (*_ENTERING, *chain.from_iterable(room.RULES for room in _ROOMS))
LIVE: tuple[PortalLiveRule, ...] = tuple(chain.from_iterable(room.LIVE for room in _ROOMS))

# By what browsers call themselves; each also names those before it, so the first that fits is meant.
_BROWSERS: Final = {"Edg": "Edge", "OPR/": "Opera", "Firefox/": "Firefox", "Chrom": "Chrome", "Safari/": "Safari"}
_SYSTEMS: Final = {
    "Android": "Android",
    "iPhone": "iPhone",
    "iPad": "iPad",
    "Windows": "Windows",
    "Macintosh": "Mac",
    "CrOS": "ChromeOS",
    "Linux": "Linux",
}


def open_portal(admin: Admin, *, trust_proxy: bool) -> PortalSite:
    """Every page of one service."""
    renderer = Renderer(
        "provisor.portal",
        static=("icon.svg", "mappings.js"),
        filters={"browser": browser, "advice": advice},
    )
    return WebSite(_Portal(admin), RULES, renderer, cookie=COOKIE, trust_proxy=trust_proxy, live=LIVE)


class _Portal:
    """Who visits, and what they may."""

    def __init__(self, admin: Admin) -> None:
        self._admin = admin
        self._browsers = Browsers(admin.authentication, admin.openid, admin.setup)

    def visit(self, arrival: Arrival) -> PortalVisit:
        """Somebody who is not recognised."""
        return PortalVisit(arrival=arrival, admin=self._admin, browsers=self._browsers, visitor=None)

    def recognised(self, visit: PortalVisit) -> PortalVisit:
        """The visit of the session's account."""
        return replace(visit, visitor=self._browsers.recognised(visit.arrival))

    def stopped(self, visit: PortalVisit, access: PortalAccess) -> PageAnswer | None:
        """Somebody without a session is led to the way in, and from there to where they wanted."""
        if access == "anyone" or visit.visitor is not None:
            return None
        wanted = _address(visit) if visit.arrival.method == "GET" else HOME
        return Redirect(to=SIGN_IN if wanted == HOME else f"{SIGN_IN}?to={quote(wanted, safe='/')}")

    def failed(self, visit: PortalVisit, error: Exception) -> PageAnswer | None:
        """What a verb refused and the page did not say itself."""
        return error_page(error) if isinstance(error, AdminError) else None

    def frame(self, visit: PortalVisit) -> Mapping[str, object]:
        """Who is signed in, and where they can go."""
        actor = None if visit.visitor is None else visit.visitor.actor
        return {
            "path": visit.arrival.path,
            "account": actor,
            "may": None if actor is None else actor.may,
            "sections": [] if actor is None else navigation(actor),
            "is_within": is_within,
            "product": PRODUCT,
            "home_name": "Home",
            "refresh_seconds": None,
        }


def _address(visit: PortalVisit) -> str:
    path = quote(visit.arrival.path, safe="/")
    return f"{path}?{urlencode(visit.query)}" if visit.query else path


def browser(agent: str) -> str:
    """What people call the browser that calls itself so."""
    name = next((name for word, name in _BROWSERS.items() if word in agent), "A browser")
    system = next((name for word, name in _SYSTEMS.items() if word in agent), "")
    return f"{name} on {system}" if system else name
