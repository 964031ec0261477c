"""What stands around every page of a source: its name, its steps while it is set up, its parts afterwards.

Addresses: `/sources/{source}/…`, by the source's id.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from provisor.admin.actor import SOURCE_READ
from provisor.admin.sources import SourceShown
from provisor.portal.visits import PortalVisit
from provisor.rules.source_settings import KIND_NAMES, ConnectedKind

LIST: Final = "/sources"
# The pages of the wizard after the choice of the kind, in their order; those that a kind has.
_FILTERING: Final = ("filtering", "Filtering")
_FEATURES: Final = ("optional-features", "Optional features")
_CONNECTION: Final = ("connection", "Connection")
_READY: Final = ("schedule", "Ready to start")
STEPS: Final[Mapping[ConnectedKind, tuple[tuple[str, str], ...]]] = {
    "active-directory": (_CONNECTION, _FILTERING, _FEATURES, _READY),
    "ldap": (_CONNECTION, _FILTERING, _FEATURES, _READY),
    "entra": (_CONNECTION, ("attributes", "Attributes"), _READY),
    "csv": (_CONNECTION, _READY),
}
EXTENSIONS: Final = "directory-extensions"  # a page of the step before it


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceFrame:
    """A source, with the ways on from it."""

    shown: SourceShown

    @property
    def id(self) -> str:
        """What its pages are found by."""
        return self.shown.source.id

    @property
    def name(self) -> str:
        """What it is called."""
        return self.shown.source.name

    @property
    def address(self) -> str:
        """Its first page."""
        return f"{LIST}/{self.id}"

    @property
    def kind(self) -> ConnectedKind:
        """What it is a source of."""
        return self.shown.source.kind

    @property
    def kind_name(self) -> str:
        """The same in words."""
        return KIND_NAMES[self.kind]

    @property
    def on(self) -> bool:
        """Whether it is read by itself."""
        return self.shown.source.schedule_state == "Active"

    @property
    def setting_up(self) -> bool:
        """Whether it was never read or started: its pages are those of the wizard still."""
        return not self.on and self.shown.source.last_began_at is None

    @property
    def steps(self) -> tuple[tuple[str, str], ...]:
        """The pages of the wizard that its kind has, with their words."""
        return STEPS[self.kind]

    def after(self, part: str) -> str:
        """The page of the wizard after this one."""
        names = [name for name, _ in self.steps]
        return f"{self.address}/{names[names.index(part) + 1]}"


def source_frame(visit: PortalVisit, permission: str = SOURCE_READ) -> SourceFrame:
    """Of the source that the address names. Raises AdminError; `permission`: what its page is for."""
    visit.actor.needs(permission)
    return SourceFrame(shown=visit.admin.sources.settings.show(visit.actor, visit.names["source"]))
