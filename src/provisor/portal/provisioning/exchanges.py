"""A request with its answer as a page shows it: bodies laid out where they are whole JSON."""

from collections.abc import Mapping
from typing import Any

import msgspec

from provisor.admin.escrow import Sent
from provisor.web.bodies import laid_out


def shown_exchange(sent: Sent | None) -> dict[str, Any] | None:
    """What went over the wire; None where nothing is kept of it."""
    return None if sent is None else readable(msgspec.structs.asdict(sent))


def readable(sent: Mapping[str, Any]) -> dict[str, Any]:
    """The same with bodies that can be read."""
    return {**sent, "request": laid_out(sent["request"]), "response": laid_out(sent["response"])}
