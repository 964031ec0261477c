"""A browser without scripts: cookies, forms with their hidden fields, redirects followed one at a time.

It opens the pages of any site that is an ASGI application, without a socket.
"""

import asyncio
import re
from dataclasses import dataclass, field
from html.parser import HTMLParser
from urllib.parse import urlencode, urljoin, urlsplit


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
        elif self._form is not None and "name" in attributes and "disabled" not in attributes:
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


@dataclass
class SiteAnswer:
    status: int
    headers: dict
    body: bytes


class Pages:
    """An ASGI application on a loop that only turns while a page is answered."""

    def __init__(self, application, *, host="provisor.example.com", scheme="https", client="192.0.2.7"):
        self.application, self.host, self.scheme, self.client = application, host, scheme, client
        self._runner = asyncio.Runner()

    def send(self, method, path, query, headers, body):
        return self._runner.run(self._answered(method, path, query, {"host": self.host, **headers}, body))

    def receive(self, method, path, headers, receive):
        """Send a request whose body is received by a function; the messages of the answer."""
        out = []

        async def send(message):
            out.append(message)

        self._runner.run(self.application(self.scope(method, path, "", {"host": self.host, **headers}), receive, send))
        return out

    def scope(self, method, path, query, headers):
        return {
            "type": "http",
            "method": method,
            "path": path,
            "query_string": query.encode(),
            "headers": [(name.lower().encode(), value.encode("latin-1")) for name, value in headers.items()],
            "scheme": self.scheme,
            "server": ("127.0.0.1", 8021),
            "client": (self.client, 50_000),
        }

    def race(self, paths, first):
        """Ask for all of these at once; in which order they were answered. `first` is called with the first of them."""
        order = []

        async def ask(path):
            await self._answered("GET", path, "", {"host": self.host}, b"")
            order.append(path)
            if len(order) == 1:
                first(path)

        async def ask_all():
            await asyncio.gather(*map(ask, paths))

        self._runner.run(ask_all())
        return order

    async def _answered(self, method, path, query, headers, body):
        out, messages = [], [{"type": "http.request", "body": body, "more_body": False}]

        async def receive():
            if not messages:
                await asyncio.Event().wait()  # the browser stays until it is answered
            return messages.pop(0)

        async def send(message):
            out.append(message)

        await self.application(self.scope(method, path, query, headers), receive, send)
        found = {name.decode(): value.decode("latin-1") for name, value in out[0]["headers"]}
        return SiteAnswer(out[0]["status"], found, b"".join(part["body"] for part in out[1:]))

    def close(self):
        self.application.close()
        self._runner.close()
