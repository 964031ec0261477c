"""user and group on the wire: every property that Graph's have, with its type; bodies and documents are made of it.

The directory keeps Graph's names and values, with one exception: the fifteen attributes that Graph puts into
onPremisesExtensionAttributes stand by themselves. Facts: spec/graph-synchronization-api.md section 11.
"""

from collections.abc import Mapping
from typing import Any, Final

import msgspec
from msgspec import UNSET, UnsetType

from provisor.directory.attributes import KNOWN, Type
from provisor.directory.objects import DirectoryKind
from provisor.graph_api.odata.bodies import OpenBody

FIFTEEN: Final = tuple(f"extensionAttribute{number}" for number in range(1, 16))
EXTENSION_ATTRIBUTES: Final = "onPremisesExtensionAttributes"
TYPE_NAMES: Final[Mapping[DirectoryKind, str]] = {"user": "#microsoft.graph.user", "group": "#microsoft.graph.group"}
COLLECTIONS: Final[Mapping[DirectoryKind, str]] = {"user": "users", "group": "groups"}

# What Graph's users and groups have and this directory does not keep: asked for, it is empty.
_NO_VALUE: Final[Mapping[DirectoryKind, tuple[str, ...]]] = {
    "user": ("aboutMe", "authorizationInfo", "birthday", "customSecurityAttributes", "deviceEnrollmentLimit",
             "employeeOrgData", "externalUserConvertedOn", "externalUserStateChangeDateTime", "hireDate",
             "lastPasswordChangeDateTime", "mailboxSettings", "mySite", "passwordProfile", "print",
             "refreshTokensValidFromDateTime", "signInActivity", "signInSessionsValidFromDateTime"),
    "group": ("allowExternalSenders", "autoSubscribeNewMembers", "hideFromAddressLists", "hideFromOutlookClients",
              "isArchived", "isSubscribedByMail", "licenseProcessingState", "uniqueName", "unseenCount"),
}  # fmt: skip
_NO_VALUES: Final[Mapping[DirectoryKind, tuple[str, ...]]] = {
    "user": ("assignedLicenses", "assignedPlans", "identities", "interests", "licenseAssignmentStates",
             "onPremisesProvisioningErrors", "pastProjects", "provisionedPlans", "responsibilities", "schools",
             "serviceProvisioningErrors", "skills"),
    "group": ("assignedLabels", "assignedLicenses", "creationOptions", "onPremisesProvisioningErrors",
              "resourceBehaviorOptions", "resourceProvisioningOptions", "serviceProvisioningErrors"),
}  # fmt: skip
NOT_KEPT: Final[Mapping[DirectoryKind, Mapping[str, tuple[()] | None]]] = {
    kind: {**dict.fromkeys(_NO_VALUE[kind]), **dict.fromkeys(_NO_VALUES[kind], ())} for kind in KNOWN
}
_TYPES: Final[Mapping[Type, Any]] = {
    "text": str | None | UnsetType,
    "boolean": bool | None | UnsetType,
    "list": list[str] | None | UnsetType,
}


class PasswordProfile(msgspec.Struct):
    """What somebody would sign in with at Microsoft. Its shape is checked; nothing of it is kept, shown or logged."""

    password: str | UnsetType | None = UNSET
    forceChangePasswordNextSignIn: bool | UnsetType | None = UNSET
    forceChangePasswordNextSignInWithMfa: bool | UnsetType | None = UNSET

    def __repr__(self) -> str:
        return "PasswordProfile(…)"


ExtensionAttributes = msgspec.defstruct(
    "ExtensionAttributes", [(name, str | None | UnsetType, UNSET) for name in FIFTEEN], module=__name__
)


def _fields(kind: DirectoryKind) -> list[tuple[str, Any, Any]]:
    fields: list[tuple[str, Any, Any]] = [
        (name, _TYPES[type_], UNSET) for name, type_ in KNOWN[kind].items() if name not in FIFTEEN
    ]
    if kind == "user":
        fields.append((EXTENSION_ATTRIBUTES, ExtensionAttributes | None | UnsetType, UNSET))
    return fields


def _named(name: str) -> str | None:
    return {"manager_bind": "manager@odata.bind", "members_bind": "members@odata.bind"}.get(name)


UserBody = msgspec.defstruct(
    "UserBody",
    [
        *_fields("user"),
        ("passwordProfile", PasswordProfile | None | UnsetType, UNSET),
        ("manager_bind", str | UnsetType, UNSET),
    ],
    bases=(OpenBody,),
    rename=_named,
    module=__name__,
)
GroupBody = msgspec.defstruct(
    "GroupBody",
    [*_fields("group"), ("members_bind", list[str] | UnsetType, UNSET)],
    bases=(OpenBody,),
    rename=_named,
    module=__name__,
)
_OWN: Final[list[tuple[str, Any, Any]]] = [
    ("id", str, ""),
    ("createdDateTime", str | None | UnsetType, UNSET),
    ("deletedDateTime", str | None | UnsetType, UNSET),
]


def _told(kind: DirectoryKind) -> list[tuple[str, Any, Any]]:
    """What a document has, what is not kept included: null, or a list of nothing."""
    nothing = {None: None | UnsetType, (): list[Any] | UnsetType}
    return [*_OWN, *_fields(kind), *((name, nothing[value], UNSET) for name, value in NOT_KEPT[kind].items())]


UserDocument = msgspec.defstruct("UserDocument", _told("user"), bases=(OpenBody,), module=__name__)
GroupDocument = msgspec.defstruct("GroupDocument", _told("group"), bases=(OpenBody,), module=__name__)


_ANY: Final = {name: (name, type_, default) for name, type_, default in [*_told("group"), *_told("user")]}
DirectoryObjectDocument = msgspec.defstruct(
    "DirectoryObjectDocument",
    [("odata_type", str, ""), *_ANY.values()],
    bases=(OpenBody,),
    rename=lambda name: "@odata.type" if name == "odata_type" else None,
    module=__name__,
)


def several(shape: Any) -> Any:
    """The type of a collection of these documents."""
    return list[shape]


DEFAULTS: Final[Mapping[DirectoryKind, tuple[str, ...]]] = {
    "user": ("businessPhones", "displayName", "givenName", "jobTitle", "mail", "mobilePhone", "officeLocation",
             "preferredLanguage", "surname", "userPrincipalName", "id"),
    "group": ("id", "deletedDateTime", "classification", "createdDateTime", "creationOptions", "description",
              "displayName", "expirationDateTime", "groupTypes", "isAssignableToRole", "mail", "mailEnabled",
              "mailNickname", "membershipRule", "membershipRuleProcessingState", "onPremisesDomainName",
              "onPremisesLastSyncDateTime", "onPremisesNetBiosName", "onPremisesProvisioningErrors",
              "onPremisesSamAccountName", "onPremisesSecurityIdentifier", "onPremisesSyncEnabled",
              "preferredDataLocation", "preferredLanguage", "proxyAddresses", "renewedDateTime",
              "resourceBehaviorOptions", "resourceProvisioningOptions", "securityEnabled", "securityIdentifier",
              "theme", "uniqueName", "visibility"),
}  # fmt: skip
PROPERTIES: Final[Mapping[DirectoryKind, frozenset[str]]] = {
    kind: frozenset(
        {"id", "createdDateTime", "deletedDateTime", *({EXTENSION_ATTRIBUTES} if kind == "user" else ()),
         *(name for name in KNOWN[kind] if name not in FIFTEEN), *NOT_KEPT[kind]}
    )
    for kind in KNOWN
}  # fmt: skip
