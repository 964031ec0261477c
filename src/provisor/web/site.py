"""The pages of a skin as an ASGI application: routes, and what is checked before any handler runs.

Handlers are synchronous and run in two threads of their own: hashing a password or searching 100,000 names does not
hold up anything else on the loop. Those that wait for another server have two more, and hold up no page. A path is
never logged, as it may hold a one-time secret: its rule is. Order: what a skin brings, the site, the checks, reading
a request.
"""

import asyncio
import logging
import sqlite3
from collections.abc import Awaitable, Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar
from urllib.parse import parse_qsl
from uuid import uuid4

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from provisor.database import DatabaseError
from provisor.web.addresses import client_address, own_address
from provisor.web.answers import Arrival, PageAnswer, Redirect, TemplatePage, refused
from provisor.web.rendering import HEADERS, Renderer
from provisor.web.sessions import form_token_fits, new_secret

V = TypeVar("V")  # a skin's visit: an arrival with what the skin looked up for it
A = TypeVar("A")  # who may open a page, in the words of the skin
A_contra = TypeVar("A_contra", contravariant=True)  # the same, where it is only asked for

MAX_FORM_BYTES = 16 * 1024
_MAX_FIELDS = 20
_THREADS = 2
_SLOW_THREADS = 2
_STATIC_SECONDS = 31_536_000  # another content has another address
_HEAD_TOO = {"GET": ["GET", "HEAD"], "POST": ["POST"]}

logger = logging.getLogger("provisor.web")


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule(Generic[V, A]):
    """One page: what answers it, and who may open it; `slow` when that waits for another server."""

    method: str
    path: str
    handler: Callable[[V], PageAnswer]
    access: A
    slow: bool = False


class Skin(Protocol[V, A_contra]):
    """What a site asks the skin whose pages it serves."""

    def visit(self, arrival: Arrival) -> V:
        """The visit of somebody who is not recognised. Must not fail: errors are answered with it."""

    def recognised(self, visit: V) -> V:
        """The visit with who it is, by the secret of its cookie."""

    def stopped(self, visit: V, access: A_contra) -> PageAnswer | None:
        """What this visit is answered instead of the page; None when it may go on."""

    def frame(self, visit: V) -> Mapping[str, object]:
        """What all templates of the skin name."""


class WebSite(Generic[V, A]):
    """Every page of one skin."""

    def __init__(
        self, skin: Skin[V, A], rules: Sequence[Rule[V, A]], renderer: Renderer, *, cookie: str, trust_proxy: bool
    ) -> None:
        self._skin = skin
        self._renderer = renderer
        self._cookie = cookie
        self._trust_proxy = trust_proxy
        self._threads = ThreadPoolExecutor(_THREADS, thread_name_prefix="page")
        self._slow_threads = ThreadPoolExecutor(_SLOW_THREADS, thread_name_prefix="slow-page")
        self.application = Starlette(
            routes=[
                *(Route(rule.path, self._endpoint(rule), methods=_HEAD_TOO[rule.method]) for rule in rules),
                Route("/static/{name}", self._static),
            ],
            exception_handlers={HTTPException: self._http_error},
        )
        self.application.router.redirect_slashes = False

    def close(self) -> None:
        """Finish what is being rendered."""
        for threads in (self._threads, self._slow_threads):
            threads.shutdown(wait=True, cancel_futures=True)

    def _endpoint(self, rule: Rule[V, A]) -> Callable[[Request], Awaitable[Response]]:
        def answer(arrival: Arrival, visit: V) -> PageAnswer:
            if arrival.method == "POST" and not _own_form(arrival):
                text = "This form is out of date or came from another site. Go back, reload the page and try again."
                return refused("Not done", text, 403)
            return self._skin.stopped(visit, rule.access) or rule.handler(visit)

        async def endpoint(request: Request) -> Response:
            return await self._respond(request, rule.path, answer, self._slow_threads if rule.slow else self._threads)

        return endpoint

    async def _http_error(self, request: Request, error: Exception) -> Response:
        status = error.status_code if isinstance(error, HTTPException) else 500
        title = "Not found" if status == 404 else "Not possible here"
        text = "There is no such page." if status == 404 else f"{request.method} is not possible at this address."
        answer = refused(title, text, status)
        return await self._respond(request, "no page", lambda _arrival, _visit: answer, self._threads)

    async def _respond(
        self, request: Request, place: str, answer: Callable[[Arrival, V], PageAnswer], threads: ThreadPoolExecutor
    ) -> Response:
        try:
            arrival = await self._read(request)
        except ClientDisconnect:
            return Response(status_code=400)
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(threads, self._answered, arrival, place, answer)

    def _answered(self, arrival: Arrival, place: str, answer: Callable[[Arrival, V], PageAnswer]) -> Response:
        unknown = self._skin.visit(arrival)
        try:
            visit = unknown if arrival.cookie is None else self._skin.recognised(unknown)
            return self._response(arrival, visit, answer(arrival, visit))
        except (DatabaseError, sqlite3.OperationalError) as error:
            logger.error("%s %s: %s", arrival.method, place, error)
            answered = refused("Try again", "The database cannot be used at the moment.", 503)
        except Exception:
            logger.exception("%s %s", arrival.method, place)
            answered = refused("An error", "An error occurred on the server; its log says more.", 500)
        return self._response(arrival, unknown, answered)

    def _response(self, arrival: Arrival, visit: V, answer: PageAnswer) -> Response:
        response: Response
        match answer:
            case Redirect(to=to, secret=secret):
                response = RedirectResponse(to, 303)
            case TemplatePage(status=status):
                secret = None if arrival.cookie else arrival.secret
                document = self._renderer.render(answer, self._skin.frame(visit), secret=arrival.secret)
                response = Response(document, status, media_type="text/html")
                if answer.retry_after_seconds is not None:
                    response.headers["Retry-After"] = str(answer.retry_after_seconds)
        response.headers.update(HEADERS)
        response.headers["Cache-Control"] = "no-store"
        if arrival.secure:
            response.headers["Strict-Transport-Security"] = "max-age=31536000"
        if secret is not None:
            response.set_cookie(
                cookie_name(self._cookie, secure=arrival.secure),
                secret,
                max_age=None if secret else 0,
                secure=arrival.secure,
                httponly=True,
                samesite="lax",
            )
        return response

    async def _read(self, request: Request) -> Arrival:
        headers = dict(request.scope["headers"])
        url = own_address(request.scope, headers, trust_proxy=self._trust_proxy)
        cookie = request.cookies.get(cookie_name(self._cookie, secure=url.startswith("https:"))) or None
        return Arrival(
            method=request.method,
            path=request.url.path,
            names=_storable(request.path_params),
            query=_storable(request.query_params),
            form=_storable(await _form(request)) if request.method == "POST" else {},
            fetch_site=request.headers.get("sec-fetch-site", ""),
            url=url,
            address=client_address(request.scope, headers, trust_proxy=self._trust_proxy),
            agent=request.headers.get("user-agent", ""),
            correlation=str(uuid4()),
            cookie=cookie,
            secret=cookie or new_secret(),
        )

    async def _static(self, request: Request) -> Response:
        file = self._renderer.static.get(request.path_params["name"])
        if file is None:
            raise HTTPException(404)
        kept = f"public, max-age={_STATIC_SECONDS}, immutable"
        return Response(file.content, headers={**HEADERS, "Cache-Control": kept}, media_type=file.media_type)


def cookie_name(name: str, *, secure: bool) -> str:
    """What a site calls its cookie: a browser takes one with this prefix over TLS only, and for this host alone."""
    return f"__Host-{name}" if secure else name


def _own_form(arrival: Arrival) -> bool:
    """Whether a POST came from a page of ours: by its hidden field, and by what the browser says of its origin."""
    if arrival.fetch_site not in ("", "same-origin", "none") or arrival.cookie is None:
        return False
    return form_token_fits(arrival.cookie, arrival.path, arrival.form.get("form_token", ""))


def _storable(given: Mapping[str, str]) -> Mapping[str, str]:
    """Values that a database accepts: PostgreSQL allows no NUL in a text."""
    return {name: value.replace("\x00", "\ufffd") for name, value in given.items()}


async def _form(request: Request) -> Mapping[str, str]:
    """The fields of a form; none when it is too long or not a form, and then its token does not fit either."""
    body = bytearray()
    async for part in request.stream():
        body += part
        if len(body) > MAX_FORM_BYTES:
            return {}
    try:
        return dict(parse_qsl(body.decode("ascii", "replace"), keep_blank_values=True, max_num_fields=_MAX_FIELDS))
    except ValueError:
        return {}
