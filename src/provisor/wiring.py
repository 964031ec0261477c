"""Puts the product together: opens the database, names the connectors, makes the bundle of verbs.

With `main`, the only composition root, and the only place that knows which connector serves which application.
"""

import secrets as randomness
from datetime import UTC, datetime

from provisor.admin.applications import Applications
from provisor.admin.bundle import Admin
from provisor.admin.context import Context
from provisor.admin.cycles import Cycles
from provisor.admin.directory import Objects
from provisor.admin.errors import AdminError
from provisor.admin.imports import Imports
from provisor.admin.jobs import BASE_ADDRESS, SECRET_TOKEN, Jobs
from provisor.admin.logs import Logs
from provisor.admin.members import Members
from provisor.admin.schemas import Schemas
from provisor.connectors.scim_client import ScimClient
from provisor.database import Database, DatabaseError, open_database
from provisor.engine.behaviour import PROVISOR, behaviour_named
from provisor.engine.ports import Secret, Target
from provisor.gallery import template, templates
from provisor.scim.entra import Dialect
from provisor.settings import Settings
from provisor.storage import secrets
from provisor.storage.jobs import Job
from provisor.storage.schema import migrate
from provisor.storage.secrets import SecretError, SecretKey


def build(settings: Settings) -> Admin:
    """All verbs over the database that the settings name; it is made and migrated when it is new."""
    settings.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    try:
        database = open_database(settings.database_url)
        tenant = migrate(database)
    except DatabaseError as error:
        raise AdminError("database", str(error), "Look at PROVISOR_DATA and PROVISOR_DATABASE_URL.") from error
    connections = Connections(database, settings)
    context = Context(
        database=database,
        tenant=tenant,
        now=lambda: datetime.now(UTC),
        random_bytes=randomness.token_bytes,
        load_key=connections.key,
        problem_with_credentials=problem_with_credentials,
        connect=connections.connect,
    )
    applications = Applications(context, templates())
    jobs = Jobs(context, applications)
    return Admin(
        users=Objects(context, "user"),
        groups=Objects(context, "group"),
        members=Members(context),
        imports=Imports(context),
        applications=applications,
        jobs=jobs,
        cycles=Cycles(context, jobs),
        schemas=Schemas(context, jobs),
        logs=Logs(context, jobs),
    )


def problem_with_credentials(url: str, token: Secret) -> str | None:
    """Why no request can be made with these, in a sentence; None when all is well. Nothing is sent."""
    found = templates()[0]
    try:
        ScimClient(url, token, found.user_type, found.group_type)
    except ValueError as error:
        return str(error)
    return None


class Connections:
    """Makes the client of a job from its stored credentials."""

    def __init__(self, database: Database, settings: Settings) -> None:
        self._database = database
        self._settings = settings
        self._key: SecretKey | None = None

    def key(self) -> SecretKey:
        """The key of stored secrets, read once."""
        if self._key is None:
            self._key = secrets.load_key(self._settings.secret_key_file)
        return self._key

    def connect(self, job: Job) -> Target:
        """A client of the job's application. Raises AdminError when the credentials are missing or cannot be used."""
        reader = self._database.reader()
        try:
            address = secrets.read(reader, self.key(), job=job.id, name=BASE_ADDRESS)
            token = secrets.read(reader, self.key(), job=job.id, name=SECRET_TOKEN)
        except SecretError as error:
            raise AdminError("secret-key", str(error)) from error
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
