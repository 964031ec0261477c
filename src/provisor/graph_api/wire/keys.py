"""Which application, user or group a path means."""

from provisor.admin.assignments import PrincipalKey
from provisor.admin.service_principals import ApplicationKey
from provisor.graph_api.odata.requests import GraphRequest

APP_ID = "appid="


def application_key(request: GraphRequest) -> ApplicationKey:
    """The application or service principal of the path, by its id or as `(appId='…')`."""
    of_principal = "servicePrincipal" in request.names
    value = request.names["servicePrincipal" if of_principal else "application"]
    if value.lower().startswith(APP_ID):
        return ApplicationKey("appId", value[len(APP_ID) :])
    return ApplicationKey("service principal" if of_principal else "application", value)


def principal_key(request: GraphRequest) -> PrincipalKey:
    """The user or group of the path."""
    if "user" in request.names:
        return PrincipalKey("user", request.names["user"])
    return PrincipalKey("group", request.names["group"])


def end_key(request: GraphRequest) -> ApplicationKey | PrincipalKey:
    """The end of an assignment from which the path sees it."""
    return application_key(request) if "servicePrincipal" in request.names else principal_key(request)
