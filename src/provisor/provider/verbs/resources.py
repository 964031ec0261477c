"""What a client may do to one user or group: create, replace, change, delete (RFC 7644 sections 3.3, 3.5, 3.6).

Every function here runs inside a write transaction, on one resource, and is short. A refusal is a ScimError; the
transaction then forgets whatever was done. Order: the call and its answer, verbs for both kinds, changes of members.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from provisor.database import Connection
from provisor.database.identifiers import new_id
from provisor.provider.model import native_ids
from provisor.provider.model.documents import (
    Member,
    Sealed,
    dump,
    load,
    located,
    members_text,
    restamped,
    seal,
    with_groups,
    with_list,
)
from provisor.provider.model.limits import ATTRIBUTE_OPERATIONS, VALUES
from provisor.provider.model.profiles import Kind
from provisor.provider.store import member_rows, resource_rows
from provisor.provider.store.tables import Tenant, is_id
from provisor.scim.errors import invalid_value, shown, too_large
from provisor.scim.naming import problem_with_name
from provisor.scim.patch.applying import apply
from provisor.scim.patch.membership import MemberChange, split_members
from provisor.scim.patch.operations import Operation
from provisor.scim.path import getter, remover
from provisor.scim.projection import project
from provisor.scim.validate import accept, replace
from provisor.scim.values import Json, Resource


@dataclass(slots=True, kw_only=True)
class Call:
    """One request as the verbs see it. Not frozen: it is made for every request, and that costs."""

    tenant: Tenant
    kind: Kind
    base: str  # the server's address with the base path, as the client knows it
    now: int
    id: str = ""
    if_match: str | None = None
    if_none_match: str | None = None
    attributes: Sequence[str] = ()
    excluded: Sequence[str] = ()
    written: Sequence[str] = ()  # of what is told on request only, what this request wrote

    @property
    def plain(self) -> bool:
        """Whether the whole resource is wanted."""
        return not self.attributes and not self.excluded

    @property
    def as_stored(self) -> bool:
        """Whether stored text can be sent as it is: leaving out what is composed of rows only saves reading them."""
        return not self.attributes and self.tenant.profile.plain and all(name in _COMPOSED for name in self.excluded)


_COMPOSED = frozenset({"members", "groups"})


class Answer(NamedTuple):
    """What a verb answers; `document` None for 204."""

    status: int
    id: str
    version: int | str
    document: str | None


def create(connection: Connection, call: Call, content: Resource, ids: Sequence[str], id_: str = "") -> Answer:
    """Store accepted content as a new resource; `ids` are a group's first members, `id_` an id given out before."""
    id_ = id_ or new_id()
    sealed = _sealed(content, call, id_=id_, version=1, created=call.now)
    resource_rows.insert(connection, call.tenant, call.kind, id_, call.now, sealed)
    if (native := native_ids.native_id(content, call.kind)) is not None:
        native_ids.remember(connection, call.tenant.number, call.kind, id_, native)
    if ids:
        member_rows.add(connection, call.tenant, id_, ids)
    _note_written(call, {}, content)
    return Answer(201, id_, *shown_document(connection, call, id_, sealed.document, 1))


def put(connection: Connection, call: Call, body: Json) -> Answer:
    """Replace a resource (RFC 7644 section 3.5.1)."""
    row = resource_rows.read(connection, call.tenant, call.kind, call.id)
    resource_rows.check_version(row.version, call.if_match, call.if_none_match)
    resource_type = call.tenant.profile.type_of(call.kind)
    before = load(row.document)
    after = replace(before, body, resource_type)
    check_size(after)
    changed = False
    if call.kind == "Group":
        changed = member_rows.replace(connection, call.tenant, call.id, member_ids(after))
    version, document = _store(connection, call, row, before, after, members_changed=changed, replaced=True)
    return Answer(200, call.id, *shown_document(connection, call, call.id, document, version))


def patch_user(connection: Connection, call: Call, operations: Sequence[Operation]) -> Answer:
    """Change attributes; answers 200 with the resource. Nothing is written when nothing changes.

    Raises ScimError 413 for more than ATTRIBUTE_OPERATIONS.
    """
    check_operations(operations)
    row = resource_rows.read(connection, call.tenant, call.kind, call.id)
    resource_rows.check_version(row.version, call.if_match, call.if_none_match)
    before = load(row.document)
    after = apply(before, operations, call.tenant.profile.user_type, check_size)
    check_size(after)
    version, document = _store(connection, call, row, before, after, members_changed=False)
    return Answer(200, call.id, *shown_document(connection, call, call.id, document, version))


def patch_group(connection: Connection, call: Call, operations: Sequence[Operation]) -> Answer:
    """Change a group without reading its members; answers 204 unless attributes were asked for."""
    row = resource_rows.read(connection, call.tenant, call.kind, call.id)
    resource_rows.check_version(row.version, call.if_match, call.if_none_match)
    before = load(row.document)
    group_type = call.tenant.profile.group_type
    parted = split_members(operations, is_id)
    if parted is None:  # members chosen by more than their id: they have to be read
        check_operations(operations)
        whole: Resource = {**before, "members": _as_json(member_rows.read_all(connection, call.id), call.base)}
        after = apply(whole, operations, group_type)
        changed = member_rows.replace(connection, call.tenant, call.id, member_ids(after))
    else:
        change, others = parted
        check_operations(others)
        after = apply(before, others, group_type) if others else before
        changed = _change_members(connection, call, change)
    version, document = _store(connection, call, row, before, after, members_changed=changed)
    if call.plain:
        return Answer(204, call.id, version, None)
    return Answer(200, call.id, *shown_document(connection, call, call.id, document, version))


def delete(connection: Connection, call: Call) -> Answer:
    """Delete a resource for good, and its memberships with it."""
    row = resource_rows.read(connection, call.tenant, call.kind, call.id)
    resource_rows.check_version(row.version, call.if_match, call.if_none_match)
    for group_id in member_rows.groups_of(connection, call.id):
        group = resource_rows.read(connection, call.tenant, "Group", group_id)
        _stamp(connection, call, group, group_id)
    member_rows.forget(connection, call.id)
    if call.kind == "Group":
        member_rows.clear(connection, call.id)
    resource_rows.delete(connection, call.tenant, call.kind, row)
    if "nativeObjectId" in row.document:
        native_ids.forget(connection, call.id)
    return Answer(204, call.id, row.version, None)


def accepted(call: Call, body: Json) -> tuple[Resource, list[str]]:
    """What is stored of a POST body, and the ids of a group's members. Raises ScimError."""
    content = accept(body, call.tenant.profile.type_of(call.kind))
    check_size(content)
    check_names(call.kind, {}, content)
    if call.tenant.profile.forgets:
        _forget(content, call)
    return content, member_ids(content) if call.kind == "Group" else []


def check_size(content: Resource) -> None:
    """Refuse a resource with a list longer than VALUES: every request that meets it would pay for it."""
    for name, value in content.items():
        if isinstance(value, list):
            _check_length(name, value)
        elif isinstance(value, dict):
            for inner, item in value.items():
                if isinstance(item, list):
                    _check_length(inner, item)


def check_names(kind: Kind, before: Resource, after: Resource) -> None:
    """Refuse a name that others would be deceived by. One that was stored before there was this rule may stay.

    Or nobody could be disabled any more whose name is of that time.
    """
    for name in _NAMED[kind]:
        text = after.get(name)
        if isinstance(text, str) and text != before.get(name):
            problem = problem_with_name(text)
            if problem is not None:
                raise invalid_value(f"{name} {problem}.")


# What programs match by. A person's displayName is free text.
_NAMED: dict[Kind, tuple[str, ...]] = {"User": ("userName", "externalId"), "Group": ("displayName", "externalId")}


def _check_length(name: str, values: list[Json]) -> None:
    if len(values) > VALUES and name != "members":
        raise invalid_value(f"{name} may have {VALUES} values; these are {len(values)}.")


def check_operations(operations: Sequence[Operation]) -> None:
    """Refuse more changes of attributes in one PATCH than anybody needs. Members are counted in scim.operations."""
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


def shown_document(connection: Connection, call: Call, id_: str, document: str, version: int) -> tuple[int | str, str]:
    """A document as this client is to see it, a group with its members, and its version as it is told."""
    text = located(document, call.kind, call.base)
    told: int | str = version
    if call.kind == "Group" and wants(call, "members"):
        text = with_list(text, "members", members_text(member_rows.read_all(connection, id_), call.base))
    elif call.kind == "User" and call.tenant.profile.shows_groups:
        text, told = with_groups(text, version, user_groups_text(connection, call, id_))
    return told, projected(text, call)


def user_groups_text(connection: Connection, call: Call, id_: str) -> str:
    """The elements of a user's read-only `groups`; nothing when the client does not want them."""
    return groups_text(member_rows.groups_of(connection, id_), call.base) if wants(call, "groups") else ""


def groups_text(groups: Iterable[str], base: str) -> str:
    """The elements of `groups`, without brackets."""
    ref = f'","$ref":"{base}/Groups/'
    return ",".join([f'{{"value":"{group}{ref}{group}","type":"direct"}}' for group in groups])


def projected(text: str, call: Call) -> str:
    """A document cut down to the attributes asked for."""
    if call.as_stored:
        return text
    resource_type = call.tenant.profile.type_of(call.kind)
    return dump(project(load(text), call.attributes, call.excluded, resource_type, call.written))


def _note_written(call: Call, before: Resource, after: Resource) -> None:
    profile = call.tenant.profile
    if not profile.plain:
        resource_type = profile.type_of(call.kind)
        found = ((path, getter(path, resource_type)) for path in profile.on_request(call.kind))
        call.written = tuple(path for path, take in found if take(after) != take(before))


def _forget(content: Resource, call: Call) -> None:
    """Take out what nobody may ever read: it was checked, and keeping a secret without a use is a risk."""
    profile = call.tenant.profile
    for path in profile.kept_back(call.kind):
        remover(path, profile.type_of(call.kind))(content)


def wants(call: Call, name: str) -> bool:
    """Whether an attribute composed from rows has to be read at all; what is left of it is projection's business."""
    lowered = name.lower()
    if call.attributes:
        schema = call.kind.lower()  # a URN named alone, which ends with it, stands for all its attributes
        return any(_top_name(item) in (lowered, schema) for item in call.attributes)
    return not any(item.lower().rpartition(":")[2] == lowered for item in call.excluded)


def _top_name(path: str) -> str:
    return path.lower().rpartition(":")[2].partition(".")[0].strip()


def _sealed(content: Resource, call: Call, *, id_: str, version: int, created: int) -> Sealed:
    return seal(
        content,
        call.kind,
        call.tenant.profile.type_of(call.kind),
        id_=id_,
        version=version,
        created=created,
        modified=call.now,
    )


def _store(
    connection: Connection,
    call: Call,
    row: resource_rows.Row,
    before: Resource,
    after: Resource,
    *,
    members_changed: bool,
    replaced: bool = False,
) -> tuple[int, str]:
    """Write what changed; version and lastModified move only then (spec/scim-wire.md section 5, row 17)."""
    if after is not before and call.tenant.profile.forgets:
        _forget(after, call)
    _note_written(call, {} if replaced else before, after)
    if after is not before and _content(after) != _content(before):
        check_names(call.kind, before, after)
        version = row.version + 1
        sealed = _sealed(after, call, id_=call.id, version=version, created=row.created_at)
        resource_rows.update(connection, call.tenant, call.kind, row, version=version, now=call.now, sealed=sealed)
        if (native := native_ids.native_id(after, call.kind)) != native_ids.native_id(before, call.kind):
            native_ids.remember(connection, call.tenant.number, call.kind, call.id, native)
        return version, sealed.document
    if members_changed:
        return _stamp(connection, call, row, call.id)
    return row.version, row.document


def _content(resource: Resource) -> Resource:
    return {name: value for name, value in resource.items() if name not in _NOT_COMPARED}


_NOT_COMPARED = frozenset({"schemas", "id", "meta", "members", "groups", "password"})


def _stamp(connection: Connection, call: Call, row: resource_rows.Row, id_: str) -> tuple[int, str]:
    """A new version of a group of which only members changed."""
    version = row.version + 1
    document = restamped(row.document, "Group", id_=id_, version=version, created=row.created_at, modified=call.now)
    resource_rows.stamp(connection, call.tenant, row, version=version, now=call.now, document=document)
    return version, document


def _change_members(connection: Connection, call: Call, change: MemberChange) -> bool:
    if change.replace_all:
        return member_rows.replace(connection, call.tenant, call.id, change.add)
    removed = member_rows.remove(connection, call.id, change.remove)
    added = member_rows.add(connection, call.tenant, call.id, change.add)
    return removed or added


def _as_json(listed: Iterable[Member], base: str) -> list[Json]:
    return [
        {"value": member.id, "$ref": f"{base}/{member.kind}s/{member.id}", "type": member.kind} for member in listed
    ]
