"""Which properties may be set, and how long values may be that come typed.

Pure. What a connected source masters cannot be changed elsewhere, by nobody: what it gives, and whether the object is
there at all (explanation/settled-cases.md section *What a source masters*). Nor can programs change what Active
Directory masters of a user or group that says to be synchronised from it (onPremisesSyncEnabled), as in
spec/graph-synchronization-api.md section 11 and spec/entra-connect.md section 3. Of that alone files and the command
line are not asked: they are the way in which such objects come without a connected source.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Final, Literal, TypeAlias

from provisor.directory.extensions import ExtensionProperty
from provisor.directory.objects import DirectoryKind, DirectoryObject, DirectoryValue, Refusal
from provisor.scim.naming import spelled

LONGEST_TEXT: Final = 1_024  # characters; what Graph takes for its longest, a street address and a description
MOST_IN_A_LIST: Final = 250

Masters: TypeAlias = Mapping[str, str]  # an attribute, `manager` or `members`: the name of the source that has it
NOBODY: Final[Masters] = {}

LAST_SYNC: Final = "onPremisesLastSyncDateTime"
_SYNCED: Final = "onPremisesSyncEnabled"
# Cleared, they would be true: whoever sends null would let a leaver in.
_NEVER_NULL: Final = frozenset({"accountEnabled", "securityEnabled"})
_OF_NOBODY: Final = frozenset(
    {_SYNCED, "onPremisesDistinguishedName", "onPremisesDomainName", LAST_SYNC,
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
    masters: Masters = NOBODY,
) -> Refusal | None:
    """Why a program cannot set these values on an object (None: on a new one), naming the first that it cannot."""
    for name, value in given.items():
        if not _changes(item, name, value):
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
        if item is not None:
            source = master_of(item, name, masters)
            found = extensions.get(name)
            of_import = not masters and found is not None and found.synced
            if source is not None or (is_synced(item) and (name in _MASTERED[kind] or of_import)):
                return mastered(item, name, source)
        reason = _too_long(name, value)
        if reason is not None:
            return Refusal(code="invalid-value", message=reason, hint="Shorten it.")
    return None


def master_of(item: DirectoryObject, name: str, masters: Masters) -> str | None:
    """The connected source that has an attribute of an object (or `manager`, `members`); None where none has.

    Of who is synchronised from Active Directory it has the whole of section 3, with or without a value.
    """
    if name in masters or not is_synced(item) or name not in _MASTERED[item.kind]:
        return masters.get(name)
    return masters.get(_SYNCED)


def kept_by_sources(item: DirectoryObject, given: Mapping[str, DirectoryValue], masters: Masters) -> dict[str, str]:
    """Those of these attributes that would change and that a connected source has, each with the name of that source.

    Whoever sets them is to be refused.
    """
    if not masters:
        return {}
    found = {name: master_of(item, name, masters) for name, value in given.items() if _changes(item, name, value)}
    return {name: source for name, source in found.items() if source is not None}


def mastered(item: DirectoryObject, what: str, source: str | None) -> Refusal:
    """The refusal of a change to what a source masters: a property, `manager` or `members`.

    Without a source it is an Active Directory of which no more is known.
    """
    if source is None:
        return Refusal(
            code="property-read-only",
            message=f"{what} of {spelled(item.name)} cannot be changed here: this {item.kind} is synchronised from "
            "Active Directory.",
            hint="Change it there; the next synchronisation brings it.",
        )
    return Refusal(
        code="property-read-only",
        message=f"{what} of {spelled(item.name)} cannot be changed here: it comes from the source {source}.",
        hint=f"Change it there; the next run of {source} brings it.",
    )


def fed(item: DirectoryObject, done: Literal["deleted", "restored"], sources: Sequence[str]) -> Refusal | None:
    """Why an object that these sources feed cannot be deleted or restored here; None where there are none."""
    if not sources:
        return None
    names = " and ".join(sources)
    hint = "Delete it there, or let a filter of the source leave it out" if done == "deleted" else "Look for it there"
    return Refusal(
        code="property-read-only",
        message=f"{spelled(item.name)} cannot be {done} here: whether there is this {item.kind} is said by the source "
        f"{names}.",
        hint=f"{hint}; the next run of {names} follows.",
    )


def _changes(item: DirectoryObject | None, name: str, value: DirectoryValue) -> bool:
    return (None if value == [] else value) != (None if item is None else item.attributes.get(name))


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
