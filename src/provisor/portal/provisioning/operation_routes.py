"""The addresses of the pages of what a job did and will do."""

from provisor.portal.visits import PortalLiveRule, PortalRule

RULES: tuple[PortalRule, ...] = ()
LIVE: tuple[PortalLiveRule, ...] = ()
