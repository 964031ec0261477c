"""The directory extensions that a saved schema of a mirrored tenant reads: registered as they are, and read from then on."""

import pytest

from provisor.admin.actor import JOB_WRITE, Actor
from provisor.admin.actor import LOCAL_OPERATOR as ME
from provisor.storage import connected_sources

NAME = "extension_0f1e2d3c4b5a69788796a5b4c3d2e1f0_objectGUID"
TENANT = {"type": "entra", "tenant": "contoso.example", "client": "0c1d2e3f-aaaa-4bbb-8ccc-123456789abc"}
SCHEMA = {
    "synchronizationRules": [
        {
            "objectMappings": [
                {"sourceObjectName": "User", "attributeMappings": [{"source": {"expression": f"[{NAME}]"}}]}
            ]
        }
    ],
    "directories": [{"objects": [{"name": "User", "attributes": [{"name": NAME, "type": "Binary"}]}]}],
}


@pytest.fixture
def adopt(sourced):
    def done(actor=ME):
        return sourced.admin.sources.foreign_extensions.adopt(actor, SCHEMA)

    return done


@pytest.fixture
def mirror(sourced):
    return sourced.admin.sources.settings.add(ME, "contoso", TENANT, given_secrets={"clientSecret": "a-secret"})


def settings(sourced):
    [source] = connected_sources.every(sourced.database.reader(), sourced.tenant)
    return source.settings


def test_what_the_schema_reads_is_registered_with_its_type_and_chosen(sourced, mirror, adopt):
    assert adopt() == (NAME,)

    found = sourced.admin.extension_properties.by_name(ME)[NAME]
    assert (found.data_type, found.targets, found.app_id) == (
        "Binary",
        ("User",),
        "0f1e2d3c-4b5a-6978-8796-a5b4c3d2e1f0",
    )
    assert settings(sourced).user_attributes == (NAME,)
    assert settings(sourced).group_attributes == ()


def test_what_is_adopted_once_is_not_again(sourced, mirror, adopt):
    adopt()

    assert adopt() == ()
    assert settings(sourced).user_attributes == (NAME,)


def test_nothing_is_adopted_without_a_mirrored_tenant(sourced, adopt):
    assert adopt() == ()
    assert NAME not in sourced.admin.extension_properties.by_name(ME)


def test_nothing_is_adopted_where_it_could_be_of_several_tenants(sourced, mirror, adopt):
    sourced.admin.sources.settings.add(
        ME, "fabrikam", {**TENANT, "tenant": "fabrikam.example"}, given_secrets={"clientSecret": "a-secret"}
    )

    assert adopt() == ()


def test_whoever_sets_up_no_sources_adopts_nothing(sourced, mirror, adopt):
    jobs_alone = Actor(id="a", name="a", kind="user", permissions=frozenset({JOB_WRITE}))

    assert adopt(jobs_alone) == ()
    assert settings(sourced).user_attributes == ()
