"""One kept-alive HTTP channel to one application: a request goes out, a whole, bounded, cleaned answer comes back.

Knows HTTP and nothing of SCIM documents. Follows no redirect to another host, reads no proxy variable, no cookie, no
.netrc. Order: the request, the channel, reading an answer.
"""

import ssl
from collections.abc import Mapping
from time import perf_counter
from typing import Final, Literal, NamedTuple

import aiohttp
from yarl import URL

from provisor.connectors.addresses import host_of, same_origin
from provisor.connectors.capture import Redactor
from provisor.connectors.replies import Reply, malformed
from provisor.engine.ports import Malformed, Rejected, Secret, Unreachable

REQUEST_LIMIT_BYTES: Final = 1 << 20
RESPONSE_LIMIT_BYTES: Final = 16 << 20  # a page of 200 users is 0.3 MB; a server that sends 16 MiB is broken or hostile
CONNECT_SECONDS: Final = 10.0
IDLE_SECONDS: Final = 4.0  # below the 5 s after which uvicorn and Node close: their FIN must not meet our next POST
_PERMANENT_OR_TEMPORARY: Final = (307, 308)

Method = Literal["GET", "POST", "PATCH", "DELETE"]


class Asked(NamedTuple):
    """One request. `doing` says it to an administrator and completes "… did not …"."""

    method: Method
    url: str
    doing: str
    body: bytes | None = None


class Channel:
    """Connections to one origin with one token. Made without I/O; opened by the first request, inside a loop."""

    def __init__(self, base_url: str, token: Secret, *, connections: int, timeout_seconds: float) -> None:
        self.host = host_of(base_url)
        self._encrypted = base_url.lower().startswith("https:")
        self._redact = Redactor(token)
        self._connections = connections
        self._timeout_seconds = timeout_seconds
        self._read_headers: Mapping[str, str] = {
            "Authorization": f"Bearer {token.reveal()}",
            "Accept": "application/scim+json",
            "User-Agent": "Provisor",
        }
        self._write_headers = {**self._read_headers, "Content-Type": "application/scim+json"}
        self._session: aiohttp.ClientSession | None = None

    async def send(self, asked: Asked, url: URL | None = None) -> Reply:
        """The whole answer, whatever its status. `url` is `asked.url` made beforehand, where it is always the same.

        Raises Unreachable, Malformed (redirect to another host, too long), Rejected (request too long to be sent).
        """
        if asked.body is not None and len(asked.body) > REQUEST_LIMIT_BYTES:
            raise Rejected(
                f"The request to {self.cleaned(asked.doing)} has {len(asked.body)} bytes, above our limit of "
                f"{REQUEST_LIMIT_BYTES}, and was not sent; shorten the value.",
                status=413,
                detail="request too long",
            )
        reply, location = await self._exchange(asked, url or URL(asked.url, encoded=True))
        if location is None:
            return reply
        if asked.method == "GET" and reply.status in _PERMANENT_OR_TEMPORARY and same_origin(location, asked.url):
            moved = asked._replace(url=location)
            reply, location = await self._exchange(moved, URL(location, encoded=True))
            if location is None:
                return reply
        why = f"sends us on to {self.cleaned(host_of(location))}, which is not followed"
        raise malformed(reply, self.host, self.cleaned(asked.doing), why)

    def cleaned(self, text: str) -> str:
        """A text for a message, without the token should it hold it."""
        return self._redact.text(text)

    async def close(self) -> None:
        """Close every connection."""
        if self._session is not None:
            await self._session.close()
            self._session = None

    async def _exchange(self, asked: Asked, url: URL) -> tuple[Reply, str | None]:
        """One request over the wire, and where the answer sends us on to, if it does."""
        session = self._session or self._open()
        headers = self._read_headers if asked.body is None else self._write_headers
        started = perf_counter()
        try:
            async with session.request(
                asked.method, url, data=asked.body, headers=headers, allow_redirects=False
            ) as response:
                payload = await _read(response)
                if payload is None:
                    response.close()  # the rest of an answer without end is never read
                    raise self._too_long(asked, response.status, started)
        except (TimeoutError, aiohttp.ClientError, OSError) as error:
            raise self._failed(error, asked, started) from None
        return self._reply(asked, response, payload, started)

    def _reply(
        self, asked: Asked, response: aiohttp.ClientResponse, payload: bytes, started: float
    ) -> tuple[Reply, str | None]:
        payload = self._redact.body(payload)
        status, headers = response.status, response.headers
        etag = headers.get("ETag")
        reply = Reply(
            status=status,
            payload=payload,
            etag=None if etag is None else self._redact.text(etag),
            retry_after=headers.get("Retry-After"),
            exchange=self._redact.exchange(
                asked.method, asked.url, asked.body or b"", status, payload, _milliseconds_since(started)
            ),
        )
        if not 300 <= status < 400 or "Location" not in headers:
            return reply, None
        try:
            return reply, str(response.url.join(URL(headers["Location"])))
        except ValueError:
            return reply, "an address that is none"

    def _too_long(self, asked: Asked, status: int, started: float) -> Malformed:
        return Malformed(
            f"{self.host} was asked to {self.cleaned(asked.doing)}, but the answer is longer than "
            f"{RESPONSE_LIMIT_BYTES >> 20} MiB; "
            "ask for smaller pages or check the tenant URL.",
            exchange=self._redact.exchange(
                asked.method, asked.url, asked.body or b"", status, b"", _milliseconds_since(started)
            ),
        )

    def _failed(self, error: Exception, asked: Asked, started: float) -> Unreachable | Malformed:
        """What a failure below SCIM means, and whether the request can have arrived."""
        exchange = self._redact.exchange(
            asked.method, asked.url, asked.body or b"", None, b"", _milliseconds_since(started)
        )
        if isinstance(error, aiohttp.ClientResponseError):
            return Malformed(
                f"{self.host} was asked to {self.cleaned(asked.doing)}, but the answer is not HTTP that we understand; "
                "check the tenant URL.",
                excerpt=self._redact.text(str(error))[:200],
                exchange=exchange,
            )
        unsent = isinstance(error, aiohttp.ClientConnectorError | aiohttp.ConnectionTimeoutError)
        return Unreachable(
            self.cleaned(f"{self.host} did not {asked.doing}: {_cause(error, self._timeout_seconds)}."),
            sent=not unsent,
            exchange=exchange,
        )

    def _open(self) -> aiohttp.ClientSession:
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(
                limit=self._connections,
                keepalive_timeout=IDLE_SECONDS,
                ssl=_verified_tls() if self._encrypted else True,
            ),
            timeout=aiohttp.ClientTimeout(total=self._timeout_seconds, sock_connect=CONNECT_SECONDS),
            cookie_jar=aiohttp.DummyCookieJar(),
            trust_env=False,
        )
        return self._session


async def _read(response: aiohttp.ClientResponse) -> bytes | None:
    """The whole body, or None when it is longer than the limit, also after decompression."""
    length = response.content_length
    if length is not None and length <= RESPONSE_LIMIT_BYTES and "Content-Encoding" not in response.headers:
        return await response.read()
    if length is not None and length > RESPONSE_LIMIT_BYTES:
        return None
    chunks, total = [], 0
    async for chunk in response.content.iter_any():
        total += len(chunk)
        if total > RESPONSE_LIMIT_BYTES:
            return None
        chunks.append(chunk)
    return b"".join(chunks)


def _verified_tls() -> ssl.SSLContext:
    context = ssl.create_default_context()
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context


def _cause(error: Exception, timeout_seconds: float) -> str:
    """What went wrong and what to do, as the end of a sentence."""
    match error:
        case aiohttp.ClientConnectorCertificateError():
            return f"its certificate is not trusted ({error.certificate_error}); install one that matches the host"
        case aiohttp.ClientConnectorSSLError():
            return f"no TLS connection came about ({error.os_error}); it must offer TLS 1.2 or newer"
        case aiohttp.ClientConnectorDNSError():
            return "its name is not known here; check the tenant URL"
        case aiohttp.ClientConnectorError():
            return f"no connection ({error.os_error.strerror or error.os_error}); check the tenant URL and the network"
        case aiohttp.ConnectionTimeoutError():
            return f"no connection within {CONNECT_SECONDS:g} s; check the tenant URL and the network"
        case TimeoutError():
            return f"no answer within {timeout_seconds:g} s; whether it was done is looked up in the next cycle"
        case _:
            return "the connection broke before the answer came; whether it was done is looked up in the next cycle"


def _milliseconds_since(started: float) -> float:
    return (perf_counter() - started) * 1000.0
