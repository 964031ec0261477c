"""Who may sign in: people, tokens and clients, with their roles, what proves them, and what they were given by it.

Of every secret there is a hash alone; SHA-256 where it was 256 random bits, which nobody guesses, argon2id of a
password (made by who calls). Access never outlives the person that an account is tied to: that is asked with every
look. Order: the account, finding, writing, access tokens, set-up links.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, TypeAlias

import msgspec

from provisor.database import Connection, Row
from provisor.database.identifiers import new_id
from provisor.scim.values import fold
from provisor.storage.times import to_microseconds

AccountKind: TypeAlias = Literal["user", "token", "client"]

_PERSON_IS_THERE = """a.person IS NULL OR EXISTS (SELECT 1 FROM object o WHERE o.id = a.person AND o.enabled = 1
    AND o.deleted_at IS NULL AND o.purged_at IS NULL)"""
_COLUMNS = f"""a.id, a.tenant, a.kind, a.name, a.roles, a.person, a.enabled, a.password IS NOT NULL, a.subject, a.stamp,
    a.created_at, a.created_by, a.expires_at, a.last_used_at, CASE WHEN {_PERSON_IS_THERE} THEN 1 ELSE 0 END"""
_roles = msgspec.json.Decoder(tuple[str, ...])


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """One who may sign in; times are UTC microseconds. `name` is a label where it is a token or a client.

    `person` is a user of the directory, `person_is_there` that this one is neither disabled nor deleted. `subject` is
    who it is by another's word. `stamp` grows whenever what was signed in before must end.
    """

    id: str
    tenant: str
    kind: AccountKind
    name: str
    roles: tuple[str, ...]
    person: str | None
    enabled: bool
    has_password: bool
    subject: str | None
    stamp: int
    created_at: int
    created_by: str
    expires_at: int | None
    last_used_at: int | None
    person_is_there: bool

    @property
    def session_key(self) -> str:
        """What a session that begins now is kept under: no session of another stamp is the account's any more."""
        return f"{self.id}.{self.stamp}"

    @property
    def has_sign_in(self) -> bool:
        """Whether there is anything that a person could sign in with."""
        return self.has_password or self.subject is not None

    def may_sign_in(self, now: int) -> bool:
        """Whether it is neither disabled nor expired, and its person is there."""
        return self.enabled and self.person_is_there and (self.expires_at is None or self.expires_at > now)


# Finding


def read(connection: Connection, tenant: str, account_id: str) -> Account | None:
    """One account by its id."""
    return _one(connection, "a.tenant = ? AND a.id = ?", (tenant, account_id))


def named(connection: Connection, tenant: str, kind: AccountKind, name: str) -> Account | None:
    """The account of that kind that has this id, or is called so; both in any case."""
    found = read(connection, tenant, fold(name))
    if found is not None and found.kind == kind:
        return found
    return called(connection, tenant, kind, name)


def called(connection: Connection, tenant: str, kind: AccountKind, name: str) -> Account | None:
    """The account of that kind that is called so, in any case."""
    return _one(connection, "a.tenant = ? AND a.kind = ? AND a.folded_name = ?", (tenant, kind, fold(name)))


def of_secret(connection: Connection, tenant: str, secret: bytes) -> Account | None:
    """The token or client whose secret has this hash: how long the look takes says nothing of another's."""
    return _one(connection, "a.secret = ? AND a.tenant = ?", (secret, tenant))


def of_subject(connection: Connection, tenant: str, subject: str) -> Account | None:
    """Whose account it is by another's word."""
    return _one(connection, "a.tenant = ? AND a.subject = ?", (tenant, subject))


def all_of(connection: Connection, tenant: str, kind: AccountKind) -> list[Account]:
    """Every account of a kind, by name."""
    rows = connection.all(
        f"SELECT {_COLUMNS} FROM account a WHERE a.tenant = ? AND a.kind = ? ORDER BY a.folded_name", (tenant, kind)
    )
    return [_account(row) for row in rows]


def any_user(connection: Connection, tenant: str) -> bool:
    """Whether anybody has an account."""
    return connection.one("SELECT 1 FROM account WHERE tenant = ? AND kind = 'user' LIMIT 1", (tenant,)) is not None


def password_hash(connection: Connection, account_id: str) -> str | None:
    """The stored hash of a password."""
    row = connection.one("SELECT password FROM account WHERE id = ?", (account_id,))
    return None if row is None else row[0]


def owned(connection: Connection, person: str) -> frozenset[str]:
    """The applications that somebody owns."""
    rows = connection.all("SELECT application FROM application_owner WHERE object = ?", (person,))
    return frozenset(row[0] for row in rows)


# Writing


def add(
    connection: Connection,
    *,
    tenant: str,
    kind: AccountKind,
    name: str,
    roles: Sequence[str],
    created_by: str,
    now: datetime,
    person: str | None = None,
    secret: bytes | None = None,
    subject: str | None = None,
    expires_at: int | None = None,
) -> str:
    """A new account; returns its id. Its name must be free."""
    account_id = new_id()
    connection.execute(
        """INSERT INTO account (id, tenant, kind, name, folded_name, roles, person, secret, subject, created_at,
        created_by, expires_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)""",
        (
            *(account_id, tenant, kind, name, fold(name), msgspec.json.encode(tuple(roles)).decode(), person, secret),
            *(subject, to_microseconds(now), created_by, expires_at),
        ),
    )
    return account_id


def set_roles(connection: Connection, account_id: str, roles: Sequence[str]) -> None:
    """Other roles from the next request on."""
    encoded = msgspec.json.encode(tuple(roles)).decode()
    connection.execute("UPDATE account SET roles = ? WHERE id = ?", (encoded, account_id))


def set_person(connection: Connection, account_id: str, person: str | None) -> None:
    """Tie it to a user of the directory, or to nobody; what was signed in before ends."""
    connection.execute("UPDATE account SET person = ?, stamp = stamp + 1 WHERE id = ?", (person, account_id))


def set_enabled(connection: Connection, account_id: str, *, enabled: bool) -> None:
    """Let it sign in or not; what was signed in before ends."""
    connection.execute("UPDATE account SET enabled = ?, stamp = stamp + 1 WHERE id = ?", (int(enabled), account_id))


def set_password(connection: Connection, account_id: str, hashed: str) -> None:
    """Another password; what was signed in before ends, and so does a set-up link."""
    connection.execute("UPDATE account SET password = ?, stamp = stamp + 1 WHERE id = ?", (hashed, account_id))
    connection.execute("DELETE FROM setup_link WHERE account = ?", (account_id,))


def set_secret(connection: Connection, account_id: str, secret: bytes) -> None:
    """Another secret; the former, and what was given for it, is good no longer."""
    connection.execute("UPDATE account SET secret = ?, stamp = stamp + 1 WHERE id = ?", (secret, account_id))
    connection.execute("DELETE FROM access_token WHERE account = ?", (account_id,))


def note_use(connection: Connection, account_id: str, at: int) -> None:
    """It was used now."""
    connection.execute("UPDATE account SET last_used_at = ? WHERE id = ?", (at, account_id))


def delete(connection: Connection, account_id: str) -> None:
    """Forget it and everything it was given."""
    for table in ("access_token", "setup_link"):
        connection.execute(f"DELETE FROM {table} WHERE account = ?", (account_id,))
    connection.execute("DELETE FROM account WHERE id = ?", (account_id,))


# Access tokens


def add_access_token(connection: Connection, account: Account, hashed: bytes, *, now: int, expires_at: int) -> None:
    """A token that a client was given; those that are over are forgotten."""
    connection.execute("DELETE FROM access_token WHERE expires_at <= ?", (now,))
    connection.execute(
        "INSERT INTO access_token (hash, account, stamp, expires_at) VALUES (?, ?, ?, ?)",
        (hashed, account.id, account.stamp, expires_at),
    )


def of_access_token(connection: Connection, tenant: str, hashed: bytes, now: int) -> Account | None:
    """The client that was given this token, unless it is over or the client has another stamp by now."""
    row = connection.one(
        f"""SELECT {_COLUMNS} FROM access_token t JOIN account a ON a.id = t.account AND a.stamp = t.stamp
        WHERE t.hash = ? AND t.expires_at > ? AND a.tenant = ?""",
        (hashed, now, tenant),
    )
    return None if row is None else _account(row)


# Set-up links


def add_setup_link(
    connection: Connection, tenant: str, account_id: str | None, hashed: bytes, *, now: int, expires_at: int
) -> None:
    """The one link of an account, or of the first, which is None; a former one is good no longer."""
    connection.execute("DELETE FROM setup_link WHERE expires_at <= ?", (now,))
    connection.execute(
        "DELETE FROM setup_link WHERE tenant = ? AND coalesce(account, '') = ?", (tenant, account_id or "")
    )
    connection.execute(
        "INSERT INTO setup_link (hash, tenant, account, expires_at) VALUES (?, ?, ?, ?)",
        (hashed, tenant, account_id, expires_at),
    )


def setup_link(connection: Connection, tenant: str, hashed: bytes, now: int) -> tuple[str | None, int] | None:
    """(account, expires at) of a link that is good; the account None: it makes the first."""
    row = connection.one(
        "SELECT account, expires_at FROM setup_link WHERE hash = ? AND tenant = ? AND expires_at > ?",
        (hashed, tenant, now),
    )
    return None if row is None else (row[0], int(row[1]))


def forget_setup_links(connection: Connection, tenant: str, account_id: str | None) -> None:
    """The link was used."""
    connection.execute(
        "DELETE FROM setup_link WHERE tenant = ? AND coalesce(account, '') = ?", (tenant, account_id or "")
    )


def _one(connection: Connection, condition: str, values: tuple[object, ...]) -> Account | None:
    row = connection.one(f"SELECT {_COLUMNS} FROM account a WHERE {condition}", values)
    return None if row is None else _account(row)


def _account(row: Row) -> Account:
    return Account(
        id=row[0],
        tenant=row[1],
        kind=row[2],
        name=row[3],
        roles=_roles.decode(row[4]),
        person=row[5],
        enabled=row[6] != 0,
        has_password=bool(row[7]),
        subject=row[8],
        stamp=row[9],
        created_at=row[10],
        created_by=row[11],
        expires_at=row[12],
        last_used_at=row[13],
        person_is_there=row[14] != 0,
    )
