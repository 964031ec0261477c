"""Looks for the account of a create by the values that were sent (engine.unknown tells whose it is)."""

from provisor.engine.record import Kind
from provisor.engine.unknown import FoundAgain, NotThere, SentValues, tell
from provisor.runner.run import Run
from provisor.scim.values import Resource
from provisor.storage import links


async def look_for(run: Run, kind: Kind, object_id: str, sent: SentValues) -> FoundAgain:
    """Look for the account of a create by the values that were sent. Raises ConnectorError."""
    resource_type = run.rules.of(kind).mapper.resource_type
    found: list[Resource] = []
    for path, value in sent.matching:
        found += (await run.find(kind, path, value)).resources
    if not found:
        return NotThere()
    ids = [str(resource.get("id", "")) for resource in found]
    owners = links.owners(run.reader(), run.job.number, kind, ids)
    owned = frozenset(target_id for target_id, owner in owners.items() if owner != object_id)
    return tell(found, sent, owned, resource_type)
