"""Which tenant a path belongs to, and how a client knows this server: the beginning of every location.

Behind a proxy that is trusted, the client's side of it is in X-Forwarded-Proto, -Host and -For; otherwise those headers
are what anybody may write, and are ignored. Order: places, addresses.
"""

from collections.abc import Iterable, Mapping, MutableMapping
from typing import Any

from provisor.provider.protocol.heads import AUTHORITY
from provisor.provider.protocol.routes import BELOW, PLACES, route
from provisor.provider.store.tables import DEFAULT_TENANT, SHORT_BASE_PATH, Tenant
from provisor.provider.verbs.request import Route

AsgiScope = MutableMapping[str, Any]

_BASES_LIMIT = 256
_NOTHING = b""


class Addresses:
    """The base paths of the tenants served, and the addresses they have been called by."""

    def __init__(self, tenant: Tenant, *, trust_proxy: bool) -> None:
        self._trust_proxy = trust_proxy
        self._prefixes: dict[str, Tenant] = {}
        self._places: dict[str, tuple[str, Tenant, Route]] = {}  # by whole path
        self._below: dict[str, tuple[str, Tenant, Route]] = {}  # by the path before the last slash
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
            prefixes = (tenant.base_path, SHORT_BASE_PATH) if tenant.name == DEFAULT_TENANT else (tenant.base_path,)
            for prefix in prefixes:
                self._prefixes[prefix] = tenant
                for path, place in PLACES.items():
                    self._places[f"{prefix}/{path}"] = prefix, tenant, place
                for path, place in BELOW.items():
                    self._below[f"{prefix}/{path}"] = prefix, tenant, place

    def find(self, path: str) -> tuple[str, Tenant, Route, str] | None:
        """The base path that a path begins with, whose it is, what is there and the id in it; None outside of all."""
        known = self._places.get(path)
        if known is not None:
            return *known, ""
        above, _, name = path.rpartition("/")
        known = self._below.get(above)
        if known is not None and name:
            return *known, name
        for prefix, tenant in self._prefixes.items():
            if path.startswith(prefix) and path[len(prefix) : len(prefix) + 1] in ("/", ""):
                return prefix, tenant, *route(path[len(prefix) :])
        return None

    def base(self, scope: AsgiScope, headers: Mapping[bytes, bytes], prefix: str) -> str:
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

    def client(self, scope: AsgiScope, headers: Mapping[bytes, bytes]) -> str:
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


def _scheme(scope: AsgiScope, forwarded: bytes) -> str:
    return forwarded.decode() if forwarded in (b"http", b"https") else str(scope.get("scheme", "http"))


def _address(scope: AsgiScope, host: bytes) -> str:
    if AUTHORITY.fullmatch(host):
        return host.decode()
    name, port = scope.get("server") or ("localhost", None)
    return f"{name}:{port}" if port else str(name)
