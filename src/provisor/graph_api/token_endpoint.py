"""Where Microsoft's client libraries get a token, by OAuth 2.0 client credentials, and the documents that lead there.

Answers are those of the Microsoft identity platform: MSAL and azure-identity read openid-configuration, Terraform's
azuread provider the cloud's metadata (spec/graph-synchronization-api.md section 14). Errors: RFC 6749 section 5.2.
Order: the application, discovery, the token, errors.
"""

import asyncio
import base64
import binascii
import re
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Final
from urllib.parse import parse_qsl, unquote_plus
from uuid import uuid4

from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.types import Receive, Scope, Send

from provisor.graph_api.access_tokens import dressed
from provisor.graph_api.odata.errors import GraphError
from provisor.graph_api.odata.limits import FAILURES_PER_SECOND, FREE_FAILURES, CallerLimit
from provisor.web.addresses import client_address, own_address
from provisor.web.throttle import network

MAX_FORM_BYTES: Final = 16 * 1024
FORM_SECONDS: Final = 30.0
_PATH: Final = re.compile(
    r"/(?P<tenant>[A-Za-z0-9.\-]{1,100})/(?P<what>oauth2/v2\.0/token|v2\.0/\.well-known/openid-configuration)"
)
_NOT_KEPT: Final[Mapping[str, str]] = {
    "Cache-Control": "no-store",
    "Pragma": "no-cache",
    "X-Content-Type-Options": "nosniff",
}


@dataclass(frozen=True, slots=True)
class IssuedToken:
    """An access token, shown once, and for how many seconds it is good."""

    text: str
    seconds: int


# Client id, secret, address and correlation -> a token, or None: the two do not belong together.
Issue = Callable[[str, str, str, str], IssuedToken | None]


@dataclass(slots=True)
class OAuthError(Exception):
    """A token that is not given. `number` is the platform's own, which its libraries show."""

    status: int
    code: str
    number: int
    message: str
    retry_after_seconds: int | None = None


class TokenEndpoint:
    """Answers /{tenant}/oauth2/v2.0/token and the documents that lead to it."""

    def __init__(self, tenant: str, issue: Issue, *, trust_proxy: bool = False) -> None:
        self._tenant = tenant
        self._issue = issue
        self._trust_proxy = trust_proxy
        self._guesses = CallerLimit(FAILURES_PER_SECOND, FREE_FAILURES)
        self._threads = ThreadPoolExecutor(2, thread_name_prefix="token")

    def close(self) -> None:
        """End the threads."""
        self._threads.shutdown(wait=False, cancel_futures=True)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        request = Request(scope, receive)
        try:
            response = await self._answered(request)
        except OAuthError as error:
            response = _refused(error)
        except ClientDisconnect:
            return
        await response(scope, receive, send)

    async def _answered(self, request: Request) -> Response:
        headers, path = dict(request.scope["headers"]), request.url.path
        root = own_address(request.scope, headers, trust_proxy=self._trust_proxy)
        if path == "/metadata/endpoints":
            return JSONResponse(cloud_metadata(root, self._tenant))
        if path == "/common/discovery/instance":
            return JSONResponse(instance(root, self._tenant))
        found = _PATH.fullmatch(path)
        if found is None:
            return JSONResponse({"error": "invalid_request", "error_description": "Nothing is here."}, 404)
        if found["tenant"].lower() != self._tenant:
            raise OAuthError(
                400, "invalid_tenant", 90002, f"There is no tenant {found['tenant']} here; it is {self._tenant}."
            )
        if found["what"].endswith("openid-configuration"):
            return JSONResponse(openid_configuration(root, self._tenant))
        if request.method != "POST":
            raise OAuthError(405, "invalid_request", 900561, "The endpoint only accepts POST requests.")
        return await self._token(request, root)

    async def _token(self, request: Request, root: str) -> Response:
        headers, now = dict(request.scope["headers"]), time.monotonic()
        address = client_address(request.scope, headers, trust_proxy=self._trust_proxy)
        guesser = network(address)
        try:
            self._guesses.check(guesser, now)
        except GraphError as error:
            seconds = int(error.headers["Retry-After"])
            raise OAuthError(429, "temporarily_unavailable", 50196, error.message, seconds) from None
        form = await _form(request)
        client, secret = _credentials(request, form)
        issued = await asyncio.get_running_loop().run_in_executor(
            self._threads, self._issue, client, secret, address, str(uuid4())
        )
        if issued is None:
            self._guesses.count(guesser, now)
            raise OAuthError(401, "invalid_client", 7000215, "Client id and secret do not belong together.")
        text = dressed(
            issued.text,
            root=root,
            tenant=self._tenant,
            client=client.lower(),
            now_seconds=int(time.time()),
            seconds=issued.seconds,
        )
        answer = {
            "token_type": "Bearer",
            "expires_in": issued.seconds,
            "ext_expires_in": issued.seconds,
            "access_token": text,
        }
        return JSONResponse(answer, headers=_NOT_KEPT)


# Discovery


def openid_configuration(root: str, tenant: str) -> dict[str, object]:
    """What MSAL reads before it asks for a token."""
    at = f"{root}/{tenant}"
    return {
        "issuer": f"{at}/v2.0",
        "token_endpoint": f"{at}/oauth2/v2.0/token",
        "authorization_endpoint": f"{at}/oauth2/v2.0/authorize",  # MSAL demands that it is named; nothing answers there
        "token_endpoint_auth_methods_supported": ["client_secret_post", "client_secret_basic"],
        "grant_types_supported": ["client_credentials"],
        "response_types_supported": ["none"],
        "scopes_supported": [f"{root}/.default"],
        "msgraph_host": root.partition("://")[2],
    }


def instance(root: str, tenant: str) -> dict[str, object]:
    """That this host is an instance of the platform by itself."""
    host = root.partition("://")[2]
    return {
        "tenant_discovery_endpoint": f"{root}/{tenant}/v2.0/.well-known/openid-configuration",
        "api-version": "1.1",
        "metadata": [{"preferred_network": host, "preferred_cache": host, "aliases": [host]}],
    }


def cloud_metadata(root: str, tenant: str) -> dict[str, object]:
    """What Terraform's providers read at the host it is told (api-version 2022-09-01)."""
    return {
        "name": "Provisor",
        "portal": root,
        "authentication": {
            "loginEndpoint": root,
            "audiences": [root],
            "tenant": tenant,
            "identityProvider": "AAD",
        },
        "graph": root,
        "graphAudience": root,
        "microsoftGraphResourceId": root,
        "resourceManager": root,
        "suffixes": {},
    }


# The token


async def _form(request: Request) -> Mapping[str, str]:
    media = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media != "application/x-www-form-urlencoded":
        raise OAuthError(400, "invalid_request", 900144, "The body must be a form, application/x-www-form-urlencoded.")
    raw = b""
    try:
        async with asyncio.timeout(FORM_SECONDS):
            async for part in request.stream():
                raw += part
                if len(raw) > MAX_FORM_BYTES:
                    raise OAuthError(413, "invalid_request", 900144, "The form is too long.")
        pairs = parse_qsl(raw.decode("ascii"), keep_blank_values=True, errors="strict", max_num_fields=20)
    except TimeoutError:
        raise OAuthError(408, "invalid_request", 900144, "The rest of the form did not come.") from None
    except ValueError:
        raise OAuthError(400, "invalid_request", 900144, "The body is no form.") from None
    form = dict(pairs)
    if len(form) != len(pairs):
        raise OAuthError(400, "invalid_request", 900144, "A field of the form is given twice.")
    _asked_for(form)
    return form


def _asked_for(form: Mapping[str, str]) -> None:
    grant = form.get("grant_type", "")
    if grant != "client_credentials":
        raise OAuthError(
            400, "unsupported_grant_type", 70003, "The grant type must be client_credentials; no other is offered."
        )
    scopes = form.get("scope", "").split()
    if len(scopes) != 1 or not scopes[0].endswith("/.default"):
        raise OAuthError(400, "invalid_scope", 70011, "The scope must be one that ends in /.default.")
    if "client_assertion" in form:
        raise OAuthError(400, "invalid_request", 900144, "Signed assertions are not taken; send client_secret.")


def _credentials(request: Request, form: Mapping[str, str]) -> tuple[str, str]:
    """Client id and secret, from the form or from the header (RFC 6749 section 2.3.1), not from both."""
    scheme, _, encoded = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "basic":
        return form.get("client_id", ""), form.get("client_secret", "")
    if "client_secret" in form:
        raise OAuthError(400, "invalid_request", 900144, "The secret is given in the header and in the form.")
    try:
        client, _, secret = base64.b64decode(encoded, validate=True).decode("utf-8").partition(":")
    except (binascii.Error, ValueError):
        raise OAuthError(400, "invalid_request", 900144, "The Authorization header is not Basic.") from None
    return unquote_plus(client), unquote_plus(secret)


# Errors


def _refused(error: OAuthError) -> Response:
    trace, correlation = str(uuid4()), str(uuid4())
    body = {
        "error": error.code,
        "error_description": f"AADSTS{error.number}: {error.message} Trace ID: {trace} Correlation ID: {correlation}",
        "error_codes": [error.number],
        "trace_id": trace,
        "correlation_id": correlation,
    }
    headers = dict(_NOT_KEPT)
    if error.status == 401:
        headers["WWW-Authenticate"] = 'Basic realm=""'
    if error.retry_after_seconds is not None:
        headers["Retry-After"] = str(error.retry_after_seconds)
    return JSONResponse(body, error.status, headers=headers)
