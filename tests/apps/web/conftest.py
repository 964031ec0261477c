"""A site of a few pages, by which the ground of all pages is tried: who has which cookie is said by a table."""

from dataclasses import dataclass, field

import pytest

from provisor.web.answers import Arrival, Download, Redirect, TemplatePage
from provisor.web.live import LiveTopic
from provisor.web.rendering import Renderer
from provisor.web.sessions import form_token
from provisor.web.site import LiveRule, Rule, WebSite
from support.browser import Browser, Pages

COOKIE = "__Host-tried"
SECRET = "of-ana"


class Refused(Exception):
    """What this skin says on a page of its own."""


@dataclass
class Visit:
    arrival: Arrival
    who: str | None = None


@dataclass
class Skin:
    """Who is signed in, and what was asked of it."""

    people: dict = field(default_factory=lambda: {SECRET: "ana"})
    arrivals: list = field(default_factory=list)
    sent: list = field(default_factory=list)  # what forms brought, with the content of their files

    def visit(self, arrival):
        self.arrivals.append(arrival)
        return Visit(arrival)

    def recognised(self, visit):
        return Visit(visit.arrival, self.people.get(visit.arrival.cookie))

    def stopped(self, visit, access):
        return None if access == "anyone" or visit.who else Redirect(to="/sign-in")

    def failed(self, _visit, error):
        return page(str(error), 418) if isinstance(error, Refused) else None

    def frame(self, visit):
        names = {"account": None, "sections": [], "path": visit.arrival.path, "product": "Tried", "home_name": "Home"}
        return names | {"refresh_seconds": None}


def page(text, status=200):
    return TemplatePage(template="message.html", title="Page", values={"text": text}, status=status)


class Site:
    """The pages and what stands behind them."""

    refused = Refused

    def __init__(self):
        self.skin = Skin()
        self.parts = lambda: iter([b"a,b\n"])
        self.looks = 0
        rules = [
            Rule(method="GET", path="/", handler=lambda visit: page("Here."), access="anyone"),
            Rule(method="GET", path="/file", handler=self._file, access="signed-in"),
            Rule(method="POST", path="/short", handler=self._take, access="signed-in"),
            Rule(method="POST", path="/long", handler=self._take, access="signed-in", long=True),
            Rule(method="POST", path="/files", handler=self._take, access="signed-in", files=True),
        ]
        live = [LiveRule(path="/live", topic=self._topic, access="signed-in")]
        renderer = Renderer("support.script_site", static=("icon.svg",))
        self.site = WebSite(self.skin, rules, renderer, cookie="tried", trust_proxy=False, live=live)
        self.application = self.site.application

    def _file(self, _visit):
        return Download(name="a “list”.csv", media_type="text/csv", parts=self.parts())

    def _take(self, visit):
        arrival = visit.arrival
        files = {name: (one.name, one.file, one.file.read_bytes()) for name, one in arrival.uploads.items()}
        modes = {one.file.parent.stat().st_mode & 0o777 for one in arrival.uploads.values()}
        self.skin.sent.append((list(arrival.fields), files, modes))
        return Redirect(to="/", done="It was taken.")

    def _topic(self, visit):
        if visit.who is None:
            raise Refused("not any more")
        return LiveTopic(key="one", look=self.look_now)

    def look_now(self):
        self.looks += 1
        return TemplatePage(template="message.html", title="", values={})

    async def __call__(self, scope, receive, send):
        await self.application(scope, receive, send)

    def close(self):
        self.site.close()


@pytest.fixture
def site():
    return Site()


@pytest.fixture
def pages(site):
    pages = Pages(site)
    yield pages
    pages.close()


@pytest.fixture
def ana(pages):
    return Browser(pages, {COOKIE: SECRET})


@pytest.fixture
def stranger(pages):
    return Browser(pages)


@pytest.fixture
def post(pages):
    """Sends a body as it is; a form's token is at its beginning."""

    def send(path, body, kind, *, cookie=SECRET, length=True, **headers):
        given = {"content-type": kind, "cookie": f"{COOKIE}={cookie}"}
        if length:
            given["content-length"] = str(len(body))
        given |= {name.replace("_", "-"): value for name, value in headers.items()}
        return pages.send("POST", path, "", given, body)

    return send


@pytest.fixture
def token():
    return lambda path: form_token(SECRET, path)
