"""Puts the product together: opens the database, names the connectors, makes the bundle of verbs.

Knows which connector serves which application. What few commands need (HTTP, ciphers) is imported when they need it.
"""

from __future__ import annotations

import secrets as randomness
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from provisor.admin.bundle import Admin
from provisor.admin.context import Context
from provisor.admin.errors import AdminError
from provisor.database import Database, DatabaseError, open_database
from provisor.folders import make_folder
from provisor.settings import DATABASE_URL, TARGET_DATABASE_URL
from provisor.storage.schema import migrate

if TYPE_CHECKING:
    from provisor.engine.ports import Secret, Target
    from provisor.settings import Settings
    from provisor.storage.jobs import Job
    from provisor.storage.secrets import SecretKey

_SERVERS = ("postgresql", "postgres")


def build(settings: Settings) -> Admin:
    """All verbs over the database that the settings name; it is made and migrated when it is new."""
    if settings.database_url.partition(":")[0] in _SERVERS:
        raise AdminError(
            "database",
            f"{DATABASE_URL} names a PostgreSQL database, and the service keeps its directory and jobs in SQLite.",
            f"Write it as sqlite:///FILE, or leave it out; a target may be on PostgreSQL, by {TARGET_DATABASE_URL}.",
        )
    try:
        _make_folder(settings)
        database = open_database(settings.database_url)
        tenant = migrate(database)
    except (DatabaseError, OSError) as error:
        raise AdminError("database", str(error), "Look at PROVISOR_DATA and PROVISOR_DATABASE_URL.") from error
    connections = StoredConnections(database, settings)
    return Admin(
        Context(
            database=database,
            tenant=tenant,
            now=lambda: datetime.now(UTC),
            random_bytes=randomness.token_bytes,
            load_key=connections.key,
            problem_with_credentials=problem_with_credentials,
            connect=connections.connect,
        )
    )


def _make_folder(settings: Settings) -> None:
    try:
        make_folder(settings.folder)
    except OSError as error:
        why = "it is a file" if isinstance(error, FileExistsError) else error.strerror
        raise AdminError(
            "database", f"{settings.folder} cannot be the data folder: {why}.", "Name another one in PROVISOR_DATA."
        ) from error


def problem_with_credentials(url: str, token: Secret) -> str | None:
    """Why no request can be made with these, in a sentence; None when all is well. Nothing is sent."""
    from provisor.connectors.scim_client import ScimClient
    from provisor.scim.schemas.resource_types import GROUP_TYPE, USER_TYPE

    try:
        ScimClient(url, token, USER_TYPE, GROUP_TYPE)
    except ValueError as error:
        return str(error)
    return None


class StoredConnections:
    """Makes the client of a job from its stored credentials."""

    def __init__(self, database: Database, settings: Settings) -> None:
        self._database = database
        self._settings = settings
        self._key: SecretKey | None = None

    def key(self) -> SecretKey:
        """The key of stored secrets, read once."""
        from provisor.storage.secrets import load_key

        if self._key is None:
            self._key = load_key(self._settings.secret_key_file)
        return self._key

    def connect(self, job: Job) -> Target:
        """A client of the job's application. Raises AdminError when the credentials are missing or cannot be used."""
        from provisor.admin.jobs import BASE_ADDRESS, SECRET_TOKEN
        from provisor.connectors.scim_client import ScimClient
        from provisor.engine.behaviour import PROVISOR, behaviour_named
        from provisor.gallery import template
        from provisor.scim.entra import Dialect

        address, token = self._secret(job, BASE_ADDRESS), self._secret(job, SECRET_TOKEN)
        found = template(job.template)
        if address is None or token is None or found is None:
            raise AdminError(
                "no-credentials",
                "The job has no credentials yet.",
                "Save the tenant URL and the secret token with `provisor job credentials`.",
            )
        behaviour = behaviour_named(job.behaviour) or PROVISOR
        try:
            return ScimClient(
                address.reveal(),
                token,
                found.user_type,
                found.group_type,
                dialect=Dialect.CLASSIC if behaviour.default_dialect == "classic" else Dialect.COMPLIANT,
                connections=behaviour.requests_at_once,
            )
        except ValueError as error:
            raise AdminError(
                "invalid-credentials", str(error), "Save them again with `provisor job credentials`."
            ) from error

    def _secret(self, job: Job, name: str) -> Secret | None:
        from provisor.storage import secrets

        try:
            return secrets.read(self._database.reader(), self.key(), job=job.number, name=name)
        except secrets.SecretError as error:
            raise AdminError("secret-key", str(error)) from error
