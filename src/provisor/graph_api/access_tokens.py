"""What an access token looks like: a JWT to the programs that carry it, one secret to us.

Terraform's azuread provider and PowerShell's Connect-MgGraph take a token apart before they send it, and stop at one
that is no JWT (RFC 7519) with an object id and a time (spec/graph-synchronization-api.md section 14). Nothing in it is
signed, so nothing of it is believed when it comes back: its last part alone says whose it is.
"""

import base64
import json
from collections.abc import Mapping
from typing import Final

_HEADER: Final = {"typ": "JWT", "alg": "PROVISOR-OPAQUE"}  # no algorithm of the register: there is no signature


def dressed(secret: str, *, root: str, tenant: str, client: str, now_seconds: int, seconds: int) -> str:
    """A secret as an access token that its holder's program can read; good for so many seconds."""
    claims = {
        "aud": root,
        "iss": f"{root}/{tenant}/v2.0",
        "iat": now_seconds,
        "nbf": now_seconds,
        "exp": now_seconds + seconds,
        "appid": client,
        "idtyp": "app",
        "oid": client,
        "sub": client,
        "tid": tenant,
        "ver": "1.0",
    }
    return f"{_part(_HEADER)}.{_part(claims)}.{secret}"


def secret_of(token: str) -> str:
    """What of a bearer token says whose it is: the last part of one that looks like a JWT, else all of it."""
    return token.rpartition(".")[2] if token.count(".") == 2 else token


def _part(value: Mapping[str, object]) -> str:
    return base64.urlsafe_b64encode(json.dumps(value, separators=(",", ":")).encode()).rstrip(b"=").decode()
