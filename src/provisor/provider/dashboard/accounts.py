"""Who may sign in: an e-mail address, a role, and a password kept as an argon2id hash (spec/scim-wire.md section 11.1).

SQL and hashing only; the functions that write are called inside a transaction. A password never reaches a message.
"""

from dataclasses import dataclass
from typing import Literal, cast

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from provisor.database import Connection
from provisor.provider.store.tables import TargetError, Tenant
from provisor.scim.naming import escaped, problem_with_name
from provisor.scim.nearest import did_you_mean
from provisor.scim.values import fold
from provisor.web.sessions import BrowserSession, end_sessions

AccountRole = Literal["full-admin", "read-only"]
ROLES: tuple[AccountRole, ...] = ("full-admin", "read-only")
ROLE_NAMES = {"full-admin": "Full Admin", "read-only": "Read Only"}
SHORTEST_PASSWORD = 12
_LONGEST_PASSWORD = 1_000  # so that nobody can make us hash a megabyte
_LONGEST_EMAIL = 254

# OWASP's second recommendation: 19 MiB for some 30 ms. The default of the library takes 64 MiB, as much as the server.
hasher = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)
_nobody: list[str] = []  # a hash to verify against when there is no account, so that both take as long


@dataclass(frozen=True, slots=True, kw_only=True)
class DashboardAccount:
    """Somebody who may sign in."""

    email_key: str
    tenant: int
    email: str
    role: AccountRole
    created_at: int
    signed_in_at: int | None

    @property
    def full_admin(self) -> bool:
        """Whether this account may change anything."""
        return self.role == "full-admin"


@dataclass(frozen=True, slots=True, kw_only=True)
class Visitor:
    """An account in one browser."""

    account: DashboardAccount
    session: BrowserSession
    shown_token: str | None  # the id of a token shown to this session and not yet acknowledged


def create_account(
    connection: Connection, tenant: Tenant, *, email: str, password: str, role: str, now: int
) -> DashboardAccount:
    """Make an account. Raises TargetError for an address that is taken or invalid, a weak password, an unknown role."""
    address = email.strip()
    key = fold(address)
    if not 3 <= len(address) <= _LONGEST_EMAIL or "@" not in address.strip("@") or any(map(str.isspace, address)):
        raise TargetError(f"{email!r} is not an e-mail address.")
    if (problem := problem_with_name(address)) is not None:
        raise TargetError(f"{escaped(address)} is not an e-mail address: it {problem}.")
    if role not in ROLES:
        raise TargetError(f"A role is {' or '.join(ROLES)}, not {role!r}.")
    if connection.one("SELECT 1 FROM account WHERE email_key = ?", (key,)):
        raise TargetError(
            f"{address} already has an account.", f"`provisor target account reset {address}` changes its password."
        )
    connection.execute(
        "INSERT INTO account (email_key, tenant, email, role, password_hash, created_at) VALUES (?, ?, ?, ?, ?, ?)",
        (key, tenant.number, address, role, _hashed(password), now),
    )
    return DashboardAccount(
        email_key=key, tenant=tenant.number, email=address, role=role, created_at=now, signed_in_at=None
    )


def list_accounts(connection: Connection, tenant: Tenant) -> list[DashboardAccount]:
    """Every account of the tenant, by address."""
    return [
        _account(row)
        for row in connection.all(
            "SELECT email_key, tenant, email, role, created_at, signed_in_at FROM account "
            "WHERE tenant = ? ORDER BY email_key",
            (tenant.number,),
        )
    ]


def look_up_account(connection: Connection, email: str) -> DashboardAccount | None:
    """The account with an address, in any case."""
    row = connection.one(
        "SELECT email_key, tenant, email, role, created_at, signed_in_at FROM account WHERE email_key = ?",
        (fold(email.strip()),),
    )
    return None if row is None else _account(row)


def look_up_visitor(connection: Connection, session: BrowserSession) -> Visitor | None:
    """Whose session it is; None when the account is gone."""
    row = connection.one(
        "SELECT s.shown_token, a.email_key, a.tenant, a.email, a.role, a.created_at, a.signed_in_at "
        "FROM browser_session s JOIN account a ON a.email_key = s.account WHERE s.hash = ?",
        (session.hash,),
    )
    return None if row is None else Visitor(account=_account(row[1:]), session=session, shown_token=row[0])


def show_token(connection: Connection, visitor: Visitor, token_id: str | None) -> bool:
    """Remember that a token was shown (or, with None, acknowledged); False when another one still has to be."""
    condition = "shown_token IS NULL" if token_id else "shown_token IS NOT NULL"
    return (
        connection.execute(
            f"UPDATE browser_session SET shown_token = ? WHERE hash = ? AND {condition}",
            (token_id, visitor.session.hash),
        ).rowcount
        > 0
    )


def note_sign_in(connection: Connection, key: str, now: int) -> None:
    """Remember when an account signed in last."""
    connection.execute("UPDATE account SET signed_in_at = ? WHERE email_key = ?", (now, key))


def _account(row: tuple[object, ...]) -> DashboardAccount:
    key, tenant, email, role, created, signed_in = row
    return DashboardAccount(
        email_key=cast(str, key),
        tenant=cast(int, tenant),
        email=cast(str, email),
        role=cast(AccountRole, role),
        created_at=cast(int, created),
        signed_in_at=cast("int | None", signed_in),
    )


def reset_password(connection: Connection, tenant: Tenant, email: str, password: str) -> DashboardAccount:
    """Give an account another password and end its sessions. Raises TargetError when there is no such account."""
    account = _existing(connection, tenant, email)
    connection.execute(
        "UPDATE account SET password_hash = ? WHERE email_key = ?", (_hashed(password), account.email_key)
    )
    end_sessions(connection, account.email_key)
    return account


def delete_account(connection: Connection, tenant: Tenant, email: str) -> DashboardAccount:
    """Delete an account and end its sessions. Raises TargetError when there is no such account."""
    account = _existing(connection, tenant, email)
    end_sessions(connection, account.email_key)
    connection.execute("DELETE FROM account WHERE email_key = ?", (account.email_key,))
    return account


def _existing(connection: Connection, tenant: Tenant, email: str) -> DashboardAccount:
    account = look_up_account(connection, email)
    if account is None or account.tenant != tenant.number:
        near = did_you_mean(email, (each.email for each in list_accounts(connection, tenant)))
        raise TargetError(f"No account has the address {email!r}.", f"{near}`provisor target account list` shows them.")
    return account


def password_fits(connection: Connection, account: DashboardAccount | None, password: str) -> bool:
    """Whether the password is the account's; takes as long when there is no account."""
    if account is None:
        if not _nobody:
            _nobody.append(hasher.hash("nobody has this password"))
        stored = _nobody[0]
    else:
        row = connection.one("SELECT password_hash FROM account WHERE email_key = ?", (account.email_key,))
        stored = str(row[0]) if row else ""
    try:
        return hasher.verify(stored, password[:_LONGEST_PASSWORD]) and account is not None
    except (VerificationError, InvalidHashError):
        return False


def _hashed(password: str) -> str:
    if len(password) < SHORTEST_PASSWORD:
        raise TargetError(f"A password needs {SHORTEST_PASSWORD} characters or more.")
    if len(password) > _LONGEST_PASSWORD:
        raise TargetError(f"A password has at most {_LONGEST_PASSWORD} characters.")
    return hasher.hash(password)
