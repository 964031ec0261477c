"""The dashboard beside the SCIM paths: imported when somebody opens a page, never by a SCIM request."""

from typing import TYPE_CHECKING

from provisor.database import Database
from provisor.provider.store.tables import Tenant
from provisor.web.lazy import LazySite

if TYPE_CHECKING:
    from provisor.provider.dashboard.site import DashboardSite


def dashboard(database: Database, tenant: Tenant, *, alone: bool = False, trust_proxy: bool = False) -> LazySite:
    """The pages. Everybody sees the tenant of their account; with `alone`, only accounts of `tenant` may sign in."""

    def opened() -> "DashboardSite":
        from provisor.provider.dashboard.site import open_site

        return open_site(database, tenant, alone=alone, trust_proxy=trust_proxy)

    return LazySite(opened)
