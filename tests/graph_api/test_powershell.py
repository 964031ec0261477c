"""What Microsoft's PowerShell module sends for its cmdlets of synchronization, replayed in its shapes."""

import pytest

from support.synchronized import SECRETS, TEMPLATE


@pytest.fixture
def graph(service):
    return service.graph


@pytest.fixture
def job(service):
    return service.job()


def of_powershell(graph, method, path, body=None):
    agent = {"user-agent": "Mozilla/5.0 (Linux; en-US) PowerShell/7.4.6 Get-MgServicePrincipalSynchronizationJob",
             "sdkversion": "graph-powershell/2.25.0", "consistencylevel": ""}  # fmt: skip
    return graph.request(method, path, body=body, headers=agent)


def test_new_and_get_mg_service_principal_synchronization_job(service, graph):
    made = of_powershell(graph, "POST", f"{service.path}/jobs", {"templateId": TEMPLATE})
    listed = of_powershell(graph, "GET", f"{service.path}/jobs")

    assert (made.status, [one["id"] for one in listed.value]) == (201, [made.body["id"]])


def test_set_mg_service_principal_synchronization_sends_the_secrets_around(service, graph):
    reply = of_powershell(graph, "PUT", service.path, {"secrets": SECRETS})

    assert reply.status == 204
    assert len(graph.get(f"{service.path}/secrets").value) == 2


def test_set_mg_service_principal_synchronization_secret(service, graph):
    assert of_powershell(graph, "PUT", f"{service.path}/secrets", {"value": SECRETS}).status == 204


def test_test_mg_service_principal_synchronization_job_credential(service, graph, job):
    path = f"{service.path}/jobs/validateCredentials"

    assert of_powershell(graph, "POST", path, {"templateId": TEMPLATE, "credentials": SECRETS}).status == 204
    assert of_powershell(graph, "POST", f"{job}/validateCredentials", {"useSavedCredentials": True}).status == 204


@pytest.mark.parametrize("cmdlet", ["start", "pause"])
def test_start_and_suspend_mg_service_principal_synchronization_job(service, graph, job, cmdlet):
    assert of_powershell(graph, "POST", f"{job}/{cmdlet}").status == 204
    assert of_powershell(graph, "POST", f"{job}/microsoft.graph.{cmdlet}", {}).status == 204


def test_restart_mg_service_principal_synchronization_job(graph, job):
    body = {"criteria": {"resetScope": "Watermark, Escrows, QuarantineState"}}

    assert of_powershell(graph, "POST", f"{job}/restart", body).status == 204


def test_update_mg_service_principal_synchronization_job_schema_patches_the_whole(graph, job):
    document = graph.get(f"{job}/schema").body
    document["synchronizationRules"][0]["objectMappings"][0]["enabled"] = True

    assert of_powershell(graph, "PATCH", f"{job}/schema", document).status == 204


def test_get_mg_service_principal_synchronization_template_schema(service, graph):
    around = f"{service.path}/templates/{TEMPLATE}/schema"

    assert of_powershell(graph, "GET", around).status == 200
    assert of_powershell(graph, "GET", f"{around}/microsoft.graph.functions()").status == 200
    assert of_powershell(graph, "GET", f"{around}/microsoft.graph.filterOperators()").status == 200


def test_invoke_mg_parse_synchronization_expression(service, graph, job):
    body = {"expression": "[mail]", "testInputObject": {"properties": [{"key": "mail", "value": "a@x"}]}}

    for path in (f"{job}/schema", f"{service.path}/templates/{TEMPLATE}/schema"):
        assert of_powershell(graph, "POST", f"{path}/parseExpression", body).body["evaluationResult"] == ["a@x"]


def test_remove_mg_service_principal_synchronization_job(graph, job):
    assert of_powershell(graph, "DELETE", job).status == 204
