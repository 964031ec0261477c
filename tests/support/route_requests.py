"""How every route of the Graph-shaped API is called, about what two_applications made: its path, and its body."""

import re

from provisor.graph_api.routes import ROUTES
from support.graph_objects import DEFAULT_ACCESS
from support.two_applications import TEMPLATE

ADDRESS = "203.0.113.9"
NAMES = {f"{route.method} {route.path}": route for route in ROUTES}
SECRETS = [{"key": "BaseAddress", "value": "http://127.0.0.1:1/scim"}, {"key": "SecretToken", "value": "another"}]
JOB = "/servicePrincipals/{servicePrincipal}/synchronization/jobs/{job}"
REF = {"@odata.id": "https://graph.microsoft.com/v1.0/directoryObjects/{newUser}"}


def assigning(principal):
    return {"principalId": principal, "resourceId": "{servicePrincipal}", "appRoleId": DEFAULT_ACCESS}


# What is sent to each route that takes a body; names in braces are those of the place.
BODIES = {
    "POST /applicationTemplates/{applicationTemplate}/instantiate": {"displayName": "Another"},
    "PATCH /applications/{application}": {"displayName": "Renamed"},
    "PATCH /servicePrincipals/{servicePrincipal}": {"notes": "changed"},
    "POST /servicePrincipals/{servicePrincipal}/appRoleAssignedTo": assigning("{newUser}"),
    "POST /users/{user}/appRoleAssignments": assigning("{user}"),
    "POST /groups/{group}/appRoleAssignments": assigning("{group}"),
    "POST /applications/{application}/owners/$ref": REF,
    "POST /servicePrincipals/{servicePrincipal}/owners/$ref": REF,
    "PUT /applications/{application}/synchronization/templates/{template}/schema": {},
    "PATCH /applications/{application}/synchronization/templates/{template}/schema": {},
    "POST /servicePrincipals/{servicePrincipal}/synchronization/jobs": {"templateId": TEMPLATE},
    f"PATCH {JOB}": {"schedule": {"interval": "PT50M"}},
    f"POST {JOB}/restart": {"criteria": {"resetScope": "Full"}},
    f"POST /provisor{JOB}/run": {"allowDeletes": 3},
    "POST /servicePrincipals/{servicePrincipal}/synchronization/jobs/validateCredentials": {"credentials": SECRETS},
    f"POST {JOB}/validateCredentials": {"credentials": SECRETS},
    f"PUT {JOB}/schema": "{schema}",
    f"PATCH {JOB}/schema": "{schema}",
    "PUT /servicePrincipals/{servicePrincipal}/synchronization/secrets": {"value": SECRETS},
    "PUT /servicePrincipals/{servicePrincipal}/synchronization": {"secrets": SECRETS},
    f"POST {JOB}/provisionOnDemand": {
        "parameters": [{"ruleId": "{rule}", "subjects": [{"objectId": "{user}", "objectTypeName": "User"}]}]
    },
    "POST /provisor/jobs/{job}/plans": {"scope": "all"},
    "POST /provisor/plans/{plan}/approve": {"allowDeletes": 99},
    "POST /provisor/plans/{plan}/apply": {"allowDeletes": 99},
    "POST /provisor/jobs/{job}/escrows/retry": {"all": True},
    "PATCH /provisor/jobs/{job}/settings": {"deletionThreshold": 9},
    "POST /users": {"userPrincipalName": "x@x.example", "displayName": "x", "mailNickname": "x", "accountEnabled": True,
                    "passwordProfile": {"password": "never kept 1"}},
    "PATCH /users/{user}": {"surname": "changed"},
    "POST /groups": {"displayName": "x", "mailEnabled": False, "mailNickname": "x", "securityEnabled": True},
    "PATCH /groups/{group}": {"displayName": "changed"},
    "POST /groups/{group}/members/$ref": REF,
    "PUT /users/{user}/manager/$ref": REF,
    "POST /directoryObjects/getByIds": {"ids": ["{user}"]},
    "POST /applications/{application}/extensionProperties": {"name": "x", "dataType": "String", "targetObjects": ["User"]},
    "POST /directoryObjects/getAvailableExtensionProperties": {},
    **{f"POST {around}/schema/parseExpression": {"expression": "[mail]"} for around in (
        JOB, *(f"/{noun}/synchronization/templates/{{template}}" for noun in
               ("servicePrincipals/{servicePrincipal}", "applications/{application}")))},
}  # fmt: skip


def named(route, known):
    """The names of a path, of this place."""
    kind = "Group" if route.path.startswith("/groups") else "User"
    values = known | {"assignment": known["assignment"][kind]}
    if "directoryAudits" in route.path:
        values["event"] = known["audit"]
    values["object"] = known["failed"] if "escrows" in route.path else known["linked"]
    return values


def filled(body, values):
    """The body, with what its braces name."""
    if isinstance(body, dict):
        return {name: filled(value, values) for name, value in body.items()}
    if isinstance(body, list):
        return [filled(value, values) for value in body]
    if isinstance(body, str) and body.startswith("{"):
        return values[body.strip("{}")]
    return body.replace("{newUser}", values["newUser"]) if isinstance(body, str) else body


def ask(opened, name, token, known, address=ADDRESS):
    """The answer to the route's request about what is known."""
    route = NAMES[name]
    values = named(route, known)
    path = re.sub(r"\{(\w+)\}", lambda found: values[found[1]], route.path)
    body = filled(BODIES[name], values) if name in BODIES else None
    return opened.graph.as_(token).request(
        route.method, f"/beta{path}", body=body, headers={"X-Forwarded-For": address}
    )
