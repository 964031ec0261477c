"""Which tenant a path belongs to, and how a client knows this server: the beginning of every location.

Behind a proxy that is trusted, the client's side of it is in X-Forwarded-Proto, -Host and -For; otherwise those headers
are what anybody may write, and are ignored. Order: places, addresses.
"""

from collections.abc import Iterable, Mapping, MutableMapping
from typing import Any

from provisor.provider.protocol.heads import AUTHORITY
from provisor.provider.store.tables import DEFAULT_TENANT, SHORT_BASE_PATH, Tenant

Scope = MutableMapping[str, Any]

_BASES_LIMIT = 256
_NOTHING = b""


class Addresses:
    """The base paths of the tenants served, and the addresses they have been called by."""

    def __init__(self, tenant: Tenant, *, trust_proxy: bool) -> None:
        self._trust_proxy = trust_proxy
        self._places: tuple[tuple[str, Tenant], ...] = ()
        self._bases: dict[tuple[bytes, bytes, str], str] = {}
        self.tenants: tuple[Tenant, ...] = ()
        self.learn((tenant,))

    def learn(self, tenants: Iterable[Tenant]) -> None:
        """Serve these tenants too; one that is known stays as it is."""
        known = {tenant.number for tenant in self.tenants}
        for tenant in tenants:
            if tenant.number in known:
                continue
            self.tenants += (tenant,)
            self._places += ((tenant.base_path, tenant),)
            if tenant.name == DEFAULT_TENANT:
                self._places += ((SHORT_BASE_PATH, tenant),)

    def find(self, path: str) -> tuple[str, Tenant] | None:
        """The base path that a path begins with, and whose it is."""
        for place in self._places:
            prefix = place[0]
            if path.startswith(prefix) and path[len(prefix) : len(prefix) + 1] in ("/", ""):
                return place
        return None

    def base(self, scope: Scope, headers: Mapping[bytes, bytes], prefix: str) -> str:
        """The address a client knows us by, with the base path."""
        host = headers.get(b"host", _NOTHING)
        scheme = _NOTHING
        if self._trust_proxy:
            host = _first(headers.get(b"x-forwarded-host", _NOTHING)) or host
            scheme = _first(headers.get(b"x-forwarded-proto", _NOTHING)).lower()
        base = self._bases.get((scheme, host, prefix))
        if base is None:
            base = f"{_scheme(scope, scheme)}://{_address(scope, host)}{prefix}"
            if len(self._bases) >= _BASES_LIMIT:
                self._bases.clear()
            self._bases[scheme, host, prefix] = base
        return base

    def client(self, scope: Scope, headers: Mapping[bytes, bytes]) -> str:
        """Where a request came from; through a trusted proxy what that proxy saw: the last address it added."""
        if self._trust_proxy:
            seen = headers.get(b"x-forwarded-for", _NOTHING).rpartition(b",")[2].strip()
            if seen:
                return _without_port(seen[:64].decode("latin-1"))
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


def _scheme(scope: Scope, forwarded: bytes) -> str:
    return forwarded.decode() if forwarded in (b"http", b"https") else str(scope.get("scheme", "http"))


def _address(scope: Scope, host: bytes) -> str:
    if AUTHORITY.fullmatch(host):
        return host.decode()
    name, port = scope.get("server") or ("localhost", None)
    return f"{name}:{port}" if port else str(name)
