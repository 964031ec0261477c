"""A browser without scripts: cookies, forms with their hidden fields, redirects followed one at a time."""

import re
from dataclasses import dataclass, field
from html.parser import HTMLParser
from urllib.parse import urlencode, urljoin, urlsplit

import pytest
from argon2 import PasswordHasher

from provisor.provider.dashboard import accounts, site
from provisor.provider.store.ad_connector import import_file
from provisor.provider.store.tables import now_microseconds

EMAIL, PASSWORD = "admin@example.org", "correct horse battery"


class Document(HTMLParser):
    """What a page holds: its text, its forms with the fields they would send, its links, its tables' rows."""

    def __init__(self, html):
        super().__init__()
        self.forms, self.links, self.words, self.tags, self.rows = {}, [], [], [], []
        self._form = self._select = None
        self._in_row = False
        self.feed(html)
        self.text = re.sub(r"\s+", " ", " ".join(self.words))

    def handle_starttag(self, tag, given):
        attributes = dict(given)
        self.tags.append((tag, attributes))
        if tag == "form":
            self._form = self.forms.setdefault(attributes["action"], {})
        elif tag == "a":
            self.links.append(attributes.get("href"))
        elif tag == "tr":
            self.rows.append("")
            self._in_row = True
        elif self._form is not None and "name" in attributes:
            if tag == "input" and attributes.get("type") != "checkbox":
                self._form[attributes["name"]] = attributes.get("value", "")
            elif tag == "select":
                self._select = attributes["name"]
        elif tag == "option" and self._select and ("selected" in attributes or self._select not in self._form):
            self._form[self._select] = attributes.get("value", "")

    def handle_endtag(self, tag):
        if tag == "form":
            self._form = None
        elif tag == "select":
            self._select = None
        elif tag == "tr":
            self._in_row = False

    def handle_data(self, data):
        self.words.append(data)
        if self._in_row:
            self.rows[-1] = f"{self.rows[-1]} {data.strip()}".strip()


@dataclass
class Shown:
    """A page as it arrived."""

    path: str
    status: int
    headers: dict
    html: str

    @property
    def document(self):
        return Document(self.html)

    @property
    def text(self):
        return self.document.text

    @property
    def location(self):
        return self.headers.get("location")


@dataclass
class Browser:
    """One person's browser in front of a Target."""

    target: object
    cookies: dict = field(default_factory=dict)

    def request(self, method, address, fields=None, **headers):
        parts = urlsplit(address)
        given = {name.replace("_", "-"): value for name, value in headers.items()}
        if self.cookies:
            given["cookie"] = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        body = urlencode(fields).encode() if fields is not None else b""
        if fields is not None:
            given["content-type"] = "application/x-www-form-urlencoded"
        answer = self.target.send(method, parts.path, parts.query, given, body)
        cookie = answer.headers.get("set-cookie")
        if cookie is not None:
            name, _, value = cookie.partition(";")[0].partition("=")
            self.cookies.pop(name, None)
            if value.strip('"'):
                self.cookies[name] = value
        return Shown(parts.path, answer.status, answer.headers, answer.body.decode())

    def get(self, address, **headers):
        return self.request("GET", address, **headers)

    def submit(self, page, action, **fields):
        """Fill in a form of a page and send it."""
        given = page.document.forms[action] | fields
        return self.request("POST", action, {name: value for name, value in given.items() if value is not None})

    def follow(self, page):
        assert page.status == 303, page
        return self.get(urljoin(page.path, page.location))

    def sign_in(self, email=EMAIL, password=PASSWORD):
        return self.submit(self.get("/sign-in"), "/sign-in", email=email, password=password)


@pytest.fixture(autouse=True)
def _cheap_hashes(monkeypatch):
    monkeypatch.setattr(accounts, "hasher", PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))


@pytest.fixture
def make_account(umbrella):
    def make(email=EMAIL, password=PASSWORD, role="full-admin"):
        with umbrella.database.transaction() as connection:
            return accounts.create_account(
                connection, umbrella.tenant, email=email, password=password, role=role, now=now_microseconds()
            )

    return make


@pytest.fixture
def stranger(umbrella):
    """A browser of somebody who is not signed in."""
    return Browser(umbrella)


@pytest.fixture
def admin(umbrella, make_account):
    """A browser of a Full Admin."""
    make_account()
    browser = Browser(umbrella)
    assert browser.sign_in().status == 303
    return browser


@pytest.fixture
def reader(umbrella, make_account):
    """A browser of somebody who may only look."""
    make_account("reader@example.org", role="read-only")
    browser = Browser(umbrella)
    assert browser.sign_in("reader@example.org").status == 303
    return browser


@pytest.fixture
def clock(monkeypatch):
    """The pages' clock, which a test may put forward by minutes."""

    class Clock:
        forward = 0

        def pass_minutes(self, minutes):
            self.forward += int(minutes * 60_000_000)

    moved = Clock()
    monkeypatch.setattr(site, "now_microseconds", lambda: now_microseconds() + moved.forward)
    return moved


@pytest.fixture
def bring(umbrella, tmp_path):
    """Takes rows of a CSV file as the AD connector's."""

    def take(*lines):
        path = tmp_path / "ad.csv"
        path.write_text("\n".join(lines), encoding="utf-8")
        with umbrella.database.transaction() as connection:
            return import_file(connection, umbrella.tenant, path, now_microseconds())

    return take
