"""What an application in memory says of its resources: their meta, answers, and what would have gone over a wire."""

from typing import Literal

import msgspec

from provisor.engine.ports import Answer, Exchange
from provisor.scim.schemas.schema import ResourceType
from provisor.scim.values import Json, Resource

RequestMethod = Literal["GET", "POST", "PATCH", "DELETE"]


def meta_of(resource_type: ResourceType, version: int) -> Resource:
    """The `meta` of a resource in this version."""
    return {"resourceType": resource_type.name, "version": f'W/"{version}"'}


def version_of(resource: Resource) -> int:
    """Which version it is in."""
    meta = resource["meta"]
    assert isinstance(meta, dict)  # noqa: S101  every resource here got its meta from meta_of
    return int(str(meta["version"]).strip('W/"'))


def exchange_of(method: RequestMethod, url: str, body: Json = None) -> Exchange:
    """The request, as a failure keeps it."""
    return Exchange(method=method, url=url, request_body=b"" if body is None else msgspec.json.encode(body))


def answer_of(resource: Resource, exchange: Exchange) -> Answer:
    """The answer that holds this resource."""
    return Answer(resource=resource, exchange=exchange)
