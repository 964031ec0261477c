"""A request with its answer as a page shows it: bodies laid out where they are whole JSON."""

from collections.abc import Mapping
from typing import Any

import msgspec

from provisor.admin.escrow import Sent


def shown_exchange(sent: Sent | None) -> dict[str, Any] | None:
    """What went over the wire; None where nothing is kept of it."""
    return None if sent is None else laid_out(msgspec.structs.asdict(sent))


def laid_out(sent: Mapping[str, Any]) -> dict[str, Any]:
    """The same with bodies that can be read."""
    return {**sent, "request": _body(sent["request"]), "response": _body(sent["response"])}


def _body(text: str) -> str:
    """What was cut, is no JSON, or is nested too deeply, is shown as it is."""
    try:
        return msgspec.json.format(text, indent=2)
    except (msgspec.DecodeError, RecursionError):
        return text
