"""Where a request came from, and how its client knows this server: the beginning of every address that it is told.

Behind a trusted proxy the client's side is in X-Forwarded-Proto, -Host and -For; otherwise anybody could write those
headers, and they are ignored. Pure.
"""

import re
from collections.abc import Mapping, MutableMapping
from typing import Any

AsgiScope = MutableMapping[str, Any]

# Narrower than RFC 3986: what stands in locations is read by programs that take markup and quotes for what they are.
AUTHORITY = re.compile(rb"(?:[A-Za-z0-9._-]{1,253}|\[[0-9A-Fa-f:.]{2,45}\])(?::[0-9]{0,5})?")
_NOTHING = b""
_LONGEST_CLIENT = 64


def own_address(scope: AsgiScope, headers: Mapping[bytes, bytes], *, trust_proxy: bool) -> str:
    """Scheme and host that the client uses for us, without a path: `https://provisor.example.com`."""
    scheme, host = named(headers, trust_proxy=trust_proxy)
    return address_of(scope, scheme, host)


def named(headers: Mapping[bytes, bytes], *, trust_proxy: bool) -> tuple[bytes, bytes]:
    """The scheme (empty: that of the connection) and the host that a request names us by."""
    host = headers.get(b"host", _NOTHING)
    if not trust_proxy:
        return _NOTHING, host
    forwarded = _first(headers.get(b"x-forwarded-host", _NOTHING))
    return _first(headers.get(b"x-forwarded-proto", _NOTHING)).lower(), forwarded or host


def address_of(scope: AsgiScope, scheme: bytes, host: bytes) -> str:
    """The same as an address; what is no scheme or host is replaced by that of the connection."""
    of_scope = str(scope.get("scheme", "http"))
    return f"{scheme.decode() if scheme in (b'http', b'https') else of_scope}://{_authority(scope, host)}"


def client_address(scope: AsgiScope, headers: Mapping[bytes, bytes], *, trust_proxy: bool) -> str:
    """Where a request came from; through a trusted proxy what that proxy saw: the last address it added."""
    if trust_proxy:
        seen = headers.get(b"x-forwarded-for", _NOTHING).rpartition(b",")[2].strip()
        if seen:
            return _without_port(seen[:_LONGEST_CLIENT].decode("latin-1"))
    client = scope.get("client")
    return str(client[0]) if client else ""


def _first(listed: bytes) -> bytes:
    """What the proxy nearest to the client wrote, when several did."""
    return listed.partition(b",")[0].strip()


def _without_port(address: str) -> str:
    """Some proxies add the client's port, with which every connection would look like another client."""
    if address.startswith("["):
        return address[1:].partition("]")[0]
    return address.partition(":")[0] if address.count(":") == 1 else address


def _authority(scope: AsgiScope, host: bytes) -> str:
    if AUTHORITY.fullmatch(host):
        return host.decode()
    name, port = scope.get("server") or ("localhost", None)
    return f"{name}:{port}" if port else str(name)
