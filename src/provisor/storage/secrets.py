"""Credentials of jobs at rest: AES-GCM under a key that lies in a file of its own, each bound to its job and name.

A row copied to another job or name, of this database or another one, does not open. The key file is made at the first
start, readable by its owner only; one that others can read is refused.
"""

import os
from datetime import datetime
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from provisor.database import Connection
from provisor.engine.ports import Secret
from provisor.folders import make_file, make_folder
from provisor.storage.times import to_microseconds

_KEY_BYTES = 32
_NONCE_BYTES = 12  # what AES-GCM asks for
_OTHERS = 0o077


class SecretError(Exception):
    """A key file or a stored secret that cannot be used, with a sentence that says which and what to do."""


class SecretKey:
    """The key that secrets are stored under. Shows itself to nobody."""

    __slots__ = ("_cipher",)

    def __init__(self, key: bytes) -> None:
        self._cipher = AESGCM(key)

    def __repr__(self) -> str:
        return "SecretKey(…)"

    def seal(self, text: str, bound_to: bytes) -> tuple[bytes, bytes]:
        """(nonce, ciphertext) of a text that opens only with the same binding."""
        nonce = os.urandom(_NONCE_BYTES)
        return nonce, self._cipher.encrypt(nonce, text.encode(), bound_to)

    def open(self, nonce: bytes, ciphertext: bytes, bound_to: bytes) -> str:
        """The text again. Raises InvalidTag for another key or binding."""
        return self._cipher.decrypt(nonce, ciphertext, bound_to).decode()


def load_key(path: Path) -> SecretKey:
    """The key in this file; made with mode 0600 when there is none.

    Raises SecretError for a file that others can read or that holds no key.
    """
    try:
        make_folder(path.parent)
        _make(path)
        mode = path.stat().st_mode
        key = path.read_bytes()
    except OSError as error:
        raise SecretError(f"The key file {path} cannot be used: {error.strerror}.") from error
    if mode & _OTHERS:
        raise SecretError(
            f"The key file {path} can be read by others (mode {mode & 0o777:04o}). Run `chmod 600 {path}`, "
            "and renew the credentials if someone may have read it."
        )
    if len(key) != _KEY_BYTES:
        raise SecretError(f"The key file {path} does not hold a key of {_KEY_BYTES} bytes. Put the right file back.")
    return SecretKey(key)


def save(connection: Connection, key: SecretKey, *, job: int, name: str, secret: Secret, now: datetime) -> None:
    """Keep a credential of a job, replacing the one of that name."""
    nonce, ciphertext = key.seal(secret.reveal(), _binding(_id(connection, job), name))
    connection.execute(
        """INSERT INTO secret (job, name, nonce, ciphertext, created_at) VALUES (?, ?, ?, ?, ?)
        ON CONFLICT (job, name) DO UPDATE SET nonce = excluded.nonce, ciphertext = excluded.ciphertext,
        created_at = excluded.created_at""",
        (job, name, nonce, ciphertext, to_microseconds(now)),
    )


def read(connection: Connection, key: SecretKey, *, job: int, name: str) -> Secret | None:
    """A credential of a job, or None. Raises SecretError when it was stored under another key."""
    row = connection.one("SELECT nonce, ciphertext FROM secret WHERE job = ? AND name = ?", (job, name))
    if row is None:
        return None
    job_id = _id(connection, job)
    try:
        return Secret(key.open(bytes(row[0]), bytes(row[1]), _binding(job_id, name)))
    except InvalidTag as error:
        raise SecretError(
            f"The secret {name} of the job {job_id} was stored under another key. "
            "Put the right key file back (PROVISOR_SECRET_KEY_FILE), or enter the credentials again."
        ) from error


def names(connection: Connection, job: int) -> list[str]:
    """Which credentials a job has; never their values."""
    return [row[0] for row in connection.all("SELECT name FROM secret WHERE job = ? ORDER BY name", (job,))]


def _make(path: Path) -> None:
    """Write a new key under another name and link it here, so that no process ever sees half a key."""
    if path.exists():
        return
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    descriptor = make_file(draft)
    try:
        os.write(descriptor, AESGCM.generate_key(_KEY_BYTES * 8))
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
    try:
        os.link(draft, path)  # fails, rather than replaces, when another process was first
    except FileExistsError:
        pass
    finally:
        draft.unlink()


def _id(connection: Connection, job: int) -> str:
    """Graph's id, which nothing else has; other databases have jobs of the same number."""
    row = connection.one("SELECT id FROM job WHERE number = ?", (job,))
    if row is None:
        raise LookupError(f"There is no job {job}.")
    return str(row[0])


def _binding(job_id: str, name: str) -> bytes:
    return f"{job_id}\0{name}".encode()
