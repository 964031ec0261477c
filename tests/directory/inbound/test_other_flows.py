"""What records of LDAP directories, Entra tenants and CSV files give."""

import msgspec
import pytest

from provisor.directory.attributes import KNOWN
from provisor.directory.inbound.arriving import Arrived
from provisor.directory.inbound.ldap import LDAP_COMPUTED, LDAP_FLOWS
from provisor.rules.source_settings import SourceExtension
from support.inbound_records import EXTENSION, FILES, GUID, INETORGPERSON, LDAP, TENANT, given_by, judged

GROUP_OF_NAMES = {"distinguishedName": ["cn=sales,dc=fjord,dc=example"], "cn": ["Sales"]}
ENTRY_UUID = "8f1d2c3b-4a59-6877-8695-a4b3c2d1e0f0"
ANNA = {"userPrincipalName": "anna@contoso.com"}
ROWS = [
    pytest.param(kind, source, flow, id=f"{kind}-{source}-{flow.target}")
    for kind, flows in LDAP_FLOWS.items()
    for flow in flows
    for source in flow.sources
]


@pytest.mark.parametrize(("kind", "source", "flow"), ROWS)
def test_an_attribute_of_ldap_becomes_the_property_of_its_row(kind, source, flow):
    ordinary = INETORGPERSON if kind == "user" else GROUP_OF_NAMES
    without = {name: values for name, values in ordinary.items() if name not in flow.sources}

    given = given_by(
        LDAP,
        kind,
        {"mail": ["anna@fjord.example"]} | without | {source: ["A value"]}
        if source != "mail"
        else ordinary | {"mail": ["A value"]},
    )

    assert given[flow.target] == (["A value"] if KNOWN[kind][flow.target] == "list" else "A value")


@pytest.mark.parametrize("kind", ["user", "group"])
def test_every_property_of_the_tables_of_ldap_is_known(kind):
    computed = {target for _, target in LDAP_COMPUTED[kind]} - {"manager", "members"}

    assert {flow.target for flow in LDAP_FLOWS[kind]} | computed <= KNOWN[kind].keys()


def test_a_person_of_ldap_is_called_by_the_mail_address():
    found = judged(LDAP, "user", INETORGPERSON)

    assert found.given["userPrincipalName"] == "anna@fjord.example"
    assert found.addresses == ("anna@fjord.example",)


def test_another_sign_in_name_of_ldap():
    assert (
        given_by(msgspec.structs.replace(LDAP, sign_in_name="uid"), "user", INETORGPERSON)["userPrincipalName"]
        == "anna"
    )


def test_the_immutable_id_of_ldap_is_the_text_of_the_anchor():
    found = judged(LDAP, "user", INETORGPERSON)

    assert (found.immutable_id, found.given["onPremisesImmutableId"]) == (ENTRY_UUID, ENTRY_UUID)


def test_an_anchor_of_ldap_that_is_too_long_for_an_immutable_id_is_none():
    found = judged(msgspec.structs.replace(LDAP, anchor="uid"), "user", INETORGPERSON | {"uid": ["x" * 60]})

    assert found.immutable_id is None


@pytest.mark.parametrize(
    ("told", "enabled"),
    [
        ({}, True),
        ({"pwdAccountLockedTime": ["000001010000Z"]}, False),
        ({"pwdAccountLockedTime": ["20310304100000Z"]}, True),
        ({"nsAccountLock": ["true"]}, False),
        ({"nsAccountLock": ["FALSE"]}, True),
        ({"shadowExpire": ["1"]}, False),
        ({"shadowExpire": ["0"]}, False),
        ({"shadowExpire": ["-1"]}, True),
        ({"shadowExpire": ["22000"]}, True),
    ],
)
def test_how_an_account_of_ldap_is_disabled(told, enabled):
    assert given_by(LDAP, "user", INETORGPERSON | told)["accountEnabled"] is enabled


def test_a_group_of_ldap_gives_access():
    assert given_by(LDAP, "group", GROUP_OF_NAMES) == {
        "displayName": "Sales",
        "mailEnabled": False,
        "onPremisesDomainName": "fjord.example",
        "onPremisesSyncEnabled": True,
        "securityEnabled": True,
    }


def test_an_extension_of_ldap():
    chosen = msgspec.structs.replace(LDAP, user_extensions=(SourceExtension(attribute="roomNumber"),))

    assert given_by(chosen, "user", INETORGPERSON | {"roomNumber": ["7"]})[f"{EXTENSION}roomNumber"] == "7"


def test_values_of_a_tenant_pass_as_they_are():
    told = ANNA | {
        "accountEnabled": False,
        "businessPhones": ["1", "2"],
        "city": " Oslo ",
        "onPremisesExtensionAttributes.extensionAttribute3": "x",
        "extension_aa_costCenter": 7,
        "extension_aa_skills": ["a", "b"],
    }

    assert given_by(TENANT, "user", told) == ANNA | {
        "accountEnabled": False,
        "businessPhones": ["1", "2"],
        "city": " Oslo ",
        "extensionAttribute3": "x",
        "extension_aa_costCenter": 7,
        "extension_aa_skills": ["a", "b"],
    }


def test_what_the_directory_keeps_itself_is_not_taken_from_a_tenant():
    told = ANNA | {
        "id": "1",
        "createdDateTime": "2031-03-04T10:00:00Z",
        "identities": [{"signInType": "x"}],
        "mail": None,
    }

    assert given_by(TENANT, "user", told) == ANNA


def test_a_value_of_a_tenant_that_is_of_another_type_is_left_away_and_said():
    found = judged(TENANT, "user", ANNA | {"city": ["Oslo"]})

    assert (found.given, found.warnings) == (ANNA, ("city is left away: it is no text.",))


def test_who_has_no_immutable_id_in_a_tenant_has_no_hard_match():
    assert judged(TENANT, "user", ANNA).immutable_id is None


def test_who_came_to_a_tenant_from_active_directory_has_a_hard_match():
    assert judged(TENANT, "user", ANNA | {"onPremisesImmutableId": GUID}).immutable_id == GUID


def test_a_dynamic_group_of_a_tenant_is_mirrored_without_its_rule():
    told = {"displayName": "Sales", "groupTypes": ["Unified", "DynamicMembership"], "membershipRule": "user.x -eq 1"}

    assert given_by(TENANT, "group", told) == {"displayName": "Sales", "groupTypes": ["Unified"]}


def test_the_manager_of_a_tenant_is_a_reference():
    assert judged(TENANT, "user", ANNA | {"manager": "m-1"}).manager == "m-1"


def test_a_row_gives_attributes_and_extensions():
    told = ANNA | {"accountEnabled": False, "objectGUID": ENTRY_UUID, "Cost Center": "7", "manager": "ben", "id": "1"}

    found = judged(FILES, "user", told)

    assert found.given == ANNA | {
        "accountEnabled": False,
        f"{EXTENSION}objectGUID": GUID,
        f"{EXTENSION}Cost Center": "7",
    }
    assert found.manager == "ben"


def test_a_full_name_of_an_extension_stays():
    assert given_by(FILES, "user", ANNA | {"extension_aa_x": "7"}) == ANNA | {"extension_aa_x": "7"}


def test_a_dynamic_group_of_a_file_is_left_out():
    told = {"displayName": "Sales", "membershipRule": "user.x -eq 1"}

    assert judged(FILES, "group", told).code == "dynamic-group"


@pytest.mark.parametrize("settings", [LDAP, TENANT, FILES])
@pytest.mark.parametrize("kind", ["user", "group"])
def test_who_says_nothing_is_left_out(settings, kind):
    assert judged(settings, kind, {}).code == "name-blank"


@pytest.mark.parametrize("settings", [TENANT, FILES])
def test_groups_of_a_name_arrive(settings):
    assert isinstance(judged(settings, "group", {"displayName": "Sales"}), Arrived)
