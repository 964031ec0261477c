"""Opens the target's database: tables (migrations/), tenants, settings, clock and ids.

The rows of resources are in rows, of memberships in members. Source: explanation/architecture.md section *Two
databases*.
"""

import re
import time
from dataclasses import dataclass
from pathlib import Path

from provisor.database import Connection, Database, open_database
from provisor.database.migrations import migrate
from provisor.provider.model import native_ids
from provisor.provider.model.profiles import KINDS, PROFILES, UMBRELLA, Profile

BASE_PATH = "/identity/v2/scim"  # Umbrella's own
SHORT_BASE_PATH = "/scim/v2"  # also served; what most other clients use
DEFAULT_TENANT = "default"
_FIRST_WITH_NATIVE_IDS = 3  # the migration after which documents stored before are processed once


class TargetError(Exception):
    """A command that cannot be done: a sentence that says why, and what to do about it."""

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(f"{message} {hint}".rstrip())
        self.message = message
        self.hint = hint


@dataclass(frozen=True, slots=True, kw_only=True)
class Tenant:
    """One organisation in this server; everything stored carries its number."""

    number: int
    name: str
    profile: Profile
    base_path: str
    group_limit: int | None


def open_target(url: str) -> Database:
    """Open the target's database and bring its tables to this version. Raises DatabaseError."""
    database = open_database(url)
    migrate(
        database,
        Path(__file__).parent / "migrations",
        owner="the SCIM service provider",
        after={_FIRST_WITH_NATIVE_IDS: native_ids.fill},
    )
    return database


def the_tenant(database: Database, profile: str | None = None) -> Tenant:
    """The tenant this server serves, made at first use.

    `profile` None keeps what it is (umbrella when new). Raises TargetError when it already holds resources of another
    profile: their attributes would be advertised wrongly.
    """
    with database.transaction() as connection:
        row = connection.one(
            "SELECT number, profile, base_path, group_limit FROM tenant WHERE name = ?", (DEFAULT_TENANT,)
        )
        if row is None:
            connection.execute(
                "INSERT INTO tenant (name, profile, base_path, created_at) VALUES (?, ?, ?, ?)",
                (DEFAULT_TENANT, profile or UMBRELLA.name, BASE_PATH, now_microseconds()),
            )
            row = connection.one(
                "SELECT number, profile, base_path, group_limit FROM tenant WHERE name = ?", (DEFAULT_TENANT,)
            )
            assert row is not None  # noqa: S101 - inserted in this transaction
            for kind in KINDS:
                connection.execute(
                    "INSERT INTO tally (tenant, kind, last) VALUES (?, ?, ?)",
                    (row[0], kind, before_first(row[0], kind)),
                )
        elif profile is not None and profile != row[1]:
            if connection.one("SELECT 1 FROM tally WHERE tenant = ? AND live > 0", (row[0],)):
                raise TargetError(
                    f"This database holds resources of the profile {row[1]!r} and cannot be served as {profile!r}.",
                    f"Serve it as {row[1]!r}, or give PROVISOR_TARGET_DATABASE_URL another file.",
                )
            connection.execute("UPDATE tenant SET profile = ? WHERE number = ?", (profile, row[0]))
            row = (row[0], profile, row[2], row[3])
    number, name, base_path, group_limit = row
    chosen = PROFILES[name]
    return Tenant(
        number=number,
        name=DEFAULT_TENANT,
        profile=chosen,
        base_path=base_path,
        group_limit=chosen.group_limit if group_limit is None else group_limit,
    )


def before_first(tenant: int, kind: str) -> int:
    """The number before the first resource of a kind; every kind of every tenant has 2 to the 40th of its own."""
    return (2 * tenant + (kind == "Group")) << 40


def setting(connection: Connection, tenant: Tenant, name: str) -> str | None:
    """A stored setting, or None."""
    row = connection.one("SELECT value FROM setting WHERE tenant = ? AND name = ?", (tenant.number, name))
    return None if row is None else str(row[0])


def store_setting(connection: Connection, tenant: Tenant, name: str, value: str) -> None:
    """Store a setting, whether or not there was one."""
    connection.execute(
        "INSERT INTO setting (tenant, name, value) VALUES (?, ?, ?) "
        "ON CONFLICT (tenant, name) DO UPDATE SET value = excluded.value",
        (tenant.number, name, value),
    )


def now_microseconds() -> int:
    """UTC now in microseconds, cut to whole milliseconds: what a document shows is what a filter compares."""
    return time.time_ns() // 1_000_000 * 1000


def is_id(text: str) -> bool:
    """Whether a text is written as our ids are. They are caseExact (RFC 7643 section 3.1), so capitals do not fit."""
    return _ID.fullmatch(text) is not None


_ID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
