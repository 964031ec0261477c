"""The tutorial's steps 4 to 7 by Microsoft's own libraries, unchanged: real processes, TLS, client credentials."""

import asyncio
import json
import os
import signal
import subprocess
import sys
import time
from urllib.parse import urlsplit

import pytest

pytest.importorskip("msgraph")

import httpx
from azure.identity import ClientSecretCredential
from msgraph import GraphRequestAdapter, GraphServiceClient
from msgraph.generated.application_templates.item.instantiate.instantiate_post_request_body import (
    InstantiatePostRequestBody,
)
from msgraph.generated.audit_logs.provisioning.provisioning_request_builder import ProvisioningRequestBuilder
from msgraph.generated.models.app_role_assignment import AppRoleAssignment
from msgraph.generated.models.o_data_errors.o_data_error import ODataError
from msgraph.generated.models.synchronization_job import SynchronizationJob
from msgraph.generated.models.synchronization_job_application_parameters import SynchronizationJobApplicationParameters
from msgraph.generated.models.synchronization_job_restart_criteria import SynchronizationJobRestartCriteria
from msgraph.generated.models.synchronization_job_subject import SynchronizationJobSubject
from msgraph.generated.models.synchronization_secret import SynchronizationSecret
from msgraph.generated.models.synchronization_secret_key_string_value_pair import (
    SynchronizationSecretKeyStringValuePair,
)
from msgraph.generated.service_principals.item.synchronization.jobs.item.provision_on_demand.provision_on_demand_post_request_body import (
    ProvisionOnDemandPostRequestBody,
)
from msgraph.generated.service_principals.item.synchronization.jobs.item.restart.restart_post_request_body import (
    RestartPostRequestBody,
)
from msgraph.generated.service_principals.item.synchronization.jobs.validate_credentials.validate_credentials_post_request_body import (
    ValidateCredentialsPostRequestBody,
)
from msgraph.generated.service_principals.item.synchronization.secrets.secrets_put_request_body import (
    SecretsPutRequestBody,
)
from msgraph_core import GraphClientFactory

from provisor.demo.umbrella import Umbrella
from support.certificates import Identity

pytestmark = [
    pytest.mark.slow,
    pytest.mark.timeout(180),
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),  # the library warns of itself
]
STEP_SECONDS = 60


class Service:
    """`provisor serve` as a process, over TLS, and a client that may everything."""

    def __init__(self, folder):
        self.folder = folder
        self.identity = Identity(folder / "identity")
        self.environment = {**os.environ, "PROVISOR_DATA": str(folder / "data")}
        self.client = json.loads(
            self.run("admin", "client", "create", "--label", "sdk", "--role", "Global Administrator", "--json")
        )
        self.process = subprocess.Popen(
            [*self.command, "serve", "--host", "localhost", "--port", "0", *self.certificate()],
            env=self.environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        )  # fmt: skip
        self.url = next(word for word in self.process.stdout.readline().split() if word.startswith("https:")).rstrip(
            ","
        )
        self.url = self.url.replace("127.0.0.1", "localhost")

    command = (sys.executable, "-m", "provisor")

    def certificate(self):
        folder = self.identity.root.parent
        return ("--tls-cert", folder / "chain.pem", "--tls-key", folder / "key.pem")

    def run(self, *words):
        done = subprocess.run(
            [*self.command, *map(str, words)], env=self.environment, capture_output=True, text=True, timeout=60
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    def token(self):
        """As azure-identity gets it: discovery, then client credentials, all over TLS."""
        return ClientSecretCredential(
            self.client["tenantId"],
            self.client["clientId"],
            self.client["clientSecret"],
            authority=self.url,
            disable_instance_discovery=True,  # or it would ask Microsoft whether this host is one of theirs
            connection_verify=str(self.identity.root),
        )

    def graph(self):
        inner = httpx.AsyncClient(verify=str(self.identity.root), timeout=30)
        http = GraphClientFactory.create_with_default_middleware(client=inner)
        from kiota_authentication_azure.azure_identity_authentication_provider import (
            AzureIdentityAuthenticationProvider,
        )

        allowed = AzureIdentityAuthenticationProvider(
            self.token(), scopes=[f"{self.url}/.default"], allowed_hosts=[urlsplit(self.url).hostname]
        )
        adapter = GraphRequestAdapter(allowed, client=http)
        made = GraphServiceClient(request_adapter=adapter)
        adapter.base_url = made.path_parameters["baseurl"] = f"{self.url}/v1.0"
        return made

    def close(self):
        self.process.send_signal(signal.SIGTERM)
        self.process.communicate(timeout=30)


@pytest.fixture
def service(tmp_path):
    made = Service(tmp_path)
    yield made
    made.close()


@pytest.fixture
def umbrella(tmp_path):
    folder = tmp_path / "umbrella"
    folder.mkdir(mode=0o700)
    with Umbrella(folder) as running:
        yield running.generate_token("Provisor")


@pytest.fixture
def people(service, tmp_path):
    """Three people, two of them in a group."""
    users, groups, members = (tmp_path / f"{name}.csv" for name in ("users", "groups", "members"))
    users.write_text(
        "userPrincipalName,displayName,givenName,surname\n"
        + "".join(f"{name}@x.example,{name.title()},{name.title()},Ruiz\n" for name in ("anna", "ben", "cleo"))
    )
    groups.write_text("displayName\nSales\n")
    members.write_text("group,member\nSales,anna@x.example\nSales,ben@x.example\n")
    service.run("import", "csv", "--users", users, "--groups", groups, "--members", members)


def pair(key, value):
    return SynchronizationSecretKeyStringValuePair(key=key, value=value)


async def until(ask, fits):
    deadline = time.monotonic() + STEP_SECONDS
    while not fits(found := await ask()):
        assert time.monotonic() < deadline, vars(found.status)
        await asyncio.sleep(0.2)
    return found


async def instantiated(graph):
    """Step 4: add it from the gallery."""
    templates = (await graph.application_templates.get()).value
    [umbrella] = [one for one in templates if one.display_name == "Cisco Umbrella User Management"]
    made = await graph.application_templates.by_application_template_id(umbrella.id).instantiate.post(
        InstantiatePostRequestBody(display_name="Umbrella test")
    )
    return made.service_principal


async def assigned(graph, principal, to):
    """Step 5: who is in scope."""
    role = next(one.id for one in principal.app_roles if one.is_enabled)
    return await graph.service_principals.by_service_principal_id(principal.id).app_role_assigned_to.post(
        AppRoleAssignment(principal_id=to, resource_id=principal.id, app_role_id=role)
    )


async def configured(graph, principal, umbrella):
    """Step 6: credentials, tried and saved, and a job that has its mappings."""
    synchronization = graph.service_principals.by_service_principal_id(principal.id).synchronization
    job = await synchronization.jobs.post(SynchronizationJob(template_id="ciscoUmbrella"))
    given = [
        pair(SynchronizationSecret.BaseAddress, umbrella.url),
        pair(SynchronizationSecret.SecretToken, umbrella.secret),
    ]
    await synchronization.jobs.validate_credentials.post(
        ValidateCredentialsPostRequestBody(template_id="ciscoUmbrella", use_saved_credentials=False, credentials=given)
    )
    await synchronization.secrets.put(SecretsPutRequestBody(value=given))
    return synchronization.jobs.by_synchronization_job_id(job.id), job.id


async def log_of(graph, job):
    asked = ProvisioningRequestBuilder.ProvisioningRequestBuilderGetQueryParameters(filter=f"jobId eq '{job}'", top=50)
    from kiota_abstractions.base_request_configuration import RequestConfiguration

    return (await graph.audit_logs.provisioning.get(RequestConfiguration(query_parameters=asked))).value


def test_the_tutorial_is_followed_by_the_client_library(service, umbrella, people):
    async def steps():
        graph = service.graph()
        principal = await instantiated(graph)
        by_name = {one.user_principal_name: one.id for one in (await graph.users.get()).value}
        [sales] = (await graph.groups.get()).value
        await assigned(graph, principal, sales.id)
        job, name = await configured(graph, principal, umbrella)

        await job.schema.patch(await job.schema.get())
        await job.start.post()
        first = await until(job.get, lambda one: one.status.last_successful_execution is not None)
        written = await log_of(graph, name)

        await job.pause.post()  # or the change would be sent by itself, and there would be nothing left to do
        await assigned(graph, principal, by_name["cleo@x.example"])
        rule = (await job.schema.get()).synchronization_rules[0].id
        told = await job.provision_on_demand.post(
            ProvisionOnDemandPostRequestBody(
                parameters=[
                    SynchronizationJobApplicationParameters(
                        rule_id=rule,
                        subjects=[
                            SynchronizationJobSubject(object_id=by_name["cleo@x.example"], object_type_name="User")
                        ],
                    )
                ]
            )
        )

        before = (await job.get()).status.last_execution.activity_identifier
        await job.restart.post(
            RestartPostRequestBody(criteria=SynchronizationJobRestartCriteria(additional_data={"resetScope": "Full"}))
        )
        await until(job.get, lambda one: one.status.last_successful_execution.activity_identifier != before)
        await job.delete()
        with_error = None
        try:
            await job.get()
        except ODataError as error:
            with_error = error
        return first, written, json.loads(told.key), with_error, await log_of(graph, name)

    first, written, told, gone, afterwards = asyncio.run(steps())

    assert {
        (one.additional_data.get("key") or one.key, one.value) for one in first.status.synchronized_entry_count_by_type
    } == {
        ("User to User", 2),
        ("Group to Group", 1),
    }
    assert {one.source_identity.display_name for one in written} >= {"anna@x.example", "ben@x.example", "Sales"}
    assert told["result"] == "Success"
    assert gone.response_status_code == 404
    assert gone.error.code == "Request_ResourceNotFound"
    assert len(afterwards) > len(written)
