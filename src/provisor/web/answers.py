"""A request for a page as it came, and what a handler of a page gives back. Values only."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Upload:
    """A file that came with a form: what the browser calls it, and where it lies until the request is answered."""

    name: str
    file: Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrival:
    """A request as received, before anything was looked up."""

    method: str
    path: str
    names: Mapping[str, str]  # out of the path
    query: Mapping[str, str]
    form: Mapping[str, str]  # the last of the values where several have one name
    fetch_site: str  # what the browser says of the page that a request comes from
    origin: str  # and of its site, where it says that
    url: str  # the server's address as this browser knows it, without a path
    address: str  # where the browser is
    agent: str  # what the browser calls itself
    correlation: str  # by which its traces are found together
    cookie: str | None  # the secret that came in the cookie
    secret: str  # the same; a new one for a browser that had none
    passive: bool = False  # of a page that moves by itself: nobody uses the session by that
    fields: Sequence[tuple[str, str]] = ()  # the form in its order, with every value
    uploads: Mapping[str, Upload] = field(default_factory=dict)  # by the name of the field; empty ones are none

    @property
    def secure(self) -> bool:
        """Whether it came over TLS."""
        return self.url.startswith("https:")

    def chosen(self, name: str) -> list[str]:
        """Every value of a field that may come more than once, as boxes do that are ticked."""
        return [value for one, value in self.fields if one == name]


@dataclass(frozen=True, slots=True, kw_only=True)
class TemplatePage:
    """A page to render: a template's name and its values."""

    template: str
    title: str
    values: Mapping[str, Any] = field(default_factory=dict)  # whatever the template names
    status: int = 200
    retry_after_seconds: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Redirect:
    """Go on at another page, which says what was done; `secret` becomes the cookie, and the empty text removes it."""

    to: str
    secret: str | None = None
    done: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Download:
    """A file to keep. Its parts are made while it is sent; the first one before anything is answered."""

    name: str
    media_type: str
    parts: Iterable[bytes]


PageAnswer = TemplatePage | Redirect | Download


def not_here(what: str) -> TemplatePage:
    """The page for something that is not there."""
    return TemplatePage(template="message.html", title="Not found", values={"text": f"{what} is not here."}, status=404)


def refused(title: str, text: str, status: int) -> TemplatePage:
    """A page that says why something was not done, and what to do."""
    return TemplatePage(template="message.html", title=title, values={"text": text}, status=status)
