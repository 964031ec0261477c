"""The service's tables: made once, on either database, and with their tenant at the first start."""

import os
import sqlite3
import threading
from contextlib import closing

import pytest

from provisor.database import DatabaseError, open_database
from provisor.storage import tenants
from provisor.storage.schema import make_tables, migrate


def test_the_tenant_stays_the_same_at_the_next_start(database, tenant):
    assert migrate(database) == tenant


def test_a_ready_database_is_only_read(database, tenant):
    with database.transaction():  # nobody else could write now
        assert migrate(database) == tenant


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
        connection.execute("UPDATE migration SET number = 9999 WHERE number = 1")

    with pytest.raises(DatabaseError, match="newer version of Provisor: it has migration 9999"):
        migrate(database)


def test_a_database_of_a_development_version_is_refused_with_a_sentence(tmp_path):
    with closing(sqlite3.connect(tmp_path / "service.db")) as made, made:
        made.execute("CREATE TABLE tenant (id TEXT NOT NULL PRIMARY KEY, name TEXT NOT NULL, created_at BIGINT)")
        made.execute("CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL)")
        made.execute("INSERT INTO alembic_version VALUES ('0001')")

    with (
        closing(open_database(f"sqlite:///{tmp_path / 'service.db'}")) as database,
        pytest.raises(DatabaseError, match=r"made by a development version of Provisor .* move this one away"),
    ):
        migrate(database)


def test_the_tables_are_the_same_on_postgresql(database, postgresql):
    with closing(open_database(postgresql.url(postgresql.new_database()))) as other:
        make_tables(other)

        assert other.reader().tables() == database.reader().tables()
        assert indexes(other, "SELECT indexname FROM pg_indexes WHERE schemaname = current_schema()") == indexes(
            database, "SELECT name FROM sqlite_master WHERE type = 'index'"
        )


def indexes(database, statement):
    """Those that we name; each database names those of its keys by itself."""
    own = {name for (name,) in database.reader().all(statement)}
    return {
        name for name in own if not name.startswith("sqlite_autoindex_") and not name.endswith(("_pkey", "_id_key"))
    }


def test_on_postgresql_the_service_does_not_start_and_makes_nothing(postgresql):
    with closing(open_database(postgresql.url(postgresql.new_database()))) as database:
        with pytest.raises(DatabaseError, match="needs SQLite"):
            migrate(database)

        assert database.reader().tables() == set()


def test_the_first_start_makes_a_tenant_on_postgresql_too(postgresql, now):
    with closing(open_database(postgresql.url(postgresql.new_database()))) as database:
        make_tables(database)

        with database.transaction() as connection:
            tenant = tenants.ensure(connection, now=now)

        assert tenants.only(database.reader()) == tenant


def test_the_first_start_makes_an_application_for_extensions(database, tenant):
    assert tenants.setting(database.reader(), tenant, tenants.EXTENSION_APP)


def test_the_database_file_is_readable_by_its_owner_only(tmp_path):
    path = tmp_path / "new.db"

    open_database(f"sqlite:///{path}").close()

    assert os.stat(path).st_mode & 0o077 == 0
