"""$skiptoken and $deltatoken: places in a listing that can be neither read nor forged, and fit one query only.

A Fernet token under a key of the tenant and of what it is for. Whoever follows a link still needs the permission: a
token is a place, not a right.
"""

import base64
import hmac
from dataclasses import dataclass

import msgspec

from provisor.graph_api.odata.errors import GraphError
from provisor.scim.values import Json

SKIP_SECONDS = 24 * 3600
DELTA_SECONDS = 7 * 24 * 3600  # spec/graph-synchronization-api.md section 12


@dataclass(frozen=True, slots=True)
class Seal:
    """Writes and reads tokens; `now` in UTC seconds."""

    key: bytes
    now: int

    def close(self, purpose: str, place: Json) -> str:
        """The token for a place in what `purpose` names."""
        from cryptography.fernet import Fernet  # 7 MiB, which most processes need not pay

        token = Fernet(self._key(purpose)).encrypt_at_time(msgspec.json.encode(place), self.now)
        return token.rstrip(b"=").decode()

    def open(self, purpose: str, text: str, *, seconds: int) -> Json:
        """What was closed. Raises GraphError 400 for one that is not ours or of another query, 410 for an old one."""
        from cryptography.fernet import Fernet, InvalidToken

        token = f"{text}{'=' * (-len(text) % 4)}".encode("utf-8", "replace")
        fernet = Fernet(self._key(purpose))
        try:
            place: Json = msgspec.json.decode(fernet.decrypt(token))
            issued = fernet.extract_timestamp(token)
        except (InvalidToken, ValueError):
            raise GraphError(
                400,
                "Request_BadRequest",
                "The token is none of this query's: it was changed, or made for another query or another tenant.",
                "Follow links unchanged, or begin again without the token.",
                "token-foreign",
            ) from None
        if self.now - issued > seconds:
            raise GraphError(
                410,
                "syncStateNotFound",
                f"The token is older than {seconds // 3600} hours.",
                "Begin again without it.",
                "token-expired",
            )
        return place

    def _key(self, purpose: str) -> bytes:
        digest = hmac.digest(self.key, purpose.encode("utf-8", "replace"), "sha256")
        return base64.urlsafe_b64encode(digest)
