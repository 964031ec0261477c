"""One kept-alive HTTP channel to one application: a request goes out, a whole, bounded, cleaned answer comes back.

Knows HTTP and nothing of SCIM documents. Follows no redirect to another host, reads no proxy variable, no cookie, no
.netrc. Order: the request, the channel, reading an answer.
"""

import ssl
from asyncio import CancelledError
from time import perf_counter
from typing import Final, Literal, NamedTuple

import aiohttp
from aiohttp import hdrs
from yarl import URL

from provisor.connectors.addresses import host_of, same_origin
from provisor.connectors.bodies import in_utf8
from provisor.connectors.capture import Redactor
from provisor.connectors.deadlines import Deadlines
from provisor.connectors.replies import Reply, malformed
from provisor.engine.ports import Malformed, Rejected, Secret, Unreachable
from provisor.scim.messages import MEDIA_TYPE

REQUEST_LIMIT_BYTES: Final = 1 << 20
RESPONSE_LIMIT_BYTES: Final = 16 << 20  # a page of 200 users is 0.3 MB; a server that sends 16 MiB is broken or hostile
CONNECT_SECONDS: Final = 10.0
IDLE_SECONDS: Final = 4.0  # below the 5 s after which uvicorn and Node close: their FIN must not meet our next POST
_WHOLE_BYTES: Final = 1 << 20  # up to here read in one go
_UNKNOWN: Final = _WHOLE_BYTES + 1
_PERMANENT_OR_TEMPORARY: Final = (307, 308)

Method = Literal["GET", "POST", "PATCH", "DELETE"]


class Asked(NamedTuple):
    """One request. `doing` says it to an administrator and completes "… did not …"."""

    method: Method
    url: str
    doing: str
    body: bytes | None = None
    followed: bool = False  # it is the second request, after a redirect


class _Sessions(NamedTuple):
    """Two sessions over one pool of connections, with one time limit."""

    reading: aiohttp.ClientSession
    writing: aiohttp.ClientSession
    deadlines: Deadlines


class Channel:
    """Connections to one origin with one token. Made without I/O; opened by the first request, inside a loop."""

    def __init__(self, base_url: str, token: Secret, *, connections: int, timeout_seconds: float) -> None:
        self.host = host_of(base_url)
        self._encrypted = base_url.lower().startswith("https:")
        self._redact = Redactor(token)
        self._connections = connections
        self._timeout_seconds = timeout_seconds
        self._headers = {
            "Authorization": f"Bearer {token.reveal()}",
            "Accept": MEDIA_TYPE,
            "User-Agent": "Provisor",
        }
        self._sessions: _Sessions | None = None

    async def send(self, asked: Asked, url: URL | None = None) -> Reply:
        """The whole answer, whatever its status. `url` is `asked.url` made beforehand, where it is always the same.

        Raises Unreachable, Malformed (redirect to another host, too long), Rejected (request too long to be sent).
        On the hot path: every look-up and every change of an initial cycle passes here.
        """
        method, text, _, body, _ = asked
        if body is not None and len(body) > REQUEST_LIMIT_BYTES:
            raise self._not_sent(asked, len(body))
        sessions = self._sessions or self._open()
        session = sessions.reading if body is None else sessions.writing
        started = perf_counter()
        task = sessions.deadlines.begin()
        response: aiohttp.ClientResponse | None = None
        try:
            # Awaited instead of `async with`, 5 µs a request: reading to the end gives the connection back, and what
            # breaks off while reading closes it.
            response = await session.request(method, url or URL(text, encoded=True), data=body, allow_redirects=False)
            headers = response.headers
            if hdrs.CONTENT_ENCODING in headers or int(headers.get(hdrs.CONTENT_LENGTH, _UNKNOWN)) > _WHOLE_BYTES:
                payload = await _read_bounded(response)
            else:
                payload = await response.read()
        except CancelledError:
            if not sessions.deadlines.passed(task):
                raise
            payload = self._without_body(TimeoutError(), response, asked, started)
        except (aiohttp.ClientError, OSError) as error:
            payload = self._without_body(error, response, asked, started)
        finally:
            sessions.deadlines.end(task)
        assert response is not None  # noqa: S101  without one, _without_body has raised
        status = response.status
        if payload is None:
            if not _told_by_status(asked, status):
                raise self._too_long(asked, status, started)
            payload = b""
        payload, garbled = in_utf8(payload, headers.get(hdrs.CONTENT_TYPE, ""))
        payload = self._redact.body(payload)
        milliseconds = (perf_counter() - started) * 1000.0
        exchange = self._redact.exchange(method, text, body or b"", status, payload, milliseconds)
        reply = Reply(status, payload, headers, exchange, garbled)
        return await self._moved(asked, reply) if 300 <= status < 400 else reply

    def _without_body(
        self, error: Exception, response: aiohttp.ClientResponse | None, asked: Asked, started: float
    ) -> bytes:
        """Go on without the body that could not be read where the status says everything; raises elsewhere."""
        if response is None or not _told_by_status(asked, response.status):
            raise self._failed(error, asked, started, None if response is None else response.status) from None
        response.close()
        return b""

    async def _moved(self, asked: Asked, reply: Reply) -> Reply:
        """The answer where a redirect leads: followed once, for a read, within the host."""
        location = _location(reply, asked.url)
        if location is None:
            return reply
        if (
            asked.method != "GET"
            or asked.followed
            or reply.status not in _PERMANENT_OR_TEMPORARY
            or not same_origin(location, asked.url)
        ):
            why = f"sends us on to {self.cleaned(host_of(location))}, which is not followed"
            raise malformed(reply, self.host, asked.doing, why, self.cleaned)
        return await self.send(asked._replace(url=location, followed=True))

    def cleaned(self, text: str) -> str:
        """A text for a message: without the token should it hold it, in one line, without anything a terminal obeys."""
        return self._redact.text(text)

    async def close(self) -> None:
        """Close every connection."""
        if self._sessions is not None:
            self._sessions.deadlines.close()
            await self._sessions.reading.close()
            await self._sessions.writing.close()
            self._sessions = None

    def _not_sent(self, asked: Asked, length: int) -> Rejected:
        return Rejected(
            f"The request to {self.cleaned(asked.doing)} has {length} bytes, above our limit of {REQUEST_LIMIT_BYTES}, "
            "and was not sent; shorten the value.",
            status=413,
            detail="request too long",
        )

    def _too_long(self, asked: Asked, status: int, started: float) -> Malformed:
        return Malformed(
            f"{self.host} was asked to {self.cleaned(asked.doing)}, but the answer is longer than "
            f"{RESPONSE_LIMIT_BYTES >> 20} MiB; "
            "ask for smaller pages or check the tenant URL.",
            status=status,
            exchange=self._redact.exchange(
                asked.method, asked.url, asked.body or b"", status, b"", (perf_counter() - started) * 1000.0
            ),
        )

    def _failed(self, error: Exception, asked: Asked, started: float, status: int | None) -> Unreachable | Malformed:
        """What a failure below SCIM means, and whether the request can have arrived.

        `status` had come when the body failed. A body that breaks off or cannot be unpacked may be one object's fault,
        so it is no more the network's than any other answer that cannot be read.
        """
        exchange = self._redact.exchange(
            asked.method, asked.url, asked.body or b"", status, b"", (perf_counter() - started) * 1000.0
        )
        if isinstance(error, aiohttp.ClientResponseError | aiohttp.ClientPayloadError):
            what = "HTTP that we understand" if status is None else "whole, or not packed as it says"
            return Malformed(
                self.cleaned(
                    f"{self.host} was asked to {asked.doing}, but the answer is not {what}; check the tenant URL."
                ),
                excerpt=self.cleaned(str(error))[:200],
                status=status,
                exchange=exchange,
            )
        unsent = isinstance(error, aiohttp.ClientConnectorError | aiohttp.ConnectionTimeoutError)
        return Unreachable(
            self.cleaned(f"{self.host} did not {asked.doing}: {_cause(error, self._timeout_seconds)}."),
            sent=not unsent,
            timed_out=not unsent and isinstance(error, TimeoutError),
            exchange=exchange,
        )

    def _open(self) -> _Sessions:
        """Two sessions over the same connections, because headers given with each request cost 3 µs."""
        connector = aiohttp.TCPConnector(
            limit=self._connections,
            keepalive_timeout=IDLE_SECONDS,
            ssl=_verified_tls() if self._encrypted else True,
        )
        writing_headers = {**self._headers, "Content-Type": MEDIA_TYPE}
        self._sessions = _Sessions(
            self._session(connector, self._headers),
            self._session(connector, writing_headers),
            Deadlines(self._timeout_seconds),
        )
        return self._sessions

    def _session(self, connector: aiohttp.TCPConnector, headers: dict[str, str]) -> aiohttp.ClientSession:
        return aiohttp.ClientSession(
            connector=connector,
            headers=headers,
            timeout=aiohttp.ClientTimeout(total=None, sock_connect=CONNECT_SECONDS),  # the whole has its deadline
            cookie_jar=aiohttp.DummyCookieJar(),
            trust_env=False,
        )


def _told_by_status(asked: Asked, status: int) -> bool:
    """Whether the body adds nothing that is needed: only questions and creates are answered by a body."""
    return asked.method in ("PATCH", "DELETE") or not 200 <= status < 300


async def _read_bounded(response: aiohttp.ClientResponse) -> bytes | None:
    """The whole body; None, and the connection closed, when it is longer than the limit, also after decompression."""
    chunks, total = [], 0
    try:
        length = response.content_length
        if length is not None and length > RESPONSE_LIMIT_BYTES:
            return None
        async for chunk in response.content.iter_any():
            total += len(chunk)
            if total > RESPONSE_LIMIT_BYTES:
                return None
            chunks.append(chunk)
        return b"".join(chunks)
    finally:
        if not response.content.at_eof():
            response.close()  # the rest of an answer without end is never read


def _location(reply: Reply, base: str) -> str | None:
    """Where a redirect leads, None for every other answer."""
    if not 300 <= reply.status < 400:
        return None
    location = reply.headers.get(hdrs.LOCATION)
    try:
        return None if location is None else str(URL(base, encoded=True).join(URL(location)))
    except ValueError:
        return "an address that is none"


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
            return (
                f"no TLS connection came about ({error.os_error}); it must offer TLS 1.2 or newer, and speak HTTPS at"
                " that port at all"
            )
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
