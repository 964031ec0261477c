"""Whether an application's credentials are still those that a client was made from, without opening them."""

from typing import Final

from provisor.database import Connection

REFRESH_TOKEN: Final = "Oauth2RefreshToken"  # noqa: S105 - a name, not a secret


def credentials_stamp(connection: Connection, tenant: str, application: str) -> tuple[tuple[str, bytes], ...]:
    """Differs whenever one of them was saved: every save is sealed with a nonce of its own.

    Except for a refresh token, which replaces itself; it is read when it is used.
    """
    rows = connection.all(
        "SELECT name, nonce FROM secret WHERE tenant = ? AND owner_kind = 'application' AND owner = ? ORDER BY name",
        (tenant, application),
    )
    return tuple((row[0], bytes(row[1])) for row in rows if row[0] != REFRESH_TOKEN)
