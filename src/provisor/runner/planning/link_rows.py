"""Makes the rows of links: which account belongs to whom, and what it is known to hold.

Order: what is ours of a resource, links, accounts in doubt, what goes with an account that is gone.
"""

import msgspec

from provisor.database import Connection
from provisor.engine.behaviour import NestedGroups
from provisor.engine.desired import Desired
from provisor.engine.record import Kind
from provisor.runner.run import Run
from provisor.scim.values import Resource
from provisor.storage import escrow, links, member_links, operations, waiting, wanted_members
from provisor.storage.links import LinkRow, StoredLink, StoredLinkState
from provisor.storage.operations import SECOND

_NOT_OURS = frozenset({"id", "meta", "schemas", "members", "groups"})
_encode = msgspec.json.Encoder().encode


def ours(resource: Resource) -> Resource:
    """A target's resource without what only the target decides."""
    return {name: value for name, value in resource.items() if name not in _NOT_OURS}


def link_row(run: Run, desired: Desired, target_id: str, state: StoredLinkState, document: str) -> LinkRow:
    """The link of an object that now holds `document` (JSON text)."""
    hashes = (desired.wanted_hash, desired.wanted_hash)
    since = run.remembered_since(desired) if state == "released" else None
    return LinkRow(run.job.number, desired.id, desired.kind, target_id, state, *hashes, document, since)


def holding_row(run: Run, desired: Desired, link: StoredLink, document: str) -> LinkRow:
    """The link of an account that now holds `document`; what it should hold has not changed."""
    row = link_row(run, desired, link.target_id, link.state, document)
    return row._replace(wanted_hash=link.wanted_hash, pushed_hash=link.pushed_hash)


def in_doubt(run: Run, kind: Kind, object_id: str, link: StoredLink, *, deleted: bool = False) -> LinkRow:
    """The link of an object whose last change was not answered: it is read before anything is decided about it.

    A released account that was to be taken back may now be in use: from now on it is tracked. One that was to be
    `deleted` because its owner left so long ago is due for it still.
    """
    state = link.state if deleted and link.disabled_at is not None else "linked"
    return _doubtful(run, kind, object_id, link.target_id, state, link.pushed_document)


def adopted_row(run: Run, kind: Kind, object_id: str, resource: Resource) -> LinkRow:
    """The link to an account that was found but not written to yet, as far as is known."""
    return _doubtful(run, kind, object_id, str(resource["id"]), "linked", _encode(ours(resource)).decode())


def found_again(run: Run, kind: Kind, object_id: str, link: StoredLink) -> LinkRow:
    """The link that was forgotten, of an account that nobody has looked at since."""
    return _doubtful(run, kind, object_id, link.target_id, "linked", link.pushed_document)


def seen_row(run: Run, desired: Desired, link: StoredLink) -> LinkRow:
    """The link of an account that was just read, and may hold something else after the next request."""
    return _doubtful(run, desired.kind, desired.id, link.target_id, link.state, link.pushed_document)


def unsure(row: LinkRow) -> LinkRow:
    """The same link, of an account whose content is unknown."""
    return row._replace(wanted_hash=links.NOBODY_KNOWS, pushed_hash=links.NOBODY_KNOWS)


def _doubtful(run: Run, kind: Kind, object_id: str, target_id: str, state: StoredLinkState, document: str) -> LinkRow:
    hashes = (links.NOBODY_KNOWS, links.NOBODY_KNOWS)
    return LinkRow(run.job.number, object_id, kind, target_id, state, *hashes, document)


def forget(connection: Connection, job: int, kind: Kind, objects: list[str], nested: NestedGroups) -> None:
    """These objects are gone from the target: their links and memberships go, remaining edges wait.

    Planned changes of their members or references go too; with a new account they are planned again.
    """
    links.remove(connection, job, objects)
    second = [(SECOND, object_id) for object_id in objects]
    operations.done(connection, job, second)
    escrow.settle(connection, job, second)
    if kind == "user":
        wanted_members.forget_member(connection, job, objects, nested)
        waiting.forget(connection, job, objects)
    else:
        member_links.forget_group(connection, job, objects)
