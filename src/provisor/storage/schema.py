"""Brings a database to the schema of this version, and makes its tenant at the first start.

A database that is ready is recognised by one query: SQLAlchemy and Alembic cost half a second to import, which a
command on a ready database must not pay.
"""

import sqlite3
from datetime import UTC, datetime
from pathlib import Path

from provisor.database import Connection, Database, DatabaseError
from provisor.database.refusals import told
from provisor.storage import tenants
from provisor.storage.migrations import HEAD

_FOLDER = Path(__file__).parent / "migrations"


def migrate(database: Database, now: datetime | None = None) -> str:
    """Bring the database to this version's schema and return its tenant's id; does nothing but read when it is there.

    `now` is kept as the tenant's birth at the first start. Raises DatabaseError when a newer version made the database.
    """
    if version(database.reader()) != HEAD:
        _upgrade(database)
    try:
        return tenants.only(database.reader())
    except LookupError:
        with database.transaction() as connection:
            return tenants.ensure(connection, now=now or datetime.now(UTC))


def version(connection: Connection) -> str | None:
    """The migration a database stands at; None for one without any table of ours."""
    try:
        row = connection.one("SELECT version_num FROM alembic_version")
    except sqlite3.OperationalError:  # no such table
        return None
    return None if row is None else str(row[0])


def _upgrade(database: Database) -> None:
    from alembic import command
    from alembic.config import Config
    from alembic.util import CommandError
    from sqlalchemy import StaticPool, create_engine, event
    from sqlalchemy.exc import OperationalError

    raw = database.connect().raw
    engine = create_engine("sqlite://", creator=lambda: raw, poolclass=StaticPool)
    # The driver begins nothing by itself here; taking the write lock first keeps a second process out until the end.
    event.listen(engine, "begin", lambda connection: connection.exec_driver_sql("BEGIN IMMEDIATE"))
    config = Config()
    config.set_main_option("script_location", str(_FOLDER).replace("%", "%%"))
    try:
        with engine.begin() as connection:
            config.attributes["connection"] = connection
            command.upgrade(config, "head")
    except CommandError as error:
        raise DatabaseError(
            f"{database.path} was made by another version of Provisor ({error}). Use that version, or a new database."
        ) from error
    except OperationalError as error:
        if error.orig is None:
            raise
        raise told(database.path, error.orig) from error
    finally:
        engine.dispose()
