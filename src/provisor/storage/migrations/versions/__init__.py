"""The migrations, oldest first; each is executed by Alembic."""
