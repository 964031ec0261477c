"""What the server says about itself, in accord with what it serves (RFC 7644 section 4, RFC 7643 sections 5 to 7).

Pure. Read-only; sorting and paging are ignored, a filter is refused with 403 as the RFC asks.
"""

from functools import lru_cache

from provisor.provider.model.documents import dump
from provisor.provider.model.limits import BULK_OPERATIONS, CURSOR_SECONDS, MAX_BODY_BYTES, MAX_RESULTS
from provisor.provider.model.profiles import Profile
from provisor.scim.errors import forbidden, not_found
from provisor.scim.messages import list_response
from provisor.scim.schemas.discovery import (
    Features,
    Pagination,
    resource_type_documents,
    schema_documents,
    service_provider_config,
)
from provisor.scim.values import Json, Resource

FEATURES = Features(
    filter_results=MAX_RESULTS,
    sort=True,
    bulk_operations=BULK_OPERATIONS,
    bulk_payload_bytes=MAX_BODY_BYTES,
    pagination=Pagination(page_size=MAX_RESULTS, cursor_seconds=CURSOR_SECONDS),
)
STRICT_FEATURES = Features(filter_results=MAX_RESULTS)  # Umbrella's (spec/scim-wire.md sections 11.4, 12)
DOCUMENTS = ("ServiceProviderConfig", "ResourceTypes", "Schemas")


def describe(profile: Profile, base: str, document: str, name: str | None, *, filtered: bool) -> str:
    """A discovery document, or one of the list by its id. Raises ScimError 404, or 403 for a filter."""
    if filtered:
        raise forbidden("Discovery endpoints cannot be filtered (RFC 7644 section 4).")
    text = _described(profile, base, document, name)
    if text is None:
        raise not_found(document.rstrip("s"), name or document)
    return text


@lru_cache(maxsize=64)
def _described(profile: Profile, base: str, document: str, name: str | None) -> str | None:
    if document == "ServiceProviderConfig":
        features = STRICT_FEATURES if profile.strict else FEATURES
        return dump(service_provider_config(features, base)) if name is None else None
    listed: list[Resource]
    if document == "ResourceTypes":
        listed = resource_type_documents(profile.types, base)
    else:
        listed = schema_documents(profile.types, base)
    if name is None:
        return dump(list_response(listed, len(listed)))
    found: Json = next((item for item in listed if str(item["id"]).lower() == name.lower()), None)
    return None if found is None else dump(found)
