"""The properties of users and groups that Graph knows, with their types, and how text becomes their values.

Pure. Names are case-sensitive, as in Graph. `manager` is a reference, not a property; ids are the directory's own.
Source: spec/graph-synchronization-api.md section 11; extension properties are registered per tenant, not listed here.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

from provisor.directory.objects import DirectoryKind, DirectoryValue
from provisor.scim import nearest as spelling

Type = Literal["text", "boolean", "list"]
# How text becomes a value: by its type, or inverted where the name says so (directory.names).
Reading = Type | Literal["blocked", "control"]

_USER_TEXT = [
    "ageGroup", "city", "companyName", "consentProvidedForMinor", "country", "creationType", "department",
    "displayName", "employeeHireDate", "employeeId", "employeeLeaveDateTime", "employeeType",
    "externalUserState", "faxNumber", "givenName", "jobTitle", "legalAgeGroupClassification", "mail",
    "mailNickname", "mobilePhone", "officeLocation", "onPremisesDistinguishedName", "onPremisesDomainName",
    "onPremisesImmutableId", "onPremisesLastSyncDateTime", "onPremisesSamAccountName",
    "onPremisesSecurityIdentifier", "onPremisesUserPrincipalName", "passwordPolicies", "postalCode",
    "preferredDataLocation", "preferredLanguage", "preferredName", "securityIdentifier", "state",
    "streetAddress", "surname", "usageLocation", "userPrincipalName", "userType",
    *(f"extensionAttribute{number}" for number in range(1, 16)),
]  # fmt: skip
_USER_BOOLEAN = ["accountEnabled", "isManagementRestricted", "isResourceAccount", "onPremisesSyncEnabled",
                 "showInAddressList"]  # fmt: skip
_USER_LIST = ["businessPhones", "imAddresses", "otherMails", "proxyAddresses"]
_GROUP_TEXT = [
    "classification", "description", "displayName", "expirationDateTime", "mail", "mailNickname",
    "membershipRule", "membershipRuleProcessingState", "onPremisesDomainName", "onPremisesLastSyncDateTime",
    "onPremisesNetBiosName", "onPremisesSamAccountName", "onPremisesSecurityIdentifier",
    "preferredDataLocation", "preferredLanguage", "renewedDateTime", "securityIdentifier", "theme",
    "visibility",
]  # fmt: skip
_GROUP_BOOLEAN = ["isAssignableToRole", "isManagementRestricted", "mailEnabled", "onPremisesSyncEnabled",
                  "securityEnabled"]  # fmt: skip
_GROUP_LIST = ["groupTypes", "proxyAddresses"]


def _table(text: list[str], boolean: list[str], lists: list[str]) -> dict[str, Type]:
    return {**dict.fromkeys(text, "text"), **dict.fromkeys(boolean, "boolean"), **dict.fromkeys(lists, "list")}


KNOWN: Mapping[DirectoryKind, Mapping[str, Type]] = {
    "user": _table(_USER_TEXT, _USER_BOOLEAN, _USER_LIST),
    "group": _table(_GROUP_TEXT, _GROUP_BOOLEAN, _GROUP_LIST),
}
_BOOLEANS = {"true": True, "false": False}
_BLOCKED = {"yes": False, "no": True}
_ACCOUNT_DISABLED = 2  # the bit of Active Directory's userAccountControl


@dataclass(frozen=True, slots=True)
class Unreadable:
    """Text that is not a value of its property's type, with the reason."""

    reason: str


def read_text(name: str, reading: Reading, text: str) -> DirectoryValue | Unreadable:
    """The value that text stands for: literally itself, except where the property is a boolean.

    A list takes the text as its only value. Empty text clears: it becomes None.
    """
    if text == "":
        return None
    match reading:
        case "text":
            return text
        case "list":
            return [text]
        case "boolean":
            return _one_of(_BOOLEANS, name, text, "true or false")
        case "blocked":
            return _one_of(_BLOCKED, name, text, "Yes or No")
        case "control":
            if text.isascii() and text.isdigit() and len(text) <= 10:
                return not int(text) & _ACCOUNT_DISABLED
            return Unreadable(f"{name} is {text!r}; it must be the number that Active Directory has, or empty")


def nearest(kind: DirectoryKind, name: str, others: Iterable[str] = ()) -> str:
    """The known property, or one of `others`, whose name looks most like this one; case does not count."""
    candidates = [*KNOWN[kind], *(["manager"] if kind == "user" else []), *others]
    return spelling.nearest(name, candidates, at_least=0) or candidates[0]


def _one_of(words: Mapping[str, bool], name: str, text: str, named: str) -> bool | Unreadable:
    found = words.get(text.lower())
    return Unreadable(f"{name} is {text!r}; it must be {named} (in any case) or empty") if found is None else found


def extension_name(app_id: str, attribute: str) -> str:
    """The name of a directory extension: extension_{appId without hyphens}_{attribute}."""
    return f"extension_{app_id.replace('-', '')}_{attribute}"


def misfit(name: str, kind_of_value: Type, value: DirectoryValue) -> str | None:
    """Why a value cannot be held by a property of this type; None when it can. Null always can: it clears."""
    match kind_of_value:
        case "text":
            fits, wanted = isinstance(value, str), "text"
        case "boolean":
            fits, wanted = isinstance(value, bool), "true or false"
        case "list":
            fits = isinstance(value, list) and all(isinstance(entry, str) for entry in value)
            wanted = "a list of texts"
    return None if fits or value is None else f"{name} must be {wanted}, not {value!r}."
