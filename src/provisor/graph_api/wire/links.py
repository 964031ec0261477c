"""A link of a job: Graph's object connection, of which Graph lists none."""

from typing import Literal, TypedDict

from provisor.admin.links import LinkShown
from provisor.graph_api.odata.times import moment_text


class LinkWire(TypedDict):
    """Which account or group at the target belongs to an object; `deletionDateTime`: when it is to be deleted."""

    objectId: str
    objectTypeName: Literal["User", "Group"]
    displayName: str
    sourceAnchor: str
    targetAnchor: str
    state: str
    deletionDateTime: str | None


def link_document(shown: LinkShown) -> LinkWire:
    """A link."""
    return {
        "objectId": shown.object,
        "objectTypeName": "User" if shown.kind == "user" else "Group",
        "displayName": shown.name,
        "sourceAnchor": shown.object,
        "targetAnchor": shown.target,
        "state": shown.state,
        "deletionDateTime": None if shown.deletion is None else moment_text(shown.deletion.on),
    }
