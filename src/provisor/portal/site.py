"""The portal's pages: their routes, who may open which, and what stands around all of them."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Final, Literal

from provisor.admin.browsers import Browsers
from provisor.admin.bundle import Admin
from provisor.admin.openid import CALLBACK, START
from provisor.admin.setup import SETUP_PATH
from provisor.portal import account, signing_in
from provisor.portal.visits import HOME, PRODUCT, PortalVisit
from provisor.web.answers import Arrival, PageAnswer, Redirect
from provisor.web.rendering import Renderer
from provisor.web.site import Rule, WebSite

PortalAccess = Literal["anyone", "signed-in"]
PortalSite = WebSite[PortalVisit, PortalAccess]

# Another one than the dashboard's: browsers send cookies to all ports of a host.
COOKIE = "provisor-portal"
# What a finished form says on the page it leads to; not text from the address.
DONE = {"password": "The password was changed.", "ended": "Signed out there."}

RULES: tuple[Rule[PortalVisit, PortalAccess], ...] = (
    Rule(method="GET", path="/", handler=signing_in.home, access="anyone"),
    Rule(method="GET", path="/sign-in", handler=signing_in.show, access="anyone"),
    Rule(method="POST", path="/sign-in", handler=signing_in.sign_in, access="anyone"),
    Rule(method="POST", path="/sign-out", handler=signing_in.sign_out, access="signed-in"),
    Rule(method="GET", path=START, handler=signing_in.begin_openid, access="anyone", slow=True),
    Rule(method="GET", path=CALLBACK, handler=signing_in.finish_openid, access="anyone", slow=True),
    Rule(method="GET", path=f"{SETUP_PATH}/{{code}}", handler=signing_in.open_link, access="anyone"),
    Rule(method="POST", path=f"{SETUP_PATH}/{{code}}", handler=signing_in.use_link, access="anyone"),
    Rule(method="GET", path=HOME, handler=account.show, access="signed-in"),
    Rule(method="POST", path=f"{HOME}/password", handler=account.change_password, access="signed-in"),
    Rule(method="POST", path=f"{HOME}/sessions/end-others", handler=account.end_others, access="signed-in"),
    Rule(method="POST", path=f"{HOME}/sessions/{{session}}/end", handler=account.end_other, access="signed-in"),
)

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
    renderer = Renderer("provisor.portal", static=("icon.svg",), filters={"browser": browser})
    return WebSite(_Portal(admin), RULES, renderer, cookie=COOKIE, trust_proxy=trust_proxy)


class _Portal:
    """Who visits, and what they may."""

    def __init__(self, admin: Admin) -> None:
        self._browsers = Browsers(admin.authentication, admin.openid, admin.setup)

    def visit(self, arrival: Arrival) -> PortalVisit:
        """Somebody who is not recognised."""
        return PortalVisit(arrival=arrival, browsers=self._browsers, visitor=None)

    def recognised(self, visit: PortalVisit) -> PortalVisit:
        """The visit of the session's account."""
        return replace(visit, visitor=self._browsers.recognised(visit.arrival))

    def stopped(self, visit: PortalVisit, access: PortalAccess) -> PageAnswer | None:
        """Somebody without a session is led to the way in."""
        return Redirect(to=signing_in.SIGN_IN) if access == "signed-in" and visit.visitor is None else None

    def frame(self, visit: PortalVisit) -> Mapping[str, object]:
        """Who is signed in."""
        return {
            "path": visit.arrival.path,
            "account": None if visit.visitor is None else visit.visitor.actor,
            "product": PRODUCT,
            "home_name": "your account",
            "done": DONE.get(visit.arrival.query.get("done", "")),
            "refresh_seconds": None,
        }


def browser(agent: str) -> str:
    """What people call the browser that calls itself so."""
    name = next((name for word, name in _BROWSERS.items() if word in agent), "A browser")
    system = next((name for word, name in _SYSTEMS.items() if word in agent), "")
    return f"{name} on {system}" if system else name
