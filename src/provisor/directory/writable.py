"""Which properties a caller with typed values may set, and how long their values may be.

Pure. What Active Directory masters cannot be changed here for a user or group that is synchronised from it
(onPremisesSyncEnabled): spec/graph-synchronization-api.md section 11, spec/entra-connect.md section 3. Files and the
command line are not asked: they are the way in which such objects come.
"""

from collections.abc import Iterable, Mapping
from typing import Final

from provisor.directory.extensions import ExtensionProperty
from provisor.directory.objects import DirectoryKind, DirectoryObject, DirectoryValue, Refusal
from provisor.scim.naming import spelled

LONGEST_TEXT: Final = 1_024  # characters; what Graph takes for its longest, a street address and a description
MOST_IN_A_LIST: Final = 250

_SYNCED: Final = "onPremisesSyncEnabled"
# Cleared, they would be true: whoever sends null would let a leaver in.
_NEVER_NULL: Final = frozenset({"accountEnabled", "securityEnabled"})
_OF_NOBODY: Final = frozenset(
    {_SYNCED, "onPremisesDistinguishedName", "onPremisesDomainName", "onPremisesLastSyncDateTime",
     "onPremisesNetBiosName", "onPremisesSamAccountName", "onPremisesSecurityIdentifier",
     "onPremisesUserPrincipalName", "creationType", "expirationDateTime", "isManagementRestricted",
     "legalAgeGroupClassification", "renewedDateTime", "securityIdentifier"}
)  # fmt: skip
_MASTERED: Final[Mapping[DirectoryKind, frozenset[str]]] = {
    "user": frozenset(
        {"businessPhones", "city", "companyName", "country", "department", "displayName", "employeeId", "faxNumber",
         "givenName", "jobTitle", "mail", "mailNickname", "mobilePhone", "officeLocation", "onPremisesImmutableId",
         "postalCode", "preferredLanguage", "proxyAddresses", "state", "streetAddress", "surname",
         "userPrincipalName", *(f"extensionAttribute{number}" for number in range(1, 16))}
    ),
    "group": frozenset(
        {"description", "displayName", "mail", "mailEnabled", "mailNickname", "proxyAddresses", "securityEnabled"}
    ),
}  # fmt: skip


def is_synced(item: DirectoryObject) -> bool:
    """Whether Active Directory masters the object."""
    return item.attributes.get(_SYNCED) is True


def unwritable(
    kind: DirectoryKind,
    item: DirectoryObject | None,
    given: Mapping[str, DirectoryValue],
    extensions: Mapping[str, ExtensionProperty],
) -> Refusal | None:
    """Why these values cannot be set on an object (None: on a new one), naming the first that cannot."""
    for name, value in given.items():
        if value == (None if item is None else item.attributes.get(name)):
            continue  # a program that writes what it has read, or null on a new one, changes nothing
        if name in _OF_NOBODY:
            return Refusal(
                code="property-read-only",
                message=f"{name} cannot be set: it says what a synchronisation from Active Directory found.",
                hint="Leave it out.",
            )
        if value is None and name in _NEVER_NULL:
            return Refusal(
                code="invalid-value", message=f"{name} cannot be cleared.", hint="Say true or false, or leave it out."
            )
        found = extensions.get(name)
        of_source = name in _MASTERED[kind] or (found is not None and found.synced)
        if item is not None and of_source and is_synced(item):
            return mastered(item, name)
        reason = _too_long(name, value)
        if reason is not None:
            return Refusal(code="invalid-value", message=reason, hint="Shorten it.")
    return None


def mastered(item: DirectoryObject, what: str) -> Refusal:
    """The refusal of a change to what Active Directory masters: a property, `manager` or `members`."""
    return Refusal(
        code="property-read-only",
        message=f"{what} of {spelled(item.name)} cannot be changed here: this {item.kind} is synchronised from Active "
        "Directory.",
        hint="Change it there; the next synchronisation brings it.",
    )


def _too_long(name: str, value: DirectoryValue) -> str | None:
    if isinstance(value, list) and len(value) > MOST_IN_A_LIST:
        return f"{name} has {len(value):,} values; {MOST_IN_A_LIST} are the most."
    texts: Iterable[object] = value if isinstance(value, list) else (value,)
    for text in texts:
        if isinstance(text, str) and len(text) > LONGEST_TEXT:
            return f"{name} has {len(text):,} characters; {LONGEST_TEXT:,} are the most."
        if isinstance(text, str) and "\0" in text:
            return f"{name} has a character U+0000 in it, which no text has."
    return None
