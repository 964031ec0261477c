"""Which tenant a path belongs to, and the beginning of every location that a client of it is told."""

from collections.abc import Iterable, Mapping

from provisor.provider.protocol.routes import BELOW, PLACES, route
from provisor.provider.store.tables import DEFAULT_TENANT, SHORT_BASE_PATH, Tenant
from provisor.provider.verbs.request import Route
from provisor.web.addresses import AsgiScope, address_of, client_address, named

_BASES_LIMIT = 256


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
        """The base path that a path begins with, its tenant, what is there and the id in it; None outside of all."""
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
        """The address that the client uses for us, with the base path."""
        scheme, host = named(headers, trust_proxy=self._trust_proxy)
        base = self._bases.get((scheme, host, prefix))
        if base is None:
            base = f"{address_of(scope, scheme, host)}{prefix}"
            if len(self._bases) >= _BASES_LIMIT:
                self._bases.clear()
            self._bases[scheme, host, prefix] = base
        return base

    def client(self, scope: AsgiScope, headers: Mapping[bytes, bytes]) -> str:
        """Where a request came from; through a trusted proxy what that proxy saw: the last address it added."""
        return client_address(scope, headers, trust_proxy=self._trust_proxy)
