"""Stored documents as a client is to see them: with its address of us, with what is made of rows, cut to what it asked.

Order: one document, several, the rows beside one.
"""

from collections.abc import Mapping, Sequence

from provisor.database import Connection
from provisor.provider.model.documents import (
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


def rendered(
    request: ScimRequest, document: str, version: int, values: str = "", written: Sequence[str] = ()
) -> tuple[str, int | str]:
    """A document as this client is to see it, and its version as it is told.

    `values` are the elements of a group's members or a user's groups, `written` the attributes returned only on request
    that this request wrote.
    """
    text, told = located(document, request.kind, request.base), version
    if values and request.kind == "User":
        marked, mark = with_groups(text, version, values)
        return projected(request, marked, written), mark
    return projected(request, with_list(text, "members", values), written), told


def rendered_all(request: ScimRequest, documents: Sequence[str], values: Mapping[str, str]) -> list[str]:
    """Documents of one kind as this client is to see them; `values` as above, by their ids."""
    texts = located_all(documents, request.kind, request.base)
    if values and request.kind == "User":
        texts = [with_groups(text, 0, values.get(id_of(text), ""))[0] for text in texts]
    elif values:
        texts = [with_list(text, "members", values.get(id_of(text), "")) for text in texts]
    return texts if request.as_stored else [projected(request, text) for text in texts]


def projected(request: ScimRequest, text: str, written: Sequence[str] = ()) -> str:
    """A document cut down to the attributes asked for."""
    if request.as_stored:
        return text
    resource_type = request.tenant.profile.type_of(request.kind)
    return dump(project(load(text), request.attributes, request.excluded, resource_type, written))


def values_beside(connection: Connection, request: ScimRequest, id_: str) -> str:
    """What is not in a document but made of rows: a group's members, a user's groups; as far as the client wants it."""
    if request.kind == "Group":
        return members_text(member_rows.read_all(connection, id_), request.base) if request.wants("members") else ""
    return groups_text(member_rows.groups_of(connection, id_), request.base) if request.shows_groups else ""


def groups_of_page(connection: Connection, request: ScimRequest, documents: Sequence[str]) -> dict[str, str]:
    """The same for a page of users, by their ids, asked for at once. Users with the same groups share their text."""
    if not documents or not request.shows_groups:
        return {}
    found = member_rows.groups_of_all(connection, [id_of(document) for document in documents])
    texts = {groups: groups_text(groups, request.base) for groups in set(found.values())}
    return {id_: texts[groups] for id_, groups in found.items()}
