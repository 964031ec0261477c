"""Puts the product together: opens the database, chooses the connectors, makes the bundle of verbs.

Knows which connector serves which application. What few commands need (HTTP, ciphers) is imported when they need it.
"""

from __future__ import annotations

import secrets as randomness
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from provisor.admin.bundle import Admin
from provisor.admin.context import Context
from provisor.admin.errors import AdminError
from provisor.admin.tally import Tally
from provisor.database import Database, DatabaseError, open_database
from provisor.folders import make_folder
from provisor.settings import DATABASE_URL, TARGET_DATABASE_URL
from provisor.storage.schema import migrate

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from provisor.connectors.oauth import Grant, TokenSource
    from provisor.database import Connection
    from provisor.engine.ports import Secret, Target
    from provisor.engine.sources import DirectorySource
    from provisor.rules.source_settings import SourceSettings
    from provisor.settings import Settings
    from provisor.storage.jobs import Job
    from provisor.storage.secrets import KeyRing, SecretOwner

_SERVERS = ("postgresql", "postgres")


def build(settings: Settings) -> Admin:
    """All verbs over the database that the settings name; a new database is created and migrated."""
    if settings.database_url.partition(":")[0] in _SERVERS:
        raise AdminError(
            "database",
            f"{DATABASE_URL} names a PostgreSQL database, but the service keeps its directory and jobs in SQLite.",
            f"Write sqlite:///FILE, or leave it unset; for a target on PostgreSQL, set {TARGET_DATABASE_URL}.",
        )
    try:
        _make_folder(settings)
        database = open_database(settings.database_url)
        tenant = migrate(database)
    except (DatabaseError, OSError) as error:
        raise AdminError("database", str(error), "Look at PROVISOR_DATA and PROVISOR_DATABASE_URL.") from error
    tally = Tally()
    connections = StoredConnections(database, tenant, settings, tally)
    return Admin(
        Context(
            database=database,
            tenant=tenant,
            now=lambda: datetime.now(UTC),
            random_bytes=randomness.token_bytes,
            load_key=connections.key,
            problem_with_credentials=problem_with_credentials,
            connect=connections.connect,
            tally=tally,
            connect_unsaved=connections.connect,
            connect_on_demand=connections.connect_on_demand,
            connect_source=connect_source,
            key_file=settings.secret_key_file,
        )
    )


def _make_folder(settings: Settings) -> None:
    try:
        make_folder(settings.folder)
    except OSError as error:
        why = "it is a file" if isinstance(error, FileExistsError) else error.strerror
        raise AdminError(
            "database", f"{settings.folder} cannot be the data folder: {why}.", "Set PROVISOR_DATA to another folder."
        ) from error


def problem_with_credentials(url: str, token: Secret) -> str | None:
    """Why no request can be made with these, in one sentence; None when all is well. Sends nothing."""
    from provisor.connectors.scim_client import ScimClient
    from provisor.scim.schemas.resource_types import GROUP_TYPE, USER_TYPE

    try:
        ScimClient(url, token, USER_TYPE, GROUP_TYPE)
    except ValueError as error:
        return str(error)
    return None


def connect_source(settings: SourceSettings, given: Mapping[str, Secret]) -> DirectorySource:
    """The connector of a source with these settings and secrets; it opens nothing until it is asked something.

    Raises ValueError, as a sentence, for secrets that cannot be used.
    """
    from provisor.admin.source_settings import PASSWORD
    from provisor.rules.source_settings import ActiveDirectorySettings, CsvSettings, EntraSettings, LdapSettings

    match settings:
        case ActiveDirectorySettings():
            from provisor.connectors.active_directory import ActiveDirectory

            return ActiveDirectory(settings, given[PASSWORD])
        case LdapSettings():
            from provisor.connectors.ldap import LdapDirectory

            return LdapDirectory(settings, given)
        case EntraSettings():
            from provisor.connectors.graph.tenant import EntraTenant

            return EntraTenant(settings, given)
        case CsvSettings():
            from provisor.connectors.csv_source import CsvSource

            return CsvSource(settings)


class Refreshing:
    """The refresh token of an application, as it is stored at the moment. For any thread.

    For one token endpoint: once another is stored, the token that is stored is not for it.
    """

    def __init__(
        self, database: Database, key: Callable[[], KeyRing], owner: SecretOwner, endpoint: Secret | None
    ) -> None:
        self._database = database
        self._key = key
        self._owner = owner
        self._endpoint = endpoint

    def read(self) -> Secret | None:
        """The one of the moment; None when there is none for this endpoint any more."""
        return self._stored(self._database.reader())

    def keep(self, token: Secret) -> None:
        """Replace it: the one that was used may be good no longer."""
        from provisor.storage import secrets
        from provisor.storage.credentials_stamp import REFRESH_TOKEN

        with self._database.transaction() as connection:
            if self._stored(connection) is None:
                return  # removed, or another endpoint's
            now = datetime.now(UTC)
            secrets.save(connection, self._key(), owner=self._owner, name=REFRESH_TOKEN, secret=token, now=now)

    def _stored(self, connection: Connection) -> Secret | None:
        from provisor.admin.credential_keys import TOKEN_ENDPOINT
        from provisor.storage import secrets
        from provisor.storage.credentials_stamp import REFRESH_TOKEN

        endpoint = secrets.read(connection, self._key(), owner=self._owner, name=TOKEN_ENDPOINT)
        if endpoint is None or self._endpoint is None or endpoint.reveal() != self._endpoint.reveal():
            return None
        return secrets.read(connection, self._key(), owner=self._owner, name=REFRESH_TOKEN)


class StoredConnections:
    """Makes a job's client from its stored credentials."""

    def __init__(self, database: Database, tenant: str, settings: Settings, tally: Tally) -> None:
        self._tally = tally
        self._database = database
        self._tenant = tenant
        self._settings = settings
        self._key: KeyRing | None = None

    def key(self) -> KeyRing:
        """The key of stored secrets, read once. Raises SecretError when the file is not the one of this database."""
        from provisor.storage.secrets import current_key, load_key

        if self._key is None:
            expected = current_key(self._database.reader(), self._tenant)
            self._key = load_key(self._settings.secret_key_file, expected)
        return self._key

    def connect(self, job: Job, unsaved: Mapping[str, str] | None = None, *, heeds_flag: bool = True) -> Target:
        """A client of the job's application, with the stored credentials or with unsaved ones alone.

        `heeds_flag`: of the tenant URL.

        Raises AdminError when the credentials are missing or cannot be used.
        """
        from provisor.admin.credential_keys import BASE_ADDRESS, TOKEN_ENDPOINT
        from provisor.admin.jobs import owner_of
        from provisor.connectors.scim_client import ScimClient
        from provisor.engine.behaviour import PROVISOR, behaviour_named
        from provisor.engine.ports import Secret
        from provisor.gallery import template
        from provisor.scim.entra import Dialect

        pairs = self._stored(job) if unsaved is None else {name: Secret(text) for name, text in unsaved.items()}
        endpoint, owner = pairs.get(TOKEN_ENDPOINT), owner_of(job)
        refreshing = None if unsaved is not None else Refreshing(self._database, self.key, owner, endpoint)
        token, found = _token(pairs, refreshing), template(job.template)
        if BASE_ADDRESS not in pairs or token is None or found is None:
            lacking = f"It takes the tenant URL and a secret token, or {TOKEN_ENDPOINT}, client id and client secret."
            if unsaved is not None:
                raise AdminError("no-credentials", "These credentials are not all it takes.", lacking)
            hint = "Save the tenant URL and the secret token with `provisor job credentials`."
            raise AdminError("no-credentials", "The job has no credentials yet.", hint)
        behaviour = behaviour_named(job.behaviour) or PROVISOR
        try:
            return ScimClient(
                pairs[BASE_ADDRESS].reveal(),
                token,
                found.user_type,
                found.group_type,
                dialect=Dialect.CLASSIC if behaviour.default_dialect == "classic" else Dialect.COMPLIANT,
                connections=behaviour.requests_at_once,
                heeds_flag=heeds_flag,
                bears_members=behaviour.unasked_members == "drop",
                observe=self._tally.of_job(job.id),
            )
        except ValueError as error:
            raise AdminError(
                "invalid-credentials", str(error), "Save them again with `provisor job credentials`."
            ) from error

    def connect_on_demand(self, job: Job) -> Target:
        """The same for what is provisioned on demand."""
        from provisor.engine.behaviour import PROVISOR, behaviour_named

        heeds_flag = (behaviour_named(job.behaviour) or PROVISOR).on_demand.flags
        return self.connect(job) if heeds_flag else self.connect(job, heeds_flag=False)

    def _stored(self, job: Job) -> dict[str, Secret]:
        """What signing in takes of what is stored."""
        from provisor.admin.credential_keys import SIGN_IN
        from provisor.admin.jobs import owner_of
        from provisor.storage import secrets

        reader, owner = self._database.reader(), owner_of(job)
        try:
            found = {name: secrets.read(reader, self.key(), owner=owner, name=name) for name in SIGN_IN}
        except secrets.SecretError as error:
            raise AdminError("secret-key", str(error)) from error
        return {name: secret for name, secret in found.items() if secret is not None}


def _token(pairs: Mapping[str, Secret], refreshing: Refreshing | None) -> Secret | TokenSource | None:
    """The token, or where one is got; None when something is missing. Raises AdminError for what cannot be used."""
    from provisor.admin.credential_keys import TOKEN_ENDPOINT, ByClient, ByRefresh, ByToken, sign_in

    match sign_in(pairs):
        case ByToken(token):
            return pairs[token]
        case ByClient(client_id, client_secret):
            from provisor.connectors.oauth import ClientCredentials

            return _source(
                ClientCredentials(
                    endpoint=pairs[TOKEN_ENDPOINT].reveal(),
                    client_id=pairs[client_id].reveal(),
                    client_secret=pairs[client_secret],
                )
            )
        case ByRefresh(client_id, client_secret_or_none):
            from provisor.connectors.oauth import RefreshToken

            if refreshing is None:
                raise AdminError(
                    "invalid-credentials",
                    "A refresh token that is not saved cannot be tried: it may be good for one use, which the test "
                    "would be.",
                    "Save the credentials, and test them then; nothing is provisioned by that.",
                )
            return _source(
                RefreshToken(
                    endpoint=pairs[TOKEN_ENDPOINT].reveal(),
                    client_id=pairs[client_id].reveal(),
                    client_secret=None if client_secret_or_none is None else pairs[client_secret_or_none],
                    read=refreshing.read,
                    keep=refreshing.keep,
                )
            )
        case None:
            return None


def _source(grant: Grant) -> TokenSource:
    from provisor.connectors.oauth import TokenSource

    try:
        return TokenSource(grant)
    except ValueError as error:
        raise AdminError("invalid-credentials", str(error)) from error
