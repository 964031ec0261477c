"""Looks for an account by the values that were sent (engine.unknown tells whose it is).

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

    One that another object's link leads to may be it all the same: where it is surely not that one's, its id was given
    again (the application was restored from a back-up, say).
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
    sent = proofs(held, wanted, maps_external_id=maps_external_id)
    return tell(found, sent, frozenset(_owned(run, kind, object_id, found)), mapper.resource_type)


def _owned(run: Run, kind: Kind, object_id: str, found: Sequence[Resource]) -> dict[str, str]:
    """Of the accounts found, those that other objects' links lead to, with these objects."""
    if not found:
        return {}
    owners = links.owners(run.reader(), run.job.number, kind, [str(resource.get("id", "")) for resource in found])
    return {target_id: owner for target_id, owner in owners.items() if owner != object_id}
