"""application and servicePrincipal: two objects in Graph, one here; their app roles; what a PATCH may set.

Facts: spec/graph-synchronization-api.md sections 0 and 1.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, TypedDict

import msgspec
from msgspec import UNSET, UnsetType

from provisor.admin.app_roles import GivenRole
from provisor.admin.service_principals import ApplicationBrief, GivenProperties, ServicePrincipalShown
from provisor.graph_api.odata.times import time_text

ORDERED: Final = ("displayName",)
_PRINCIPAL: Final = "servicePrincipal"  # of a document in short, where its id is that of the application


class AppRoleDocument(TypedDict):
    """A role that an application defines."""

    id: str
    allowedMemberTypes: tuple[str, ...]
    displayName: str
    description: str
    value: str | None
    isEnabled: bool
    origin: str


class ApplicationDocument(TypedDict):
    """The application, as it is registered."""

    id: str
    appId: str
    applicationTemplateId: str | None
    displayName: str
    appRoles: list[AppRoleDocument]
    createdDateTime: str
    deletedDateTime: str | None
    identifierUris: tuple[str, ...]
    notes: str | None
    signInAudience: str
    tags: tuple[str, ...]


class ServicePrincipalDocument(TypedDict):
    """The application's instance in the tenant, which people are assigned to and jobs hang off."""

    id: str
    accountEnabled: bool
    appDisplayName: str
    appId: str
    appOwnerOrganizationId: str
    appRoleAssignmentRequired: bool
    appRoles: list[AppRoleDocument]
    applicationTemplateId: str | None
    createdDateTime: str
    deletedDateTime: str | None
    displayName: str
    homepage: str | None
    notes: str | None
    oauth2PermissionScopes: tuple[str, ...]
    servicePrincipalNames: tuple[str, ...]
    servicePrincipalType: str
    signInAudience: str
    tags: tuple[str, ...]


class InstantiatedDocument(TypedDict):
    """What an application of the gallery became."""

    application: ApplicationDocument
    servicePrincipal: ServicePrincipalDocument


class AppRoleGiven(msgspec.Struct, rename="camel"):
    """A role in a list that replaces all."""

    id: str
    display_name: str
    description: str | None = None
    value: str | None = None
    is_enabled: bool = True
    allowed_member_types: tuple[str, ...] = ("User",)


class ApplicationPatch(msgspec.Struct, rename="camel"):
    """What can be changed of the application."""

    display_name: str | UnsetType = UNSET
    app_roles: list[AppRoleGiven] | UnsetType = UNSET
    notes: str | UnsetType | None = UNSET
    tags: list[str] | UnsetType = UNSET


class ServicePrincipalPatch(msgspec.Struct, rename="camel"):
    """What can be changed of the service principal."""

    display_name: str | UnsetType = UNSET
    account_enabled: bool | UnsetType = UNSET
    app_role_assignment_required: bool | UnsetType = UNSET
    app_roles: list[AppRoleGiven] | UnsetType = UNSET
    notes: str | UnsetType | None = UNSET
    tags: list[str] | UnsetType = UNSET


def given_properties(patch: ApplicationPatch | ServicePrincipalPatch) -> GivenProperties:
    """What a PATCH asks for, without what it leaves alone."""
    given = GivenProperties()
    if patch.display_name is not UNSET:
        given["display_name"] = patch.display_name
    if patch.app_roles is not UNSET:
        given["roles"] = [_given_role(role) for role in patch.app_roles]
    if patch.notes is not UNSET:
        given["notes"] = patch.notes
    if patch.tags is not UNSET:
        given["tags"] = patch.tags
    if isinstance(patch, ServicePrincipalPatch):
        if patch.account_enabled is not UNSET:
            given["account_enabled"] = patch.account_enabled
        if patch.app_role_assignment_required is not UNSET:
            given["assignment_required"] = patch.app_role_assignment_required
    return given


def brief_of_application(brief: ApplicationBrief, galleries: Mapping[str, str]) -> dict[str, Any]:
    """What applications are filtered by; `galleries` has the gallery's ids by those of templates."""
    return {
        "id": brief.object_id,
        "appId": brief.app_id,
        "displayName": brief.display_name,
        "applicationTemplateId": galleries.get(brief.template),
        _PRINCIPAL: brief.id,
    }


def brief_of_principal(brief: ApplicationBrief, galleries: Mapping[str, str]) -> dict[str, Any]:
    """What service principals are filtered by."""
    return {
        "id": brief.id,
        "appId": brief.app_id,
        "displayName": brief.display_name,
        "appDisplayName": brief.display_name,
        "applicationTemplateId": galleries.get(brief.template),
        "accountEnabled": brief.account_enabled,
        "appRoleAssignmentRequired": brief.assignment_required,
        "servicePrincipalType": "Application",
        _PRINCIPAL: brief.id,
    }


def principals_of(page: Sequence[Mapping[str, Any]]) -> list[str]:
    """The ids of the service principals that a page in short is about."""
    return [each[_PRINCIPAL] for each in page]


def application_document(shown: ServicePrincipalShown) -> ApplicationDocument:
    """The application behind a service principal."""
    application = shown.application
    return {
        "id": application.object_id,
        "appId": application.app_id,
        "applicationTemplateId": shown.template.gallery_id if shown.template else None,
        "displayName": application.display_name,
        "appRoles": _roles(shown),
        "createdDateTime": time_text(application.created_at),
        "deletedDateTime": None,
        "identifierUris": (),
        "notes": application.notes,
        "signInAudience": "AzureADMyOrg",
        "tags": application.tags,
    }


def service_principal_document(shown: ServicePrincipalShown) -> ServicePrincipalDocument:
    """The service principal of an application."""
    application = shown.application
    return {
        "id": application.id,
        "accountEnabled": application.account_enabled,
        "appDisplayName": application.display_name,
        "appId": application.app_id,
        "appOwnerOrganizationId": application.tenant,
        "appRoleAssignmentRequired": application.assignment_required,
        "appRoles": _roles(shown),
        "applicationTemplateId": shown.template.gallery_id if shown.template else None,
        "createdDateTime": time_text(application.created_at),
        "deletedDateTime": None,
        "displayName": application.display_name,
        "homepage": shown.template.home_page_url if shown.template else None,
        "notes": application.notes,
        "oauth2PermissionScopes": (),
        "servicePrincipalNames": (application.app_id,),
        "servicePrincipalType": "Application",
        "signInAudience": "AzureADMyOrg",
        "tags": application.tags,
    }


@dataclass(frozen=True, slots=True, kw_only=True)
class ApplicationSide:
    """One of the two objects: what it is called, what it has, and what Graph's has besides (absent here)."""

    context: str
    shape: type[Any]
    not_kept: Sequence[str]
    filtered: Sequence[str]
    brief: Callable[[ApplicationBrief, Mapping[str, str]], dict[str, Any]]
    whole: Callable[[ServicePrincipalShown], ApplicationDocument | ServicePrincipalDocument]


_OF_EITHER: Final = (
    *("addIns", "description", "disabledByMicrosoftStatus", "info", "keyCredentials", "passwordCredentials"),
    *("samlMetadataUrl", "tokenEncryptionKeyId", "verifiedPublisher"),
)
APPLICATION: Final = ApplicationSide(
    context="applications",
    shape=ApplicationDocument,
    not_kept=(
        *_OF_EITHER,
        *("api", "certification", "defaultRedirectUri", "groupMembershipClaims", "isDeviceOnlyAuthSupported"),
        *("isFallbackPublicClient", "oauth2RequirePostResponse", "optionalClaims", "parentalControlSettings"),
        *(
            "publicClient",
            "publisherDomain",
            "requestSignatureVerification",
            "requiredResourceAccess",
            "samlMetadataUrl",
        ),
        *("serviceManagementReference", "servicePrincipalLockConfiguration", "spa", "uniqueName", "web"),
    ),
    filtered=("id", "appId", "displayName", "applicationTemplateId"),
    brief=brief_of_application,
    whole=application_document,
)
SERVICE_PRINCIPAL: Final = ApplicationSide(
    context="servicePrincipals",
    shape=ServicePrincipalDocument,
    not_kept=(
        *_OF_EITHER,
        *("alternativeNames", "appDescription", "customSecurityAttributes", "loginUrl", "logoutUrl"),
        *("notificationEmailAddresses", "preferredSingleSignOnMode", "preferredTokenSigningKeyThumbprint"),
        *("publisherName", "replyUrls", "resourceSpecificApplicationPermissions"),
        "samlSingleSignOnSettings",
    ),
    filtered=(
        *("id", "appId", "displayName", "appDisplayName", "applicationTemplateId", "accountEnabled"),
        *("appRoleAssignmentRequired", "servicePrincipalType"),
    ),
    brief=brief_of_principal,
    whole=service_principal_document,
)


def _roles(shown: ServicePrincipalShown) -> list[AppRoleDocument]:
    return [
        {
            "id": role.id,
            "allowedMemberTypes": ("User",),
            "displayName": role.display_name,
            "description": role.description,
            "value": role.value,
            "isEnabled": role.enabled,
            "origin": "Application",
        }
        for role in shown.application.roles
    ]


def _given_role(role: AppRoleGiven) -> GivenRole:
    return GivenRole(
        id=role.id,
        display_name=role.display_name,
        value=role.value,
        description=role.description or "",
        enabled=role.is_enabled,
        allowed_member_types=role.allowed_member_types,
    )
