"""What administrators do to users, groups and the directory as a whole, each in the caller's write transaction.

Create, change, delete for 30 days, restore, delete for good, and the sweep at the start of a cycle. The rules are
those of `directory`; here they meet the rows. A verb that changes nothing gives out no change number.
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime

from provisor.database import Connection
from provisor.database.identifiers import new_id
from provisor.directory import attributes as properties
from provisor.directory import lifecycle, uniqueness
from provisor.directory.change import ENABLED, alive_moved, edited, is_enabled, merged
from provisor.directory.dynamic import refused_dynamic, sign_of_dynamic
from provisor.directory.extensions import too_many_values, unfit_value
from provisor.directory.names import names_of
from provisor.directory.objects import NAMING, DirectoryKind, DirectoryObject, DirectoryValue, Refusal
from provisor.directory.printable import refused_name
from provisor.scim.naming import spelled
from provisor.storage import extensions, feed, objects, source_records, sources
from provisor.storage.times import to_microseconds


def exactly(
    connection: Connection, tenant: str, kind: DirectoryKind, key: str, *, deleted: bool = False
) -> DirectoryObject | Refusal:
    """The object with this id, or the live user with this userPrincipalName; never by a displayName."""
    item = objects.read(connection, tenant, key.lower())
    if item is not None and item.kind == kind and item.purged_at is None and (item.deleted_at is not None) == deleted:
        return item
    found = objects.by_name(connection, tenant, kind, key) if kind == "user" and not deleted else []
    if found:
        return found[0]
    state = "deleted " if deleted else ""
    named = "its id or userPrincipalName" if kind == "user" and not deleted else "its id"
    return Refusal(
        code="not-found", message=f"There is no {state}{kind} {spelled(key)}.", hint=f"Name the {kind} by {named}."
    )


def find(
    connection: Connection, tenant: str, kind: DirectoryKind, key: str, *, deleted: bool = False
) -> DirectoryObject | Refusal:
    """The live (or soft-deleted) object with this id or exactly this name, or else with it in another case."""
    item = objects.read(connection, tenant, key)
    if item is not None and item.kind == kind and item.purged_at is None and (item.deleted_at is not None) == deleted:
        return item
    found = objects.by_name(connection, tenant, kind, key, deleted=deleted)
    if len(found) == 1:
        return found[0]
    state = "deleted " if deleted else ""
    if not found:
        return Refusal(
            code="not-found",
            message=f"There is no {state}{kind} {spelled(key)}.",
            hint=f"`provisor {kind} list{' --deleted' if deleted else ''}` lists them; "
            f"a {kind} is named by its id or {NAMING[kind]}.",
            about=(f"{state}{kind}", key),
        )
    return Refusal(
        code="name-ambiguous",
        message=f"{len(found)} {state}{kind}s are called {spelled(key)}.",
        hint="Name the one you mean by its id: " + ", ".join(item.id for item in found) + ".",
    )


def find_member(connection: Connection, tenant: str, key: str) -> DirectoryObject | Refusal:
    """The live user or group with this id or name, who can be in a group; refused where both have the name."""
    user, group = find(connection, tenant, "user", key), find(connection, tenant, "group", key)
    if isinstance(user, Refusal):
        if isinstance(group, DirectoryObject) or group.code != "not-found":
            return group
    elif isinstance(group, Refusal):
        return user if group.code == "not-found" else group
    else:
        return Refusal(
            code="name-ambiguous",
            message=f"There is a user {spelled(user.name)} and a group {spelled(group.name)}.",
            hint=f"Name the one you mean by its id: the user is {user.id}, the group {group.id}.",
        )
    return Refusal(
        code="not-found",
        message=f"There is no user and no group {spelled(key)}.",
        hint="`provisor user list` and `provisor group list` list them; a member is named by its id, "
        f"{NAMING['user']} or {NAMING['group']}.",
        about=("member", key),
    )


def create(
    connection: Connection,
    tenant: str,
    kind: DirectoryKind,
    given: Mapping[str, DirectoryValue],
    *,
    now: datetime,
    manager: str | None = None,
) -> DirectoryObject | Refusal:
    """A new user or group of the local source. `manager` is an object id."""
    called = str(given.get(NAMING[kind]) or "")
    refusal = _unfit(connection, tenant, kind, called, given) or _unnamed(connection, tenant, kind, given, None)
    attributes = merged({}, given, kind)
    refusal = refusal or too_many_values(attributes)
    if refusal is not None:
        return refusal
    object_id = new_id()
    item = DirectoryObject(
        id=object_id,
        source=sources.local(connection, tenant, now=now).id,
        kind=kind,
        anchor=object_id,  # created here, so nothing outside identifies it
        name=str(attributes[NAMING[kind]]),
        attributes=attributes,
        manager=manager,
        enabled=is_enabled(kind, attributes),
        created_at=to_microseconds(now),
        change=feed.next_change(connection, tenant),
    )
    objects.insert(connection, tenant, [item])
    return item


def update(
    connection: Connection, tenant: str, item: DirectoryObject, given: Mapping[str, DirectoryValue]
) -> DirectoryObject | Refusal:
    """The object with some attributes changed (None clears); the same object when nothing differs."""
    refusal = _unfit(connection, tenant, item.kind, item.name, given)
    if refusal is None and NAMING[item.kind] in given:
        refusal = _unnamed(connection, tenant, item.kind, given, item)
    after = edited(item, given)
    refusal = refusal or (too_many_values(after.attributes) if after is not item else None)
    return refusal or _store(connection, tenant, item, after)


def set_manager(connection: Connection, tenant: str, item: DirectoryObject, manager: str | None) -> DirectoryObject:
    """The user with another manager (an object id), or with none."""
    return _store(connection, tenant, item, replace(item, manager=manager))


def set_enabled(
    connection: Connection, tenant: str, item: DirectoryObject, *, enabled: bool
) -> DirectoryObject | Refusal:
    """The user enabled or disabled."""
    return update(connection, tenant, item, {ENABLED: enabled})


def delete(connection: Connection, tenant: str, item: DirectoryObject, *, now: datetime) -> DirectoryObject | Refusal:
    """Soft-delete: the object can be restored for 30 days. Memberships and assignments stay for that."""
    after = lifecycle.soft_deleted(item, to_microseconds(now))
    return after if isinstance(after, Refusal) else _store(connection, tenant, item, after)


def restore(connection: Connection, tenant: str, item: DirectoryObject) -> DirectoryObject | Refusal:
    """The soft-deleted object alive again, unless its name was taken meanwhile."""
    others = objects.by_name(connection, tenant, item.kind, item.name)
    # A group's name must be free only within its source: elsewhere groups may share a displayName.
    holders = [other for other in others if item.kind == "user" or other.source == item.source]
    after = lifecycle.restored(item, holders[0] if holders else None)
    return after if isinstance(after, Refusal) else _store(connection, tenant, item, after)


def purge(connection: Connection, tenant: str, item: DirectoryObject, *, now: datetime) -> DirectoryObject:
    """Delete for good, whether soft-deleted before or not: out of every group, assignment and management at once."""
    if item.purged_at is not None:
        return item
    at = to_microseconds(now)
    after = replace(lifecycle.purged(item, at), change=feed.next_change(connection, tenant))
    objects.update(connection, tenant, [(after, True)])
    _cut_ties(connection, item.id, at, after.change)
    source_records.forget_object(connection, item.id)
    return after


def purge_expired(connection: Connection, tenant: str, *, now: datetime) -> int:
    """Purge what was soft-deleted more than 30 days ago; returns how many objects that were."""
    rows = connection.all(
        """SELECT id FROM object WHERE tenant = ? AND deleted_at IS NOT NULL AND deleted_at < ?
        AND purged_at IS NULL""",
        (tenant, to_microseconds(now - lifecycle.KEPT)),
    )
    for (object_id,) in rows:
        item = objects.read(connection, tenant, object_id)
        if item is not None:
            purge(connection, tenant, item, now=now)
    return len(rows)


def _cut_ties(connection: Connection, object_id: str, at: int, change: int) -> None:
    for where in ("member_id = ?", "group_id = ?"):
        connection.execute(
            f"UPDATE member SET removed_at = ?, change = ? WHERE {where} AND removed_at IS NULL",
            (at, change, object_id),
        )
    connection.execute(
        "UPDATE assignment SET removed_at = ?, change = ? WHERE principal = ? AND removed_at IS NULL",
        (at, change, object_id),
    )
    connection.execute("UPDATE object SET manager = NULL, change = ? WHERE manager = ?", (change, object_id))
    connection.execute("DELETE FROM application_owner WHERE object = ?", (object_id,))


def _store(connection: Connection, tenant: str, before: DirectoryObject, after: DirectoryObject) -> DirectoryObject:
    if after == before:
        return before
    after = replace(after, change=feed.next_change(connection, tenant))
    objects.update(connection, tenant, [(after, alive_moved(before, after))])
    return after


def _unfit(
    connection: Connection, tenant: str, kind: DirectoryKind, called: str, given: Mapping[str, DirectoryValue]
) -> Refusal | None:
    known = properties.KNOWN[kind]
    extra = extensions.registered(connection, tenant) if any(name not in known for name in given) else {}
    for name, value in given.items():
        kind_of_value, extension = known.get(name), extra.get(name)
        if kind_of_value is None and extension is None:
            return Refusal(
                code="unknown-attribute",
                message=f"A {kind} has no attribute {name}.",
                hint=f"The nearest one is {properties.nearest(kind, name, names_of(kind))}. Names are case-sensitive.",
                about=(f"{kind} attribute", name),
            )
        if kind_of_value is not None:
            reason = properties.misfit(name, kind_of_value, value)
        else:
            reason = None if extension is None else unfit_value(extension, kind, value)
        if reason is not None:
            return Refusal(
                code="invalid-value", message=reason, hint="Correct the value; leave it empty to clear the attribute."
            )
    sign = sign_of_dynamic(given) if kind == "group" else None
    return None if sign is None else refused_dynamic(called, sign)


def _unnamed(
    connection: Connection,
    tenant: str,
    kind: DirectoryKind,
    given: Mapping[str, DirectoryValue],
    item: DirectoryObject | None,
) -> Refusal | None:
    name = given.get(NAMING[kind])
    if not isinstance(name, str) or not name.strip():
        return uniqueness.blank(kind)
    of = f"a new {kind}" if item is None else item.name
    unfit = None if item is not None and item.name == name else refused_name(name, f"the {NAMING[kind]} of {of}")
    if unfit is not None or kind == "group":
        return unfit
    own = item.id if item is not None else None
    others = [other for other in objects.by_name(connection, tenant, kind, name) if other.id != own]
    if not others or (item is not None and not item.alive):
        return None
    refusal = uniqueness.taken(kind, name, others[0].name, others[0].id)
    return replace(refusal, message=refusal.message[0].upper() + refusal.message[1:])
