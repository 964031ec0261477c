"""Access tokens for an application that gives them against OAuth 2.0 client credentials (RFC 6749 section 4.4), or
against a refresh token (section 6).

A token is kept until shortly before it expires, and asked for once however many requests wait for it. A refresh token
that comes with it replaces the one that was used, and is kept before anything is done with the new token. No token
and no client secret reaches a message. Order: the credentials, the tokens, asking for one, reading an answer.
"""

import asyncio
import base64
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from time import monotonic
from typing import Final, NamedTuple, assert_never
from urllib.parse import quote, urlencode

import msgspec

from provisor.connectors.addresses import host_of, problem_with_token
from provisor.connectors.posting import PostAnswer, post, problem_with_post_address
from provisor.engine.ports import Malformed, Rejected, Secret, Unauthorized, Unreachable

ANSWER_SECONDS: Final = 30.0
EARLY_SECONDS: Final = 60.0  # before its end a token is renewed, so that none expires on its way
SHORTEST_SECONDS: Final = 5.0  # a token is kept so long at least, whatever was said of it
UNSAID_SECONDS: Final = 300.0  # RFC 6749 section 5.1 only recommends to say how long a token lives
LONGEST_SECONDS: Final = 86_400.0
_ERROR_WORD: Final = re.compile(r"[a-z_]{1,40}")


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientCredentials:
    """Who asks for tokens, and where."""

    endpoint: str
    client_id: str
    client_secret: Secret


@dataclass(frozen=True, slots=True, kw_only=True)
class RefreshToken:
    """The same with a refresh token: `read` gives the one of the moment, `keep` replaces it; both from any thread.

    Without a secret the client is a public one, and only named.
    """

    endpoint: str
    client_id: str
    client_secret: Secret | None
    read: Callable[[], Secret | None]
    keep: Callable[[Secret], None]


Grant = ClientCredentials | RefreshToken


class _TokenAnswer(msgspec.Struct):
    """What RFC 6749 section 5.1 has in an answer."""

    access_token: str
    refresh_token: str | None = None
    token_type: str = "Bearer"  # noqa: S105 - a kind, not a secret
    expires_in: float | str | None = None


class _Tokens(NamedTuple):
    """An access token, how many seconds it is to be used, and the refresh token that came with it."""

    access: Secret
    seconds: float
    refresh: Secret | None


class TokenSource:
    """The tokens of one client. To be used inside one event loop."""

    def __init__(self, credentials: Grant, clock: Callable[[], float] = monotonic) -> None:
        problem = problem_with_post_address(credentials.endpoint, "the token endpoint")
        if problem is not None:
            raise ValueError(problem)
        self.credentials = credentials
        self._clock = clock
        self._token: Secret | None = None
        self._until = 0.0
        self._renewal: asyncio.Task[Secret] | None = None
        self._unkept: Secret | None = None  # a refresh token that could not be stored

    @property
    def named(self) -> tuple[str, ...]:
        """Whose tokens these are, whichever of them is the one of the moment."""
        return (self.credentials.endpoint, self.credentials.client_id)

    async def token(self) -> Secret:
        """The token of the moment. Raises Unauthorized, Unreachable, Rejected or Malformed."""
        if self._token is not None and self._clock() < self._until:
            return self._token
        if self._renewal is None:
            self._renewal = asyncio.create_task(self._renewed())
            self._renewal.add_done_callback(self._ended)
        # Whoever is cancelled meanwhile must not take it away from the others, nor lose a refresh token.
        return await asyncio.shield(self._renewal)

    def reject(self, token: Secret) -> None:
        """The application refused this token; the next one is asked for, unless that has happened already."""
        if token is self._token:
            self._token = None

    async def settle(self) -> None:
        """Wait for a renewal that is under way."""
        if self._renewal is not None:
            await asyncio.wait({self._renewal})

    async def _renewed(self) -> Secret:
        match self.credentials:
            case ClientCredentials():
                tokens = await _asked_for(self.credentials, {"grant_type": "client_credentials"})
            case RefreshToken():
                tokens = await self._refreshed(self.credentials)
            case _:
                assert_never(self.credentials)
        self._token, self._until = tokens.access, self._clock() + tokens.seconds
        return self._token

    async def _refreshed(self, grant: RefreshToken) -> _Tokens:
        """By the refresh token that is kept; by another one, where it has been replaced by somebody else meanwhile."""
        host, used = host_of(grant.endpoint), ""
        while True:
            refresh = self._unkept or await asyncio.to_thread(grant.read)
            if refresh is None:
                raise Unauthorized(f"There is no refresh token for {host} any more; save one again.")
            if refresh.reveal() == used:
                raise Unauthorized(
                    f"The token endpoint {host} refused the refresh token; it was revoked, has expired or was used "
                    "elsewhere. Authorize Provisor there again, and save the new one."
                )
            try:
                tokens = await _asked_for(grant, {"grant_type": "refresh_token", "refresh_token": refresh.reveal()})
            except _UsedUp:
                used, self._unkept = refresh.reveal(), None
                continue
            if tokens.refresh is not None and tokens.refresh.reveal() != refresh.reveal():
                self._unkept = tokens.refresh
            if self._unkept is not None:
                await asyncio.to_thread(grant.keep, self._unkept)
                self._unkept = None
            return tokens

    def _ended(self, renewal: "asyncio.Task[Secret]") -> None:
        self._renewal = None
        if not renewal.cancelled():
            renewal.exception()  # all who waited may be gone


# Asking for one


class _UsedUp(Exception):
    """`invalid_grant`: the refresh token is not, or no longer, good."""


async def _asked_for(credentials: Grant, form: Mapping[str, str]) -> _Tokens:
    """New tokens. The client is named in the header, else in the body. Raises _UsedUp."""
    host = host_of(credentials.endpoint)
    secret = credentials.client_secret
    answer = await _post(credentials.endpoint, credentials.client_id, secret, form, in_header=secret is not None)
    named_wrongly = answer.status in (400, 401) and _error(answer.body) in ("invalid_client", "invalid_request")
    if named_wrongly and secret is not None:  # RFC 6749 section 2.3.1 lets servers take either
        answer = await _post(credentials.endpoint, credentials.client_id, secret, form, in_header=False)
    word = _error(answer.body)
    if word == "invalid_grant" and isinstance(credentials, RefreshToken):
        raise _UsedUp
    if answer.status in (400, 401, 403):
        raise Unauthorized(
            f"The token endpoint {host} refused the client credentials (status {answer.status}{word and f', {word}'}); "
            "save client id and secret again."
        )
    if answer.status in (429, 500, 502, 503, 504):
        raise Unreachable(f"The token endpoint {host} gave no token: it answered {answer.status}.", sent=False)
    if answer.status != 200:
        raise Rejected(
            f"The token endpoint {host} gave no token: it answered {answer.status}; check its address.",
            status=answer.status,
        )
    return _read(host, answer)


async def _post(
    endpoint: str, client: str, secret: Secret | None, grant: Mapping[str, str], *, in_header: bool
) -> PostAnswer:
    form = dict(grant)
    headers = {
        "Content-Type": "application/x-www-form-urlencoded",
        "Accept": "application/json",
        "User-Agent": "Provisor",
    }
    if in_header and secret is not None:
        pair = f"{quote(client, safe='')}:{quote(secret.reveal(), safe='')}".encode()
        headers["Authorization"] = f"Basic {base64.b64encode(pair).decode()}"
    else:
        form |= {"client_id": client} | ({} if secret is None else {"client_secret": secret.reveal()})
    body = urlencode(form).encode()
    return await post(endpoint, body, headers, seconds=ANSWER_SECONDS, what="the request for a token")


def _read(host: str, answer: PostAnswer) -> _Tokens:
    try:
        read = msgspec.json.decode(answer.body, type=_TokenAnswer)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise _malformed(host, answer, "is no JSON object with an access_token") from None
    token = Secret(read.access_token)
    if read.token_type.lower() != "bearer":
        raise _malformed(host, answer, "has a token of another kind than Bearer")
    if problem_with_token(token) is not None:
        raise _malformed(host, answer, "has a token that cannot be sent")
    refresh = Secret(read.refresh_token) if read.refresh_token else None
    return _Tokens(token, kept_seconds(read.expires_in), refresh)


def kept_seconds(said: float | str | None) -> float:
    """How many seconds a token is used, of the `expires_in` that came with it."""
    try:
        seconds = UNSAID_SECONDS if said is None else float(said)
    except ValueError:
        seconds = UNSAID_SECONDS
    if not seconds < LONGEST_SECONDS:  # also when it is no number
        seconds = LONGEST_SECONDS
    return max(seconds - min(EARLY_SECONDS, seconds / 2), SHORTEST_SECONDS)


def _error(body: bytes) -> str:
    """The word of RFC 6749 section 5.2; empty when there is none that can be shown."""
    try:
        read = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return ""
    word = read.get("error") if isinstance(read, dict) else None
    return word if isinstance(word, str) and _ERROR_WORD.fullmatch(word) else ""


def _malformed(host: str, answer: PostAnswer, why: str) -> Malformed:
    return Malformed(f"The answer of the token endpoint {host} {why}; check its address.", status=answer.status)
