"""synchronizationTemplate (spec/graph-synchronization-api.md section 2)."""

from collections.abc import Mapping, Sequence
from typing import Any, TypedDict

from provisor.admin.synchronization import SynchronizationTemplate
from provisor.graph_api.wire.synchronization_schemas import schema_answer

VERSION = 1  # of the rules of every template: they change with the product alone


class MetadataEntry(TypedDict):
    """synchronizationMetadataEntry."""

    key: str
    value: str


class TemplateAnswer(TypedDict):
    """synchronizationTemplate; `schema` is a synchronizationSchema."""

    id: str
    applicationId: str
    default: bool
    description: str
    discoverable: bool
    factoryTag: str
    metadata: Sequence[MetadataEntry]
    schema: Mapping[str, Any]


def template_answer(shown: SynchronizationTemplate) -> TemplateAnswer:
    """A template of an application."""
    template = shown.template
    return {
        "id": template.id,
        "applicationId": shown.application.app_id,
        "default": True,
        "description": template.description,
        "discoverable": True,
        "factoryTag": template.factory_tag,
        "metadata": [
            {"key": "GalleryApplicationIdentifier", "value": template.gallery_id},
            {"key": "GalleryApplicationKey", "value": _key(template.display_name)},
        ],
        "schema": schema_answer(shown.rules, key=template.id, version=VERSION),
    }


def _key(name: str) -> str:
    """The name of an application as the gallery writes it: small letters and digits."""
    return "".join(each for each in name.lower() if each.isalnum())
