"""The portal beside everything else that a service answers: imported when somebody opens a page."""

from typing import TYPE_CHECKING

from provisor.admin.bundle import Admin
from provisor.web.lazy import LazySite

if TYPE_CHECKING:
    from provisor.portal.site import PortalSite


def portal(admin: Admin, *, trust_proxy: bool = False) -> LazySite:
    """The pages of a service, for every path that nothing else answers."""

    def opened() -> "PortalSite":
        from provisor.portal.site import open_portal

        return open_portal(admin, trust_proxy=trust_proxy)

    return LazySite(opened)
