"""The tables: made once, brought to head, refused when they are newer."""

import os
import sqlite3
import subprocess
import sys
import threading

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import create_engine

from provisor.database import DatabaseError, open_database
from provisor.storage import migrate, tenants
from provisor.storage.migrations import HEAD
from provisor.storage.schema import version
from provisor.storage.tables import metadata


def test_the_migrated_schema_is_that_of_the_tables(migrated_file):
    with create_engine(f"sqlite:///{migrated_file}").connect() as connection:
        differences = compare_metadata(MigrationContext.configure(connection), metadata)

    assert differences == []


def test_defaults_and_partial_indexes_are_migrated_too(migrated_file, tmp_path):
    """Alembic's comparison sees neither; SQLite's own account of both must be the same."""
    made = tmp_path / "made.db"
    metadata.create_all(create_engine(f"sqlite:///{made}"))

    assert described(migrated_file) == described(made)


def described(path):
    connection = sqlite3.connect(path)
    tables = [name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
    columns = {name: connection.execute(f"PRAGMA table_info({name})").fetchall() for name in tables}
    columns.pop("alembic_version", None)
    indexes = connection.execute("SELECT name, sql FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL")
    return columns, {name: " ".join(sql.split()).replace('"', "") for name, sql in indexes}


def test_a_database_is_at_head_after_its_first_start(database):
    assert version(database.reader()) == HEAD


def test_the_tenant_stays_the_same_at_the_next_start(database, tenant):
    assert migrate(database) == tenant


def test_a_ready_database_is_recognised_without_sqlalchemy(migrated_file):
    program = (
        "import sys; from provisor.database import open_database; from provisor.storage import migrate;"
        f"migrate(open_database('sqlite:///{migrated_file}'));"
        "print([name for name in ('sqlalchemy', 'alembic') if name in sys.modules])"
    )

    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)

    assert done.stdout.strip() == "[]"


def test_two_first_starts_at_once_make_one_tenant(tmp_path):
    url = f"sqlite:///{tmp_path / 'service.db'}"
    found = []
    threads = [threading.Thread(target=lambda: found.append(migrate(open_database(url)))) for _ in range(2)]

    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(found) == 2
    assert len(set(found)) == 1


def test_a_database_of_a_newer_version_is_refused_with_a_sentence(database):
    with database.transaction() as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")

    with pytest.raises(DatabaseError, match="another version of Provisor"):
        migrate(database)


def test_the_first_start_makes_an_application_for_extensions(database, tenant):
    assert tenants.setting(database.reader(), tenant, tenants.EXTENSION_APP)


def test_the_database_file_is_readable_by_its_owner_only(tmp_path):
    path = tmp_path / "new.db"

    open_database(f"sqlite:///{path}").close()

    assert os.stat(path).st_mode & 0o077 == 0
