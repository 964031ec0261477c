"""PostgreSQL under the same interface: `?` placeholders, plain tuples, one writer at a time in the whole cluster.

A write transaction first takes an advisory lock of its schema, as SQLite takes its write lock: what is correct with one
writer there is correct here, over any number of processes and machines, and no two transactions can deadlock. Readers
wait for nobody. Only the files of this name know the driver. Source: decision 0004.
"""

from pathlib import Path

import psycopg
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from provisor.database.connections import Connections
from provisor.database.ports import Ask, Batches, DatabaseError, Finish, Row
from provisor.database.postgresql_batches import PostgresqlBatches
from provisor.database.postgresql_connection import PREPARED, PostgresqlConnection
from provisor.database.postgresql_questions import PostgresqlQuestions

_SECONDS_TO_CONNECT = 10
_OPTIONS: dict[str, str | int | None] = {
    "application_name": "provisor",
    "connect_timeout": _SECONDS_TO_CONNECT,
    "tcp_user_timeout": 10_000,  # ms until a vanished server is noticed
    "keepalives_idle": 30,
}
# Reads between BEGIN and COMMIT are of one moment, as on SQLite; a writer says what it needs when it begins. A process
# that hangs in a transaction loses it, and the write lock with it.
_SESSION = (
    "SET default_transaction_isolation TO 'repeatable read'; "
    "SET idle_in_transaction_session_timeout TO '60s'; "
    "SELECT set_config('synchronous_commit', 'on', false) WHERE current_setting('synchronous_commit') = 'off'; "
    "SET lock_timeout TO {milliseconds}"
)


class PostgresqlDatabase(Connections[PostgresqlConnection]):
    """One schema of one database of a server."""

    def __init__(self, url: str, name: str) -> None:
        super().__init__()
        self._url = url  # holds the password: for the driver alone
        self.name = name
        self.reader()  # an absent server is reported now

    def __repr__(self) -> str:
        return f"PostgresqlDatabase({self.name!r})"

    @property
    def path(self) -> Path:
        """Raises DatabaseError: there is no file."""
        raise DatabaseError(f"{self.name} cannot be used here: this part of Provisor needs SQLite, sqlite:///FILE.")

    def _open(self, busy_seconds: float) -> PostgresqlConnection:
        return PostgresqlConnection(lambda: self._driver_connection(busy_seconds), self.name)

    def _driver_connection(self, busy_seconds: float) -> "psycopg.Connection[Row]":
        try:
            raw = psycopg.connect(self._url, autocommit=True, prepare_threshold=1)
            raw.prepared_max = PREPARED
            raw.execute(_SESSION.format(milliseconds=int(busy_seconds * 1000)).encode())
        except psycopg.Error as error:
            raise DatabaseError(f"Cannot open the database {self.name}: {_first_line(error)}.") from None
        encoding = raw.info.parameter_status("server_encoding")
        if encoding != "UTF8":
            raw.close()
            raise DatabaseError(f"{self.name} has the encoding {encoding}; make a database with ENCODING 'UTF8'.")
        return raw

    def batches(self, finish: Finish | None = None) -> Batches:
        """What a Writer of this database writes through."""
        return PostgresqlBatches(self.connect(), finish, analyse=self.analyse, give_back=self.disconnect)

    def asking(self) -> Ask:
        """Short reads during which the loop goes on; call it on the event loop."""
        return PostgresqlQuestions(self.connect()).one

    def analyse(self) -> None:
        """Have the server learn what the tables hold, quietly.

        Until then it rates an index on columns with one value as highly as the one on ids.
        """
        try:
            connection = self.connect()
        except DatabaseError:  # the next use of the server will report it
            return
        try:
            names = connection.all(
                "SELECT quote_ident(relname) FROM pg_class "
                "WHERE relnamespace = current_schema()::regnamespace AND relkind = 'r'"
            )
            if names:
                connection.execute(f"ANALYZE (SKIP_LOCKED) {', '.join(name for (name,) in names)}")
        except DatabaseError:
            return
        finally:
            self.disconnect(connection)


def _first_line(error: psycopg.Error) -> str:
    """What is wrong; libpq adds a question that the first line has already answered."""
    return (str(error).strip() or type(error).__name__).splitlines()[0].rstrip(".")


def open_server(url: str) -> PostgresqlDatabase:
    """Open `postgresql://USER@HOST:PORT/DATABASE`. Raises DatabaseError, never with the password."""
    try:
        given = conninfo_to_dict(url)
    except psycopg.Error:  # its message quotes parts of the URL, perhaps of the password
        given = {}
    if not given or "@" in f"{given.get('host')}{given.get('port')}":  # an @ of the password, taken for the last one
        raise DatabaseError(
            "The database's URL cannot be read; write it as postgresql://USER:PASSWORD@HOST:PORT/DATABASE, with "
            "special characters in percent signs (@ is %40)."
        )
    place = f"{given.get('host') or 'localhost'}:{given.get('port') or 5432}"
    name = f"postgresql://{place}/{given.get('dbname') or given.get('user') or ''}"
    options = {option: value for option, value in _OPTIONS.items() if option not in given}
    return PostgresqlDatabase(make_conninfo(url, **options), name)
