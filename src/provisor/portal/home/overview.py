"""The first page: the jobs at a glance."""

from provisor.portal.visits import PortalVisit
from provisor.web.answers import PageAnswer, TemplatePage


def show(visit: PortalVisit) -> PageAnswer:
    """What there is for this visitor."""
    return TemplatePage(template="home/overview.html", title="Home")
