"""Asks an application which attributes it has: its schemas, page by page, as many as can be meant.

Nothing depends on the answer; whoever asks shows it (spec/provisioning-service.md section 6.3). An application that
pages without end, or answers the same for every page, is asked no more than a bounded number of times.
"""

from provisor.engine.ports import Target
from provisor.scim.values import Resource

MOST_PAGES = 20
MOST_SCHEMAS = 200


async def read_schemas(target: Target) -> list[Resource] | None:
    """The schema documents; None when the application has no such endpoint. Raises ConnectorError."""
    found: list[Resource] = []
    seen: set[str] = set()
    start_index: int | None = 1
    for _ in range(MOST_PAGES):
        if start_index is None or len(found) >= MOST_SCHEMAS:
            break
        page = await target.schemas(start_index)
        if page is None:
            return found or None
        fresh = [one for one in page.resources if str(one.get("id")) not in seen]
        if not fresh:
            break
        seen.update(str(one.get("id")) for one in fresh)
        found += fresh
        start_index = page.next_index
    return found[:MOST_SCHEMAS]
