"""Looks for an account by the values that were sent (engine.unknown tells whose it is).

Order: the account of a create, the account of a link whose id leads to nobody.
"""

from collections.abc import Iterable, Sequence

import msgspec

from provisor.engine.record import Kind
from provisor.engine.unknown import FoundAgain, NotThere, Ours, SentValues, proofs, tell, values_held, values_sent
from provisor.rules.mapper import Mapped
from provisor.runner.run import Run
from provisor.scim.values import Resource
from provisor.storage import links
from provisor.storage.links import Link

_decode = msgspec.json.Decoder(dict).decode


async def look_for(run: Run, kind: Kind, object_id: str, sent: SentValues) -> FoundAgain:
    """Look for the account of a create by the values that were sent. Raises ConnectorError."""
    found = [one for path, value in sent.matching for one in (await run.find(kind, path, value)).resources]
    return _whose(run, kind, object_id, found, [sent])


async def look_for_linked(run: Run, kind: Kind, object_id: str, link: Link, mapped: Mapped | None) -> FoundAgain:
    """Look for the account of a link whose id the target does not know. Raises ConnectorError.

    A replica may be behind, the id may never have been anybody's (a create answered with a wrong one), or the accounts
    have others since. It is looked for by what it is known to hold and, as a change may have been made, by what it
    should hold; under its own id it is the one in any case.
    """
    mapper = run.rules.of(kind).mapper
    held = values_held(_decode(link.pushed_document), run.matching_paths(kind), mapper.resource_type)
    wanted = None if mapped is None else values_sent(mapped)
    found: list[Resource] = []
    for path, value in dict.fromkeys((*held.matching, *(() if wanted is None else wanted.matching))):
        resources = (await run.find(kind, path, value)).resources
        for resource in resources:
            if resource.get("id") == link.target_id:
                return Ours(resource)
        found += resources
    maps_external_id = any(path == "externalId" for path, _ in mapper.targets)
    return _whose(run, kind, object_id, found, proofs(held, wanted, maps_external_id=maps_external_id))


def _whose(run: Run, kind: Kind, object_id: str, found: Iterable[Resource], sent: Sequence[SentValues]) -> FoundAgain:
    found = list(found)
    if not found:
        return NotThere()
    ids = [str(resource.get("id", "")) for resource in found]
    owners = links.owners(run.reader(), run.job.id, kind, ids)
    owned = frozenset(target_id for target_id, owner in owners.items() if owner != object_id)
    return tell(found, sent, owned, run.rules.of(kind).mapper.resource_type)
