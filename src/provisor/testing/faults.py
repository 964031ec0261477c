"""Faults on demand for the in-memory target: which request fails, how, and whether it took effect first.

Order: the fault, the set of them, and how a server's refusal becomes the error a client would raise.
"""

from dataclasses import dataclass, field, replace

from provisor.engine.ports import ConnectorError, Exchange, Rejected, Unauthorized
from provisor.scim.errors import ScimError


class Killed(BaseException):
    """Stands for SIGKILL inside one process: no `except Exception` of the code under test may catch it."""


@dataclass(slots=True, kw_only=True)
class Fault:
    """One planned failure; `nth` counts down to it over the requests it applies to, then `times` counts it out."""

    nth: int
    error: BaseException
    after_effect: bool = False
    method: str | None = None
    kind: str | None = None
    times: int = 1

    def raised(self, exchange: Exchange) -> BaseException:
        """The error to raise: a fresh one with this exchange when it is a ConnectorError."""
        return replace(self.error, exchange=exchange) if isinstance(self.error, ConnectorError) else self.error


@dataclass(slots=True)
class Faults:
    """The failures still to come."""

    planned: list[Fault] = field(default_factory=list)

    def add(self, fault: Fault) -> None:
        """Plan one more."""
        self.planned.append(fault)

    def due(self, method: str, kind: str) -> Fault | None:
        """Count this request and return the fault that hits it, the earliest planned first."""
        hit: Fault | None = None
        for fault in list(self.planned):
            if fault.method not in (None, method) or fault.kind not in (None, kind):
                continue
            fault.nth -= 1
            if fault.nth > 0 or hit is not None:
                continue
            hit = fault
            fault.times -= 1
            if fault.times == 0:
                self.planned.remove(fault)
        return hit


def refusal(error: ScimError, request: str, exchange: Exchange) -> ConnectorError:
    """What a client makes of a server's refusal (spec/scim-wire.md section 13)."""
    if error.status == 401:
        return Unauthorized(f"{request} was refused: {error.detail}", exchange=exchange)
    return Rejected(
        f"{request} was refused with status {error.status}: {error.detail}",
        status=error.status,
        scim_type=error.scim_type,
        detail=error.detail,
        exchange=replace(exchange, status=error.status),
    )
