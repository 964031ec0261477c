"""One visit of a page: what a handler is given, and what it gives back. Values only."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from provisor.database import Connection, Database
from provisor.provider.dashboard.accounts import Account
from provisor.provider.dashboard.sessions import BrowserSession
from provisor.provider.dashboard.warnings import Twins
from provisor.provider.store.tables import Tenant
from provisor.provider.store.tenants import load_tenants


class Tenants:
    """The tenants whose people may sign in: every one, also those made since, or one alone."""

    def __init__(self, tenant: Tenant, *, alone: bool) -> None:
        self.first = tenant
        self._alone = alone
        self._known = {tenant.number: tenant}

    def find(self, connection: Connection, number: int) -> Tenant | None:
        """The tenant of that number, if it is served here."""
        if number not in self._known and not self._alone:
            # What is known stays: the first one may be served more strictly than it is stored.
            self._known = {tenant.number: tenant for tenant in load_tenants(connection)} | self._known
        return self._known.get(number)


@dataclass(frozen=True, slots=True, kw_only=True)
class Visit:
    """A request for a page, already checked: signed in where that is needed, its form from a page of ours."""

    database: Database
    tenant: Tenant  # of who is signed in
    tenants: Tenants
    twins: Twins
    url: str  # the server's address as this browser knows it, without a path
    path: str
    names: Mapping[str, str]  # out of the path
    query: Mapping[str, str]
    form: Mapping[str, str]
    address: str  # where the browser is
    secret: str  # what its cookie holds
    session: BrowserSession | None
    now: int

    @property
    def signed_in(self) -> BrowserSession:
        """The session, on pages that nobody reaches without one."""
        if self.session is None:
            raise LookupError("This page was opened to somebody who is not signed in.")
        return self.session

    @property
    def account(self) -> Account:
        """Who visits, on pages that nobody reaches without signing in."""
        return self.signed_in.account


@dataclass(frozen=True, slots=True, kw_only=True)
class TemplatePage:
    """A page to render: a template's name and its values."""

    template: str
    title: str
    values: Mapping[str, Any] = field(default_factory=dict)  # whatever the template names
    status: int = 200
    retry_after_seconds: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Redirect:
    """Go on at another page; `secret` becomes the cookie, and the empty text removes it."""

    to: str
    secret: str | None = None


PageAnswer = TemplatePage | Redirect


def not_here(what: str) -> TemplatePage:
    """The page of something that is not there."""
    return TemplatePage(template="message.html", title="Not found", values={"text": f"{what} is not here."}, status=404)


def refused(title: str, text: str, status: int) -> TemplatePage:
    """A page that says why something was not done, and what to do."""
    return TemplatePage(template="message.html", title=title, values={"text": text}, status=status)
