"""Another key for all secrets, in steps that can each be the last: whoever rotates again goes on where it stopped.

The new key lies in the file beside the old one before anything is stored under it, and the old one stays until nothing
is stored under it. Running processes read the file again when they meet a key they do not know.
"""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from provisor.database import Connection, Database
from provisor.storage import tenants
from provisor.storage.key_file import KeyRing, SecretError, add_new_key, keep_newest_key
from provisor.storage.secrets import CURRENT_KEY, SecretOwner, binding, opened

STEP: Final = 50  # rows a transaction: a cycle that reads its credentials waits no longer than for these


@dataclass(slots=True)
class Rotation:
    """How far a rotation has come."""

    key_id: str = ""
    moved: int = 0
    continued: bool = False  # it goes on with one that was cut short


def rotation(database: Database, tenant: str, path: Path) -> Iterator[Rotation]:
    """Do the next step, and yield; at the end nothing is under the old key, and the file holds the new one alone.

    Raises SecretError when another process rotates, or a row does not open.
    """
    with _alone(path):
        ring = KeyRing(path)
        done = Rotation(key_id=ring.ids[-1], continued=len(ring.ids) > 1)
        if not done.continued:
            done.key_id = add_new_key(path)
            yield done
        ring = KeyRing(path)
        with database.transaction() as connection:
            tenants.save_setting(connection, tenant, CURRENT_KEY, done.key_id)
        yield done
        for old in ring.ids[:-1]:
            while moved := _move(database, tenant, ring, old):
                done.moved += moved
                yield done
        keep_newest_key(path)
        yield done


def kept(connection: Connection, tenant: str) -> list[tuple[str, str, str]]:
    """(key id, whose, which) of everything that is stored under a key."""
    rows = connection.all(
        "SELECT key_id, owner_kind, owner, name FROM secret WHERE tenant = ? ORDER BY owner_kind, owner, name",
        (tenant,),
    )
    return [(str(row[0]), f"{row[1]} {row[2]}", str(row[3])) for row in rows]


def reset(connection: Connection, tenant: str, ring: KeyRing) -> list[tuple[str, str]]:
    """Forget what is under keys that the file lacks, and store under its newest from now on; returns what went."""
    known = ", ".join("?" for _ in ring.ids)
    rows = connection.all(
        f"""DELETE FROM secret WHERE tenant = ? AND key_id NOT IN ({known}) RETURNING owner_kind, owner, name""",
        (tenant, *ring.ids),
    )
    tenants.save_setting(connection, tenant, CURRENT_KEY, ring.newest.id)
    return sorted((f"{row[0]} {row[1]}", str(row[2])) for row in rows)


def _move(database: Database, tenant: str, ring: KeyRing, old: str) -> int:
    """Store some of what is under the old key under the new one; returns how many."""
    with database.transaction() as connection:
        rows = connection.all(
            """SELECT owner_kind, owner, name, nonce, ciphertext FROM secret WHERE tenant = ? AND key_id = ?
            ORDER BY owner_kind, owner, name LIMIT ?""",
            (tenant, old, STEP),
        )
        for kind, owner_id, name, nonce, ciphertext in rows:
            owner = SecretOwner(tenant=tenant, kind=kind, id=owner_id)
            secret = opened(ring, old, bytes(nonce), bytes(ciphertext), owner, name)
            fresh = ring.newest.seal(secret.reveal(), binding(owner, name))
            connection.execute(
                """UPDATE secret SET key_id = ?, nonce = ?, ciphertext = ?
                WHERE tenant = ? AND owner_kind = ? AND owner = ? AND name = ?""",
                (ring.newest.id, *fresh, tenant, kind, owner_id, name),
            )
        return len(rows)


@contextmanager
def _alone(path: Path) -> Iterator[None]:
    """Keep other rotations of this file out; the kernel lets go of the lock with the process."""
    descriptor = os.open(path.with_name(f"{path.name}.lock"), os.O_RDWR | os.O_CREAT, 0o600)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise SecretError(f"Another process is replacing the key in {path} now; wait until it has ended.") from None
        yield
    finally:
        os.close(descriptor)
