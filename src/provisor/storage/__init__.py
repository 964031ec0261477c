"""The service's tables, and its SQL.

Functions here take a `database.Connection` (or `Database`) and values, and return values. Must not: decide anything,
open sockets, read a clock: the time is an argument. Tables: migrations/; order of rooms: explanation/architecture.md.
"""
