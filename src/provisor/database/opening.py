"""From a URL to an open database. PostgreSQL's driver is imported only when a URL asks for it."""

from provisor.database.ports import Database, DatabaseError
from provisor.database.sqlite import open_file


def open_database(url: str) -> Database:
    """Open `sqlite:///FILE` (relative), `sqlite:////FILE` (absolute) or `postgresql://USER@HOST:PORT/DATABASE`.

    A file is made, with mode 0600, when absent; a database of PostgreSQL must be there. Raises DatabaseError for
    another scheme and for what cannot be opened, never with the password that the URL holds.
    """
    scheme, _, rest = url.partition(":")
    if scheme in ("postgresql", "postgres"):
        from provisor.database.postgresql import open_server

        return open_server(url)
    if scheme == "sqlite" and rest.startswith("///") and rest != "///":
        return open_file(rest[3:])
    shown = url if "@" not in url else f"{scheme}:…"  # it may hold a password
    raise DatabaseError(
        f"{shown!r} is not a database this version can open; write it as sqlite:///FILE or "
        "postgresql://USER@HOST:PORT/DATABASE."
    )
