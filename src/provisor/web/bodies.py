"""A body that went over the wire, as a page shows it."""

import msgspec


def laid_out(body: str) -> str:
    """JSON with a line for every value, nothing else changed. Cut, no JSON, or nested too deeply: as it is."""
    try:
        return msgspec.json.format(body, indent=2)
    except (msgspec.DecodeError, RecursionError):
        return body
