"""One kept-alive HTTP channel to one application: a request goes out, a whole, bounded, cleaned answer comes back.

Knows HTTP and nothing of SCIM documents. Follows no redirect to another host, reads no proxy variable, no cookie, no
.netrc. Order: the request, the channel, reading an answer.
"""

import zlib
from asyncio import CancelledError, Semaphore
from collections.abc import Callable, Coroutine
from time import perf_counter
from typing import Final, Literal, NamedTuple
from urllib.parse import quote, urljoin, urlsplit

from provisor.connectors.addresses import host_of, same_origin
from provisor.connectors.authorities import authorities, distrust
from provisor.connectors.bodies import in_utf8, inflated
from provisor.connectors.capture import Redactor
from provisor.connectors.deadlines import Deadlines
from provisor.connectors.replies import ReceivedReply, header, malformed
from provisor.connectors.reqwest import NO_PROXY, Client, Duration, Headers, ReqwestError, Response, used_here
from provisor.engine.ports import Malformed, Rejected, Secret, Unreachable
from provisor.scim.messages import MEDIA_TYPE

REQUEST_LIMIT_BYTES: Final = 1 << 20
RESPONSE_LIMIT_BYTES: Final = 16 << 20  # a page of 200 users is 0.3 MB; a server that sends 16 MiB is broken or hostile
CONNECT_SECONDS: Final = 10.0
IDLE_SECONDS: Final = 4.0  # below the 5 s after which uvicorn and Node close: their FIN must not meet our next POST
_MOST_HEADERS: Final = 128
_OF_A_BODY: Final = Headers({"Content-Type": MEDIA_TYPE})
_NOTHING: Final[dict[str, bytes | Headers]] = {}
# What a location keeps as it is; backslashes and controls, which two readers of addresses may take differently, do not.
_IN_ADDRESSES: Final = "%:/?#[]@!$&'()*+,;=~"
# The library gives its reasons in words alone; tests/contract/test_connections.py ties each to its cause.
_NO_HTTP: Final = "hyper::Error(Parse("
_PERMANENT_OR_TEMPORARY: Final = (307, 308)

Method = Literal["GET", "POST", "PATCH", "DELETE"]


Observe = Callable[[str, int | None, float], None]
"""Told of every request: method, status (None: no answer), milliseconds. Must be quick, and raise nothing."""


class Asked(NamedTuple):
    """One request. `doing` names it to an administrator and completes "… did not …"."""

    method: Method
    url: str
    doing: str
    body: bytes | None = None
    followed: bool = False  # it is the second request, after a redirect


class _Opened(NamedTuple):
    """What exists from the first request on."""

    fetch: Callable[..., Coroutine[None, None, Response]]  # not the client: its repr shows the token
    free: Semaphore  # one slot per connection; the library itself opens as many as there are requests
    deadlines: Deadlines


class Channel:
    """Connections to one origin with one token. Made without I/O; opened by the first request, inside a loop."""

    def __init__(
        self,
        base_url: str,
        token: Secret,
        *,
        connections: int,
        timeout_seconds: float,
        observe: Observe | None = None,
    ) -> None:
        self.host = host_of(base_url)
        self._encrypted = base_url.lower().startswith("https:")
        self._redact = Redactor(token)
        self._connections = connections
        self._timeout_seconds = timeout_seconds
        self._token = token
        self._observe = observe or _unobserved
        self._opened: _Opened | None = None

    async def send(self, asked: Asked) -> ReceivedReply:
        """The whole answer, whatever its status.

        Raises Unreachable, Malformed (redirect to another host, too long), Rejected (request too long to be sent).
        On the hot path: every look-up and every change of an initial cycle passes here.
        """
        method, url, _, body, _ = asked
        if body is not None and len(body) > REQUEST_LIMIT_BYTES:
            raise self._not_sent(asked, len(body))
        fetch, free, deadlines = self._opened or self._open()
        started = perf_counter()
        task = deadlines.begin()
        cancelled_before = task.cancelling()
        response: Response | None = None
        payload: bytes | None
        try:
            async with free:
                sending = _NOTHING if body is None else {"body": body, "headers": _OF_A_BODY}
                response = await fetch(url, method=method, **sending)
                payload = await _whole(response)
            if task.cancelling() > cancelled_before:
                raise CancelledError  # it crossed with the answer, and the library dropped it
        except CancelledError:
            if not deadlines.passed(task):
                raise
            payload = self._without_body(TimeoutError(), response, asked, started)
        except (ReqwestError, zlib.error, ValueError) as error:  # a ValueError: the library cannot read the address
            payload = self._without_body(error, response, asked, started)
        finally:
            deadlines.end(task)
        assert response is not None  # noqa: S101  without one, _without_body has raised
        status = response.status
        if payload is None:
            if not _told_by_status(asked, status):
                raise self._too_long(asked, status, started)
            payload = b""
        answered = response.headers
        payload, garbled = in_utf8(payload, header(answered, "Content-Type") or "")
        payload = self._redact.body(payload)
        milliseconds = (perf_counter() - started) * 1000.0
        self._observe(method, status, milliseconds)
        exchange = self._redact.exchange(method, url, body or b"", status, payload, milliseconds)
        reply = ReceivedReply(status, payload, answered, exchange, garbled)
        return await self._moved(asked, reply) if 300 <= status < 400 else reply

    def _without_body(self, error: Exception, response: Response | None, asked: Asked, started: float) -> bytes:
        """Go on without an unreadable body where the status says everything; raises otherwise."""
        if response is None or not _told_by_status(asked, response.status):
            raise self._failed(error, asked, started, None if response is None else response.status) from None
        return b""

    async def _moved(self, asked: Asked, reply: ReceivedReply) -> ReceivedReply:
        """The answer where a redirect leads: followed once, for a read, within the host."""
        location = _location(reply, asked.url)
        if location is None:
            return reply
        if (
            asked.method != "GET"
            or asked.followed
            or reply.status not in _PERMANENT_OR_TEMPORARY
            or not same_origin(location, asked.url)
            or "@" in urlsplit(location).netloc  # a user name and password would be sent instead of the token
        ):
            why = f"redirects to {self.cleaned(host_of(location))}, which is not followed"
            raise malformed(reply, self.host, asked.doing, why, self.cleaned)
        return await self.send(asked._replace(url=location, followed=True))

    def cleaned(self, text: str) -> str:
        """A text for a message: without the token, in one line, without terminal control characters."""
        return self._redact.text(text)

    async def close(self) -> None:
        """Close every connection."""
        if self._opened is not None:
            self._opened.deadlines.close()
            self._opened = None

    def _not_sent(self, asked: Asked, length: int) -> Rejected:
        return Rejected(
            f"The request to {self.cleaned(asked.doing)} has {length} bytes, above our limit of {REQUEST_LIMIT_BYTES}, "
            "and was not sent; shorten the value.",
            status=413,
            detail="request too long",
        )

    def _too_long(self, asked: Asked, status: int, started: float) -> Malformed:
        milliseconds = (perf_counter() - started) * 1000.0
        self._observe(asked.method, status, milliseconds)
        return Malformed(
            f"{self.host} was asked to {self.cleaned(asked.doing)}, but the answer is longer than "
            f"{RESPONSE_LIMIT_BYTES >> 20} MiB; "
            "ask for smaller pages or check the tenant URL.",
            status=status,
            exchange=self._redact.exchange(asked.method, asked.url, asked.body or b"", status, b"", milliseconds),
        )

    def _failed(self, error: Exception, asked: Asked, started: float, status: int | None) -> Unreachable | Malformed:
        """What a failure below SCIM means, and whether the request can have arrived.

        `status` had come when the body failed. A body that breaks off or cannot be unpacked may be one object's fault,
        so it is treated like any other unreadable answer, not as a network failure.
        """
        milliseconds = (perf_counter() - started) * 1000.0
        self._observe(asked.method, status, milliseconds)
        exchange = self._redact.exchange(asked.method, asked.url, asked.body or b"", status, b"", milliseconds)
        said = str(error)
        broken = status is not None and isinstance(error, ReqwestError | zlib.error)
        if broken or _NO_HTTP in said:
            what = "HTTP that we understand" if status is None else "whole, or not packed as it says"
            return Malformed(
                self.cleaned(
                    f"{self.host} was asked to {asked.doing}, but the answer is not {what}; check the tenant URL."
                ),
                excerpt=self.cleaned(said.rpartition("source: ")[2].rstrip(" }"))[:200],
                status=status,
                exchange=exchange,
            )
        unsent = status is None and (
            isinstance(error, ValueError) or (isinstance(error, ReqwestError) and error.is_connect())
        )
        return Unreachable(
            self.cleaned(f"{self.host} did not {asked.doing}: {_cause(error, self._timeout_seconds)}."),
            sent=not unsent,
            timed_out=isinstance(error, TimeoutError),
            exchange=exchange,
        )

    def _open(self) -> _Opened:
        used_here()
        client = Client(
            headers={"Authorization": f"Bearer {self._token.reveal()}", "Accept": MEDIA_TYPE, "User-Agent": "Provisor"},
            http1_only=True,
            http1_title_case_headers=True,
            http1_max_headers=_MOST_HEADERS,  # type: ignore[call-arg]  # missing in its types
            http1_ignore_invalid_headers_in_responses=True,
            http1_allow_obsolete_multiline_headers_in_responses=True,
            pool_max_idle_per_host=self._connections,
            pool_idle_timeout=Duration.from_secs_f64(IDLE_SECONDS),
            connect_timeout=Duration.from_secs_f64(CONNECT_SECONDS),
            redirect=None,
            referer=False,
            cookies=False,
            brotli=False,  # we ask for gzip alone; `inflated` is for servers that send deflate anyway
            deflate=False,
            zstd=False,
            hickory_dns=False,  # names are looked up as everything else on this machine looks them up
            proxy=NO_PROXY,
            tls_version_min="1.2",
            tls_certs_only=authorities() if self._encrypted else [],
        )
        self._opened = _Opened(client.fetch, Semaphore(self._connections), Deadlines(self._timeout_seconds))
        return self._opened


def _unobserved(method: str, status: int | None, milliseconds: float) -> None:
    """Nobody wants to know."""


def _told_by_status(asked: Asked, status: int) -> bool:
    """Whether the body is not needed: only reads and creates need the body of the answer."""
    return asked.method in ("PATCH", "DELETE") or not 200 <= status < 300


async def _whole(response: Response) -> bytes | None:
    """The whole body; None when it is longer than the limit, also after decompression: the rest is never read."""
    length = response.content_length  # None also where the library unpacks the body
    if length is not None and length <= RESPONSE_LIMIT_BYTES:
        payload = bytes(await response.bytes())
    else:
        body = response.stream(RESPONSE_LIMIT_BYTES + 1)  # in one piece, unless it is longer; closed when it is let go
        if length is not None:
            return None
        payload = b""
        async for piece in body:
            payload = bytes(piece)
            break
        if len(payload) > RESPONSE_LIMIT_BYTES:
            return None
    if payload and (header(response.headers, "Content-Encoding") or "").lower() == "deflate":
        return inflated(payload, RESPONSE_LIMIT_BYTES)
    return payload


def _location(reply: ReceivedReply, base: str) -> str | None:
    """Where a redirect leads, None for every other answer."""
    if not 300 <= reply.status < 400:
        return None
    location = reply.header("Location")
    try:
        return None if location is None else urljoin(base, quote(location, _IN_ADDRESSES, errors="replace"))
    except ValueError:
        return "an address that is invalid"


def _cause(error: Exception, timeout_seconds: float) -> str:
    """What went wrong and what to do, as the end of a sentence."""
    if isinstance(error, TimeoutError):
        return f"no answer within {timeout_seconds:g} s; whether it was done is looked up in the next cycle"
    if isinstance(error, ValueError):
        return "its address is invalid; check the tenant URL"
    if not isinstance(error, ReqwestError) or not error.is_connect():
        return "the connection broke before the answer came; whether it was done is looked up in the next cycle"
    if error.is_timeout():
        return f"no connection within {CONNECT_SECONDS:g} s; check the tenant URL and the network"
    text = str(error)
    if '"dns error"' in text or "InvalidDnsName" in text:
        return "its name is not known here; check the tenant URL"
    distrusted = distrust(text)
    if distrusted is not None:
        return f"its certificate is not trusted ({distrusted.why}); {distrusted.way_out}"
    if '"tcp connect error"' in text:
        reason = text.rpartition('message: "')[2].partition('"')[0]
        return f"no connection ({reason}); check the tenant URL and the network"
    return "no TLS connection; it must offer TLS 1.2 or newer, and speak HTTPS at that port"
