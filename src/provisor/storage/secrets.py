"""Credentials at rest: AES-GCM under a key that lies in a file of its own, each bound to its tenant, owner and name.

A row copied to another owner or name, of this database or another one, does not open. Every row says which key it is
under, so that keys can be rotated; the database says which key is the current one, so that a wrong key file is told at
once. Order: owners, saving and reading, the current key.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from cryptography.exceptions import InvalidTag

from provisor.database import Connection
from provisor.engine.ports import Secret
from provisor.storage import tenants
from provisor.storage.key_file import KeyRing, SecretError, SecretKey, load_key, wrong_file
from provisor.storage.times import to_microseconds

__all__ = ["KeyRing", "SecretError", "SecretOwner", "load_key"]

CURRENT_KEY = "secretKey"  # setting: the id of the key that secrets are stored under


@dataclass(frozen=True, slots=True, kw_only=True)
class SecretOwner:
    """Whose secret it is. `id` is that of the application, source or webhook, or the name of the setting."""

    tenant: str
    kind: Literal["application", "source", "setting", "webhook"]
    id: str


def save(
    connection: Connection, ring: KeyRing, *, owner: SecretOwner, name: str, secret: Secret, now: datetime
) -> None:
    """Keep a secret, replacing the one of that name. Raises SecretError when the ring lacks the current key."""
    key = _sealing(connection, ring, owner.tenant)
    nonce, ciphertext = key.seal(secret.reveal(), binding(owner, name))
    connection.execute(
        """INSERT INTO secret (tenant, owner_kind, owner, name, key_id, nonce, ciphertext, created_at)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?)
        ON CONFLICT (tenant, owner_kind, owner, name) DO UPDATE SET key_id = excluded.key_id, nonce = excluded.nonce,
        ciphertext = excluded.ciphertext, created_at = excluded.created_at""",
        (owner.tenant, owner.kind, owner.id, name, key.id, nonce, ciphertext, to_microseconds(now)),
    )


def read(connection: Connection, ring: KeyRing, *, owner: SecretOwner, name: str) -> Secret | None:
    """A secret, or None. Raises SecretError when it was stored under another key, or for another row."""
    row = connection.one(
        """SELECT key_id, nonce, ciphertext FROM secret
        WHERE tenant = ? AND owner_kind = ? AND owner = ? AND name = ?""",
        (owner.tenant, owner.kind, owner.id, name),
    )
    return None if row is None else opened(ring, row[0], bytes(row[1]), bytes(row[2]), owner, name)


def opened(ring: KeyRing, key_id: str, nonce: bytes, ciphertext: bytes, owner: SecretOwner, name: str) -> Secret:
    """What a row holds. Raises SecretError as `read` does."""
    key = ring.get(key_id)
    if key is None:
        raise wrong_file(ring, key_id)
    try:
        return Secret(key.open(nonce, ciphertext, binding(owner, name)))
    except InvalidTag as error:
        raise SecretError(
            f"The secret {name} of the {owner.kind} {owner.id} was not stored for it, or was changed. "
            "Enter it again, and find out who writes into this database."
        ) from error


def names(connection: Connection, owner: SecretOwner) -> list[str]:
    """Which secrets somebody has; never their values."""
    rows = connection.all(
        "SELECT name FROM secret WHERE tenant = ? AND owner_kind = ? AND owner = ? ORDER BY name",
        (owner.tenant, owner.kind, owner.id),
    )
    return [row[0] for row in rows]


def stamp(connection: Connection, owner: SecretOwner) -> tuple[tuple[str, bytes], ...]:
    """Differs whenever a secret of this owner was saved: every save is sealed with a nonce of its own."""
    rows = connection.all(
        "SELECT name, nonce FROM secret WHERE tenant = ? AND owner_kind = ? AND owner = ? ORDER BY name",
        (owner.tenant, owner.kind, owner.id),
    )
    return tuple((row[0], bytes(row[1])) for row in rows)


def owners(connection: Connection, tenant: str, *, kind: str, name: str) -> list[str]:
    """The ids of those of a kind who have a secret of this name."""
    rows = connection.all(
        "SELECT owner FROM secret WHERE tenant = ? AND owner_kind = ? AND name = ? ORDER BY owner",
        (tenant, kind, name),
    )
    return [row[0] for row in rows]


def forget(connection: Connection, owner: SecretOwner, name: str | None = None) -> None:
    """Forget a secret, or all of an owner."""
    connection.execute(
        "DELETE FROM secret WHERE tenant = ? AND owner_kind = ? AND owner = ? AND name = COALESCE(?, name)",
        (owner.tenant, owner.kind, owner.id, name),
    )


def current_key(connection: Connection, tenant: str) -> str | None:
    """The id of the key that secrets of this database are stored under; None before the first."""
    return tenants.setting(connection, tenant, CURRENT_KEY)


def binding(owner: SecretOwner, name: str) -> bytes:
    """What a ciphertext is bound to: its row."""
    return "\0".join((owner.tenant, owner.kind, owner.id, name)).encode()


def _sealing(connection: Connection, ring: KeyRing, tenant: str) -> SecretKey:
    """The current key. Asked for in the transaction that writes, so that a rotation meanwhile is heeded."""
    current = current_key(connection, tenant)
    if current is None:
        tenants.save_setting(connection, tenant, CURRENT_KEY, ring.newest.id)
        return ring.newest
    key = ring.get(current)
    if key is None:
        raise wrong_file(ring, current)
    return key
