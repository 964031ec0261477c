"""How verbs and the service reach a source: its connector with the secrets that are stored for it.

Order: running, the connector, one that is not stored yet.
"""

from collections.abc import Mapping

from provisor.admin.context import Context
from provisor.admin.errors import AdminError
from provisor.admin.source_settings import accepted_secrets, is_signed_in, read_settings
from provisor.engine.ports import Secret
from provisor.engine.sources import DirectorySource
from provisor.rules.failure import Failure
from provisor.rules.source_settings import SourceSettings
from provisor.runner.source_running import SourceAccess, SourceRefused
from provisor.storage import secrets
from provisor.storage.connected_sources import ConnectedSource
from provisor.storage.secrets import SecretOwner


def source_access(context: Context) -> SourceAccess:
    """What the runner is asked with."""
    return SourceAccess(
        database=context.database,
        tenant=context.tenant,
        connect=lambda source: connect_stored(context, source),
        now=context.now,
    )


def connect_stored(context: Context, source: ConnectedSource) -> DirectorySource:
    """The connector of a source. Raises SourceRefused where it has none, as without its secret."""
    owner = SecretOwner(tenant=context.tenant, kind="source", id=source.id)
    connection = context.database.reader()
    try:
        names = secrets.names(connection, owner)
        found = {name: context.secret(connection, owner, name) for name in names}
        given = {name: secret for name, secret in found.items() if secret is not None}
        if not is_signed_in(source.settings, given):
            raise AdminError(
                "no-credentials",
                f"The source {source.name} has no secret to sign in with yet.",
                f"Save it with `provisor source set {source.name}`.",
            )
        return _made(context, source.settings, given)
    except AdminError as error:
        raise SourceRefused(Failure(code=error.code, message=error.message, hint=error.hint)) from error


def connect_document(
    context: Context, document: Mapping[str, object], given_secrets: Mapping[str, str]
) -> DirectorySource:
    """The connector of a source that is not stored. Raises AdminError."""
    settings = read_settings(document)
    given = accepted_secrets(settings, given_secrets)
    if not is_signed_in(settings, given):
        raise AdminError("no-credentials", "There is no secret to sign in with.", "Give it with the settings.")
    return _made(context, settings, {name: Secret(value) for name, value in given.items()})


def _made(context: Context, settings: SourceSettings, given: Mapping[str, Secret]) -> DirectorySource:
    if context.connect_source is None:
        raise AdminError("no-session", "This process makes no connections.", "Call it through `provisor`.")
    try:
        return context.connect_source(settings, given)
    except ValueError as error:
        raise AdminError("invalid-credentials", str(error), "Correct them with `provisor source set`.") from error
