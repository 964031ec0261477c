"""One request to one address of an administrator's, and its bounded answer: for webhooks, token endpoints, sign-in.

HTTPS or this machine only, no redirect, no proxy, no cookie; one limit for all of it. Order: the address, the request.
"""

import asyncio
from collections.abc import Mapping
from typing import Final, NamedTuple
from urllib.parse import urlsplit

from provisor.connectors.addresses import host_of, is_loopback
from provisor.connectors.authorities import authorities, distrust
from provisor.connectors.reqwest import NO_PROXY, Client, Duration, Headers, ReqwestError, used_here
from provisor.engine.ports import Unreachable

CONNECT_SECONDS: Final = 10.0
ANSWER_LIMIT_BYTES: Final = 64 << 10
_LONGEST_ADDRESS: Final = 2_000


class PostAnswer(NamedTuple):
    """The answer. `body` is cut at the limit, and empty where only the status was asked for."""

    status: int
    body: bytes


def problem_with_post_address(url: str, what: str) -> str | None:
    """Why nothing may be posted to this address, in a sentence that shows no more than its host; None when all is well.

    `what` is what people call it, with its article.
    """
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError:
        host, port, parts = None, None, urlsplit("")
    if parts.scheme not in ("https", "http") or not host or port == 0 or len(url) > _LONGEST_ADDRESS:
        return f"The address of {what} is no HTTPS address; it looks like https://example.com/path."
    if parts.username is not None or parts.password is not None:
        return f"The address of {what} at {host} holds a user name or password; leave it out."
    if not url.isascii() or not url.isprintable() or any(letter in url for letter in " <>\\\"'#"):
        return f"The address of {what} at {host} holds a character that an address does not have; percent-encode it."
    if parts.scheme == "http" and not is_loopback(host):
        return f"Plain HTTP to {host} would show everything to the network; use https:// in the address of {what}."
    return None


async def post(
    url: str, body: bytes, headers: Mapping[str, str], *, seconds: float, what: str, status_only: bool = False
) -> PostAnswer:
    """Send it. Raises Unreachable; `sent` is False when it surely never left."""
    return await _ask(url, body, headers, seconds=seconds, what=f"take {what}", status_only=status_only)


async def get(url: str, *, seconds: float, what: str) -> PostAnswer:
    """Read a small document. Raises Unreachable."""
    headers = {"Accept": "application/json", "User-Agent": "Provisor"}
    return await _ask(url, None, headers, seconds=seconds, what=f"give {what}", status_only=False)


async def _ask(
    url: str,
    body: bytes | None,
    headers: Mapping[str, str],
    *,
    seconds: float,
    what: str,
    status_only: bool,
) -> PostAnswer:
    used_here()
    client = Client(
        headers=dict(headers),
        http1_only=True,
        connect_timeout=Duration.from_secs_f64(CONNECT_SECONDS),
        redirect=None,
        referer=False,
        cookies=False,
        gzip=False,
        brotli=False,
        deflate=False,
        zstd=False,
        hickory_dns=False,
        proxy=NO_PROXY,
        tls_version_min="1.2",
        tls_certs_only=authorities() if url.lower().startswith("https:") else [],
    )
    host = host_of(url)
    try:
        async with asyncio.timeout(seconds):
            if body is None:
                response = await client.fetch(url, method="GET")
            else:
                response = await client.fetch(url, method="POST", body=body, headers=Headers({}))
            status, answer = response.status, b""
            if status_only:
                return PostAnswer(status, answer)
            async for piece in response.stream(ANSWER_LIMIT_BYTES):
                answer = bytes(piece)[:ANSWER_LIMIT_BYTES]
                break
            return PostAnswer(status, answer)
    except TimeoutError:
        raise Unreachable(f"{host} did not {what} within {seconds:g} s.", timed_out=True) from None
    except (ReqwestError, ValueError) as error:
        raise _unreachable(host, what, error) from None


def _unreachable(host: str, what: str, error: Exception) -> Unreachable:
    unsent = isinstance(error, ValueError) or (isinstance(error, ReqwestError) and error.is_connect())
    distrusted = distrust(str(error))
    if distrusted is not None:
        return Unreachable(
            f"{host} did not {what}: its certificate is not trusted ({distrusted.why}); {distrusted.way_out}.",
            sent=False,
        )
    why = "no connection" if unsent else "the connection broke before the answer came"
    return Unreachable(f"{host} did not {what}: {why}.", sent=not unsent)
