"""One visit of a page of the portal: what a handler is given. Values only."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from provisor.admin.actor import Actor
from provisor.admin.browsers import Browsers, PortalVisitor
from provisor.admin.bundle import Admin
from provisor.web.answers import Arrival
from provisor.web.site import LiveRule, Rule

PRODUCT = "Provisor"
HOME = "/"
ACCOUNT = "/account"
SIGN_IN = "/sign-in"

PortalAccess = Literal["anyone", "signed-in"]


@dataclass(frozen=True, slots=True, kw_only=True)
class PortalVisit:
    """A request for a page, already checked: signed in where that is needed, its form from a page of ours."""

    arrival: Arrival
    admin: Admin
    browsers: Browsers
    visitor: PortalVisitor | None

    @property
    def form(self) -> Mapping[str, str]:
        """What was sent."""
        return self.arrival.form

    @property
    def names(self) -> Mapping[str, str]:
        """The parts of the address that a rule names."""
        return self.arrival.names

    @property
    def query(self) -> Mapping[str, str]:
        """What the address says behind its question mark."""
        return self.arrival.query

    @property
    def signed_in(self) -> PortalVisitor:
        """Who visits, on pages that cannot be reached without signing in."""
        if self.visitor is None:
            raise LookupError("This page was opened to somebody who is not signed in.")
        return self.visitor

    @property
    def actor(self) -> Actor:
        """In whose name a page calls verbs. What that may, the verbs say."""
        return self.signed_in.actor


PortalRule = Rule[PortalVisit, PortalAccess]
PortalLiveRule = LiveRule[PortalVisit, PortalAccess]


def typed_wrong(password: str, again: str) -> dict[str, str]:
    """What is said beside the two fields of a new password; empty texts where nothing is wrong."""
    return {"password": "", "again": "" if password == again else "The two passwords differ."}
