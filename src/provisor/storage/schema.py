"""Brings a database to the tables of this version, and makes its tenant at the first start."""

from datetime import UTC, datetime
from pathlib import Path

from provisor.database import Database
from provisor.database.migrations import migrate as apply
from provisor.storage import plans, tenants


def migrate(database: Database, now: datetime | None = None) -> str:
    """Bring the database to this version's tables and return its tenant's id; a ready database is only read.

    `now` is kept as the tenant's birth at the first start. Raises DatabaseError for a database that cannot be used, as
    is one without a file: the locks of jobs lie beside it.
    """
    _ = database.path
    make_tables(database)
    try:
        return tenants.only(database.reader())
    except LookupError:
        with database.transaction() as connection:
            return tenants.ensure(connection, now=now or datetime.now(UTC))


def make_tables(database: Database) -> None:
    """Apply what the database lacks of migrations/."""
    after = {2: plans.sort_all}
    apply(database, Path(__file__).parent / "migrations", owner="the provisioning service", after=after)
