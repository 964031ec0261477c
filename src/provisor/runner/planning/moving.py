"""An account that was found under another id than its link has: linked in its place, before anything is decided.

The id may never have been anybody's (a create answered with a wrong one), or the application has given its accounts
others since (restored from a back-up, say). Whose it is was told before (engine.unknown).
"""

import msgspec
from msgspec.structs import replace

from provisor.runner.planning.plan_rows import Case, Page, in_doubt, ours
from provisor.runner.recording.log_rows import Journal
from provisor.runner.run import Run
from provisor.scim.values import Resource
from provisor.storage import links
from provisor.storage.links import Link

_MOVED = "Nobody has the id {} at the application; the account {} holds what was sent, and is linked in its place."
_encode = msgspec.json.Encoder().encode


def place_moved(run: Run, page: Page, case: Case, resource: Resource) -> Link:
    """Put the account into the page as that of the case's object; returns the link to it. A plan leaves the old one."""
    desired, link = case.desired, case.link
    assert link is not None  # noqa: S101 - only linked objects are read
    target_id = str(resource["id"])
    document = _encode(ours(resource)).decode()
    moved = links.in_doubt(replace(link, target_id=target_id, pushed_document=document, etag=None))
    if not run.is_plan:
        page.known.append(in_doubt(run, desired.kind, desired.id, moved))
        page.moved.append(desired.id)
        said = _MOVED.format(link.target_id, target_id)
        page.events.append(Journal(run).done(desired, "other", target_id, matching=said))
    return moved
