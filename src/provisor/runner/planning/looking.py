"""Looks for an account by the values that were sent (engine.unknown decides whose it is).

Order: the account of a create, the account of a link whose id leads to nobody.
"""

from collections.abc import Sequence

import msgspec

from provisor.engine.record import Kind
from provisor.engine.unknown import (
    FoundAgain,
    Ours,
    SentValues,
    is_anothers,
    parked,
    proofs,
    tell,
    values_held,
    values_sent,
)
from provisor.rules.mapper import Mapped
from provisor.runner.run import Run
from provisor.scim.values import Resource
from provisor.storage import links
from provisor.storage.links import StoredLink

_decode = msgspec.json.Decoder(dict).decode


async def look_for(run: Run, kind: Kind, object_id: str, sent: SentValues) -> FoundAgain:
    """Look for the account of a create by the values that were sent. Raises ConnectorError.

    One that another object's link leads to may still be it: if it is certainly not that object's, its id was assigned
    again (the application was restored from a backup, say).
    """
    found = [one for path, value in sent.matching for one in (await run.find(kind, path, value)).resources]
    owned = _owned(run, kind, object_id, found)
    if sent.external_id is not None and owned:
        documents = links.documents(run.reader(), run.job.number, list(owned.values()))
        for one in found:
            owner = owned.get(str(one.get("id", "")))
            if owner in documents and is_anothers(one, _decode(documents[owner])):
                del owned[str(one["id"])]
    return tell(found, [sent], frozenset(owned), run.rules.of(kind).mapper.resource_type)


async def look_for_linked(run: Run, kind: Kind, object_id: str, link: StoredLink, mapped: Mapped | None) -> FoundAgain:
    """Look for the account of a link whose id the target does not know. Raises ConnectorError.

    A replica may be behind, the id may never have existed (a create answered with a wrong one), or accounts may have
    new ids. It is looked for by what it is known to hold and, as a change may have been made, by what it should
    hold; under its own id it is the one in any case.
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
    sent = proofs(held, wanted, maps_external_id=maps_external_id)
    told = tell(found, sent, frozenset(_owned(run, kind, object_id, found)), mapper.resource_type)
    if isinstance(told, Ours) or run.behaviour.swaps != "resolve":
        return told
    return await _parked(run, kind, object_id, parked(held, wanted, object_id)) or told


async def _parked(run: Run, kind: Kind, object_id: str, names: Sequence[SentValues]) -> Ours | None:
    """The account under the name that it has in the middle of a swap."""
    resource_type = run.rules.of(kind).mapper.resource_type
    for one in names:
        ((path, value),) = one.matching
        found = (await run.find(kind, path, value)).resources
        told = tell(found, [one], frozenset(_owned(run, kind, object_id, found)), resource_type)
        if isinstance(told, Ours):
            return told
    return None


def _owned(run: Run, kind: Kind, object_id: str, found: Sequence[Resource]) -> dict[str, str]:
    """Of the accounts found, those that other objects' links lead to, with these objects."""
    if not found:
        return {}
    owners = links.owners(run.reader(), run.job.number, kind, [str(resource.get("id", "")) for resource in found])
    return {target_id: owner for target_id, owner in owners.items() if owner != object_id}
