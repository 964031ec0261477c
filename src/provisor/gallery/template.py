"""Gallery templates: an application's default rules, schema, capacity and limits.

Pure data. A new application is a new JSON file here and its name in `_FILES`; nothing else needs to know of it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from types import MappingProxyType

import msgspec

from provisor.rules.mapping import ObjectKind
from provisor.rules.ruleset import TargetSchema
from provisor.scim.schemas.resource_types import GROUP_TYPE, UMBRELLA_GROUP_TYPE, UMBRELLA_USER_TYPE, USER_TYPE
from provisor.scim.schemas.schema import ResourceType
from provisor.scim.values import Json

_FILES = {"ciscoUmbrella": "cisco_umbrella.json", "scim": "generic_scim.json"}
_ANY_APPLICATION = "customappsso"  # Entra's name for the directory of an application that is not in its gallery
_RESOURCE_TYPES = {"umbrella": (UMBRELLA_USER_TYPE, UMBRELLA_GROUP_TYPE), "core": (USER_TYPE, GROUP_TYPE)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Template:
    """One application of the gallery.

    `rules` is a synchronizationSchema, the default document of a new job. A kind absent from `capacity` is unlimited,
    one absent from `filterable` can be matched by any attribute. `requests_per_second` None: as the target bears.
    `soft_delete` False says that the application cannot disable accounts, so that leavers are deleted. `gallery_id` is
    what Graph calls the application in its gallery, `id` what it calls jobs of it.
    """

    id: str
    gallery_id: str
    display_name: str
    description: str
    publisher: str
    home_page_url: str | None
    logo_url: str | None
    categories: tuple[str, ...]
    supported_provisioning_types: tuple[str, ...]
    supported_single_sign_on_modes: tuple[str, ...]
    factory_tag: str
    directory_name: str
    rules: Json
    user_type: ResourceType
    group_type: ResourceType
    capacity: Mapping[ObjectKind, int]
    filterable: Mapping[ObjectKind, tuple[str, ...]]
    requests_per_second: float | None
    members_per_request: int
    soft_delete: bool

    def resource_type(self, kind: ObjectKind) -> ResourceType:
        """The SCIM resource type that objects of this kind become."""
        return self.user_type if kind == "user" else self.group_type

    def rules_for(self, application: str) -> Json:
        """The rules of a new job, for an application of this display name.

        The mappings of a gallery application are called after it; those of one that stands for any application, after
        whatever it is.
        """
        if self.directory_name != _ANY_APPLICATION:
            return self.rules
        written = msgspec.json.encode(self.rules)
        for what in ("users", "groups"):
            name = f"Synchronize Microsoft Entra {what} to "
            written = written.replace(
                msgspec.json.encode(name + self.display_name), msgspec.json.encode(name + application)
            )
        named: Json = msgspec.json.decode(written)
        return named

    @property
    def schema(self) -> TargetSchema:
        """What the rules of a job are checked against."""
        return TargetSchema(user_type=self.user_type, group_type=self.group_type, filterable=self.filterable)


class _Document(msgspec.Struct, rename="camel", forbid_unknown_fields=True):
    """The shape of a data file; a file that does not fit is a broken package and is told when first read."""

    id: str
    gallery_id: str
    display_name: str
    description: str
    publisher: str
    home_page_url: str | None
    logo_url: str | None
    categories: tuple[str, ...]
    supported_provisioning_types: tuple[str, ...]
    supported_single_sign_on_modes: tuple[str, ...]
    factory_tag: str
    directory_name: str
    resource_types: str
    capacity: dict[ObjectKind, int]
    filterable: dict[ObjectKind, tuple[str, ...]]
    requests_per_second: float | None
    members_per_request: int
    soft_delete: bool
    rules: dict[str, object]


@cache
def template(template_id: str) -> Template | None:
    """The template of that id; None when the gallery has none."""
    name = _FILES.get(template_id)
    if name is None:
        return None
    text = files(__package__).joinpath(name).read_bytes()
    document = msgspec.json.decode(text, type=_Document)
    raw: dict[str, Json] = msgspec.json.decode(text)
    user_type, group_type = _RESOURCE_TYPES[document.resource_types]
    return Template(
        id=document.id,
        gallery_id=document.gallery_id,
        display_name=document.display_name,
        description=document.description,
        publisher=document.publisher,
        home_page_url=document.home_page_url,
        logo_url=document.logo_url,
        categories=document.categories,
        supported_provisioning_types=document.supported_provisioning_types,
        supported_single_sign_on_modes=document.supported_single_sign_on_modes,
        factory_tag=document.factory_tag,
        directory_name=document.directory_name,
        rules=raw["rules"],
        user_type=user_type,
        group_type=group_type,
        capacity=MappingProxyType(document.capacity),
        filterable=MappingProxyType(document.filterable),
        requests_per_second=document.requests_per_second,
        members_per_request=document.members_per_request,
        soft_delete=document.soft_delete,
    )


def templates() -> tuple[Template, ...]:
    """Every application of the gallery, in its order."""
    return tuple(found for found in map(template, _FILES) if found is not None)
