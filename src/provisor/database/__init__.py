"""Opens a database and writes to it safely; knows no table.

`Database` gives short reads and synchronous transactions; `Writer` gives an event loop durable writes, group-committed.
Must not: know any table, import any other room of ours. Source: design.md sections 3 and 4, decision 0002.
"""

from provisor.database.sqlite import Connection, Database, DatabaseError, Row, open_database
from provisor.database.writer import Writer

__all__ = ["Connection", "Database", "DatabaseError", "Row", "Writer", "open_database"]
