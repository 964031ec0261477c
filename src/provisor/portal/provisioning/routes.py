"""The addresses of these pages."""

from provisor.portal.provisioning import operation_routes
from provisor.portal.visits import PortalLiveRule, PortalRule

RULES: tuple[PortalRule, ...] = (*operation_routes.RULES,)
LIVE: tuple[PortalLiveRule, ...] = (*operation_routes.LIVE,)
