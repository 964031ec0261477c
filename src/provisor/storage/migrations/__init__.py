"""Alembic migrations of the service's database; `storage.schema.migrate` runs them.

Nothing is released yet, so there is one migration, equal to tables.py. After a change there:
`.venv/bin/python tools/regenerate_migration.py`, then delete the databases you made. From the first release on, every
change is a new file in versions/ and HEAD moves with it; a test compares the migrated schema with tables.py.
"""

HEAD = "0001"
