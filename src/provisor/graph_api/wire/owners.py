"""directoryObject: who owns an application, as Graph lists them."""

from typing import Any, Final, TypedDict

from provisor.directory.objects import DirectoryObject
from provisor.graph_api.wire.directory_types import PROPERTIES

FILTERED: Final = ("id", "displayName", "userPrincipalName")
USER_PROPERTIES: Final = tuple(PROPERTIES["user"])  # those that are not shown here are at /users


class OwnerDocument(TypedDict):
    """A user, with what Graph shows of one that is not asked for in detail."""

    id: str
    businessPhones: list[str]
    displayName: str | None
    givenName: str | None
    jobTitle: str | None
    mail: str | None
    mobilePhone: str | None
    officeLocation: str | None
    preferredLanguage: str | None
    surname: str | None
    userPrincipalName: str


def owner_document(item: DirectoryObject) -> dict[str, Any]:
    """One owner (spec/graph-synchronization-api.md section 11)."""
    shown = {name: item.attributes.get(name) for name in OwnerDocument.__annotations__ if name != "id"}
    phones = shown["businessPhones"]
    return {
        "@odata.type": "#microsoft.graph.user",
        "id": item.id,
        **shown,
        "businessPhones": phones if isinstance(phones, list) else [phones] if phones else [],
    }
