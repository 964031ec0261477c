"""Alembic's entry: runs the migrations on the connection that `storage.schema.migrate` hands over.

Executed by Alembic, never imported. The connection is inside a transaction that takes the write lock, so that two
processes starting at once migrate one after the other.
"""

from alembic import context

from provisor.storage.tables import metadata

context.configure(connection=context.config.attributes["connection"], target_metadata=metadata, transactional_ddl=True)
with context.begin_transaction():
    context.run_migrations()
