"""Tries a connection: one query for somebody who does not exist, which a SCIM service answers with an empty list.

Sent at the start of every cycle, and by *Test connection* (spec/provisioning-service.md section 14).
"""

import uuid
from typing import NamedTuple

from provisor.engine.outcome import blame, cycle_failure
from provisor.engine.ports import ConnectorError, Exchange
from provisor.engine.record import Kind
from provisor.expressions.values import RandomBytes
from provisor.rules.failure import Failure
from provisor.rules.ruleset import RuleSet
from provisor.runner.asking.paced import Questioned
from provisor.runner.tracing import traced


class Trouble(NamedTuple):
    """What is wrong with a target as a whole, and the request and answer that showed it."""

    failure: Failure
    exchange: Exchange | None


async def probe(
    target: Questioned, ruleset: RuleSet, kind: Kind, random_bytes: RandomBytes, *, application: str, address: str
) -> Trouble | None:
    """One request; any answer but an empty list says that this is not the application we think it is."""
    path = matching_paths(ruleset, kind)[0]
    failure, exchange = await ask_for_nobody(
        target, kind, path, random_bytes, application=application, address=address, patient=True
    )
    return None if failure is None else Trouble(failure, exchange)


async def ask_for_nobody(
    target: Questioned,
    kind: Kind,
    path: str,
    random_bytes: RandomBytes,
    *,
    application: str,
    address: str,
    patient: bool,
) -> tuple[Failure | None, Exchange | None]:
    """The same by this attribute, and what went over the wire. `patient`: to be asked to wait is no failure."""
    nobody = str(uuid.UUID(bytes=random_bytes(16), version=4))
    try:
        found = await traced("GET", lambda: target.find(kind, path, nobody))()
    except ConnectorError as error:
        if patient and blame(error, "probe") != "job":
            return None, error.exchange  # asked to wait: it is there, and the cycle will heed that
        return cycle_failure(error, application=application, address=address), error.exchange
    if not found.resources:
        return None, found.exchange
    failure = Failure(
        code="SystemForCrossDomainIdentityManagementServiceIncompatible",
        message=f"{application} at {address} answered a filter for somebody who does not exist with somebody.",
        hint=f"Check that the application can filter {kind}s by {path}.",
    )
    return failure, found.exchange


def matching_paths(ruleset: RuleSet, kind: Kind) -> list[str]:
    """The attributes by which accounts are matched, the first first."""
    rows = [row for row in ruleset.of(kind).mappings if row.matching_priority > 0]
    return [row.target for row in sorted(rows, key=lambda row: row.matching_priority)]
