"""The addresses of these pages."""

from provisor.portal.visits import PortalLiveRule, PortalRule

RULES: tuple[PortalRule, ...] = ()
LIVE: tuple[PortalLiveRule, ...] = ()
