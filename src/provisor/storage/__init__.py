"""The service's tables and the only SQL of the service.

Functions here take a `database.Connection` (or `Database`) and values, and return values. Must not: decide anything,
open sockets, read clocks other than an argument. Tables: migrations/; order of rooms: explanation/architecture.md.
"""

from provisor.storage.schema import migrate

__all__ = ["migrate"]
