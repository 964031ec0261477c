"""One visit of a page of the dashboard: what a handler is given. Values only."""

from collections.abc import Mapping
from dataclasses import dataclass

from provisor.database import Connection, Database
from provisor.provider.dashboard.accounts import DashboardAccount, Visitor
from provisor.provider.dashboard.warnings import Twins
from provisor.provider.store.tables import Tenant
from provisor.provider.store.tenants import load_tenants
from provisor.web.answers import Arrival


class Tenants:
    """The tenants whose people may sign in: all, including those created since, or one alone."""

    def __init__(self, tenant: Tenant, *, alone: bool) -> None:
        self.first = tenant
        self._alone = alone
        self._known = {tenant.number: tenant}

    def find(self, connection: Connection, number: int) -> Tenant | None:
        """The tenant of that number, if it is served here."""
        if number not in self._known and not self._alone:
            # Known tenants stay as they are: the first one may be served more strictly than it is stored.
            self._known = {tenant.number: tenant for tenant in load_tenants(connection)} | self._known
        return self._known.get(number)


@dataclass(frozen=True, slots=True, kw_only=True)
class Visit:
    """A request for a page, already checked: signed in where that is needed, its form from a page of ours."""

    arrival: Arrival
    database: Database
    tenant: Tenant  # of who is signed in
    tenants: Tenants
    twins: Twins
    visitor: Visitor | None
    now: int

    @property
    def path(self) -> str:
        """The address of the page, without host and query."""
        return self.arrival.path

    @property
    def names(self) -> Mapping[str, str]:
        """What stands in the path where the rule has a name."""
        return self.arrival.names

    @property
    def query(self) -> Mapping[str, str]:
        """What follows the path."""
        return self.arrival.query

    @property
    def form(self) -> Mapping[str, str]:
        """What was sent."""
        return self.arrival.form

    @property
    def signed_in(self) -> Visitor:
        """Who visits, on pages that cannot be reached without a session."""
        if self.visitor is None:
            raise LookupError("This page was opened to somebody who is not signed in.")
        return self.visitor

    @property
    def account(self) -> DashboardAccount:
        """Who visits, on pages that cannot be reached without signing in."""
        return self.signed_in.account
