"""What the paths of synchronization name: a service principal, and a job or template of it.

A job of another service principal is not there (spec/graph-synchronization-api.md section 3). Who may see it is asked
by the verb that is called with it.
"""

from typing import Final

from provisor.admin.service_principals import ApplicationKey
from provisor.graph_api.odata.requests import GraphRequest
from provisor.graph_api.wire.keys import application_key

OF_PRINCIPAL: Final = "/servicePrincipals/{servicePrincipal}/synchronization"
OF_APPLICATION: Final = "/applications/{application}/synchronization"


def principal(request: GraphRequest) -> ApplicationKey:
    """What the path names the service principal by, or the application where it begins with that."""
    return application_key(request)


def job(request: GraphRequest, asked: str | None = None) -> str:
    """The id of the job in the path. Raises AdminError where the service principal has no such job.

    `asked`: the permission that its verb asks for, where that is not the route's.
    """
    permission = asked or request.permission
    return request.admin.synchronization.job(principal(request), request.names["job"], request.actor, permission)


def around(request: GraphRequest) -> str:
    """What `@odata.context` calls the place of jobs, templates and secrets."""
    noun = request.path.strip("/").partition("/")[0].partition("(")[0]
    return f"{noun}('{principal(request).value}')/synchronization"
