"""What people and groups of Active Directory give: rows of the default attribute flow, and what is computed."""

from base64 import b64encode

import msgspec
import pytest

from provisor.directory.attributes import KNOWN
from provisor.directory.inbound.active_directory import COMPUTED, FLOWS
from provisor.directory.inbound.arriving import LeftOut
from support.inbound_records import DOMAIN, GROUP, GUID, PERSON, RAW, given_by, judged

ROWS = [
    pytest.param(kind, source, flow, id=f"{kind}-{source}-{flow.target}")
    for kind, flows in FLOWS.items()
    for flow in flows
    for source in flow.sources
    if flow.reading != "sid"
]
SID = b64encode(bytes.fromhex("010500000000000515000000aaefcedf1eca0a644bd99c5504040000")).decode()


def with_settings(**more):
    return msgspec.structs.replace(DOMAIN, **more)


@pytest.mark.parametrize(("kind", "source", "flow"), ROWS)
def test_an_attribute_becomes_the_property_of_its_row(kind, source, flow):
    without = {name: values for name, values in RAW[kind].items() if name not in flow.sources}
    value = ["SMTP:a@contoso.com"] if flow.reading == "all" else ["A value"]

    given = given_by(DOMAIN, kind, without | {"sAMAccountName": ["anna"], source: value})

    assert given[flow.target] == (value if KNOWN[kind][flow.target] == "list" else value[0])


@pytest.mark.parametrize("kind", ["user", "group"])
def test_every_property_of_the_tables_is_known(kind):
    targets = {flow.target for flow in FLOWS[kind]} | {target for _, target in COMPUTED[kind]} - {"manager", "members"}

    assert targets <= KNOWN[kind].keys()


def test_a_person_without_more_gives_what_is_computed():
    assert given_by(DOMAIN, "user", PERSON) == {
        "accountEnabled": True,
        "displayName": "Anna Berg",
        "onPremisesDistinguishedName": "CN=Anna Berg,OU=People,DC=contoso,DC=com",
        "onPremisesDomainName": "contoso.com",
        "onPremisesImmutableId": GUID,
        "onPremisesSamAccountName": "anna",
        "onPremisesSyncEnabled": True,
        "onPremisesUserPrincipalName": "anna@contoso.com",
        "userPrincipalName": "anna@contoso.com",
    }


def test_a_group_without_more_gives_what_is_computed():
    assert given_by(with_settings(net_bios_domain="CONTOSO"), "group", GROUP) == {
        "displayName": "Sales",
        "mailEnabled": False,
        "onPremisesDomainName": "contoso.com",
        "onPremisesNetBiosName": "CONTOSO",
        "onPremisesSamAccountName": "sales",
        "onPremisesSyncEnabled": True,
        "securityEnabled": True,
    }


@pytest.mark.parametrize(
    ("control", "enabled"), [("512", True), ("514", False), ("66048", True), ("66050", False), ("546", False)]
)
def test_section_6_the_second_bit_of_user_account_control_disables(control, enabled):
    assert given_by(DOMAIN, "user", PERSON | {"userAccountControl": [control]})["accountEnabled"] is enabled


def test_section_6_a_locked_or_expired_account_stays_enabled():
    locked = PERSON | {"lockoutTime": ["133000000000000000"], "accountExpires": ["1"]}

    assert given_by(DOMAIN, "user", locked)["accountEnabled"] is True


def test_a_security_identifier_becomes_text():
    given = given_by(DOMAIN, "user", PERSON | {"objectSid": [SID]})

    assert given["onPremisesSecurityIdentifier"] == "S-1-5-21-3754880938-1678428702-1436342603-1028"


@pytest.mark.parametrize("told", ["", "AQ==", "no base64", b64encode(b"\1\x0f" + b"\0" * 10).decode()])
def test_bytes_that_are_no_security_identifier_give_none(told):
    assert "onPremisesSecurityIdentifier" not in given_by(DOMAIN, "user", PERSON | {"objectSid": [told]})


def test_display_name_comes_before_cn():
    assert given_by(DOMAIN, "user", PERSON | {"displayName": ["Anna"]})["displayName"] == "Anna"


def test_the_name_of_a_country_comes_before_its_code():
    assert given_by(DOMAIN, "user", PERSON | {"c": ["NO"], "co": ["Norway"]})["country"] == "Norway"


def test_blanks_around_a_text_are_trimmed():
    assert given_by(DOMAIN, "user", PERSON | {"l": [" Oslo "]})["city"] == "Oslo"


def test_proxy_addresses_are_told_once_each():
    told = ["SMTP:a@x.com", "smtp:b@x.com", "SMTP:a@x.com"]

    assert given_by(DOMAIN, "user", PERSON | {"proxyAddresses": told})["proxyAddresses"] == told[:2]


def test_who_has_no_user_principal_name_has_the_account_name_at_the_domain():
    without = PERSON | {"userPrincipalName": []}

    assert given_by(with_settings(domain="corp.contoso.com"), "user", without)["userPrincipalName"] == (
        "anna@corp.contoso.com"
    )


def test_another_sign_in_name_becomes_user_principal_name():
    given = given_by(with_settings(sign_in_name="mail"), "user", PERSON | {"mail": ["anna@fjord.example"]})

    assert (given["userPrincipalName"], given["onPremisesUserPrincipalName"]) == (
        "anna@fjord.example",
        "anna@contoso.com",
    )


def test_who_lacks_the_sign_in_name_is_left_out():
    left_out = judged(with_settings(sign_in_name="mail"), "user", PERSON)

    assert left_out == LeftOut(code="name-blank", message="It has no userPrincipalName: mail is empty.")


def test_the_anchor_is_a_hard_match():
    assert judged(DOMAIN, "user", PERSON).immutable_id == GUID


def test_the_consistency_guid_is_the_anchor_where_it_is_chosen():
    moved = PERSON | {"mS-DS-ConsistencyGuid": ["Z0UjAauJ780BI0VniavN7w=="]}

    found = judged(with_settings(anchor="mS-DS-ConsistencyGuid"), "user", moved)

    assert (found.immutable_id, found.given["onPremisesImmutableId"]) == ("Z0UjAauJ780BI0VniavN7w==",) * 2


def test_who_has_no_consistency_guid_is_anchored_by_object_guid():
    assert judged(with_settings(anchor="mS-DS-ConsistencyGuid"), "user", PERSON).immutable_id == GUID


@pytest.mark.parametrize("told", [[], ["no base64!"], [b64encode(b"x" * 45).decode()]])
def test_who_has_no_anchor_is_left_out(told):
    assert judged(DOMAIN, "user", PERSON | {"objectGUID": told}).code == "no-source-anchor"


def test_a_group_has_no_hard_match():
    assert judged(DOMAIN, "group", GROUP).immutable_id is None


@pytest.mark.parametrize(
    ("told", "addresses"),
    [
        ({"proxyAddresses": ["smtp:b@x.com", "SMTP:Anna@Contoso.com"], "mail": ["m@x.com"]}, ("anna@contoso.com",)),
        ({"mail": ["M@x.com"]}, ("m@x.com",)),
        ({"mail": ["none"]}, ()),
        ({}, ()),
    ],
)
def test_the_primary_address_is_a_soft_match(told, addresses):
    assert judged(DOMAIN, "user", PERSON | told).addresses == addresses


@pytest.mark.parametrize("group_type", ["-2147483646", "-2147483644", "-2147483640"])
def test_a_group_type_of_security_groups_gives_access(group_type):
    assert given_by(DOMAIN, "group", GROUP | {"groupType": [group_type]})["securityEnabled"] is True


@pytest.mark.parametrize("told", [{"mail": ["sales@x.com"]}, {"proxyAddresses": ["SMTP:sales@x.com"]}])
def test_a_distribution_group_with_mail_gives_no_access(told):
    given = given_by(DOMAIN, "group", GROUP | {"groupType": ["2"]} | told)

    assert (given["securityEnabled"], given["mailEnabled"]) == (False, True)


def test_the_manager_is_a_reference():
    assert judged(DOMAIN, "user", PERSON | {"manager": ["AAAA"]}).manager == "AAAA"


@pytest.mark.parametrize("told", ["a\0", "\ud800", ""])
def test_what_can_be_no_reference_is_no_manager(told):
    assert judged(DOMAIN, "user", PERSON | {"manager": [told]}).manager is None


def test_an_address_that_no_text_has_finds_nobody():
    assert judged(DOMAIN, "user", PERSON | {"mail": ["a\0@x.com"]}).addresses == ()


def test_a_long_description_is_shortened_and_said():
    found = judged(DOMAIN, "group", GROUP | {"description": ["x" * 449]})

    assert (len(found.given["description"]), found.warnings) == (
        448,
        ("description is shortened from 449 to 448 characters.",),
    )


def test_part_of_an_address_is_not_taken():
    found = judged(DOMAIN, "user", PERSON | {"mail": [f"{'x' * 1020}@x.com"]})

    assert "mail" not in found.given
    assert found.warnings == ("mail is left away: it has 1,026 characters, 1,024 are the most.",)


@pytest.mark.parametrize("text", ["a\0b", "a\ud800"])
def test_what_no_text_has_is_left_away_and_said(text):
    found = judged(DOMAIN, "user", PERSON | {"title": [text]})

    assert "jobTitle" not in found.given
    assert len(found.warnings) == 1


def test_of_many_addresses_the_first_are_taken():
    found = judged(DOMAIN, "user", PERSON | {"proxyAddresses": [f"smtp:{n}@x.com" for n in range(251)]})

    assert len(found.given["proxyAddresses"]) == 250
    assert found.warnings == ("proxyAddresses has 251 values, of which the first 250 are taken.",)


@pytest.mark.parametrize(
    ("name", "code"),
    [("a\u200bb@x.com", "name-unprintable"), ("a\0@x.com", "name-unprintable"), ("x" * 257, "name-too-long")],
)
def test_whose_name_cannot_be_told_apart_is_left_out(name, code):
    assert judged(DOMAIN, "user", PERSON | {"userPrincipalName": [name]}).code == code


def test_names_of_attributes_are_read_in_any_case():
    assert given_by(DOMAIN, "user", PERSON | {"GIVENNAME": ["Anna"]})["givenName"] == "Anna"
