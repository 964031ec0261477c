"""Pages to bytes, with the headers that every one of them carries. Every value is escaped; a page holds no script."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from functools import cache, partial
from hashlib import sha256
from importlib import resources
from typing import Any
from urllib.parse import quote, unquote_plus

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from provisor.provider.dashboard.page_request import TemplatePage, Visit
from provisor.provider.dashboard.sessions import form_token

POLICY = (
    "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
HEADERS: Mapping[str, str] = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}
STATIC = {"dashboard.css": "text/css; charset=utf-8", "icon.svg": "image/svg+xml"}


def static_file(name: str) -> bytes:
    """A file of ours that pages refer to."""
    return resources.files("provisor.provider.dashboard").joinpath("static", name).read_bytes()


def _address(name: str) -> str:
    """Where a static file is; another content has another address, so that browsers may keep it."""
    return f"/static/{name}?v={sha256(static_file(name)).hexdigest()[:12]}"


def _time(shape: str, microseconds: int | None) -> Markup:
    """A time as people and programs read it."""
    if microseconds is None:
        return Markup("never")
    at = datetime.fromtimestamp(microseconds / 1_000_000, UTC)
    return Markup('<time datetime="{}">{}</time>').format(f"{at:%Y-%m-%dT%H:%M:%SZ}", f"{at:{shape}}")


moment = partial(_time, "%Y-%m-%d %H:%M:%S UTC")
second = partial(_time, "%Y-%m-%d %H:%M:%S")  # under a heading that says UTC, as the next one
minute = partial(_time, "%Y-%m-%d %H:%M")


def lasting(microseconds: int) -> str:
    """A duration of a request."""
    return f"{microseconds / 1000:.1f} ms"


def number(value: int) -> str:
    """A number with its thousands apart."""
    return f"{value:,}"


@cache
def _templates() -> Environment:
    """The templates, compiled once a process."""
    made = Environment(
        loader=PackageLoader("provisor.provider.dashboard"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    made.filters.update(moment=moment, second=second, minute=minute, lasting=lasting, number=number)
    made.filters.update(in_address=_in_address, readable=_readable, below=_below)
    made.globals.update({f"{name.partition('.')[0]}_address": _address(name) for name in STATIC})
    return made


class Renderer:
    """The templates, filled in."""

    def render(self, visit: Visit, page: TemplatePage, more: Mapping[str, Any]) -> str:
        """The whole document."""

        def form_field(form: str) -> Markup:
            return Markup('<input type="hidden" name="form_token" value="{}">').format(form_token(visit.secret, form))

        return (
            _templates()
            .get_template(page.template)
            .render(
                {
                    "visit": visit,
                    "account": None if visit.session is None else visit.session.account,
                    "title": page.title,
                    "product": visit.tenant.profile.title,
                    "form_field": form_field,
                    **more,
                    **page.values,
                }
            )
        )


def _in_address(value: object) -> str:
    """Text as one part of an address."""
    return quote(str(value), safe="")


def _readable(query: str) -> str:
    """A query string without its escapes: for reading, not for sending again."""
    return unquote_plus(query)


def _below(path: str, bases: Sequence[str]) -> str:
    """A path without the beginning that all paths of a tenant share."""
    return next((path[len(base) :] for base in bases if path.startswith(f"{base}/")), path)
