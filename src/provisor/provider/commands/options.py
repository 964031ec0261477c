"""What the commands of the target share: its database, opened as the settings say, and how a time is shown.

How a command speaks, fails and asks for a secret is in terminal, as for every other command.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated

import typer

from provisor.settings import DATA, TARGET_DATABASE_URL, read_settings
from provisor.terminal import complain

if TYPE_CHECKING:
    from provisor.database import Database

OfTenant = Annotated[str, typer.Option("--tenant", help="The tenant it is for; see `provisor target tenant list`.")]


@contextmanager
def opened() -> Iterator["Database"]:
    """The target's database; a refusal becomes a message, a hint and exit code 1."""
    from provisor.database import DatabaseError
    from provisor.provider.store.tables import TargetError, open_target

    try:
        database = open_target(read_settings(os.environ).target_database_url)
    except DatabaseError as error:
        complain(str(error), f"Check {DATA} and {TARGET_DATABASE_URL}.")
        raise typer.Exit(1) from error
    try:
        yield database
    except DatabaseError as error:
        complain(str(error))
        raise typer.Exit(1) from error
    except TargetError as error:
        complain(error.message, error.hint)
        raise typer.Exit(1) from error
    finally:
        database.close()


def minute(timestamp: str | None) -> str:
    """A time in a table; JSON has it in full."""
    return "never" if timestamp is None else timestamp[:16].replace("T", " ")
