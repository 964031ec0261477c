"""The secrets of a service principal: pairs of Graph's keys and values (spec/graph-synchronization-api.md section 6).

A secret value is shown as `*`, and `*` sent back keeps what is stored; an empty value, or null, removes its key.
"""

from collections.abc import Mapping, Sequence
from typing import Final, Literal, TypedDict

import msgspec

from provisor.graph_api.odata.errors import bad_request

MASK: Final = "*"


class SecretPair(msgspec.Struct, rename="camel"):
    """One key and its value; null removes it, as the empty text does."""

    key: str
    value: str | None


class SecretsUpdate(msgspec.Struct, rename="camel"):
    """The whole set. `linksAfterwards` is ours: what becomes of the links where another tenant URL is named."""

    value: list[SecretPair]
    links_afterwards: Literal["keep", "forget"] | None = None


class SynchronizationUpdate(msgspec.Struct, rename="camel"):
    """The same set under the name that PowerShell's Set-Mg…Synchronization sends."""

    secrets: list[SecretPair]
    links_afterwards: Literal["keep", "forget"] | None = None


class CredentialsCheck(msgspec.Struct, rename="camel"):
    """The body of validateCredentials."""

    use_saved_credentials: bool | None = None
    credentials: list[SecretPair] | None = None
    template_id: str | None = None
    application_identifier: str | None = None


class SecretAnswer(TypedDict):
    """synchronizationSecretKeyStringValuePair."""

    key: str
    value: str


class SynchronizationAnswer(TypedDict):
    """synchronization."""

    id: str
    secrets: Sequence[SecretAnswer]


def secrets_shown(stored: Mapping[str, str | None]) -> list[SecretAnswer]:
    """The pairs that are stored, never with null."""
    return [{"key": key, "value": MASK if value is None else value} for key, value in stored.items()]


def pairs_given(pairs: Sequence[SecretPair]) -> dict[str, str]:
    """The pairs by key, what is to be removed as the empty text. Raises GraphError for a key that stands twice."""
    given: dict[str, str] = {}
    for pair in pairs:
        if pair.key in given:
            raise bad_request(f"The key {pair.key[:80]} stands twice.", "Send every key once.")
        given[pair.key] = pair.value or ""
    return given
