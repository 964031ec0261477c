"""What a service that was killed again and again must not leave: damage, secrets, passing files, faults of its own."""

import sqlite3
from collections.abc import Mapping, Sequence
from contextlib import closing
from pathlib import Path

from provisor.database import Database
from provisor.testing.crash.serving import CommandProcess
from provisor.testing.secrets_scan import find_secrets

_PASSING = (".scratch-", ".provisor-backup-", ".restore-")


def left_behind(
    database: Database, copies: Sequence[tuple[CommandProcess, Path]], secrets: Mapping[str, str], said: str
) -> list[str]:
    """What is wrong in the folder of this database. `copies`: each backup with its file; `said`: by all processes."""
    folder = database.path.parent
    found = [
        f"There is no {file.name}: its command ended with {process.wait(0)}."
        for process, file in copies
        if not process.struck and not file.exists()
    ]
    for file in (database.path, *(file for _, file in copies if file.exists())):
        with closing(sqlite3.connect(file)) as connection:
            verdict = connection.execute("PRAGMA integrity_check").fetchall()
        if verdict != [("ok",)]:
            found.append(f"{file.name} is damaged: {verdict[:3]}")
    left = [one.name for one in folder.iterdir() if any(mark in one.name for mark in _PASSING)]
    if left:
        found.append(f"{left} were left behind.")
    for leak in find_secrets(secrets, [folder]):
        found.append(f"The {leak.secret} is in {Path(leak.place).name} as {leak.form}.")
    if "Traceback" in said:
        found.append(said[said.index("Traceback") :][:3000])
    if rows := database.reader().all("SELECT action, status, code FROM log_facet WHERE code = 'InternalError'"):
        found.append(f"Faults of our own are in the log: {rows}")
    return found
