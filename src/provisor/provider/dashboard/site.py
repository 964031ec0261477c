"""The pages as an ASGI application: routes, and what is checked before any handler runs.

Handlers are synchronous and run in two threads of their own: hashing a password or searching 100,000 names holds up
no SCIM request. Order: the routes, the site, the checks, reading a request.
"""

import asyncio
import logging
import sqlite3
from collections.abc import Awaitable, Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import partial
from typing import Literal
from urllib.parse import parse_qsl

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from provisor.database import Database, DatabaseError
from provisor.provider.dashboard import keys, lists, rendering, sign_in
from provisor.provider.dashboard.page_request import PageAnswer, Redirect, TemplatePage, Tenants, Visit, refused
from provisor.provider.dashboard.sessions import due, form_token_fits, look_up_session, new_secret, touch
from provisor.provider.dashboard.warnings import Twins
from provisor.provider.protocol.base_paths import Addresses
from provisor.provider.store.tables import Tenant, now_microseconds
from provisor.provider.watch.masking import masked_query
from provisor.scim.errors import shown

Access = Literal["anyone", "signed-in", "full-admin"]
Handler = Callable[[Visit], PageAnswer]

MAX_FORM_BYTES = 16 * 1024
_MAX_FIELDS = 20
_THREADS = 2
_STATIC_SECONDS = 31_536_000  # another content has another address
_HEAD_TOO = {"GET": ["GET", "HEAD"], "POST": ["POST"]}
_WITHOUT_ACKNOWLEDGEMENT = (keys.ACKNOWLEDGE, "/sign-out")

# What a finished form says on the page it leads to; never text out of the address.
DONE = {
    "generated": "The token is ready to be used.",
    "revoked": "The token was revoked: clients that present it are answered 401 from now on.",
    "repointed": "Noted: the policies of that group name the new group.",
    "kept": "Saved. It takes effect within seconds.",
}

RULES: Sequence[tuple[str, str, Handler, Access]] = (
    ("GET", "/", sign_in.home, "anyone"),
    ("GET", "/sign-in", sign_in.show, "anyone"),
    ("POST", "/sign-in", sign_in.sign_in, "anyone"),
    ("POST", "/sign-out", sign_in.sign_out, "signed-in"),
    ("GET", "/users-and-groups/{tab}", lists.users_and_groups, "signed-in"),
    ("GET", "/users-and-groups/{tab}/{id}", lists.identity, "signed-in"),
    ("GET", "/warnings", lists.warnings, "signed-in"),
    ("POST", "/warnings/groups/{id}/re-pointed", lists.mark_repointed, "full-admin"),
    ("GET", keys.KEYS, keys.show, "signed-in"),
    ("GET", keys.ACKNOWLEDGE, keys.ask, "signed-in"),
    ("POST", keys.ACKNOWLEDGE, keys.acknowledge, "full-admin"),
    ("POST", f"{keys.KEYS}/{{kind}}/generate", keys.generate, "full-admin"),
    ("GET", f"{keys.KEYS}/tokens/{{id}}/refresh", keys.ask_refresh, "full-admin"),
    ("POST", f"{keys.KEYS}/tokens/{{id}}/refresh", keys.refresh, "full-admin"),
    ("GET", f"{keys.KEYS}/tokens/{{id}}/revoke", keys.ask_revoke, "full-admin"),
    ("POST", f"{keys.KEYS}/tokens/{{id}}/revoke", keys.revoke, "full-admin"),
    ("GET", "/requests", lists.requests, "signed-in"),
    ("POST", "/requests/kept", lists.keep, "full-admin"),
    ("GET", "/requests/{number}", lists.request, "signed-in"),
)

logger = logging.getLogger("provisor.target")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Came:
    """A request as it came, before anything was looked up."""

    method: str
    names: Mapping[str, str]
    path: str
    query: Mapping[str, str]
    form: Mapping[str, str]
    fetch_site: str
    url: str
    address: str
    secure: bool
    secret: str | None


class Site:
    """Every page of one server."""

    def __init__(self, database: Database, tenant: Tenant, *, alone: bool, trust_proxy: bool) -> None:
        self._database = database
        self._tenants = Tenants(tenant, alone=alone)
        self._twins = Twins()
        self._addresses = Addresses(tenant, trust_proxy=trust_proxy)
        self._renderer = rendering.Renderer()
        self._threads = ThreadPoolExecutor(_THREADS, thread_name_prefix="page")
        self.application = Starlette(
            routes=[
                *(
                    Route(path, self._endpoint(handler, access), methods=_HEAD_TOO[method])
                    for method, path, handler, access in RULES
                ),
                Route("/static/{name}", _static),
            ],
            exception_handlers={HTTPException: self._http_error},
        )
        self.application.router.redirect_slashes = False

    def close(self) -> None:
        """Finish what is being rendered."""
        self._threads.shutdown(wait=True, cancel_futures=True)

    def _endpoint(self, handler: Handler, access: Access) -> Callable[[Request], Awaitable[Response]]:
        async def endpoint(request: Request) -> Response:
            return await self._respond(request, partial(self._checked, handler, access))

        return endpoint

    async def _http_error(self, request: Request, error: Exception) -> Response:
        status = error.status_code if isinstance(error, HTTPException) else 500
        title = "Not found" if status == 404 else "Not possible here"
        text = "There is no such page." if status == 404 else f"{request.method} is not possible at this address."
        return await self._respond(request, lambda _came, visit: (visit, refused(title, text, status)))

    async def _respond(self, request: Request, answer: Callable[[_Came, Visit], tuple[Visit, PageAnswer]]) -> Response:
        try:
            came = await _read(request, self._addresses)
        except ClientDisconnect:
            return Response(status_code=400)
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._threads, self._answered, came, answer)

    def _answered(self, came: _Came, answer: Callable[[_Came, Visit], tuple[Visit, PageAnswer]]) -> Response:
        visit = Visit(
            database=self._database,
            tenant=self._tenants.first,
            tenants=self._tenants,
            twins=self._twins,
            url=came.url,
            path=came.path,
            names=came.names,
            query=came.query,
            form=came.form,
            address=came.address,
            secret=came.secret or new_secret(),
            session=None,
            now=now_microseconds(),
        )
        try:
            if came.secret is not None:
                visit = self._recognised(visit)
            visit, answered = answer(came, visit)
            return self._response(came, visit, answered)
        except (DatabaseError, sqlite3.OperationalError) as error:
            logger.error("%s %s: %s", came.method, shown(masked_query(came.path)), error)
            answered = refused("Try again", "The database cannot be used at the moment.", 503)
        except Exception:
            logger.exception("%s %s", came.method, shown(masked_query(came.path)))
            answered = refused("An error", "This page met an error in the server; its log says more.", 500)
        return self._response(came, replace(visit, session=None), answered)

    def _recognised(self, visit: Visit) -> Visit:
        """The visit with the session of its cookie, and the tenant of its account, when there is one."""
        session = look_up_session(self._database.reader(), visit.secret, visit.now)
        tenant = None if session is None else self._tenants.find(self._database.reader(), session.account.tenant)
        if session is None or tenant is None:
            return visit
        if due(session, visit.now):
            with self._database.transaction() as connection:
                touch(connection, session, visit.now)
        return replace(visit, session=session, tenant=tenant)

    def _checked(self, handler: Handler, access: Access, came: _Came, visit: Visit) -> tuple[Visit, PageAnswer]:
        """Run a handler, unless this visit may not: strange forms, no session, an unacknowledged token, the role."""
        if came.method == "POST" and not _own_form(came):
            text = "This form is out of date or came from another site. Go back, reload the page and try again."
            return visit, refused("Not done", text, 403)
        if access != "anyone" and visit.session is None:
            return visit, Redirect(to="/sign-in")
        if visit.session and visit.session.shown_token and came.path not in _WITHOUT_ACKNOWLEDGEMENT:
            return visit, Redirect(to=keys.ACKNOWLEDGE)
        if access == "full-admin" and not visit.account.full_admin:
            return visit, refused("Not allowed", "Only a Full Admin may do this; your role is Read Only.", 403)
        return visit, handler(visit)

    def _response(self, came: _Came, visit: Visit, answer: PageAnswer) -> Response:
        response: Response
        match answer:
            case Redirect(to=to, secret=secret):
                response = RedirectResponse(to, 303)
            case TemplatePage(status=status):
                secret = None if came.secret else visit.secret
                response = Response(self._document(visit, answer), status, media_type="text/html")
                if answer.retry_after_seconds is not None:
                    response.headers["Retry-After"] = str(answer.retry_after_seconds)
        response.headers.update(rendering.HEADERS)
        response.headers["Cache-Control"] = "no-store"
        if came.secure:
            response.headers["Strict-Transport-Security"] = "max-age=31536000"
        if secret is not None:
            response.set_cookie(
                _cookie(came.secure),
                secret,
                max_age=None if secret else 0,
                secure=came.secure,
                httponly=True,
                samesite="lax",
            )
        return response

    def _document(self, visit: Visit, page: TemplatePage) -> str:
        more = {
            "banners": lists.banners(visit) if visit.session and not visit.session.shown_token else None,
            "done": DONE.get(visit.query.get("done", "")),
            "refresh_seconds": None,
        }
        return self._renderer.render(visit, page, more)


def _own_form(came: _Came) -> bool:
    """Whether a POST came from a page of ours: by its hidden field, and by what the browser says of its origin."""
    if came.fetch_site not in ("", "same-origin", "none") or came.secret is None:
        return False
    return form_token_fits(came.secret, came.path, came.form.get("form_token", ""))


def _cookie(secure: bool) -> str:
    # A browser takes a cookie with this prefix over TLS only, and for this host alone.
    return "__Host-provisor" if secure else "provisor"


async def _read(request: Request, addresses: Addresses) -> _Came:
    headers = dict(request.scope["headers"])
    url = addresses.base(request.scope, headers, "")
    secure = url.startswith("https:")
    return _Came(
        method=request.method,
        names=_storable(request.path_params),
        path=request.url.path,
        query=_storable(request.query_params),
        form=_storable(await _form(request)) if request.method == "POST" else {},
        fetch_site=request.headers.get("sec-fetch-site", ""),
        url=url,
        address=addresses.client(request.scope, headers),
        secure=secure,
        secret=request.cookies.get(_cookie(secure)) or None,
    )


def _storable(given: Mapping[str, str]) -> Mapping[str, str]:
    """Values that a database can be asked for: PostgreSQL knows no NUL in a text."""
    return {name: value.replace("\x00", "\ufffd") for name, value in given.items()}


async def _form(request: Request) -> Mapping[str, str]:
    """The fields of a form; none when it is too long or no form, and then its token does not fit either."""
    body = bytearray()
    async for part in request.stream():
        body += part
        if len(body) > MAX_FORM_BYTES:
            return {}
    try:
        return dict(parse_qsl(body.decode("ascii", "replace"), keep_blank_values=True, max_num_fields=_MAX_FIELDS))
    except ValueError:
        return {}


async def _static(request: Request) -> Response:
    name = request.path_params["name"]
    if name not in rendering.STATIC:
        raise HTTPException(404)
    return Response(
        rendering.static_file(name),
        headers={**rendering.HEADERS, "Cache-Control": f"public, max-age={_STATIC_SECONDS}, immutable"},
        media_type=rendering.STATIC[name],
    )
