"""Stored documents as a client is to see them: with its address of us, with what is made of rows, cut to what it asked.

Order: one document, several, the rows beside one.
"""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from provisor.database import Connection
from provisor.provider.model.documents import (
    Member,
    dump,
    groups_text,
    id_of,
    load,
    located,
    located_all,
    members_text,
    with_groups,
    with_list,
)
from provisor.provider.store import member_rows
from provisor.provider.verbs.request import ScimRequest
from provisor.scim.projection import project


class Beside(NamedTuple):
    """What is not in a document but made of rows: a group's members, or the ids of the groups a user is in."""

    members: Sequence[Member] = ()
    groups: Sequence[str] = ()


NOTHING = Beside()


def rendered(
    request: ScimRequest, document: str, version: int, beside: Beside = NOTHING, written: Sequence[str] = ()
) -> tuple[str, int | str]:
    """A document as this client is to see it, and its version as it is told.

    `written` are the attributes told on request only that this request wrote.
    """
    text, told = located(document, request.kind, request.base), version
    if beside.members:
        text = with_list(text, "members", members_text(beside.members, request.base))
    elif beside.groups:
        marked, told_too = with_groups(text, version, groups_text(beside.groups, request.base))
        return projected(request, marked, written), told_too
    return projected(request, text, written), told


def rendered_all(request: ScimRequest, documents: Sequence[str], beside: Mapping[str, Beside]) -> list[str]:
    """Documents of one kind as this client is to see them; `beside` by their ids."""
    if beside:
        return [rendered(request, document, 0, beside.get(id_of(document), NOTHING))[0] for document in documents]
    texts = located_all(documents, request.kind, request.base)
    return texts if request.as_stored else [projected(request, text) for text in texts]


def projected(request: ScimRequest, text: str, written: Sequence[str] = ()) -> str:
    """A document cut down to the attributes asked for."""
    if request.as_stored:
        return text
    resource_type = request.tenant.profile.type_of(request.kind)
    return dump(project(load(text), request.attributes, request.excluded, resource_type, written))


def read_beside(connection: Connection, request: ScimRequest, id_: str) -> Beside:
    """The rows that belong to one resource, as far as the client wants them."""
    if request.kind == "Group":
        return Beside(members=member_rows.read_all(connection, id_)) if request.wants("members") else NOTHING
    if request.shows_groups:
        return Beside(groups=member_rows.groups_of(connection, id_))
    return NOTHING
