"""Tries a connection: one matching query for somebody who does not exist, which a SCIM service answers with nobody.

Sent at the start of every cycle and by *Test connection* (spec/provisioning-service.md section 14).
"""

import uuid

from provisor.engine.outcome import blame, cycle_failure
from provisor.engine.ports import ConnectorError, Target
from provisor.engine.record import Kind
from provisor.expressions.values import RandomBytes
from provisor.rules.failure import Failure
from provisor.rules.ruleset import RuleSet


async def test_connection(
    target: Target, ruleset: RuleSet, random_bytes: RandomBytes, *, application: str, address: str
) -> Failure | None:
    """Ask for a random user, and a random group where groups are provisioned; None when all is well."""
    kinds: tuple[Kind, ...] = ("user", "group") if ruleset.groups.enabled else ("user",)
    for kind in kinds:
        failure = await probe(target, ruleset, kind, random_bytes, application=application, address=address)
        if failure is not None:
            return failure
    return None


async def probe(
    target: Target, ruleset: RuleSet, kind: Kind, random_bytes: RandomBytes, *, application: str, address: str
) -> Failure | None:
    """One request; any answer but an empty list says that this is not the application we think it is."""
    rows = [row for row in ruleset.of(kind).mappings if row.matching_priority > 0]
    path = min(rows, key=lambda row: row.matching_priority).target
    nobody = str(uuid.UUID(bytes=random_bytes(16), version=4))
    try:
        found = await target.find(kind, path, nobody)
    except ConnectorError as error:
        if blame(error, "probe") != "job":
            return None  # asked to wait: it is there, and the cycle will heed that
        return cycle_failure(error, application=application, address=address)
    if not found.resources:
        return None
    return Failure(
        code="SystemForCrossDomainIdentityManagementServiceIncompatible",
        message=f"{application} at {address} answered a filter for somebody who does not exist with somebody.",
        hint=f"Check that the application can filter {kind}s by {path}.",
    )
