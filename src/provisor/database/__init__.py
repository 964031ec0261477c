"""Opens a database and writes to it safely; knows no table.

`Database` gives short reads and synchronous transactions; `Writer` gives an event loop durable writes, group-committed.
SQLite and PostgreSQL are the same to callers.
Must not: know any table, import any other room of ours. Source: explanation/architecture.md, decisions 0002 and 0004.
"""

from provisor.database.opening import open_database
from provisor.database.ports import Connection, Database, DatabaseError, IntegrityError, Row
from provisor.database.writer import Writer

__all__ = ["Connection", "Database", "DatabaseError", "IntegrityError", "Row", "Writer", "open_database"]
