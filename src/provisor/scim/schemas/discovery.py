"""What a service provider says about itself (RFC 7643 sections 5 to 7, RFC 7644 section 4).

Pure. States what it is given; the server of these documents answers for their truth.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from provisor.scim.schemas.schema import ResourceType, Schema, schema_to_json
from provisor.scim.values import Resource

SERVICE_PROVIDER_CONFIG_URN = "urn:ietf:params:scim:schemas:core:2.0:ServiceProviderConfig"


@dataclass(frozen=True, slots=True)
class Pagination:
    """Paging by cursor beside paging by index, which stays the default (RFC 9865 section 4)."""

    page_size: int
    cursor_seconds: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Features:
    """What is served; zero operations or results mean that the feature is off."""

    patch: bool = True
    bulk_operations: int = 0
    bulk_payload_bytes: int = 0
    filter_results: int = 200
    change_password: bool = False
    sort: bool = False
    etag: bool = True
    pagination: Pagination | None = None
    documentation_uri: str | None = None


def service_provider_config(features: Features, base_url: str = "") -> Resource:
    """The document of the ServiceProviderConfig endpoint (RFC 7643 section 5)."""
    document: Resource = {"schemas": [SERVICE_PROVIDER_CONFIG_URN]}
    if features.documentation_uri is not None:
        document["documentationUri"] = features.documentation_uri
    document["patch"] = {"supported": features.patch}
    document["bulk"] = {
        "supported": features.bulk_operations > 0,
        "maxOperations": features.bulk_operations,
        "maxPayloadSize": features.bulk_payload_bytes,
    }
    document["filter"] = {"supported": features.filter_results > 0, "maxResults": features.filter_results}
    document["changePassword"] = {"supported": features.change_password}
    document["sort"] = {"supported": features.sort}
    document["etag"] = {"supported": features.etag}
    if features.pagination is not None:
        document["pagination"] = {
            "cursor": True,
            "index": True,
            "defaultPaginationMethod": "index",
            "defaultPageSize": features.pagination.page_size,
            "maxPageSize": features.pagination.page_size,
            "cursorTimeout": features.pagination.cursor_seconds,
        }
    document["authenticationSchemes"] = [
        {
            "type": "oauthbearertoken",
            "name": "OAuth Bearer Token",
            "description": "A token in the Authorization header",
            "specUri": "https://www.rfc-editor.org/info/rfc6750",
            "primary": True,
        }
    ]
    document["meta"] = {
        "resourceType": "ServiceProviderConfig",
        "location": f"{base_url}/ServiceProviderConfig",
    }
    return document


def resource_type_documents(resource_types: Iterable[ResourceType], base_url: str = "") -> list[Resource]:
    """The documents of the ResourceTypes endpoint."""
    return [resource_type.to_json(base_url) for resource_type in resource_types]


def schemas_served(resource_types: Iterable[ResourceType]) -> list[Schema]:
    """Every schema a client may discover, each once; hidden extensions stay hidden."""
    found: dict[str, Schema] = {}
    for resource_type in resource_types:
        found.setdefault(resource_type.schema.id, resource_type.schema)
        for extension in resource_type.extensions:
            if not extension.hidden:
                found.setdefault(extension.schema.id, extension.schema)
    return list(found.values())


def schema_documents(resource_types: Iterable[ResourceType], base_url: str = "") -> list[Resource]:
    """The documents of the Schemas endpoint."""
    return [schema_to_json(schema, base_url) for schema in schemas_served(resource_types)]
