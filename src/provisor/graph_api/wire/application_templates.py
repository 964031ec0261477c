"""applicationTemplate: an application of the gallery (spec/graph-synchronization-api.md section 1)."""

from typing import TypedDict

import msgspec

from provisor.gallery.template import Template


class ApplicationTemplateDocument(TypedDict):
    """As Graph shows it."""

    id: str
    displayName: str
    description: str
    publisher: str
    homePageUrl: str | None
    logoUrl: str | None
    categories: tuple[str, ...]
    supportedProvisioningTypes: tuple[str, ...]
    supportedSingleSignOnModes: tuple[str, ...]
    endpoints: tuple[str, ...]
    isEntraIntegrated: bool
    deprecationDate: str | None
    lastModifiedDateTime: str | None
    riskFactors: None
    riskScore: None


class Instantiation(msgspec.Struct, rename="camel"):
    """What an application is called that is added from the gallery."""

    display_name: str


FILTERED = ("id", "displayName", "publisher")


def template_document(template: Template) -> ApplicationTemplateDocument:
    """One application of the gallery."""
    return {
        "id": template.gallery_id,
        "displayName": template.display_name,
        "description": template.description,
        "publisher": template.publisher,
        "homePageUrl": template.home_page_url,
        "logoUrl": template.logo_url,
        "categories": template.categories,
        "supportedProvisioningTypes": template.supported_provisioning_types,
        "supportedSingleSignOnModes": template.supported_single_sign_on_modes,
        "endpoints": (),
        "isEntraIntegrated": True,
        "deprecationDate": None,
        "lastModifiedDateTime": None,
        "riskFactors": None,
        "riskScore": None,
    }
