"""The file of the key that secrets are stored under: made at the first start, readable by its owner only.

It holds one key, or two while a rotation is under way: the old one first, then the new one. It is replaced as a whole,
so that no process ever sees half a key. Order: the key, the keys of a file, reading and writing it.
"""

import hashlib
import os
from pathlib import Path
from threading import Lock
from typing import Final

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from provisor.folders import make_file, make_folder

_KEY_BYTES: Final = 32
_NONCE_BYTES: Final = 12  # what AES-GCM asks for
_OTHERS: Final = 0o077
_MOST_KEYS: Final = 2


class SecretError(Exception):
    """A key file or a stored secret that cannot be used, with a sentence that says which and what to do."""


class SecretKey:
    """A key that secrets are stored under. Shows itself to nobody; `id` names it and tells nothing of it."""

    __slots__ = ("_cipher", "id")

    def __init__(self, key: bytes) -> None:
        self._cipher = AESGCM(key)
        self.id = hashlib.sha256(b"provisor secret key\0" + key).hexdigest()[:16]

    def __repr__(self) -> str:
        return "SecretKey(…)"

    def seal(self, text: str, bound_to: bytes) -> tuple[bytes, bytes]:
        """(nonce, ciphertext) of a text that opens only with the same binding."""
        nonce = os.urandom(_NONCE_BYTES)
        return nonce, self._cipher.encrypt(nonce, text.encode(), bound_to)

    def open(self, nonce: bytes, ciphertext: bytes, bound_to: bytes) -> str:
        """The text again. Raises InvalidTag for another key or binding."""
        return self._cipher.decrypt(nonce, ciphertext, bound_to).decode()


class KeyRing:
    """The keys of a file, as they were when it was read; one that is not among them makes it read the file again."""

    __slots__ = ("_keys", "_path")

    def __init__(self, path: Path) -> None:
        self._path = path
        self._keys = _read(path)

    def __repr__(self) -> str:
        return f"KeyRing({str(self._path)!r})"

    @property
    def path(self) -> Path:
        """The file."""
        return self._path

    @property
    def ids(self) -> tuple[str, ...]:
        """Which keys there are, the newest last."""
        return tuple(self._keys)

    @property
    def newest(self) -> SecretKey:
        """The key for what is stored for the first time."""
        return self._keys[self.ids[-1]]

    def get(self, key_id: str) -> SecretKey | None:
        """The key of this id, looked for in the file once more when it is not known: another process may rotate."""
        if key_id not in self._keys:
            self._keys |= _read(self._path)  # the old one too: somebody may be about to open a row that was under it
        return self._keys.get(key_id)


def load_key(path: Path, expected: str | None = None) -> KeyRing:
    """The keys in this file; made with mode 0600 when there is none and none is `expected`.

    Raises SecretError for a file that others can read, that holds no key, or not the expected one.
    """
    if expected is not None and not path.exists():
        raise SecretError(
            f"The key file {path} is missing; the stored credentials are under the key {expected}. {_WAYS_OUT}"
        )
    try:
        make_folder(path.parent)
        _make(path)
    except OSError as error:
        raise SecretError(f"The key file {path} cannot be used: {error.strerror}.") from error
    ring = KeyRing(path)
    if expected is not None and ring.get(expected) is None:
        raise wrong_file(ring, expected)
    return ring


_MAKING: Final = Lock()  # a draft has the name of the process, which threads share

_WAYS_OUT: Final = (
    "Put the right key file back (PROVISOR_SECRET_KEY_FILE); if it is lost for good, `provisor admin key reset` forgets"
    " what was stored under it, and you enter the credentials again."
)


def wrong_file(ring: KeyRing, needed: str) -> SecretError:
    """What to say of a file without the key that is needed."""
    return SecretError(
        f"The key file {ring.path} holds another key ({ring.ids[-1]}) than the one that the credentials of this"
        f" database were stored under ({needed}). {_WAYS_OUT}"
    )


def add_new_key(path: Path) -> str:
    """Put a new key behind the one in the file; returns its id."""
    key = AESGCM.generate_key(_KEY_BYTES * 8)
    _replace(path, path.read_bytes() + key)
    return SecretKey(key).id


def keep_newest_key(path: Path) -> None:
    """Leave the newest key in the file alone."""
    _replace(path, path.read_bytes()[-_KEY_BYTES:])


def _read(path: Path) -> dict[str, SecretKey]:
    try:
        mode = path.stat().st_mode
        data = path.read_bytes()
    except OSError as error:
        raise SecretError(f"The key file {path} cannot be used: {error.strerror}.") from error
    if mode & _OTHERS:
        raise SecretError(
            f"The key file {path} can be read by others (mode {mode & 0o777:04o}). Run `chmod 600 {path}`, "
            "and renew the credentials if someone may have read it."
        )
    if len(data) % _KEY_BYTES or not 1 <= len(data) // _KEY_BYTES <= _MOST_KEYS:
        raise SecretError(f"The key file {path} does not hold a key of {_KEY_BYTES} bytes. Put the right file back.")
    keys = (SecretKey(data[at : at + _KEY_BYTES]) for at in range(0, len(data), _KEY_BYTES))
    return {key.id: key for key in keys}


def _make(path: Path) -> None:
    """Write a new key under another name and link it here, so that no process ever sees half a key."""
    with _MAKING:
        if path.exists():
            return
        draft = _draft(path, AESGCM.generate_key(_KEY_BYTES * 8))
        try:
            os.link(draft, path)  # fails, rather than replaces, when another process was first
        except FileExistsError:
            pass
        finally:
            draft.unlink()


def _replace(path: Path, data: bytes) -> None:
    path = path.resolve()  # a link stays one
    draft = _draft(path, data)
    draft.replace(path)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)  # the new name must be on the disk before anything is stored under the new key
    finally:
        os.close(folder)


def _draft(path: Path, data: bytes) -> Path:
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    draft.unlink(missing_ok=True)  # of a process of this number that was killed
    descriptor = make_file(draft)
    try:
        os.write(descriptor, data)
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
    return draft
