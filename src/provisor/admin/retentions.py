"""Verbs on what is kept for how long: the two logs, cycles and rule sets. `provisor serve` removes what is older."""

from dataclasses import dataclass
from typing import Final

import msgspec

from provisor.admin.actor import SERVICE_READ, SERVICE_WRITE, Actor
from provisor.admin.context import Context
from provisor.admin.errors import AdminError
from provisor.storage import retention
from provisor.storage.retention import FOR_EVER, Retention

__all__ = ["FOR_EVER", "Retention", "Retentions"]

LONGEST: Final = 1_000_000  # of days, and of cycles and rule sets: no clock and no job gets there
FEWEST: Final = {"cycles": 10, "rule_sets": 1}  # a status and a plan look back some cycles


@dataclass(frozen=True, slots=True)
class Retentions:
    """How long things are kept."""

    context: Context

    def show(self, actor: Actor) -> Retention:
        """What is set."""
        return retention.read(self.context.read(actor, SERVICE_READ), self.context.tenant)

    def set(
        self,
        actor: Actor,
        *,
        log_days: int | None = None,
        audit_days: int | None = None,
        cycles: int | None = None,
        rule_sets: int | None = None,
    ) -> Retention:
        """Keep for so long from now on; None stays, 0 is for ever. What is older goes within an hour."""
        asked = {"log_days": log_days, "audit_days": audit_days, "cycles": cycles, "rule_sets": rule_sets}
        changes = {name: number for name, number in asked.items() if number is not None}
        with self.context.change(actor, SERVICE_WRITE, "Update retention") as change:
            before = retention.read(change.connection, self.context.tenant)
            for name, number in changes.items():
                fewest = FEWEST.get(name, 1)
                if number != FOR_EVER and not fewest <= number <= LONGEST:
                    raise AdminError(
                        "invalid-value",
                        f"{number} is not what can be kept.",
                        f"It is from {fewest} to {LONGEST:,}, or 0 for ever.",
                    )
            after = msgspec.structs.replace(before, **changes)
            change.target = "retention"
            change.detail = {
                name: {"old": getattr(before, name), "new": number}
                for name, number in changes.items()
                if getattr(before, name) != number
            }
            if after == before:
                change.nothing()
            else:
                retention.save(change.connection, self.context.tenant, after)
            return after
