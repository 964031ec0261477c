"""Routes of secrets: save the whole set, show it, test it (spec/graph-synchronization-api.md section 6)."""

from collections.abc import Mapping, Sequence
from typing import Final

from provisor.admin.actor import JOB_CREDENTIALS, JOB_READ, JOB_RUN
from provisor.graph_api.handlers.synchronization_paths import OF_PRINCIPAL, around, job, principal
from provisor.graph_api.odata.answers import NO_CONTENT, GraphAnswer, collection, ok
from provisor.graph_api.odata.errors import bad_request
from provisor.graph_api.odata.requests import GraphRequest
from provisor.graph_api.odata.routing import GraphRoute
from provisor.graph_api.wire.synchronization_secrets import (
    CredentialsCheck,
    SecretAnswer,
    SecretPair,
    SecretsUpdate,
    SynchronizationAnswer,
    SynchronizationUpdate,
    pairs_given,
    secrets_shown,
)


def listed(request: GraphRequest) -> GraphAnswer:
    """The keys that are stored, what is secret masked."""
    shown = secrets_shown(request.admin.credential_sets.show(request.actor, principal(request)))
    return collection(request, f"{around(request)}/secrets", shown, count=len(shown) if request.options.count else None)


def around_them(request: GraphRequest) -> GraphAnswer:
    """The synchronization of a service principal; its jobs and templates have paths of their own."""
    key = principal(request)
    shown = secrets_shown(request.admin.credential_sets.show(request.actor, key))
    return ok(request, around(request), {"id": key.value, "secrets": shown})


def replaced(request: GraphRequest) -> GraphAnswer:
    """The whole set."""
    body: SecretsUpdate = request.body
    return _replaced(request, body.value, body)


def replaced_within(request: GraphRequest) -> GraphAnswer:
    """The same, as the body of the synchronization around it."""
    body: SynchronizationUpdate = request.body
    return _replaced(request, body.secrets, body)


def checked(request: GraphRequest) -> GraphAnswer:
    """Test the connection of a job."""
    unsaved = _unsaved(request.body)  # before the job is looked for: the answer must not tell whether it is there
    request.admin.cycles.test_connection(request.actor, job(request), unsaved)
    return NO_CONTENT


def checked_before(request: GraphRequest) -> GraphAnswer:
    """The same where there need not be a job."""
    body: CredentialsCheck = request.body
    request.admin.synchronization.test_connection(request.actor, principal(request), body.template_id, _unsaved(body))
    return NO_CONTENT


def _replaced(
    request: GraphRequest, pairs: Sequence[SecretPair], body: SecretsUpdate | SynchronizationUpdate
) -> GraphAnswer:
    request.admin.credential_sets.replace(
        request.actor, principal(request), pairs_given(pairs), links=body.links_afterwards
    )
    return NO_CONTENT


def _unsaved(body: CredentialsCheck) -> Mapping[str, str] | None:
    """What is to be tried; None: what is stored. Saved credentials win where they are asked for."""
    if body.use_saved_credentials:
        return None
    if body.credentials is None:
        raise bad_request(
            "The request has no credentials.", "Send credentials, or useSavedCredentials with the value true."
        )
    return {name: text for name, text in pairs_given(body.credentials).items() if text}


_SECRETS: Final = f"{OF_PRINCIPAL}/secrets"
_JOBS: Final = f"{OF_PRINCIPAL}/jobs"
_CHECKS: Final = ((f"{_JOBS}/{{job}}/validateCredentials", checked), (f"{_JOBS}/validateCredentials", checked_before))

ROUTES: Final = (
    GraphRoute(
        method="GET",
        path=_SECRETS,
        handler=listed,
        summary="List the secrets of a service principal, masked.",
        permission=JOB_READ,
        answer=list[SecretAnswer],
    ),
    GraphRoute(
        method="GET",
        path=OF_PRINCIPAL,
        handler=around_them,
        summary="Get the synchronization of a service principal.",
        permission=JOB_READ,
        answer=SynchronizationAnswer,
    ),
    GraphRoute(
        method="PUT",
        path=_SECRETS,
        handler=replaced,
        summary="Replace the secrets of a service principal.",
        permission=JOB_CREDENTIALS,
        body=SecretsUpdate,
        status=204,
        waits_for="cycle",
    ),
    GraphRoute(
        method="PUT",
        path=OF_PRINCIPAL,
        handler=replaced_within,
        summary="Replace the secrets of a service principal.",
        permission=JOB_CREDENTIALS,
        body=SynchronizationUpdate,
        status=204,
        waits_for="cycle",
    ),
    *(
        GraphRoute(
            method="POST",
            path=path,
            handler=handler,
            summary="Test the connection, with saved credentials, for which job.run is enough, or others.",
            permission=JOB_RUN,
            also=(JOB_CREDENTIALS,),
            body=CredentialsCheck,
            status=204,
            waits_for="application",
        )
        for path, handler in _CHECKS
    ),
)
