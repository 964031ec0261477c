"""Which properties of users and groups are read: those that flow into the directory, and what was chosen besides.

Pure. A delta takes only what Entra itself keeps: photo, skills, birthday, signInActivity and their like are refused
there. Source: learn.microsoft.com, *user* and *group resource type*, *Use delta query*.
"""

from collections.abc import Mapping
from typing import Final, Literal, TypeAlias, get_args

from provisor.engine.sources import SourceAttribute
from provisor.rules.source_settings import EntraSettings, ExtensionType

PeopleKind: TypeAlias = Literal["user", "group"]
PropertyShape: TypeAlias = Literal["text", "boolean", "list", "fifteen"]

KINDS: Final[tuple[PeopleKind, ...]] = get_args(PeopleKind)
FIFTEEN: Final = "onPremisesExtensionAttributes"
EXTENSION: Final = "extension_"
LINKS: Final[Mapping[PeopleKind, str]] = {"user": "manager", "group": "members"}
NAMES: Final[Mapping[PeopleKind, str]] = {"user": "userPrincipalName", "group": "displayName"}  # nobody is without
COLLECTIONS: Final[Mapping[PeopleKind, str]] = {"user": "users", "group": "groups"}

_USER_TEXT: Final = (
    "city", "companyName", "country", "department", "displayName", "employeeId", "employeeType", "faxNumber",
    "givenName", "jobTitle", "mail", "mailNickname", "mobilePhone", "officeLocation", "onPremisesDistinguishedName",
    "onPremisesDomainName", "onPremisesImmutableId", "onPremisesSamAccountName", "onPremisesSecurityIdentifier",
    "onPremisesUserPrincipalName", "postalCode", "preferredLanguage", "state", "streetAddress", "surname",
    "usageLocation", "userPrincipalName", "userType",
)  # fmt: skip
_GROUP_TEXT: Final = (
    "description", "displayName", "mail", "mailNickname", "onPremisesDomainName", "onPremisesNetBiosName",
    "onPremisesSamAccountName", "onPremisesSecurityIdentifier", "visibility",
)  # fmt: skip
DEFAULT: Final[Mapping[PeopleKind, Mapping[str, PropertyShape]]] = {
    "user": {
        **dict.fromkeys(_USER_TEXT, "text"),
        **dict.fromkeys(("accountEnabled", "onPremisesSyncEnabled"), "boolean"),
        **dict.fromkeys(("businessPhones", "otherMails", "proxyAddresses"), "list"),
        FIFTEEN: "fifteen",
    },
    "group": {
        **dict.fromkeys(_GROUP_TEXT, "text"),
        **dict.fromkeys(("mailEnabled", "onPremisesSyncEnabled", "securityEnabled"), "boolean"),
        **dict.fromkeys(("groupTypes", "proxyAddresses"), "list"),
    },
}
_More: TypeAlias = tuple[ExtensionType, PropertyShape]
_TEXT: Final[_More] = ("String", "text")
_TEXTS: Final[_More] = ("String", "list")
_TIME: Final[_More] = ("DateTime", "text")
_BOOLEAN: Final[_More] = ("Boolean", "boolean")
_MORE: Final[Mapping[PeopleKind, Mapping[str, _More]]] = {
    "user": {
        "ageGroup": _TEXT,
        "consentProvidedForMinor": _TEXT,
        "creationType": _TEXT,
        "employeeHireDate": _TIME,
        "externalUserState": _TEXT,
        "imAddresses": _TEXTS,
        "isManagementRestricted": _BOOLEAN,
        "isResourceAccount": _BOOLEAN,
        "legalAgeGroupClassification": _TEXT,
        "onPremisesLastSyncDateTime": _TIME,
        "passwordPolicies": _TEXT,
        "preferredDataLocation": _TEXT,
        "securityIdentifier": _TEXT,
        "showInAddressList": _BOOLEAN,
    },
    "group": {
        "classification": _TEXT,
        "expirationDateTime": _TIME,
        "isAssignableToRole": _BOOLEAN,
        "isManagementRestricted": _BOOLEAN,
        "membershipRule": _TEXT,
        "membershipRuleProcessingState": _TEXT,
        "onPremisesLastSyncDateTime": _TIME,
        "preferredDataLocation": _TEXT,
        "preferredLanguage": _TEXT,
        "renewedDateTime": _TIME,
        "securityIdentifier": _TEXT,
        "theme": _TEXT,
    },
}


def chosen(settings: EntraSettings, kind: PeopleKind) -> tuple[str, ...]:
    """What was chosen besides the default properties, each once."""
    names = settings.user_attributes if kind == "user" else settings.group_attributes
    return tuple(dict.fromkeys(name for name in names if name not in DEFAULT[kind]))


def selected(settings: EntraSettings, kind: PeopleKind, *, members: bool = True) -> str:
    """The value of $select; of groups with their members or without."""
    link = () if kind == "group" and not members else (LINKS[kind],)
    return ",".join((*DEFAULT[kind], *chosen(settings, kind), *link))


def shapes(settings: EntraSettings, kind: PeopleKind) -> Mapping[str, PropertyShape | None]:
    """What is read, and of which shape its values are; None: any that an extension can have."""
    more = {name: of[1] for name, of in _MORE[kind].items()}
    return {**DEFAULT[kind], **{name: more.get(name) for name in chosen(settings, kind)}}


def choosable() -> list[SourceAttribute]:
    """The properties of Graph's own that can be chosen besides, with the kinds that have them."""
    found = dict[str, SourceAttribute]()
    for kind in KINDS:
        for name, (type_, shape) in _MORE[kind].items():
            had = found[name].kinds if name in found else ()
            found[name] = SourceAttribute(name=name, type=type_, multi_valued=shape == "list", kinds=(*had, kind))
    return list(found.values())
