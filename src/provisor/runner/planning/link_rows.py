"""Makes the rows of links: whose account is which, and what it is known to hold.

Order: what is ours of a resource, links, accounts in doubt, what goes with an account that is gone.
"""

import msgspec

from provisor.database import Connection
from provisor.engine.desired import Desired
from provisor.engine.record import Kind
from provisor.runner.run import Run
from provisor.scim.values import Resource
from provisor.storage import links, member_links, operations, waiting
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
    return LinkRow(run.job.number, desired.id, desired.kind, target_id, state, *hashes, document)


def holding_row(run: Run, desired: Desired, link: StoredLink, document: str) -> LinkRow:
    """The link of an account that now holds `document`; what is wanted of it has not changed."""
    row = link_row(run, desired, link.target_id, link.state, document)
    return row._replace(wanted_hash=link.wanted_hash, pushed_hash=link.pushed_hash)


def in_doubt(run: Run, kind: Kind, object_id: str, link: StoredLink) -> LinkRow:
    """The link of an object whose last change was not answered: it is read before anything is decided about it.

    A released account that was to be taken back may be in use since: from then on it is tracked.
    """
    return _doubtful(run, kind, object_id, link.target_id, "linked", link.pushed_document)


def adopted_row(run: Run, kind: Kind, object_id: str, resource: Resource) -> LinkRow:
    """The link to an account that was found and not written to yet, or that nobody knows to have been written to."""
    return _doubtful(run, kind, object_id, str(resource["id"]), "linked", _encode(ours(resource)).decode())


def unsure(row: LinkRow) -> LinkRow:
    """The same link, of an account of which nobody knows what it holds."""
    return row._replace(wanted_hash=links.NOBODY_KNOWS, pushed_hash=links.NOBODY_KNOWS)


def _doubtful(run: Run, kind: Kind, object_id: str, target_id: str, state: StoredLinkState, document: str) -> LinkRow:
    hashes = (links.NOBODY_KNOWS, links.NOBODY_KNOWS)
    return LinkRow(run.job.number, object_id, kind, target_id, state, *hashes, document)


def forget(connection: Connection, job: int, kind: Kind, objects: list[str]) -> None:
    """These objects are gone from the target: their links and memberships go, edges that still stand wait.

    What was to be told of their members or references goes too; with a new account it is planned anew.
    """
    links.remove(connection, job, objects)
    operations.done(connection, job, ((SECOND, object_id) for object_id in objects))
    if kind == "user":
        member_links.forget_member(connection, job, objects)
        waiting.forget(connection, job, objects)
    else:
        member_links.forget_group(connection, job, objects)
