"""Pages as text, with the headers that all of them carry. Values are escaped; a page holds no script and no style.

A skin's own templates and static files come before those that all skins share. Scripts are files of ours, of which
pages are complete without any.
"""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from functools import cache, partial
from hashlib import sha256
from importlib import resources
from typing import Any
from urllib.parse import quote

from jinja2 import ChoiceLoader, Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from provisor.web.answers import TemplatePage
from provisor.web.sessions import form_token

POLICY = (
    "default-src 'none'; script-src 'self'; connect-src 'self'; style-src 'self'; img-src 'self' data:; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
HEADERS: Mapping[str, str] = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",  # the address of a set-up page is a secret, and logs of proxies keep referrers
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}
HOME = "provisor.web"
# What every page refers to. htmx 2.0.11 (0BSD) and uPlot 1.6.32 (MIT) are as their makers distribute them.
SHARED = ("provisor.css", "provisor.js", "htmx.min.js", "uplot.min.js", "uplot.min.css")
_KINDS = {"css": "text/css; charset=utf-8", "js": "text/javascript; charset=utf-8", "svg": "image/svg+xml"}


class StaticFile:
    """A file that pages refer to. New content has a new address, so that browsers may keep it."""

    def __init__(self, package: str, name: str) -> None:
        self.content = resources.files(package).joinpath("static", name).read_bytes()
        self.media_type = _KINDS[name.rpartition(".")[2]]
        self.version = sha256(self.content).hexdigest()[:12]
        self.address = f"/static/{name}?v={self.version}"


def _time(shape: str, microseconds: int | None) -> Markup:
    """A time as people and programs read it."""
    if microseconds is None:
        return Markup("never")
    at = datetime.fromtimestamp(microseconds / 1_000_000, UTC)
    return Markup('<time datetime="{}">{}</time>').format(f"{at:%Y-%m-%dT%H:%M:%SZ}", f"{at:{shape}}")


moment = partial(_time, "%Y-%m-%d %H:%M:%S UTC")
second = partial(_time, "%Y-%m-%d %H:%M:%S")  # under a heading that says UTC, as the next one
minute = partial(_time, "%Y-%m-%d %H:%M")


def number(value: int) -> str:
    """A number with separated thousands."""
    return f"{value:,}"


@cache
def _templates(package: str) -> Environment:
    """Those of a skin; compiling one takes some 20 ms, so that two sites of a process share them."""
    return Environment(
        loader=ChoiceLoader([PackageLoader(package), PackageLoader(HOME)]),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )


class Renderer:
    """The templates of one skin, filled in; compiled once."""

    def __init__(
        self, package: str, *, static: tuple[str, ...], filters: Mapping[str, Callable[..., object]] | None = None
    ) -> None:
        self.static = {name: StaticFile(package, name) for name in static}
        self.static |= {name: StaticFile(HOME, name) for name in SHARED}
        self._templates = _templates(package)
        self._templates.filters.update(moment=moment, second=second, minute=minute, number=number)
        self._templates.filters.update(in_address=_in_address, **(filters or {}))
        self._addresses = {name: file.address for name, file in self.static.items()}

    def render(self, page: TemplatePage, frame: Mapping[str, Any], *, secret: str) -> str:
        """The whole document: the page's values within the frame of its site, forms bound to the cookie's secret."""

        def form_field(form: str) -> Markup:
            return Markup('<input type="hidden" name="form_token" value="{}">').format(form_token(secret, form))

        values = {"title": page.title, "form_field": form_field, "static": self._addresses, **frame, **page.values}
        return self._templates.get_template(page.template).render(values)

    def fragment(self, page: TemplatePage) -> str:
        """A part of a page by itself: its template with its values alone."""
        return self._templates.get_template(page.template).render(page.values)


def _in_address(value: object) -> str:
    """Text as one part of an address."""
    return quote(str(value), safe="")
