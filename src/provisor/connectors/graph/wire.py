"""One request and its whole, bounded answer, blocking: what signing in and reading share.

HTTPS or this machine only, as clouds checks; no redirect, no proxy, no cookie. Knows nothing of what it carries.
"""

from pathlib import Path
from typing import Final, Literal, NamedTuple

from provisor.connectors.addresses import host_of
from provisor.connectors.authorities import authorities, authorities_of, distrust
from provisor.connectors.http_channel import CONNECT_SECONDS, IDLE_SECONDS, RESPONSE_LIMIT_BYTES
from provisor.connectors.replies import header
from provisor.connectors.reqwest import (
    NO_PROXY,
    BlockingClient,
    Certificate,
    Duration,
    Headers,
    ReqwestError,
    used_here,
)
from provisor.engine.ports import Malformed, Unreachable

ANSWER_SECONDS: Final = 100.0  # what Microsoft's own clients wait; the first page of a delta may take half of it


class WireAnswer(NamedTuple):
    """Status, body and headers as they came."""

    status: int
    body: bytes
    headers: Headers

    def header(self, name: str) -> str | None:
        """The first header of that name, in any case."""
        return header(self.headers, name)


class Wire:
    """Kept-alive connections. Opened by the first request; `ca_file` replaces the authorities of this machine."""

    def __init__(self, ca_file: str = "", *, seconds: float = ANSWER_SECONDS) -> None:
        self._ca_file = ca_file
        self._seconds = seconds
        self._client: BlockingClient | None = None

    def send(
        self,
        url: str,
        doing: str,
        headers: dict[str, str],
        *,
        method: Literal["GET", "POST"] = "GET",
        body: bytes | None = None,
    ) -> WireAnswer:
        """The answer, whatever its status. `doing` completes "… did not …". Raises Unreachable or Malformed."""
        client, host = self._client or self._open(), host_of(url)
        try:
            if body is None:
                response = client.fetch(url, method=method, headers=headers)
            else:
                response = client.fetch(url, method=method, headers=headers, body=body)
            pieces, length = list[bytes](), 0
            for piece in response.stream():
                pieces.append(bytes(piece))
                length += len(piece)
                if length > RESPONSE_LIMIT_BYTES:
                    why = f"the answer is longer than {RESPONSE_LIMIT_BYTES >> 20} MiB; check its address"
                    raise Malformed(f"{host} was asked to {doing}, but {why}.", status=response.status)
        except (ReqwestError, ValueError) as error:
            raise self._unreachable(host, doing, error) from None
        return WireAnswer(response.status, b"".join(pieces), response.headers)

    def close(self) -> None:
        """Let the connections go."""
        self._client = None

    def _open(self) -> BlockingClient:
        used_here()
        self._client = BlockingClient(
            headers={"User-Agent": "Provisor", "Accept": "application/json"},
            http1_only=True,
            timeout=Duration.from_secs_f64(self._seconds),
            connect_timeout=Duration.from_secs_f64(CONNECT_SECONDS),
            pool_idle_timeout=Duration.from_secs_f64(IDLE_SECONDS),
            redirect=None,
            referer=False,
            cookies=False,
            brotli=False,
            deflate=False,
            zstd=False,
            hickory_dns=False,
            proxy=NO_PROXY,
            tls_version_min="1.2",
            tls_certs_only=_trusted(self._ca_file),
        )
        return self._client

    def _unreachable(self, host: str, doing: str, error: Exception) -> Unreachable:
        unsent = isinstance(error, ValueError) or (isinstance(error, ReqwestError) and error.is_connect())
        timed_out = isinstance(error, ReqwestError) and error.is_timeout() and not unsent
        distrusted = distrust(str(error))
        if distrusted is not None:
            why = f"its certificate is not trusted ({distrusted.why}); {distrusted.way_out}"
        elif timed_out:
            why = f"no whole answer within {self._seconds:g} s"
        elif unsent:
            why = "no connection; check its address and the network"
        else:
            why = "the connection broke before the whole answer came"
        return Unreachable(f"{host} did not {doing}: {why}.", sent=not unsent, timed_out=timed_out)


def _trusted(ca_file: str) -> list[Certificate]:
    """Raises Unreachable for a file without a usable certificate."""
    if not ca_file:
        return authorities()
    try:
        found = authorities_of(Path(ca_file))
    except OSError as error:
        raise Unreachable(f"{ca_file} cannot be read: {error.strerror}.", sent=False) from error
    if not found:
        raise Unreachable(f"{ca_file} holds no certificate of an authority in PEM.", sent=False)
    return found
