"""What people and machines prove themselves with: passwords, and secrets of 256 random bits under a prefix.

The prefix names the kind, so that a scanner finds one that leaked. Neither is ever part of a message.
"""

from __future__ import annotations

from collections.abc import Callable
from hashlib import sha256
from typing import TYPE_CHECKING, Final, Literal, TypeAlias

from provisor.admin.errors import AdminError

if TYPE_CHECKING:
    from argon2 import PasswordHasher

SecretKind: TypeAlias = Literal["token", "client", "access", "setup", "signin"]

SHORTEST_PASSWORD: Final = 12
LONGEST_PASSWORD: Final = 1_000  # so that nobody can make us hash a megabyte
_RANDOM_BYTES: Final = 32
_nobody: list[str] = []  # a hash to compare with when there is no account, so that both take as long


def new_secret(kind: SecretKind, random_bytes: Callable[[int], bytes]) -> str:
    """A secret that nobody guesses."""
    return f"provisor_{kind}_{random_bytes(_RANDOM_BYTES).hex()}"


def is_secret(kind: SecretKind, text: str) -> bool:
    """Whether it looks like one of this kind."""
    return text.startswith(f"provisor_{kind}_")


def secret_hash(text: str) -> bytes:
    """What is stored of a secret. A fast hash is right for 256 random bits, and every request pays for it."""
    return sha256(text.encode("utf-8", "surrogatepass")).digest()


def password_hash(password: str) -> str:
    """What is stored of a password. Raises AdminError for one that is too short or too long."""
    if len(password) < SHORTEST_PASSWORD:
        raise AdminError(
            "password-weak",
            f"A password needs {SHORTEST_PASSWORD} characters or more.",
            "Some words in a row are easy to keep in mind.",
        )
    if len(password) > LONGEST_PASSWORD:
        raise AdminError("password-weak", f"A password has at most {LONGEST_PASSWORD:,} characters.", "Choose another.")
    return _hasher().hash(password.encode("utf-8", "surrogatepass"))


def password_fits(stored: str | None, password: str) -> bool:
    """Whether this is the password; takes as long when there is none."""
    from argon2.exceptions import InvalidHashError, VerificationError

    if stored is None and not _nobody:
        _nobody.append(_hasher().hash("nobody has this password"))
    try:
        fits = _hasher().verify(stored or _nobody[0], password[: LONGEST_PASSWORD + 1].encode("utf-8", "surrogatepass"))
    except (VerificationError, InvalidHashError):
        return False
    return fits and stored is not None


def _hasher() -> PasswordHasher:
    from argon2 import PasswordHasher

    # OWASP's second recommendation: 19 MiB for some 30 ms.
    return PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)
