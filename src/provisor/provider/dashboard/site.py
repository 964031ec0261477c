"""The dashboard's pages: their routes, who may open which, and what stands around all of them."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Literal

from provisor.database import Database
from provisor.provider.dashboard import keys, lists, sign_in
from provisor.provider.dashboard.accounts import look_up_visitor
from provisor.provider.dashboard.filters import FILTERS
from provisor.provider.dashboard.page_request import Tenants, Visit
from provisor.provider.dashboard.warnings import Twins
from provisor.provider.store.tables import Tenant, now_microseconds
from provisor.web.answers import Arrival, PageAnswer, Redirect, refused
from provisor.web.rendering import Renderer
from provisor.web.sessions import recognised
from provisor.web.site import Rule, WebSite

Access = Literal["anyone", "signed-in", "full-admin"]
DashboardSite = WebSite[Visit, Access]

_WITHOUT_ACKNOWLEDGEMENT = (keys.ACKNOWLEDGE, "/sign-out")

RULES: tuple[Rule[Visit, Access], ...] = (
    Rule(method="GET", path="/", handler=sign_in.home, access="anyone"),
    Rule(method="GET", path="/sign-in", handler=sign_in.show, access="anyone"),
    Rule(method="POST", path="/sign-in", handler=sign_in.sign_in, access="anyone"),
    Rule(method="POST", path="/sign-out", handler=sign_in.sign_out, access="signed-in"),
    Rule(method="GET", path="/users-and-groups/{tab}", handler=lists.users_and_groups, access="signed-in"),
    Rule(method="GET", path="/users-and-groups/{tab}/{id}", handler=lists.identity, access="signed-in"),
    Rule(method="GET", path="/warnings", handler=lists.warnings, access="signed-in"),
    Rule(method="POST", path="/warnings/groups/{id}/re-pointed", handler=lists.mark_repointed, access="full-admin"),
    Rule(method="GET", path=keys.KEYS, handler=keys.show, access="signed-in"),
    Rule(method="GET", path=keys.ACKNOWLEDGE, handler=keys.ask, access="signed-in"),
    Rule(method="POST", path=keys.ACKNOWLEDGE, handler=keys.acknowledge, access="full-admin"),
    Rule(method="POST", path=f"{keys.KEYS}/{{kind}}/generate", handler=keys.generate, access="full-admin"),
    Rule(method="GET", path=f"{keys.KEYS}/tokens/{{id}}/refresh", handler=keys.ask_refresh, access="full-admin"),
    Rule(method="POST", path=f"{keys.KEYS}/tokens/{{id}}/refresh", handler=keys.refresh, access="full-admin"),
    Rule(method="GET", path=f"{keys.KEYS}/tokens/{{id}}/revoke", handler=keys.ask_revoke, access="full-admin"),
    Rule(method="POST", path=f"{keys.KEYS}/tokens/{{id}}/revoke", handler=keys.revoke, access="full-admin"),
    Rule(method="GET", path="/requests", handler=lists.requests, access="signed-in"),
    Rule(method="POST", path="/requests/kept", handler=lists.keep, access="full-admin"),
    Rule(method="GET", path="/requests/{number}", handler=lists.request, access="signed-in"),
)


def open_site(database: Database, tenant: Tenant, *, alone: bool, trust_proxy: bool) -> DashboardSite:
    """Every page of one server."""
    renderer = Renderer("provisor.provider.dashboard", static=("icon.svg",), filters=FILTERS)
    skin = _Dashboard(database, Tenants(tenant, alone=alone))
    return WebSite(skin, RULES, renderer, cookie="provisor", trust_proxy=trust_proxy)


class _Dashboard:
    """Who visits, and what they may."""

    def __init__(self, database: Database, tenants: Tenants) -> None:
        self._database = database
        self._tenants = tenants
        self._twins = Twins()

    def visit(self, arrival: Arrival) -> Visit:
        """Somebody who is not recognised sees the first tenant's name."""
        return Visit(
            arrival=arrival,
            database=self._database,
            tenant=self._tenants.first,
            tenants=self._tenants,
            twins=self._twins,
            visitor=None,
            now=now_microseconds(),
        )

    def recognised(self, visit: Visit) -> Visit:
        """The visit of the session's account, and its tenant; of a tenant that is not served here, of nobody."""
        session = recognised(self._database, visit.arrival.cookie, visit.now)
        visitor = None if session is None else look_up_visitor(self._database.reader(), session)
        if visitor is None:
            return visit
        tenant = self._tenants.find(self._database.reader(), visitor.account.tenant)
        return visit if tenant is None else replace(visit, visitor=visitor, tenant=tenant)

    def stopped(self, visit: Visit, access: Access) -> PageAnswer | None:
        """No session, an unacknowledged token, the role."""
        if access != "anyone" and visit.visitor is None:
            return Redirect(to="/sign-in")
        if visit.visitor and visit.visitor.shown_token and visit.path not in _WITHOUT_ACKNOWLEDGEMENT:
            return Redirect(to=keys.ACKNOWLEDGE)
        if access == "full-admin" and not visit.account.full_admin:
            return refused("Not allowed", "Only a Full Admin may do this; your role is Read Only.", 403)
        return None

    def failed(self, _visit: Visit, _error: Exception) -> PageAnswer | None:
        """Nothing is expected."""
        return None

    def frame(self, visit: Visit) -> Mapping[str, object]:
        """Who is signed in, and the banners over every page."""
        return {
            "visit": visit,
            "account": None if visit.visitor is None else visit.visitor.account,
            "product": visit.tenant.profile.title,
            "home_name": "Users and Groups",
            "banners": lists.banners(visit) if visit.visitor and not visit.visitor.shown_token else None,
            "refresh_seconds": None,
        }
