"""How templates of the dashboard write what only it shows: durations, query strings, paths below a base."""

from collections.abc import Callable, Mapping, Sequence
from urllib.parse import unquote_plus


def lasting(microseconds: int) -> str:
    """A duration of a request."""
    return f"{microseconds / 1000:.1f} ms"


def readable(query: str) -> str:
    """A query string without its escapes: for reading, not for sending."""
    return unquote_plus(query)


def below(path: str, bases: Sequence[str]) -> str:
    """A path without the prefix that all paths of a tenant share."""
    return next((path[len(base) :] for base in bases if path.startswith(f"{base}/")), path)


FILTERS: Mapping[str, Callable[..., object]] = {"lasting": lasting, "readable": readable, "below": below}
