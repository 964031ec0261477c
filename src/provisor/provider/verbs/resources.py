"""What a client may do to one user or group: create, replace, change, delete (RFC 7644 sections 3.3, 3.5, 3.6).

Every function here runs inside a write transaction, on one resource, and is short. A refusal is a ScimError; the
transaction then forgets whatever was done. Order: what a verb answers, verbs for both kinds, changes of members.
"""

from collections.abc import Callable, Iterable, Sequence
from functools import partial
from typing import NamedTuple

from provisor.database import Connection
from provisor.database.identifiers import new_id
from provisor.provider.model import native_ids
from provisor.provider.model.documents import Member, Sealed, load, restamped, seal
from provisor.provider.model.limits import ATTRIBUTE_OPERATIONS, VALUES
from provisor.provider.model.profiles import ResourceKind
from provisor.provider.store import member_rows, resource_rows
from provisor.provider.store.tables import is_id
from provisor.provider.verbs.rendered import rendered, values_beside
from provisor.provider.verbs.request import ScimRequest
from provisor.scim.errors import invalid_value, shown, too_large
from provisor.scim.naming import problem_with_name
from provisor.scim.patch.applying import apply
from provisor.scim.patch.membership import MemberChange, split_members
from provisor.scim.patch.operations import Operation, parse_operations
from provisor.scim.path import getter, remover
from provisor.scim.validate import accept, replace
from provisor.scim.values import Json, Resource


class VerbAnswer(NamedTuple):
    """What a verb answers; `document` None for 204."""

    status: int
    id: str
    version: int | str
    document: str | None


class Stored(NamedTuple):
    """What a verb stored: the version, the document, and which attributes returned only on request it wrote."""

    version: int
    document: str
    written: tuple[str, ...] = ()


def create(
    connection: Connection, request: ScimRequest, content: Resource, ids: Sequence[str], id_: str = ""
) -> VerbAnswer:
    """Store accepted content as a new resource; `ids` are a group's first members, `id_` an id given out before."""
    id_ = id_ or new_id()
    sealed = _sealed(content, request, id_=id_, version=1, created=request.now)
    resource_rows.insert(connection, request.tenant, request.kind, id_, request.now, sealed)
    if (native := native_ids.native_id(content, request.kind)) is not None:
        native_ids.remember(connection, request.tenant.number, request.kind, id_, native)
    if ids:
        member_rows.add(connection, request.tenant, id_, ids)
    return _answer(connection, request, id_, 201, Stored(1, sealed.document, _written(request, {}, content)))


def put(connection: Connection, request: ScimRequest, body: Json) -> VerbAnswer:
    """Replace a resource (RFC 7644 section 3.5.1)."""
    row = resource_rows.read(connection, request.tenant, request.kind, request.id)
    resource_rows.check_version(row.version, request.if_match, request.if_none_match)
    resource_type = request.tenant.profile.type_of(request.kind)
    before = load(row.document)
    after = replace(before, body, resource_type)
    check_size(after)
    changed = False
    if request.kind == "Group":
        changed = member_rows.replace(connection, request.tenant, request.id, member_ids(after))
    stored = _store(connection, request, row, before, after, members_changed=changed, replaced=True)
    return _answer(connection, request, request.id, 200, stored)


def patch_user(connection: Connection, request: ScimRequest, operations: Sequence[Operation]) -> VerbAnswer:
    """Change attributes; answers 200 with the resource. Nothing is written when nothing changes.

    Raises ScimError 413 for more than ATTRIBUTE_OPERATIONS.
    """
    check_operations(operations)
    row = resource_rows.read(connection, request.tenant, request.kind, request.id)
    resource_rows.check_version(row.version, request.if_match, request.if_none_match)
    before = load(row.document)
    after = apply(before, operations, request.tenant.profile.user_type, check_size)
    check_size(after)
    stored = _store(connection, request, row, before, after, members_changed=False)
    return _answer(connection, request, request.id, 200, stored)


def patch_group(connection: Connection, request: ScimRequest, operations: Sequence[Operation]) -> VerbAnswer:
    """Change a group without reading its members; answers 204 unless attributes were asked for."""
    row = resource_rows.read(connection, request.tenant, request.kind, request.id)
    resource_rows.check_version(row.version, request.if_match, request.if_none_match)
    before = load(row.document)
    group_type = request.tenant.profile.group_type
    parted = split_members(operations, is_id)
    if parted is None:  # members chosen by more than their id: they have to be read
        check_operations(operations)
        whole: Resource = {**before, "members": _as_json(member_rows.read_all(connection, request.id), request.base)}
        after = apply(whole, operations, group_type)
        changed = member_rows.replace(connection, request.tenant, request.id, member_ids(after))
    else:
        change, others = parted
        check_operations(others)
        after = apply(before, others, group_type) if others else before
        changed = _change_members(connection, request, change)
    stored = _store(connection, request, row, before, after, members_changed=changed)
    if request.plain:
        return VerbAnswer(204, request.id, stored.version, None)
    return _answer(connection, request, request.id, 200, stored)


def delete(connection: Connection, request: ScimRequest) -> VerbAnswer:
    """Delete a resource for good, and its memberships with it."""
    row = resource_rows.read(connection, request.tenant, request.kind, request.id)
    resource_rows.check_version(row.version, request.if_match, request.if_none_match)
    for group_id in member_rows.groups_of(connection, request.id):
        group = resource_rows.read(connection, request.tenant, "Group", group_id)
        _stamp(connection, request, group, group_id)
    member_rows.forget(connection, request.id)
    if request.kind == "Group":
        member_rows.clear(connection, request.id)
    resource_rows.delete(connection, request.tenant, request.kind, row)
    if "nativeObjectId" in row.document:
        native_ids.forget(connection, request.id)
    return VerbAnswer(204, request.id, row.version, None)


def work(request: ScimRequest, method: str, body: Json) -> Callable[[Connection], VerbAnswer]:
    """What a body asks for, to be done inside a transaction. Raises ScimError."""
    if method == "POST":
        content, ids = accepted(request, body)
        return partial(create, request=request, content=content, ids=ids)
    if method == "PUT":
        return partial(put, request=request, body=body)
    verb = patch_user if request.kind == "User" else patch_group
    return partial(verb, request=request, operations=parse_operations(body))


def _answer(connection: Connection, request: ScimRequest, id_: str, status: int, stored: Stored) -> VerbAnswer:
    """The answer with the resource as the client is to see it."""
    values = values_beside(connection, request, id_)
    text, version = rendered(request, stored.document, stored.version, values, stored.written)
    return VerbAnswer(status, id_, version, text)


def accepted(request: ScimRequest, body: Json) -> tuple[Resource, list[str]]:
    """What is stored of a POST body, and the ids of a group's members. Raises ScimError."""
    content = accept(body, request.tenant.profile.type_of(request.kind))
    check_size(content)
    check_names(request.kind, {}, content)
    if request.tenant.profile.forgets:
        _forget(content, request)
    return content, member_ids(content) if request.kind == "Group" else []


def check_size(content: Resource) -> None:
    """Refuse a resource with a list longer than VALUES: every request that meets it would pay for it."""
    for name, value in content.items():
        if isinstance(value, list):
            _check_length(name, value)
        elif isinstance(value, dict):
            for inner, item in value.items():
                if isinstance(item, list):
                    _check_length(inner, item)


def check_names(kind: ResourceKind, before: Resource, after: Resource) -> None:
    """Refuse a name that would deceive others. A name stored before this rule may stay:

    otherwise users with such a name could no longer be disabled.
    """
    for name in _NAMED[kind]:
        text = after.get(name)
        if isinstance(text, str) and text != before.get(name):
            problem = problem_with_name(text)
            if problem is not None:
                raise invalid_value(f"{name} {problem}.")


# What programs match by. A person's displayName is free text.
_NAMED: dict[ResourceKind, tuple[str, ...]] = {
    "User": ("userName", "externalId"),
    "Group": ("displayName", "externalId"),
}


def _check_length(name: str, values: list[Json]) -> None:
    if len(values) > VALUES and name != "members":
        raise invalid_value(f"{name} may have {VALUES} values; these are {len(values)}.")


def check_operations(operations: Sequence[Operation]) -> None:
    """Refuse more changes of attributes in one PATCH than a client needs. Members are counted in scim.operations."""
    if len(operations) > ATTRIBUTE_OPERATIONS:
        raise too_large(
            f"A PATCH may hold {ATTRIBUTE_OPERATIONS} operations on attributes; this one has {len(operations)}."
        )


def member_ids(content: Resource) -> list[str]:
    """The ids in `members`. Raises ScimError for an element without one."""
    listed = content.get("members")
    ids = []
    for item in listed if isinstance(listed, list) else []:
        value = item.get("value") if isinstance(item, dict) else item
        if not isinstance(value, str) or not value:
            raise invalid_value(f"A member needs its id as text in value, which {shown(item)} lacks.")
        ids.append(value)
    return ids


def _written(request: ScimRequest, before: Resource, after: Resource) -> tuple[str, ...]:
    """The attributes returned only on request that this request wrote: its answer has them."""
    profile = request.tenant.profile
    if profile.plain:
        return ()
    resource_type = profile.type_of(request.kind)
    found = ((path, getter(path, resource_type)) for path in profile.on_request(request.kind))
    return tuple(path for path, take in found if take(after) != take(before))


def _forget(content: Resource, request: ScimRequest) -> None:
    """Remove what nobody may read: it was checked, and keeping an unused secret is a risk."""
    profile = request.tenant.profile
    for path in profile.kept_back(request.kind):
        remover(path, profile.type_of(request.kind))(content)


def _sealed(content: Resource, request: ScimRequest, *, id_: str, version: int, created: int) -> Sealed:
    return seal(
        content,
        request.kind,
        request.tenant.profile.type_of(request.kind),
        id_=id_,
        version=version,
        created=created,
        modified=request.now,
    )


def _store(
    connection: Connection,
    request: ScimRequest,
    row: resource_rows.ResourceRow,
    before: Resource,
    after: Resource,
    *,
    members_changed: bool,
    replaced: bool = False,
) -> Stored:
    """Write what changed; version and lastModified move only then (spec/scim-wire.md section 5, row 17)."""
    if after is not before and request.tenant.profile.forgets:
        _forget(after, request)
    written = _written(request, {} if replaced else before, after)
    if after is not before and _content(after) != _content(before):
        check_names(request.kind, before, after)
        version = row.version + 1
        sealed = _sealed(after, request, id_=request.id, version=version, created=row.created_at)
        resource_rows.update(
            connection, request.tenant, request.kind, row, version=version, now=request.now, sealed=sealed
        )
        if (native := native_ids.native_id(after, request.kind)) != native_ids.native_id(before, request.kind):
            native_ids.remember(connection, request.tenant.number, request.kind, request.id, native)
        return Stored(version, sealed.document, written)
    if members_changed:
        return _stamp(connection, request, row, request.id)._replace(written=written)
    return Stored(row.version, row.document, written)


def _content(resource: Resource) -> Resource:
    return {name: value for name, value in resource.items() if name not in _NOT_COMPARED}


_NOT_COMPARED = frozenset({"schemas", "id", "meta", "members", "groups", "password"})


def _stamp(connection: Connection, request: ScimRequest, row: resource_rows.ResourceRow, id_: str) -> Stored:
    """A new version of a group of which only members changed."""
    version = row.version + 1
    document = restamped(row.document, "Group", id_=id_, version=version, created=row.created_at, modified=request.now)
    resource_rows.stamp(connection, request.tenant, row, version=version, now=request.now, document=document)
    return Stored(version, document)


def _change_members(connection: Connection, request: ScimRequest, change: MemberChange) -> bool:
    if change.replace_all:
        return member_rows.replace(connection, request.tenant, request.id, change.add)
    removed = member_rows.remove(connection, request.id, change.remove)
    added = member_rows.add(connection, request.tenant, request.id, change.add)
    return removed or added


def _as_json(listed: Iterable[Member], base: str) -> list[Json]:
    return [
        {"value": member.id, "$ref": f"{base}/{member.kind}s/{member.id}", "type": member.kind} for member in listed
    ]
