"""Every route of synchronization, with what is not there, what is another application's, and who may not see it."""

import copy

import pytest

from provisor.admin.actor import JOB_READ, OF_APPLICATIONS, Actor
from provisor.graph_api.handlers import (
    provision_on_demand,
    synchronization_jobs,
    synchronization_schemas,
    synchronization_secrets,
    synchronization_templates,
)
from support.synchronized import SECRETS, TEMPLATE

MISSING = "00000000-0000-7000-8000-000000000000"
ROUTES = [
    route
    for noun in (
        synchronization_templates,
        synchronization_jobs,
        synchronization_schemas,
        synchronization_secrets,
        provision_on_demand,
    )
    for route in noun.ROUTES
]
NAMED = [f"{route.method} {route.path}" for route in ROUTES]
DIRECTORY = "8c2e1b3d-0e22-4b5f-8b64-9f2e6c1d4a63"
PROVISION = {"parameters": [{"ruleId": "x", "subjects": [{"objectId": "x", "objectTypeName": "User"}]}]}
BODIES = {
    "NewJob": {"templateId": TEMPLATE},
    "JobUpdate": {"synchronizationJobSettings": [{"name": "SyncAll", "value": "True"}]},
    "Restart": {},
    "RunOptions": {},
    "SecretsUpdate": {"value": SECRETS},
    "SynchronizationUpdate": {"secrets": SECRETS},
    "CredentialsCheck": {"credentials": SECRETS},
    "ExpressionRequest": {"expression": "[a]"},
    "OnDemandRequest": PROVISION,
}


def body_of(route):
    if route.body is None:
        return None
    return copy.deepcopy(BODIES.get(getattr(route.body, "__name__", ""), {}))


def ask(graph, route, *, key, **names):
    path = route.path
    named = {"servicePrincipal": key, "application": key, "template": TEMPLATE, "directory": DIRECTORY, **names}
    for name, value in named.items():
        path = path.replace(f"{{{name}}}", value)
    version = "/beta" if route.beta_only else "/v1.0"
    return graph.request(route.method, f"{version}{path}", body=body_of(route))


def contents(service):
    """Everything that is stored but who was refused what."""
    reader = service.database.reader()
    return {
        table: reader.all(f"SELECT * FROM {table}")
        for table in ("job", "ruleset", "secret", "run_request", "application", "link")
    }


@pytest.fixture
def two(service):
    """Two applications, each with a job."""
    other = service.add("Other")
    return {
        "own": service.application,
        "other": other,
        "own job": service.job().rpartition("/")[2],
        "other job": service.job(other).rpartition("/")[2],
    }


def key_of(route, application):
    return application.object_id if route.path.startswith("/applications") else application.id


@pytest.mark.parametrize("route", ROUTES, ids=NAMED)
def test_an_application_that_is_not_there_is_404(service, two, route):
    before = contents(service)

    reply = ask(service.graph, route, key=MISSING, job=two["own job"])

    assert (reply.status, reply.error["code"]) == (404, "Request_ResourceNotFound")
    assert contents(service) == before


OF_JOBS = [route for route in ROUTES if "{job}" in route.path]
OF_TEMPLATES = [route for route in ROUTES if "{template}" in route.path]


@pytest.mark.parametrize("route", OF_JOBS, ids=[f"{route.method} {route.path}" for route in OF_JOBS])
@pytest.mark.parametrize("job", ["other job", MISSING, "x", "a\u00e9", "a" * 400, "%2F"])
def test_a_job_of_another_application_is_404_as_one_that_is_not_there(service, two, route, job):
    before = contents(service)

    reply = ask(service.graph, route, key=two["own"].id, job=two.get(job, job))

    assert (reply.status, reply.error["code"]) == (404, "Request_ResourceNotFound")
    assert contents(service) == before


@pytest.mark.parametrize("route", OF_TEMPLATES, ids=[f"{route.method} {route.path}" for route in OF_TEMPLATES])
@pytest.mark.parametrize("template", ["scim", "x", "a" * 400])
def test_a_template_of_another_application_is_404(service, two, route, template):
    reply = ask(service.graph, route, key=key_of(route, two["own"]), template=template)

    assert (reply.status, reply.error["code"]) == (404, "Request_ResourceNotFound")


@pytest.mark.parametrize("route", ROUTES, ids=NAMED)
def test_an_owner_of_another_application_is_told_what_is_told_of_nothing(service, two, route):
    service.callers["owner"] = Actor(
        id="o", name="olga", kind="user", own_permissions=OF_APPLICATIONS, owned=frozenset({two["other"].id})
    )
    graph, before = service.graph.as_("owner"), contents(service)
    hidden_key, missing_key = key_of(route, two["own"]), MISSING

    hidden = ask(graph, route, key=hidden_key, job=two["own job"])
    missing = ask(graph, route, key=missing_key, job=two["own job"])

    assert hidden.status == missing.status == 404
    told = [one.error["message"].replace(hidden_key, "KEY").replace(missing_key, "KEY") for one in (hidden, missing)]
    assert told[0] == told[1]
    assert contents(service) == before


@pytest.mark.parametrize("body", [{}, {"useSavedCredentials": True}, {"credentials": SECRETS}])
def test_no_body_tells_an_owner_that_a_job_is_there(service, two, body):
    service.callers["owner"] = Actor(
        id="o", name="olga", kind="user", own_permissions=OF_APPLICATIONS, owned=frozenset({two["other"].id})
    )
    jobs = f"/servicePrincipals/{two['own'].id}/synchronization/jobs"

    told = [
        (reply.status, reply.error["message"].replace(job, "JOB"))
        for job in (two["own job"], MISSING)
        for reply in [service.graph.as_("owner").post(f"{jobs}/{job}/validateCredentials", body)]
    ]

    assert told[0] == told[1]


WRITING = [route for route in ROUTES if route.permission != JOB_READ]


@pytest.mark.parametrize("route", WRITING, ids=[f"{route.method} {route.path}" for route in WRITING])
def test_who_may_only_read_is_403(service, two, route):
    service.callers["reader"] = Actor(id="r", name="rita", kind="user", permissions=frozenset({JOB_READ}))
    before = contents(service)

    reply = ask(service.graph.as_("reader"), route, key=key_of(route, two["own"]), job=two["own job"])

    assert (reply.status, reply.error["code"]) == (403, "Authorization_RequestDenied")
    assert contents(service) == before


@pytest.mark.parametrize("route", ROUTES, ids=NAMED)
def test_the_permission_of_a_route_is_what_its_verb_asks_for(service, two, route):
    others = frozenset(OF_APPLICATIONS - {route.permission}) | {"directory.read"}
    service.callers["without"] = Actor(id="w", name="will", kind="user", permissions=others)

    reply = ask(service.graph.as_("without"), route, key=key_of(route, two["own"]), job=two["own job"])

    assert reply.status == 403
    assert route.permission in reply.error["message"]


@pytest.mark.parametrize("kind", ["appId", "id in capitals"])
def test_a_service_principal_is_found_by_its_other_name(service, two, kind):
    own = two["own"]
    key = f"servicePrincipals(appId='{own.app_id}')" if kind == "appId" else f"servicePrincipals/{own.id.upper()}"

    reply = service.graph.get(f"/{key}/synchronization/jobs/{two['own job']}")

    assert (reply.status, reply.body["id"]) == (200, two["own job"])
