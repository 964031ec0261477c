"""One visit of a page of the portal: what a handler is given. Values only."""

from collections.abc import Mapping
from dataclasses import dataclass

from provisor.admin.browsers import Browsers, PortalVisitor
from provisor.web.answers import Arrival

PRODUCT = "Provisor"
HOME = "/account"


@dataclass(frozen=True, slots=True, kw_only=True)
class PortalVisit:
    """A request for a page, already checked: signed in where that is needed, its form from a page of ours."""

    arrival: Arrival
    browsers: Browsers
    visitor: PortalVisitor | None

    @property
    def form(self) -> Mapping[str, str]:
        """What was sent."""
        return self.arrival.form

    @property
    def signed_in(self) -> PortalVisitor:
        """Who visits, on pages that cannot be reached without signing in."""
        if self.visitor is None:
            raise LookupError("This page was opened to somebody who is not signed in.")
        return self.visitor


def typed_wrong(password: str, again: str) -> dict[str, str]:
    """What is said beside the two fields of a new password; empty texts where nothing is wrong."""
    return {"password": "", "again": "" if password == again else "The two passwords differ."}
