"""One SCIM request, from its head to its entry in the log: what is asked, how much of it, on which condition, by whom.

Made once and filled in as it becomes known; an operation of a bulk is one of its own.
"""

from collections.abc import Mapping, MutableMapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from provisor.provider.model.limits import MAX_RESULTS
from provisor.provider.model.profiles import ResourceKind
from provisor.provider.store.tables import Tenant


class Route(NamedTuple):
    """What an address leads to, and what may be done there. Made once for every address, not for every request."""

    methods: tuple[str, ...]
    kind: ResourceKind | None = None  # None with nothing else: resources of every kind
    search: bool = False
    bulk: bool = False
    discovery: str | None = None


NOWHERE = Route(())
ME = Route(())  # known but not served (RFC 7644 section 3.11)


@dataclass(slots=True, kw_only=True, eq=False)
class ScimRequest:
    """What is asked. Not frozen: it is made for every request, and that costs."""

    tenant: Tenant
    now: int  # microseconds, whole milliseconds
    base: str = ""  # the server's address with the base path, as the client knows it
    place: Route = NOWHERE
    kind: ResourceKind = "User"
    id: str = ""  # of a resource, or the name of a discovery document
    attributes: Sequence[str] = ()
    excluded: Sequence[str] = ()
    if_match: str | None = None
    if_none_match: str | None = None

    # Of a list; `count` is within bounds.
    filter: str | None = None
    start_index: int = 1
    count: int = MAX_RESULTS
    counted: bool = False  # whether the client said so
    sort_by: str | None = None
    descending: bool = False
    cursor: str | None = None  # "" for the first page by cursor
    root: bool = False  # asked of every kind: what one kind lacks is absent there, not unknown

    # How it came, and what the log says about it.
    scope: MutableMapping[str, Any] = field(default_factory=dict)
    headers: Mapping[bytes, bytes] = field(default_factory=dict)
    body: bytes = b""
    token_id: str | None = None
    at: int = 0  # microseconds
    started: int = 0  # nanoseconds, of a clock that only goes forward
    duration: int = 0  # microseconds
    told_kind: str | None = None
    told_id: str | None = None
    logged: bool = False

    @property
    def plain(self) -> bool:
        """Whether the whole resource is wanted."""
        return not self.attributes and not self.excluded

    @property
    def as_stored(self) -> bool:
        """Whether stored text can be sent as it is: leaving out what is composed of rows only saves reading them."""
        return (
            not self.attributes
            and self.tenant.profile.plain
            and (not self.excluded or _COMPOSED.issuperset(self.excluded))
        )

    @property
    def shows_groups(self) -> bool:
        """Whether the groups of a user are to be read."""
        return self.tenant.profile.shows_groups and self.wants("groups")

    def wants(self, name: str) -> bool:
        """Whether an attribute composed from rows has to be read at all; what is left of it is projection's work."""
        if self.attributes:
            schema = self.kind.lower()  # a URN named alone, which ends with it, stands for all its attributes
            return any(_top_name(item) in (name, schema) for item in self.attributes)
        return not self.excluded or not any(item.lower().rpartition(":")[2] == name for item in self.excluded)


_COMPOSED = frozenset({"members", "groups"})


def _top_name(path: str) -> str:
    return path.lower().rpartition(":")[2].partition(".")[0].strip()
