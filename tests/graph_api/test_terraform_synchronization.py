"""What Terraform's azuread provider asks of synchronization, replayed in its shapes and its order
(spec/graph-synchronization-api.md sections 0 and 14): jobs, secrets, provisioning on demand."""

import pytest

from support.synchronized import TEMPLATE, URL

USER_AGENT = {"user-agent": "HashiCorp Terraform/1.9.0 (+https://www.terraform.io) terraform-provider-azuread/3.4.0",
              "accept": "application/json; charset=utf-8; IEEE754Compatible=false", "odata-maxversion": "4.0",
              "odata-version": "4.0", "content-type": "application/json; charset=utf-8"}  # fmt: skip
CREDENTIALS = [("BaseAddress", URL), ("SecretToken", "password-value")]


class Terraform:
    """The provider's own steps."""

    def __init__(self, service):
        self.service, self.at = service, f"/v1.0/servicePrincipals/{service.application.id}/synchronization"

    def ask(self, method, path, body=None):
        return self.service.graph.request(method, f"{self.at}{path}", body=body, headers=USER_AGENT)

    def polled(self, path, done):
        """It asks again until it is satisfied; ours must satisfy it the first time."""
        reply = self.ask("GET", path)
        assert done(reply), (reply.status, reply.body)
        return reply

    # azuread_synchronization_job

    def create_job(self, *, enabled=True):
        made = self.ask("POST", "/jobs", {"templateId": TEMPLATE})
        assert made.status == 201, made.body
        job = f"/jobs/{made.body['id']}"
        self.polled(job, lambda reply: reply.status == 200)
        if enabled:
            assert self.ask("POST", f"{job}/start").status == 204
        return job

    def read_job(self, job):
        body = self.ask("GET", job).body
        schedule = body["schedule"]
        return {
            "template_id": body["templateId"],
            "enabled": schedule["state"] == "Active",
            "schedule": [schedule["expiration"] or "", schedule["interval"], schedule["state"]],
        }

    def delete_job(self, job):
        assert self.ask("DELETE", job).status == 204
        self.polled(job, lambda reply: reply.status == 404)

    # azuread_synchronization_secret

    def put_secrets(self, credentials):
        value = [{"key": key, "value": value} for key, value in credentials]
        reply = self.ask("PUT", "/secrets", {"value": value})
        assert reply.status == 204, reply.body
        self.polled("/secrets", lambda reply: len(reply.value) == len(credentials))

    def read_secrets(self, credentials):
        """A masked value is taken from the state."""
        known = dict(credentials)
        read = self.ask("GET", "/secrets").value
        assert None not in [one["value"] for one in read]
        return [(one["key"], known.get(one["key"]) if one["value"] == "*" else one["value"]) for one in read]

    def delete_secrets(self, credentials):
        value = [{"key": key, "value": ""} for key, _ in credentials]
        assert self.ask("PUT", "/secrets", {"value": value}).status == 204
        gone = {key for key, _ in credentials}
        self.polled("/secrets", lambda reply: not gone & {one["key"] for one in reply.value})


@pytest.fixture
def terraform(service):
    return Terraform(service)


def test_a_job_is_created_started_read_and_deleted(terraform):
    terraform.put_secrets(CREDENTIALS)
    job = terraform.create_job()

    assert terraform.read_job(job) == {"template_id": TEMPLATE, "enabled": True, "schedule": ["", "PT40M", "Active"]}
    terraform.delete_job(job)


def test_a_job_may_be_created_and_started_before_its_secrets(terraform):
    """Its resources do not depend on one another, so that Terraform makes them in any order."""
    job = terraform.create_job()
    terraform.put_secrets(CREDENTIALS)

    assert terraform.read_job(job)["enabled"] is True
    assert terraform.ask("GET", job).body["status"]["code"] == "NotRun"


def test_a_job_is_switched_off_and_on(terraform):
    terraform.put_secrets(CREDENTIALS)
    job = terraform.create_job(enabled=False)
    states = [terraform.read_job(job)["enabled"]]
    for verb in ("start", "pause", "start"):
        assert terraform.ask("POST", f"{job}/{verb}").status == 204
        states.append(terraform.read_job(job)["enabled"])

    assert states == [False, True, False, True]


def test_secrets_are_put_until_as_many_are_shown_and_read_without_a_difference(terraform):
    terraform.put_secrets(CREDENTIALS)

    assert terraform.read_secrets(CREDENTIALS) == CREDENTIALS


def test_secrets_are_read_in_the_order_in_which_they_were_put(terraform):
    """They are a list in Terraform's state: another order would be a difference for ever."""
    terraform.put_secrets(CREDENTIALS[::-1])

    assert terraform.read_secrets(CREDENTIALS[::-1]) == CREDENTIALS[::-1]


MORE = {
    "a setting": [*CREDENTIALS, ("SyncAll", "false")],
    "notifications": [*CREDENTIALS, ("SyncNotificationSettings", '{"Enabled":false,"DeleteThresholdEnabled":false}')],
    "keys that we have no use for": [*CREDENTIALS, ("Password", "p"), ("Domain", "d"), ("ConnectionString", "c")],
    "fewer": CREDENTIALS[:1],
    "another token": [CREDENTIALS[0], ("SecretToken", "another")],
}


@pytest.mark.parametrize("with_a_job", [True, False])
@pytest.mark.parametrize("what", MORE)
def test_secrets_are_updated_and_a_second_apply_finds_no_difference(terraform, what, with_a_job):
    terraform.put_secrets(CREDENTIALS)
    if with_a_job:
        terraform.create_job()

    terraform.put_secrets(MORE[what])

    assert terraform.read_secrets(MORE[what]) == MORE[what]


@pytest.mark.parametrize("first", ["job", "secrets"])
def test_everything_is_destroyed_in_any_order(terraform, service, first):
    terraform.put_secrets(CREDENTIALS)
    job = terraform.create_job()
    service.person("anna@x.example")
    from provisor.admin.actor import LOCAL_OPERATOR

    service.admin.cycles.run(LOCAL_OPERATOR, job.rpartition("/")[2])

    for what in ("job", "secrets") if first == "job" else ("secrets", "job"):
        if what == "job":
            terraform.delete_job(job)
        else:
            terraform.delete_secrets(CREDENTIALS)

    assert terraform.ask("GET", "/jobs").value == []


def test_somebody_is_provisioned_on_demand(terraform, service):
    terraform.put_secrets(CREDENTIALS)
    job = terraform.create_job(enabled=False)
    anna = service.person("anna@x.example")
    rule = terraform.ask("GET", f"{job}/schema").body["synchronizationRules"][0]["id"]

    subject = {"objectId": anna, "objectTypeName": "User"}
    reply = terraform.ask("POST", f"{job}/provisionOnDemand", {"parameters": [{"ruleId": rule, "subjects": [subject]}]})

    assert reply.status == 200


def test_what_is_gone_is_404_so_that_it_leaves_the_state(terraform, service):
    service.application = service.add("Gone")
    gone = Terraform(service)
    gone.at = gone.at.replace(service.application.id, "00000000-0000-7000-8000-000000000000")

    assert gone.ask("GET", "/secrets").status == 404
    assert gone.ask("GET", "/jobs/x").status == 404
