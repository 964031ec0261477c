"""Synchronization driven by Microsoft's client library for Python, unchanged: every typed call of it."""

import asyncio
import json

import pytest

pytest.importorskip("msgraph")

from msgraph.generated.models.expression_input_object import ExpressionInputObject
from msgraph.generated.models.key_value_pair import KeyValuePair
from msgraph.generated.models.o_data_errors.o_data_error import ODataError
from msgraph.generated.models.string_key_object_value_pair import StringKeyObjectValuePair
from msgraph.generated.models.synchronization import Synchronization
from msgraph.generated.models.synchronization_job import SynchronizationJob
from msgraph.generated.models.synchronization_job_application_parameters import SynchronizationJobApplicationParameters
from msgraph.generated.models.synchronization_job_restart_criteria import SynchronizationJobRestartCriteria
from msgraph.generated.models.synchronization_job_restart_scope import SynchronizationJobRestartScope
from msgraph.generated.models.synchronization_job_subject import SynchronizationJobSubject
from msgraph.generated.models.synchronization_schedule_state import SynchronizationScheduleState
from msgraph.generated.models.synchronization_secret import SynchronizationSecret
from msgraph.generated.models.synchronization_secret_key_string_value_pair import (
    SynchronizationSecretKeyStringValuePair,
)
from msgraph.generated.models.synchronization_status_code import SynchronizationStatusCode
from msgraph.generated.service_principals.item.synchronization.jobs.item.provision_on_demand.provision_on_demand_post_request_body import (
    ProvisionOnDemandPostRequestBody,
)
from msgraph.generated.service_principals.item.synchronization.jobs.item.restart.restart_post_request_body import (
    RestartPostRequestBody,
)
from msgraph.generated.service_principals.item.synchronization.jobs.item.schema.parse_expression.parse_expression_post_request_body import (
    ParseExpressionPostRequestBody,
)
from msgraph.generated.service_principals.item.synchronization.jobs.item.validate_credentials.validate_credentials_post_request_body import (
    ValidateCredentialsPostRequestBody,
)
from msgraph.generated.service_principals.item.synchronization.jobs.validate_credentials.validate_credentials_post_request_body import (
    ValidateCredentialsPostRequestBody as ValidateCredentialsBeforePostRequestBody,
)
from msgraph.generated.service_principals.item.synchronization.secrets.secrets_put_request_body import (
    SecretsPutRequestBody,
)

from support.synchronized import URL


def pairs(**values):
    keys = {"base_address": SynchronizationSecret.BaseAddress, "token": SynchronizationSecret.SecretToken,
            "sync_all": SynchronizationSecret.SyncAll}  # fmt: skip
    return [SynchronizationSecretKeyStringValuePair(key=keys[name], value=text) for name, text in values.items()]


@pytest.fixture
def synchronization(client, service):
    return client.service_principals.by_service_principal_id(service.application.id).synchronization


async def plain(service, path):
    """What is answered, without the library."""
    return (await asyncio.to_thread(service.graph.get, f"{service.path}/{path}")).body


async def saved(synchronization):
    await synchronization.secrets.put(SecretsPutRequestBody(value=pairs(base_address=URL, token="a-secret")))


async def made(synchronization):
    return await synchronization.jobs.post(SynchronizationJob(template_id="ciscoUmbrella"))


def test_templates_are_read(synchronization):
    async def steps():
        listed = await synchronization.templates.get()
        one = synchronization.templates.by_synchronization_template_id(listed.value[0].id)
        return listed, await one.get(), await one.schema.get(), await one.schema.functions.get()

    listed, template, schema, functions = asyncio.run(steps())

    assert (template.id, template.factory_tag, template.default) == ("ciscoUmbrella", "CustomSCIM", True)
    assert str(listed.value[0].application_id)
    assert [rule.name for rule in schema.synchronization_rules] == ["USER_OUTBOUND_USER", "GROUP_OUTBOUND_GROUP"]
    assert "Append" in {function.id for function in functions.value}


@pytest.mark.parametrize("secrets_first", [True, False])
def test_a_job_is_made_and_its_secrets_saved_in_either_order(synchronization, secrets_first):
    async def steps():
        if secrets_first:
            await saved(synchronization)
        job = await made(synchronization)
        if not secrets_first:
            await saved(synchronization)
        return job, await synchronization.jobs.by_synchronization_job_id(job.id).get()

    job, read = asyncio.run(steps())

    assert job.schedule.state is SynchronizationScheduleState.Disabled
    assert read.status.code is SynchronizationStatusCode.NotRun
    assert read.status.steady_state_first_achieved_time.year == 1
    assert read.schedule.interval.days > 10_000_000 or read.schedule.interval


def test_secrets_are_put_in_one_piece_under_both_names(synchronization, service):
    async def steps():
        await synchronization.secrets.put(
            SecretsPutRequestBody(value=pairs(base_address=URL, token="a-secret", sync_all="True"))
        )
        first = (await plain(service, "secrets"))["value"]
        await synchronization.put(Synchronization(secrets=pairs(base_address=URL, token="*")))
        return first, (await plain(service, "secrets"))["value"], await synchronization.get()

    first, second, around = asyncio.run(steps())

    assert [one["key"] for one in first] == ["BaseAddress", "SecretToken", "SyncAll"]
    assert [(one["key"], one["value"]) for one in second] == [("BaseAddress", URL), ("SecretToken", "*")]
    assert [one.key for one in around.secrets] == [SynchronizationSecret.BaseAddress, SynchronizationSecret.SecretToken]


def test_a_job_is_started_paused_restarted_changed_and_deleted(synchronization):
    async def steps():
        await saved(synchronization)
        job = synchronization.jobs.by_synchronization_job_id((await made(synchronization)).id)
        seen = []
        await job.start.post()
        seen.append((await job.get()).schedule.state.value)
        await job.pause.post()
        seen.append((await job.get()).status.code.value)
        criteria = SynchronizationJobRestartCriteria(reset_scope=SynchronizationJobRestartScope.Full)
        await job.restart.post(RestartPostRequestBody(criteria=criteria))
        await job.restart.post(RestartPostRequestBody(criteria=SynchronizationJobRestartCriteria()))
        several = SynchronizationJobRestartCriteria(additional_data={"resetScope": "Watermark, Escrows"})
        await job.restart.post(RestartPostRequestBody(criteria=several))
        setting = KeyValuePair(name="QuarantineTooManyDeletesThreshold", value="20")
        await job.patch(SynchronizationJob(synchronization_job_settings=[setting]))
        read = await job.get()
        await job.patch(read)
        settings = {one.name: one.value for one in read.synchronization_job_settings}
        seen += [read.schedule.state.value, settings["QuarantineTooManyDeletesThreshold"]]
        await job.delete()
        with pytest.raises(ODataError) as gone:
            await job.get()
        return seen, gone.value

    seen, gone = asyncio.run(steps())

    assert seen == ["Active", "Paused", "Active", "20"]
    assert (gone.response_status_code, gone.error.code) == (404, "Request_ResourceNotFound")


def test_a_schema_that_is_read_and_sent_back_is_the_same_version(synchronization, service):
    async def steps():
        job = await made(synchronization)
        schema = synchronization.jobs.by_synchronization_job_id(job.id).schema
        before = await plain(service, f"jobs/{job.id}/schema")
        await schema.patch(await schema.get())
        return before, await plain(service, f"jobs/{job.id}/schema")

    before, after = asyncio.run(steps())

    assert after == before


def test_a_changed_row_is_all_that_changes(synchronization, service):
    async def steps():
        job = await made(synchronization)
        schema = synchronization.jobs.by_synchronization_job_id(job.id).schema
        before = await plain(service, f"jobs/{job.id}/schema")
        read = await schema.get()
        rows = read.synchronization_rules[0].object_mappings[0].attribute_mappings
        row = next(one for one in rows if one.target_attribute_name == "displayName")
        row.source.name, row.source.expression = "mail", "[mail]"
        await schema.patch(read)
        return before, await plain(service, f"jobs/{job.id}/schema")

    before, after = asyncio.run(steps())

    rows = before["synchronizationRules"][0]["objectMappings"][0]["attributeMappings"]
    row = next(one for one in rows if one["targetAttributeName"] == "displayName")
    row["source"] |= {"name": "mail", "expression": "[mail]"}
    before |= {"version": "2", "@odata.etag": 'W/"2"'}
    assert after == before


def test_a_schema_is_refused_with_its_places_and_restored(synchronization):
    async def steps():
        schema = synchronization.jobs.by_synchronization_job_id((await made(synchronization)).id).schema
        read = await schema.get()
        read.synchronization_rules[0].object_mappings[0].attribute_mappings[0].matching_priority = -1
        with pytest.raises(ODataError) as refused:
            await schema.patch(read)
        await schema.delete()
        return refused.value

    refused = asyncio.run(steps())

    assert refused.response_status_code == 400
    assert refused.error.details[0].target.startswith("/synchronizationRules/0/objectMappings/0/attributeMappings/0")


def test_directories_operators_and_functions_are_read(synchronization):
    async def steps():
        schema = synchronization.jobs.by_synchronization_job_id((await made(synchronization)).id).schema
        directories = await schema.directories.get()
        one = schema.directories.by_directory_definition_id(directories.value[0].id)
        operators = await schema.filter_operators.get()
        return directories, await one.get(), operators, await schema.functions.get()

    directories, one, operators, functions = asyncio.run(steps())

    assert [one.name for one in directories.value] == ["Azure Active Directory", "Cisco Umbrella User Management"]
    assert one.objects[0].name == "User"
    assert {operator.id for operator in operators.value} >= {"EQUALS", "IS NULL"}
    assert next(one for one in functions.value if one.id == "Replace").parameters[0].name == "source"


def test_an_expression_is_tried(synchronization):
    async def steps():
        schema = synchronization.jobs.by_synchronization_job_id((await made(synchronization)).id).schema
        given = ExpressionInputObject(
            properties=[StringKeyObjectValuePair(key="given", additional_data={"value": "Åsa"})]
        )
        body = ParseExpressionPostRequestBody(expression='Join(" ", [given], "Ek")', test_input_object=given)
        bad = ParseExpressionPostRequestBody(expression="Join(")
        return await schema.parse_expression.post(body), await schema.parse_expression.post(bad)

    good, bad = asyncio.run(steps())

    assert (good.parsing_succeeded, good.evaluation_result) == (True, ["Åsa Ek"])
    assert good.parsed_expression.parameters[0].key == "separator"
    assert (bad.parsing_succeeded, bad.error.code) == (False, "ExpressionNotParsed")


@pytest.mark.parametrize("saved_ones", [True, False])
def test_credentials_are_tested(synchronization, saved_ones):
    async def steps():
        await saved(synchronization)
        given = {"use_saved_credentials": saved_ones}
        if not saved_ones:
            given["credentials"] = pairs(base_address=URL, token="another")
        before = ValidateCredentialsBeforePostRequestBody(template_id="ciscoUmbrella", **given)
        await synchronization.jobs.validate_credentials.post(before)
        job = synchronization.jobs.by_synchronization_job_id((await made(synchronization)).id)
        await job.validate_credentials.post(ValidateCredentialsPostRequestBody(**given))

    asyncio.run(steps())


def test_somebody_is_provisioned_on_demand(synchronization, service):
    person = service.person("anna@x.example")

    async def steps():
        await saved(synchronization)
        job = synchronization.jobs.by_synchronization_job_id((await made(synchronization)).id)
        rule = (await job.schema.get()).synchronization_rules[0]
        subject = SynchronizationJobSubject(object_id=person, object_type_name="User")
        parameters = SynchronizationJobApplicationParameters(rule_id=rule.id, subjects=[subject])
        return await job.provision_on_demand.post(ProvisionOnDemandPostRequestBody(parameters=[parameters]))

    answer = asyncio.run(steps())

    assert json.loads(answer.key)["result"] == "Success"
    assert json.loads(answer.value)["action"] == "Create"
