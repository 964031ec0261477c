"""What the head of a request must say: which host it is for, what it expects, what its body is.

Pure. RFC 9112 section 3.2, RFC 9110 sections 10.1.1 and 15.5.16. Order: every request, requests with a body.
"""

from collections.abc import Mapping, MutableMapping
from functools import lru_cache
from typing import Any

from provisor.scim.errors import ScimError, invalid_syntax, shown
from provisor.web.addresses import AUTHORITY

_LONGEST_HOST = 260
_MEDIA = frozenset((b"application/scim+json", b"application/json"))


@lru_cache(maxsize=256)  # a client names the same host in every request
def _is_authority(host: bytes) -> bool:
    return AUTHORITY.fullmatch(host) is not None


def check_head(scope: MutableMapping[str, Any], headers: Mapping[bytes, bytes]) -> None:
    """Refuse a request that does not say once which host it is for, or expects something unsupported.

    Raises ScimError 400, 417.
    """
    host = headers.get(b"host")
    lines = scope["headers"]
    if host is None:
        if scope.get("http_version") != "1.0":
            raise invalid_syntax("The request has no Host header; HTTP/1.1 needs one.")
    elif len(host) > _LONGEST_HOST or not _is_authority(host):
        raise invalid_syntax(f"The Host header is not the name or address of a host: {shown(host.decode('latin-1'))}.")
    elif len(lines) != len(headers) and [name for name, _ in lines].count(b"host") > 1:
        raise invalid_syntax("The request has more than one Host header; send one.")
    if b"expect" in headers:
        for name, value in lines:
            if name == b"expect" and value.strip().lower() not in (b"100-continue", b""):
                raise ScimError(417, None, f"Expect can be 100-continue, not {shown(value.decode('latin-1'))}.")


def check_media(headers: Mapping[bytes, bytes]) -> None:
    """Refuse a body that does not claim to be JSON; one without a type is read as JSON. Raises ScimError 415."""
    kind = headers.get(b"content-type")
    if kind and kind.partition(b";")[0].strip().lower() not in _MEDIA:
        raise ScimError(
            415,
            None,
            f"A body must be application/scim+json or application/json, not {shown(kind.decode('latin-1'))}.",
        )
    packed = headers.get(b"content-encoding")
    if packed and packed.strip().lower() != b"identity":
        raise ScimError(415, None, "A body must be sent uncompressed: Content-Encoding is not supported.")
