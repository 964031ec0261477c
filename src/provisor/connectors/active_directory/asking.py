"""What is asked of a domain: which objects, and which of their attributes.

Only what the rules of directory.inbound use is asked for: DirSync tells of an object only when one of these changes.
Pure. Sources: spec/entra-connect.md sections 2, 3 and 8. Order: the words, what is asked for one source.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Final

from provisor.engine.sources import RecordKind
from provisor.rules.source_settings import ActiveDirectorySettings, extensions_of

# Containers first, so that a name that changed because of them is known; groups last, when their members are there.
KINDS: Final[tuple[RecordKind, ...]] = ("container", "user", "group")
CLASS: Final = "objectClass"
GUID: Final = "objectGUID"
MEMBER: Final = "member"
MANAGER: Final = "manager"
CONTAINER_CLASSES: Final = ("organizationalUnit", "container", "domainDNS", "builtinDomain")
# Classes, not objectCategory: a deleted object has none any more. A computer is a user too.
QUERIES: Final[Mapping[RecordKind, str]] = {
    "container": "(|" + "".join(f"(objectClass={name})" for name in CONTAINER_CLASSES) + ")",
    "user": "(&(objectClass=user)(!(objectClass=computer)))",
    "group": "(objectClass=group)",
}
# What says that an object was renamed, moved, deleted or restored; told of no record.
_STATE: Final = ("name", "isDeleted", "isRecycled", "lastKnownParent")
_OF_BOTH: Final = (
    *(GUID, CLASS, "objectSid", "sAMAccountName", "cn", "displayName", "mail", "mailNickname", "proxyAddresses"),
    *("isCriticalSystemObject", "msExchRecipientTypeDetails", "adminDescription"),
)
_OF_USERS: Final = (
    *("userAccountControl", "userPrincipalName", "mS-DS-ConsistencyGuid", "givenName", "sn", "title", "department"),
    *("company", "physicalDeliveryOfficeName", "telephoneNumber", "mobile", "facsimileTelephoneNumber"),
    *("streetAddress", "l", "st", "postalCode", "c", "co", "employeeID", "preferredLanguage", MANAGER),
    *(f"extensionAttribute{number}" for number in range(1, 16)),
    "msExchUsageLocation",
)
_OF_GROUPS: Final = ("groupType", "description", MEMBER)
OCTETS: Final = frozenset({"objectguid", "objectsid", "ms-ds-consistencyguid"})


@dataclass(frozen=True, slots=True, kw_only=True)
class DomainAsked:
    """What is asked for one source. `mark` is another one when something else is asked."""

    attributes: Mapping[RecordKind, tuple[str, ...]]
    kept: frozenset[str]  # folded names of what a record has
    octets: frozenset[str]  # folded names of attributes whose values are no text
    mark: str

    @property
    def of_all(self) -> tuple[str, ...]:
        """What is asked where one question is about objects of every kind."""
        return tuple(dict.fromkeys(name for kind in KINDS for name in self.attributes[kind]))


def asked_by(settings: ActiveDirectorySettings) -> DomainAsked:
    """What is asked of the domain of these settings."""
    filters = [one.attribute for one in settings.filters]
    users = [extension.attribute for extension in extensions_of(settings, "user")]
    groups = [extension.attribute for extension in extensions_of(settings, "group")]
    wanted: dict[RecordKind, tuple[str, ...]] = {
        "container": (GUID, CLASS),
        "user": (*_OF_BOTH, *_OF_USERS, settings.anchor, settings.sign_in_name, *filters, *users),
        "group": (*_OF_BOTH, *_OF_GROUPS, *filters, *groups),
    }
    attributes = {kind: tuple(_once((*wanted[kind], *_STATE))) for kind in KINDS}
    binary = {
        extension.attribute.lower()
        for kind in ("user", "group")
        for extension in extensions_of(settings, kind)
        if extension.type == "Binary"
    }
    described = repr((settings.base.lower(), settings.incremental, sorted(attributes.items()), sorted(binary)))
    return DomainAsked(
        attributes=attributes,
        kept=frozenset(name.lower() for names in wanted.values() for name in names),
        octets=OCTETS | binary,
        mark=sha256(described.encode()).hexdigest()[:16],
    )


def _once(names: tuple[str, ...]) -> Iterator[str]:
    seen = set()
    for name in names:
        if name and name.lower() not in seen:
            seen.add(name.lower())
            yield name
