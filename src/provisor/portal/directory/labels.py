"""What attributes of users and groups are called on a page, in Entra's words and order; the directory has Graph's."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

from provisor.directory.attributes import KNOWN
from provisor.directory.extensions import TARGET, ExtensionProperty
from provisor.directory.objects import DirectoryKind

FieldType: TypeAlias = Literal["text", "lines", "boolean", "list", "number", "moment"]

_USER_SECTIONS: Final[Mapping[str, Mapping[str, str]]] = {
    "Identity": {
        "displayName": "Display name",
        "givenName": "First name",
        "surname": "Last name",
        "userPrincipalName": "User principal name",
        "preferredName": "Preferred name",
        "userType": "User type",
        "creationType": "Creation type",
        "externalUserState": "Invitation state",
        "passwordPolicies": "Password policies",
        "securityIdentifier": "Security identifier",
    },
    "Job information": {
        "jobTitle": "Job title",
        "companyName": "Company name",
        "department": "Department",
        "employeeId": "Employee ID",
        "employeeType": "Employee type",
        "employeeHireDate": "Employee hire date",
        "employeeLeaveDateTime": "Employee leave date",
        "officeLocation": "Office location",
    },
    "Contact information": {
        "streetAddress": "Street address",
        "city": "City",
        "state": "State or province",
        "postalCode": "ZIP or postal code",
        "country": "Country or region",
        "businessPhones": "Business phones",
        "mobilePhone": "Mobile phone",
        "faxNumber": "Fax number",
        "mail": "Email",
        "mailNickname": "Mail nickname",
        "otherMails": "Other emails",
        "proxyAddresses": "Proxy addresses",
        "imAddresses": "IM addresses",
    },
    "Settings": {
        "accountEnabled": "Account enabled",
        "usageLocation": "Usage location",
        "preferredLanguage": "Preferred language",
        "preferredDataLocation": "Preferred data location",
        "showInAddressList": "Show in address list",
        "isResourceAccount": "Resource account",
        "isManagementRestricted": "Management restricted",
    },
    "Parental controls": {
        "ageGroup": "Age group",
        "consentProvidedForMinor": "Consent provided for minor",
        "legalAgeGroupClassification": "Legal age group classification",
    },
    "On-premises": {
        "onPremisesSyncEnabled": "On-premises sync enabled",
        "onPremisesLastSyncDateTime": "On-premises last sync date time",
        "onPremisesDistinguishedName": "On-premises distinguished name",
        "onPremisesImmutableId": "On-premises immutable ID",
        "onPremisesSamAccountName": "On-premises SAM account name",
        "onPremisesSecurityIdentifier": "On-premises security identifier (SID)",
        "onPremisesUserPrincipalName": "On-premises user principal name",
        "onPremisesDomainName": "On-premises domain name",
    },
    "Extension attributes": {f"extensionAttribute{number}": f"Extension attribute {number}" for number in range(1, 16)},
}
_GROUP_SECTIONS: Final[Mapping[str, Mapping[str, str]]] = {
    "Identity": {
        "displayName": "Display name",
        "description": "Description",
        "mail": "Email",
        "mailNickname": "Mail nickname",
        "proxyAddresses": "Proxy addresses",
        "securityIdentifier": "Security identifier",
    },
    "Settings": {
        "securityEnabled": "Security enabled",
        "mailEnabled": "Mail enabled",
        "groupTypes": "Group types",
        "membershipRule": "Membership rule",
        "membershipRuleProcessingState": "Membership rule processing state",
        "visibility": "Visibility",
        "classification": "Classification",
        "isAssignableToRole": "Assignable to a role",
        "isManagementRestricted": "Management restricted",
        "expirationDateTime": "Expiration date",
        "renewedDateTime": "Renewed on",
        "preferredLanguage": "Preferred language",
        "preferredDataLocation": "Preferred data location",
        "theme": "Theme",
    },
    "On-premises": {
        "onPremisesSyncEnabled": "On-premises sync enabled",
        "onPremisesLastSyncDateTime": "On-premises last sync date time",
        "onPremisesSamAccountName": "On-premises SAM account name",
        "onPremisesSecurityIdentifier": "On-premises security identifier (SID)",
        "onPremisesDomainName": "On-premises domain name",
        "onPremisesNetBiosName": "On-premises NetBIOS name",
    },
}
SECTIONS: Final[Mapping[DirectoryKind, Mapping[str, Mapping[str, str]]]] = {
    "user": _USER_SECTIONS,
    "group": _GROUP_SECTIONS,
}
_DIRECTORY_EXTENSIONS: Final = "Directory extensions"
_MOMENTS: Final = frozenset({"employeeHireDate", "employeeLeaveDateTime"})
_LINES: Final = frozenset({"streetAddress", "description"})
_OF_EXTENSIONS: Final[Mapping[str, FieldType]] = {
    "Boolean": "boolean",
    "DateTime": "moment",
    "Integer": "number",
    "LargeInteger": "number",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Labelled:
    """An attribute as a page names it; `extension` where it is one of the directory's extensions."""

    name: str
    label: str
    type: FieldType
    extension: ExtensionProperty | None = None


@dataclass(frozen=True, slots=True)
class LabelledSection:
    """Attributes under one heading."""

    title: str
    attributes: tuple[Labelled, ...]


def sections(kind: DirectoryKind, extensions: Mapping[str, ExtensionProperty]) -> Sequence[LabelledSection]:
    """Every attribute that an object of this kind can have, under its heading."""
    known = [
        LabelledSection(
            title, tuple(Labelled(name=name, label=label, type=_type(kind, name)) for name, label in names.items())
        )
        for title, names in SECTIONS[kind].items()
    ]
    extra = tuple(
        Labelled(name=one.name, label=one.attribute, type=_extension_type(one), extension=one)
        for one in extensions.values()
        if TARGET[kind] in one.targets
    )
    return [*known, LabelledSection(_DIRECTORY_EXTENSIONS, extra)] if extra else known


def label_of(kind: DirectoryKind, name: str) -> str:
    """What one attribute is called; an unknown one by its own name."""
    return next((names[name] for names in SECTIONS[kind].values() if name in names), name)


def _type(kind: DirectoryKind, name: str) -> FieldType:
    if name in _MOMENTS:
        return "moment"
    return "lines" if name in _LINES else KNOWN[kind][name]


def _extension_type(extension: ExtensionProperty) -> FieldType:
    return "list" if extension.multi_valued else _OF_EXTENSIONS.get(extension.data_type, "text")
