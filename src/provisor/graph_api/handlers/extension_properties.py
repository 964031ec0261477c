"""/applications/…/extensionProperties: properties of users and groups that Graph does not define."""

from typing import Final, TypedDict

import msgspec

from provisor.admin.actor import APPLICATION_READ, APPLICATION_WRITE, DIRECTORY_READ
from provisor.admin.extension_properties import ExtensionShown
from provisor.graph_api.odata.answers import NO_CONTENT, GraphAnswer, collection, created, ok
from provisor.graph_api.odata.listing import LISTED, short_collection
from provisor.graph_api.odata.requests import GraphRequest
from provisor.graph_api.odata.routing import GraphRoute
from provisor.graph_api.odata.selecting import chosen, only
from provisor.graph_api.wire.identifiers import guid
from provisor.graph_api.wire.keys import application_key

_FILTERED: Final = ("id", "name", "dataType")


class ExtensionGiven(msgspec.Struct, rename="camel"):
    """A new extension; `name` is the short one."""

    name: str
    data_type: str
    target_objects: list[str]
    is_multi_valued: bool | None = None


class WhichExtensions(msgspec.Struct, rename="camel"):
    """Those that imports registered, the others, or all."""

    is_synced_from_on_premises: bool | None = None


class ExtensionDocument(TypedDict):
    """An extension, as Graph shows it."""

    id: str
    deletedDateTime: str | None
    appDisplayName: str
    dataType: str
    isMultiValued: bool
    isSyncedFromOnPremises: bool
    name: str
    targetObjects: tuple[str, ...]


def extension_document(shown: ExtensionShown) -> ExtensionDocument:
    """One extension."""
    one = shown.extension
    return {
        "id": one.id,
        "deletedDateTime": None,
        "appDisplayName": shown.application,
        "dataType": one.data_type,
        "isMultiValued": one.multi_valued,
        "isSyncedFromOnPremises": one.synced,
        "name": one.name,
        "targetObjects": one.targets,
    }


def listed(request: GraphRequest) -> GraphAnswer:
    """A page of those of an application."""
    found = request.admin.extension_properties.of_application(request.actor, application_key(request))
    documents = [dict(extension_document(each)) for each in found]
    return short_collection(request, "extensionProperties", documents, shape=ExtensionDocument, filtered=_FILTERED)


def shown(request: GraphRequest) -> GraphAnswer:
    """One of them."""
    key = guid(request.names["extensionProperty"], "The extension")
    names = chosen(request.options.select, ExtensionDocument)
    found = request.admin.extension_properties.read(request.actor, application_key(request), key)
    return ok(request, "extensionProperties/$entity", only(extension_document(found), names))


def added(request: GraphRequest) -> GraphAnswer:
    """One more."""
    given: ExtensionGiven = request.body
    made = request.admin.extension_properties.register(
        request.actor,
        application_key(request),
        attribute=given.name,
        data_type=given.data_type,
        targets=given.target_objects,
        multi_valued=bool(given.is_multi_valued),
    )
    path = f"{request.path.rstrip('/')}/{made.extension.id}"
    return created(request, "extensionProperties/$entity", extension_document(made), path=path)


def deleted(request: GraphRequest) -> GraphAnswer:
    """One less; its values are out of sight."""
    key = guid(request.names["extensionProperty"], "The extension")
    request.admin.extension_properties.delete(request.actor, application_key(request), key)
    return NO_CONTENT


def available(request: GraphRequest) -> GraphAnswer:
    """Those of all applications."""
    which: WhichExtensions | None = request.body
    found = request.admin.extension_properties.available(
        request.actor, synced=None if which is None else which.is_synced_from_on_premises
    )
    names = chosen(request.options.select, ExtensionDocument)
    return collection(request, "extensionProperties", [only(extension_document(each), names) for each in found])


_PATH: Final = "/applications/{application}/extensionProperties"
ROUTES: Final = (
    GraphRoute(
        method="GET",
        path=_PATH,
        handler=listed,
        summary="Directory extensions of an application.",
        permission=APPLICATION_READ,
        answer=list[ExtensionDocument],
        query=LISTED - {"$orderby"},
    ),
    GraphRoute(
        method="POST",
        path=_PATH,
        handler=added,
        summary="Register a directory extension.",
        permission=APPLICATION_WRITE,
        body=ExtensionGiven,
        answer=ExtensionDocument,
        status=201,
    ),
    GraphRoute(
        method="GET",
        path=f"{_PATH}/{{extensionProperty}}",
        handler=shown,
        summary="One directory extension.",
        permission=APPLICATION_READ,
        answer=ExtensionDocument,
    ),
    GraphRoute(
        method="DELETE",
        path=f"{_PATH}/{{extensionProperty}}",
        handler=deleted,
        summary="Delete a directory extension. Its values are hidden, and back when it is registered again.",
        permission=APPLICATION_WRITE,
        status=204,
    ),
    GraphRoute(
        method="POST",
        path="/directoryObjects/getAvailableExtensionProperties",
        handler=available,
        summary="Directory extensions of all applications.",
        permission=DIRECTORY_READ,
        body=WhichExtensions,
        body_optional=True,
        answer=list[ExtensionDocument],
    ),
)
