"""Bearer tokens: 256 random bits under a prefix that names the kind, shown once, stored as SHA-256.

Source: spec/scim-wire.md section 11.1. Looked up by the key of the hash whenever the database has changed, so that
another process's `token create` or `revoke` counts at once. A fast hash is right here: 256 random bits cannot be
guessed, and every request pays for it.
"""

import secrets
from dataclasses import dataclass
from hashlib import sha256

from provisor.database import Connection
from provisor.provider.store.tables import TargetError, Tenant
from provisor.scim.naming import escaped, problem_with_name
from provisor.scim.nearest import did_you_mean

KINDS = ("entra", "okta", "other")  # Umbrella's three static keys
LONGEST_LABEL = 100
DAY = 86_400 * 1_000_000
ROTATE_AFTER = 180 * DAY  # what Cisco advises (spec/scim-wire.md section 11.1)
_RANDOM_BYTES = 32

# By the SHA-256 of what the client sent: how long the look-up takes says nothing of another token.
_LOOK_UP = "SELECT id, tenant, expires_at, revoked_at FROM token WHERE hash = ?"


@dataclass(frozen=True, slots=True, kw_only=True)
class Token:
    """What is known about a token, without the token itself."""

    id: str
    kind: str
    label: str
    created_at: int
    expires_at: int | None
    revoked_at: int | None
    last_used_at: int | None

    def live(self, now: int) -> bool:
        """Whether a client with it is let in."""
        return self.revoked_at is None and (self.expires_at is None or self.expires_at > now)

    def old(self, now: int) -> bool:
        """Whether it should be rotated: Umbrella advises every 180 days."""
        return self.live(now) and now - self.created_at >= ROTATE_AFTER


def token_hash(token: str | bytes) -> bytes:
    """What is stored of a token."""
    return sha256(token.encode() if isinstance(token, str) else token).digest()


def create_token(
    connection: Connection, tenant: Tenant, *, kind: str, label: str, now: int, expires_at: int | None = None
) -> tuple[Token, str]:
    """Make a token; the second value is the only time it exists in clear."""
    if kind not in KINDS:
        raise TargetError(f"A token is of kind {', '.join(KINDS)}, not {kind!r}.")
    if not label.strip():
        raise TargetError("A token needs a label, so that you can tell it from the others when you revoke one.")
    if len(label) > LONGEST_LABEL:
        raise TargetError(f"A label has at most {LONGEST_LABEL} characters.")
    if (problem := problem_with_name(label)) is not None:
        raise TargetError(f"{escaped(label)} cannot be the label of a token: it {problem}.")
    return _made(connection, tenant, kind, label, now, expires_at)


def _made(
    connection: Connection, tenant: Tenant, kind: str, label: str, now: int, expires_at: int | None
) -> tuple[Token, str]:
    clear = f"umbrella_{kind}_{secrets.token_urlsafe(_RANDOM_BYTES)}"
    token = Token(
        id=secrets.token_hex(4),
        kind=kind,
        label=label,
        created_at=now,
        expires_at=expires_at,
        revoked_at=None,
        last_used_at=None,
    )
    connection.execute(
        "INSERT INTO token (hash, id, tenant, kind, label, created_at, expires_at) VALUES (?, ?, ?, ?, ?, ?, ?)",
        (token_hash(clear), token.id, tenant.number, kind, label, now, expires_at),
    )
    return token, clear


def list_tokens(connection: Connection, tenant: Tenant) -> list[Token]:
    """Every token of the tenant, revoked ones too, oldest first."""
    return [
        Token(
            id=row[0],
            kind=row[1],
            label=row[2],
            created_at=row[3],
            expires_at=row[4],
            revoked_at=row[5],
            last_used_at=row[6],
        )
        for row in connection.execute(
            "SELECT id, kind, label, created_at, expires_at, revoked_at, last_used_at FROM token "
            "WHERE tenant = ? ORDER BY created_at, id",
            (tenant.number,),
        )
    ]


def rotate_token(
    connection: Connection, tenant: Tenant, name: str, *, overlap: int, now: int, expires_at: int | None = None
) -> tuple[Token, str]:
    """Make a token in place of another one, which stays valid for `overlap` microseconds more; 0 ends it now.

    Kind and label are the old one's, found by id or label. Raises TargetError as `revoke_token` does.
    """
    old = find_token(connection, tenant, name, now)
    if overlap <= 0:
        connection.execute("UPDATE token SET revoked_at = ? WHERE id = ?", (now, old.id))
    else:
        ends = now + overlap if old.expires_at is None else min(now + overlap, old.expires_at)
        connection.execute("UPDATE token SET expires_at = ? WHERE id = ?", (ends, old.id))
    return _made(connection, tenant, old.kind, old.label, now, expires_at)


def revoke_token(connection: Connection, tenant: Tenant, name: str, now: int) -> Token:
    """Revoke a token by its id or its label. Raises TargetError when there is none, or the label fits several."""
    token = find_token(connection, tenant, name, now)
    connection.execute("UPDATE token SET revoked_at = ? WHERE id = ?", (now, token.id))
    return token


def find_token(connection: Connection, tenant: Tenant, name: str, now: int) -> Token:
    """A live token by its id or its label. Raises TargetError when there is none, or the label fits several."""
    live = [token for token in list_tokens(connection, tenant) if token.live(now)]
    named = [token for token in live if token.id == name] or [token for token in live if token.label == name]
    if not named:
        near = did_you_mean(name, [word for token in live for word in (token.id, token.label)])
        raise TargetError(
            f"No live token has the id or label {name!r}.", f"{near}`provisor target token list` shows them."
        )
    if len(named) > 1:
        raise TargetError(
            f"{len(named)} tokens have the label {name!r}.",
            f"Name one by its id: {', '.join(token.id for token in named)}.",
        )
    return named[0]


def bearer(authorization: bytes | None) -> bytes | None:
    """The token of an Authorization header; the scheme in any case."""
    if authorization is None or authorization[:7].lower() != b"bearer ":
        return None
    return authorization[7:].strip() or None


class TokenCheck:
    """Lets tokens in. Remembers valid tokens as long as no process has written anything.

    Checks that once a millisecond: a revoked token is let in for the rest of that one at most.
    """

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._mark: object = None
        self._asked_at = 0
        self._known: dict[tuple[int, bytes], tuple[str, int | None]] = {}  # (tenant, hash) -> id, expiry

    def look_up(self, tenant: int, token: bytes, now: int) -> str | None:
        """The id of a token that this tenant honours now, else None; `now` in whole milliseconds, as microseconds."""
        if now != self._asked_at:
            self._asked_at = now
            mark = self._connection.mark()
            if mark is None or mark != self._mark:
                self._mark = mark
                self._known.clear()
        key = tenant, sha256(token).digest()
        known = self._known.get(key)
        if known is None:
            row = self._connection.one(_LOOK_UP, key[1:])
            if row is None or row[1] != tenant or row[3] is not None:
                return None
            known = self._known[key] = row[0], row[2]
        identifier, expires_at = known
        return identifier if expires_at is None or now < expires_at else None
