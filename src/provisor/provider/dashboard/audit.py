"""Who changed tokens and policies, for the next administrator: written in the transaction of the change itself."""

import secrets
from typing import NamedTuple

from provisor.database import Connection
from provisor.provider.store.tables import Tenant

SHOWN = 20


class Event(NamedTuple):
    """One change."""

    at: int
    actor: str
    deed: str


def record(connection: Connection, tenant: Tenant, *, actor: str, deed: str, now: int) -> None:
    """Write down a change: who, and what as a sentence without its subject."""
    connection.execute(
        "INSERT INTO audit_event (id, tenant, at, actor, deed) VALUES (?, ?, ?, ?, ?)",
        (secrets.token_hex(8), tenant.number, now, actor, deed),
    )


def list_events(connection: Connection, tenant: Tenant) -> list[Event]:
    """The newest changes, newest first."""
    return [
        Event(*row)
        for row in connection.all(
            "SELECT at, actor, deed FROM audit_event WHERE tenant = ? ORDER BY at DESC, id LIMIT ?",
            (tenant.number, SHOWN),
        )
    ]
