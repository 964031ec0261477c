"""Verbs that copy the service's database while it runs, and put such a copy in its place.

The key that credentials are stored under lies in a file of its own and is copied only when it is asked for: who has
both can read them.
"""

import os
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from provisor.admin.actor import SERVICE_BACKUP, Actor
from provisor.admin.context import Context
from provisor.admin.errors import AdminError
from provisor.database import Database, DatabaseError
from provisor.database.backup import back_up
from provisor.database.restoring import restore
from provisor.folders import make_file
from provisor.runner.serving import is_served
from provisor.settings import Settings
from provisor.storage import audit
from provisor.storage.restoring import doubt_everything
from provisor.storage.schema import migrate

ACTIVITY = "Back up database"


@dataclass(frozen=True, slots=True)
class Backups:
    """Copies of everything the service knows."""

    context: Context

    def back_up(self, actor: Actor, file: Path, *, key: tuple[Path, Path] | None = None) -> int:
        """Copy the database, of one moment, to a new file of mode 0600; returns its size in bytes.

        `key`: the key file, and the new file that it is copied to.
        """
        self.context.needs(actor, SERVICE_BACKUP, ACTIVITY)
        if key is not None:
            self.context.key()  # made at first use
            _copy_key(*key)
        try:
            size = back_up(self.context.database, file)
        except DatabaseError as error:
            if key is not None:
                key[1].unlink(missing_ok=True)
            raise AdminError("backup-failed", str(error), "Name a new file in a folder that is there.") from error
        with self.context.change(actor, SERVICE_BACKUP, ACTIVITY) as change:
            change.target = str(file)
            change.detail = {"bytes": size, "withKey": key is not None}
        return size


def restore_database(actor: Actor, settings: Settings, backup: Path, *, replace: bool) -> Path | None:
    """Put a backup in the place of the database that the settings name; returns what the old one was kept as.

    A backup of an older version is brought up to date. The next cycle of every job looks at everybody and reads what
    the application holds. Raises AdminError, with nothing changed, when it cannot be done.
    """
    actor.needs(SERVICE_BACKUP)
    scheme, _, name = settings.database_url.partition(":///")
    if scheme != "sqlite" or not name:
        raise AdminError("database", "Only a database of SQLite can be restored.", "Look at PROVISOR_DATABASE_URL.")
    path = Path(name).resolve()
    if path.exists() and not replace:
        raise AdminError(
            "restore-failed",
            f"There is a database already: {path}.",
            "Say --replace to put the backup in its place; the present one is kept beside it.",
        )
    if path.exists() and is_served(path):
        raise AdminError("restore-failed", f"{path} is served now.", "End `provisor serve` first.")
    aside = path.with_name(f"{path.name}.before-restore")

    def prepare(database: Database) -> None:
        tenant = migrate(database)
        with database.transaction() as connection:
            doubt_everything(connection)
            audit.record(
                connection,
                tenant=tenant,
                author=actor.author,
                activity="Restore database",
                target=str(backup),
                now=datetime.now(UTC),
            )

    try:
        there = restore(backup, path, prepare=prepare, aside=aside)
    except DatabaseError as error:
        raise AdminError("restore-failed", str(error), "Nothing was replaced.") from error
    return aside if there else None


def _copy_key(key: Path, file: Path) -> None:
    try:
        content = key.read_bytes()
        with os.fdopen(make_file(file), "wb") as copy:
            copy.write(content)
    except OSError as error:
        raise AdminError("backup-failed", f"{error.filename}: {error.strerror}.", "Name a new file.") from error
