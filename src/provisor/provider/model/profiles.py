"""What a tenant of the target holds: attributes and capacity, and nothing else (spec/scim-wire.md sections 11.2, 11.4).

Pure data over scim's schemas. Every protocol feature is the same in every profile.
"""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import Literal

from provisor.scim.schemas.resource_types import (
    GROUP,
    GROUP_TYPE,
    UMBRELLA_GROUP_TYPE,
    UMBRELLA_USER_TYPE,
    USER,
    USER_TYPE,
    subset,
)
from provisor.scim.schemas.schema import Attribute, ResourceType

ResourceKind = Literal["User", "Group"]
KINDS: tuple[ResourceKind, ...] = ("User", "Group")


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """An application's attributes and limits."""

    name: str
    title: str
    user_type: ResourceType
    group_type: ResourceType
    group_limit: int | None = None  # None: as many as there are
    nested_groups: bool = False  # whether a group may be a member
    strict: bool = False  # as limited as spec/scim-wire.md section 11.4 describes Umbrella
    plain: bool = field(init=False, compare=False)  # a stored document is sent as it is: no attribute must be requested
    forgets: bool = field(init=False, compare=False)  # something besides the password is checked but not kept
    secrets: frozenset[str] = field(init=False, compare=False)  # the names of all that, in lower case

    def __post_init__(self) -> None:
        object.__setattr__(self, "plain", not any(map(self.on_request, KINDS)))
        kept_back = [path.rpartition(":")[2].rpartition(".")[2] for kind in KINDS for path in self.kept_back(kind)]
        object.__setattr__(self, "secrets", frozenset(map(str.lower, kept_back)))
        object.__setattr__(self, "forgets", bool(self.secrets - {"password"}))

    def type_of(self, kind: ResourceKind) -> ResourceType:
        """The resource type of a kind."""
        return self.user_type if kind == "User" else self.group_type

    @property
    def shows_groups(self) -> bool:
        """Whether a user's resource lists the user's groups."""
        return self.user_type.schema.attribute("groups") is not None

    def on_request(self, kind: ResourceKind) -> tuple[str, ...]:
        """The paths of the attributes returned only on request."""
        return _paths(self.type_of(kind), _is_on_request)

    def kept_back(self, kind: ResourceKind) -> tuple[str, ...]:
        """The paths of the attributes that are checked and then not kept, since they cannot be read."""
        return _paths(self.type_of(kind), _is_kept_back)

    @property
    def types(self) -> tuple[ResourceType, ResourceType]:
        return self.user_type, self.group_type


@lru_cache(maxsize=256)
def _paths(resource_type: ResourceType, wanted: Callable[[Attribute], bool]) -> tuple[str, ...]:
    found = []
    for urn, attribute in resource_type.attributes():
        path = attribute.name if urn is None else f"{urn}:{attribute.name}"
        if wanted(attribute):
            found.append(path)
        found += [f"{path}.{part.name}" for part in attribute.sub_attributes if wanted(part)]
    return tuple(found)


def _is_on_request(attribute: Attribute) -> bool:
    return attribute.returned == "request" and not attribute.kept_back


def _is_kept_back(attribute: Attribute) -> bool:
    return attribute.kept_back


@lru_cache(maxsize=64)
def at_root(profile: Profile, kind: ResourceKind) -> ResourceType:
    """A kind as seen by a query over every kind: what only others have is absent here (RFC 7644 section 3.4.2.1)."""
    own, other = (profile.user_type, profile.group_type) if kind == "User" else (profile.group_type, profile.user_type)
    foreign = (other.schema, *(extension.schema for extension in other.extensions), *other.ignored)
    return replace(own, ignored=(*own.ignored, *foreign))


def _as_kept(attribute: Attribute) -> Attribute:
    """A group's attribute as this server treats it, which is stricter than the listing of RFC 7643 section 8.7.1."""
    if attribute.name == "displayName":
        return replace(attribute, uniqueness="server")  # Entra matches groups by it (spec/scim-wire.md section 6)
    subs = (replace(sub, required=True) if sub.name == "value" else sub for sub in attribute.sub_attributes)
    return replace(attribute, sub_attributes=tuple(subs))


# Members are rows of ids: a `display` would be neither kept nor true, so it is not advertised either. RFC 7643 section
# 8.7.1 does not list it. The same is true of a user's groups.
_GROUP = subset(GROUP, ("displayName", "members.value", "members.$ref", "members.type"))
_GROUP = replace(_GROUP, attributes=tuple(map(_as_kept, _GROUP.attributes)))
_USER = subset(
    USER,
    (
        *(attribute.name for attribute in USER.attributes if attribute.name != "groups"),
        "groups.value",
        "groups.$ref",
        "groups.type",
    ),
)

UMBRELLA = Profile(
    name="umbrella",
    title="Cisco Umbrella User Management",
    user_type=UMBRELLA_USER_TYPE,
    group_type=replace(UMBRELLA_GROUP_TYPE, schema=_GROUP),
    group_limit=200,  # the tutorial's; groups beyond it are refused until one is deleted
)
GENERIC = Profile(
    name="generic",
    title="Generic SCIM 2.0 application",
    user_type=replace(USER_TYPE, schema=_USER),
    group_type=replace(GROUP_TYPE, schema=_GROUP),
    nested_groups=True,
)
PROFILES = {profile.name: profile for profile in (UMBRELLA, GENERIC)}
