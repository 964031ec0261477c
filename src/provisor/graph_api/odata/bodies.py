"""Bodies: bytes -> the type that a route takes, or a refusal that says where it does not fit.

Pure. Properties that the type does not name are passed over, as Graph's clients send some (section 0).
"""

from typing import Any, Final

import msgspec

from provisor.graph_api.odata.errors import GraphError, bad_request
from provisor.graph_api.odata.routing import GraphRoute

MAX_BODY_BYTES: Final = 4 * 1024 * 1024


OPEN_NAMES: Final = "extension_*"


class OpenBody(msgspec.Struct):
    """A body that may have properties whose names are not known beforehand: directory extensions."""

    extensions: dict[str, Any] = msgspec.field(default_factory=dict, name=OPEN_NAMES)


def too_long() -> GraphError:
    """413."""
    return GraphError(
        413, "Request_BadRequest", f"The body is longer than {MAX_BODY_BYTES:,} bytes.", "Send it in smaller parts."
    )


def read_body(route: GraphRoute, raw: bytes, content_type: str, content_encoding: str) -> Any:
    """What the handler is given. Raises GraphError 415 for another type, 400 for what does not fit."""
    if route.body is None:
        return None
    if not raw:
        if route.body_optional:
            return None
        raise bad_request("The request has no body.", "Send a JSON object.")
    media = content_type.partition(";")[0].strip().lower()
    if media not in route.media:
        raise GraphError(
            415,
            "Request_BadRequest",
            f"The body is {media or 'of no type'!r}, and {' or '.join(route.media)} is taken.",
            "Set the Content-Type.",
        )
    if content_encoding.strip().lower() not in ("", "identity"):
        raise GraphError(415, "Request_BadRequest", f"A body in {content_encoding[:50]!r} is not taken.")
    try:
        if isinstance(route.body, type) and issubclass(route.body, OpenBody):
            return _open(route.body, msgspec.json.decode(raw, type=dict[str, Any]))
        return msgspec.json.decode(raw, type=route.body)
    except RecursionError:
        raise bad_request("The body is nested too deep.") from None
    except (msgspec.DecodeError, UnicodeDecodeError) as error:  # ValidationError is one, and says where
        raise bad_request(f"The body does not fit: {error}.") from None


def _open(kind: type[OpenBody], given: dict[str, Any]) -> OpenBody:
    extensions = {name: value for name, value in given.items() if name.startswith("extension_")}
    return msgspec.convert({**given, OPEN_NAMES: extensions}, kind)
