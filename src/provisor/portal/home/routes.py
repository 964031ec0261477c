"""The addresses of these pages."""

from provisor.portal.home import overview
from provisor.portal.visits import HOME, PortalLiveRule, PortalRule
from provisor.web.site import Rule

RULES: tuple[PortalRule, ...] = (Rule(method="GET", path=HOME, handler=overview.show, access="signed-in"),)
LIVE: tuple[PortalLiveRule, ...] = ()
