"""How people sign in by OpenID Connect, as an administrator set it; the client secret lies in the secrets."""

from dataclasses import dataclass
from typing import Final

import msgspec

from provisor.database import Connection
from provisor.storage import tenants
from provisor.storage.secrets import SecretOwner

OPENID: Final = "openIdConnect"  # setting: what is below, as JSON; and the owner of the secret
CLIENT_SECRET: Final = "clientSecret"  # noqa: S105 - a name, not a secret


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenIdSettings:
    """The provider, who we are there, and which of its people have which roles here."""

    issuer: str
    client_id: str
    address: str  # of this service, as browsers call it, without a slash at its end
    claim: str  # whose values `roles` names
    roles: dict[str, tuple[str, ...]]  # value of the claim → roles
    name: str  # what the button calls the provider
    scope: str = "openid profile email"


def read(connection: Connection, tenant: str) -> OpenIdSettings | None:
    """The settings, once somebody made them."""
    stored = tenants.setting(connection, tenant, OPENID)
    return None if stored is None else msgspec.json.decode(stored, type=OpenIdSettings)


def save(connection: Connection, tenant: str, settings: OpenIdSettings) -> None:
    """Keep the settings, replacing what was set."""
    tenants.save_setting(connection, tenant, OPENID, msgspec.json.encode(settings).decode())


def forget(connection: Connection, tenant: str) -> None:
    """Nobody signs in that way any more."""
    connection.execute("DELETE FROM setting WHERE tenant = ? AND name = ?", (tenant, OPENID))


def owner(tenant: str) -> SecretOwner:
    """Whose secret the client secret is."""
    return SecretOwner(tenant=tenant, kind="setting", id=OPENID)
