"""What the commands of the target share: where its database is, how a command speaks, fails and asks for a secret.

A secret is read from a prompt, from standard input or from a file, never from an argument.
"""

import getpass
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer

from provisor.terminal import secret_line

if TYPE_CHECKING:
    from provisor.database import Database

DATABASE_URL = "PROVISOR_TARGET_DATABASE_URL"
DATA = "PROVISOR_DATA"

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON instead of text.")]


def fail(sentence: str) -> NoReturn:
    """End the command with a sentence and exit code 1."""
    print(sentence, file=sys.stderr)  # noqa: T201 - a command speaks to its user
    raise typer.Exit(1)


def say(text: str) -> None:
    """Print a line."""
    print(text, flush=True)  # noqa: T201 - a command speaks to its user


@contextmanager
def opened() -> Iterator["Database"]:
    """The target's database; failures become a sentence and exit code 1."""
    from provisor.database import DatabaseError
    from provisor.provider.store.tables import TargetError, open_target

    folder = Path(os.environ.get(DATA) or "provisor-data").absolute()
    url = os.environ.get(DATABASE_URL) or f"sqlite:///{folder / 'target.sqlite'}"
    try:
        database = open_target(url)
        try:
            yield database
        finally:
            database.close()
    except (DatabaseError, TargetError) as error:
        fail(str(error))


def read_secret(file: Path | None, asked: str) -> str:
    """A new password: from a file (`-` for standard input), from what is piped in, or asked for twice."""
    if file is not None or not sys.stdin.isatty():
        try:
            secret = secret_line("-" if file is None else str(file))
        except OSError as error:
            fail(f"{file} cannot be read: {error.strerror}.")
        except ValueError as error:
            fail(str(error))
        if secret != secret.strip():
            fail("The password begins or ends with a blank, and nobody can tell whether it is meant; remove it.")
        return secret
    first = getpass.getpass(f"{asked}: ")
    if getpass.getpass("Once more: ") != first:
        fail("The two differ; nothing was changed.")
    return first
