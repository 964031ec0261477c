"""What attributes are called: one table for the import of files, for edits by hand, and for what mappings read.

Pure. The directory keeps Graph's names. Entra's own files and mappings, and Active Directory, call many of them
something else. Names are case-sensitive. Sources: spec/graph-synchronization-api.md section 11, spec/entra-connect.md
section 3, and the headers of Entra's bulk download and bulk create files.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from provisor.directory.attributes import KNOWN, Reading
from provisor.directory.objects import DirectoryKind

ID: Final = "id"
MANAGER: Final = "manager"
OBJECT_GUID: Final = "objectGUID"

# Graph's name, and the older one that mappings use too (for businessPhones: its first).
_IN_MAPPINGS: Mapping[DirectoryKind, Mapping[str, str]] = {
    "user": {
        "businessPhones": "telephoneNumber",
        "mobilePhone": "mobile",
        "officeLocation": "physicalDeliveryOfficeName",
        "faxNumber": "facsimileTelephoneNumber",
        "onPremisesImmutableId": "immutableId",
        "onPremisesSyncEnabled": "dirSyncEnabled",
        "onPremisesLastSyncDateTime": "lastDirSyncTime",
    },
    "group": {},
}
# What files and Active Directory also call it. A column holds one value, so files say businessPhone for one of them.
_IN_FILES: Mapping[DirectoryKind, Mapping[str, str]] = {
    "user": {
        "businessPhone": "businessPhones",
        "alternateEmailAddress": "otherMails",
        "otherMail": "otherMails",
        "invitationState": "externalUserState",
        "c": "country",
        "co": "country",
        "company": "companyName",
        "employeeID": "employeeId",
        "l": "city",
        "msExchUsageLocation": "usageLocation",
        "sn": "surname",
        "st": "state",
        "title": "jobTitle",
        "objectId": ID,
        "sourceAnchor": "onPremisesImmutableId",
        **{f"onPremisesExtensionAttributes.{name}": name for name in (f"extensionAttribute{n}" for n in range(1, 16))},
        "distinguishedName": "onPremisesDistinguishedName",
        "objectSid": "onPremisesSecurityIdentifier",
        "sAMAccountName": "onPremisesSamAccountName",
    },
    "group": {
        "objectId": ID,
        "objectSid": "onPremisesSecurityIdentifier",
        "sAMAccountName": "onPremisesSamAccountName",
    },
}
_OWN_TIMES: Final = "the directory keeps times of its own"
_SIGN_IN: Final = "what people sign in with is not kept"
_OF_ACTIVE_DIRECTORY: Final = "Active Directory keeps it for itself"
_NOT_TAKEN: Mapping[DirectoryKind, Mapping[str, str]] = {
    "user": {
        "passwordProfile": _SIGN_IN,
        "authenticationPhoneNumber": _SIGN_IN,
        "authenticationAlternativePhoneNumber": _SIGN_IN,
        "authenticationEmail": _SIGN_IN,
        "pwdLastSet": _SIGN_IN,
        "directorySynced": "people of this source come from its files",
        "identityIssuer": "the directory is the issuer here",
        "memberOf": "memberships come from a file of their own, --members",
        "objectType": "every row is a user",
        "thumbnailPhoto": "pictures are not kept",
    },
    "group": {
        "groupType": "the columns groupTypes, securityEnabled and mailEnabled say it in Graph's words",
        "membershipType": "the column membershipRule says it in Graph's words",
        "source": "groups of this source come from its files",
        "memberOf": "memberships come from a file of their own, --members",
        "member": "memberships come from a file of their own, --members",
        "objectType": "every row is a group",
    },
}
_NOT_TAKEN_OF_ANY: Mapping[str, str] = {
    "createdDateTime": _OWN_TIMES,
    "deletedDateTime": _OWN_TIMES,
    "whenChanged": _OWN_TIMES,
    "whenCreated": _OWN_TIMES,
    "DN": "the column distinguishedName says the same",
    "instanceType": _OF_ACTIVE_DIRECTORY,
    "objectCategory": _OF_ACTIVE_DIRECTORY,
    "objectClass": _OF_ACTIVE_DIRECTORY,
    "uSNChanged": _OF_ACTIVE_DIRECTORY,
    "uSNCreated": _OF_ACTIVE_DIRECTORY,
}
# How the headers of Entra's bulk create files are written: `Job title [jobTitle]`, `Name [displayName] Required`.
_TEMPLATE_HEADER = re.compile(r"(?P<label>[^\[\]]+) \[(?P<name>[^\[\]\s]+)\](?: .*)?")
# `Block sign in (Yes/No) [accountEnabled]` means the opposite of its name; the word begins like this in many languages.
_BLOCKS = re.compile(r"\b(block|bloqu|blocc|blok)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Meaning:
    """The attribute (or id, objectGUID, manager) that a name stands for, and how its text is read."""

    attribute: str
    reading: Reading = "text"


@dataclass(frozen=True, slots=True)
class NotTaken:
    """A name that is understood but whose values are not kept; `reason` follows a semicolon."""

    reason: str


def meaning(kind: DirectoryKind, name: str) -> Meaning | NotTaken | None:
    """What a column or an attribute named by hand means; None for an unknown name."""
    known = _meaning(kind, name)
    written = None if known is not None else _TEMPLATE_HEADER.fullmatch(name)
    if written is None:
        return known
    if written["name"] == "accountEnabled" and _BLOCKS.search(written["label"]):
        return Meaning("accountEnabled", "blocked")
    return _meaning(kind, written["name"])


def names_of(kind: DirectoryKind) -> tuple[str, ...]:
    """Every name that stands for an attribute."""
    also = () if kind == "group" else (MANAGER, "userAccountControl")
    return (*KNOWN[kind], *_IN_MAPPINGS[kind].values(), *_IN_FILES[kind], *also, ID, OBJECT_GUID)


def names_in_mappings(kind: DirectoryKind) -> Mapping[str, str]:
    """Graph's names that have another name in mappings, with that name."""
    return _IN_MAPPINGS[kind]


def plain_name(column: str) -> str:
    """A header as a program would write it: the part in brackets in a bulk create file, otherwise itself."""
    written = _TEMPLATE_HEADER.fullmatch(column)
    return written["name"] if written else column


def _meaning(kind: DirectoryKind, name: str) -> Meaning | NotTaken | None:
    attribute = _ALIASES[kind].get(name, name)
    if attribute in (ID, OBJECT_GUID) or (attribute == MANAGER and kind == "user"):
        return Meaning(attribute)
    if name == "userAccountControl" and kind == "user":
        return Meaning("accountEnabled", "control")
    if attribute in KNOWN[kind]:
        return Meaning(attribute, KNOWN[kind][attribute])
    reason = _NOT_TAKEN[kind].get(name) or _NOT_TAKEN_OF_ANY.get(name)
    return None if reason is None else NotTaken(reason)


_ALIASES: Mapping[DirectoryKind, Mapping[str, str]] = {
    kind: {**{older: graph for graph, older in _IN_MAPPINGS[kind].items()}, **_IN_FILES[kind]} for kind in _IN_MAPPINGS
}
