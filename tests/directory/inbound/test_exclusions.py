"""Whom a source never brings: each row of the table by its example, and what the settings leave out."""

import msgspec
import pytest

from provisor.directory.inbound.arriving import Arrived
from provisor.directory.inbound.exclusions import EXCLUSIONS, too_large
from provisor.rules.source_settings import AttributeFilter
from support.inbound_records import DOMAIN, GROUP, INETORGPERSON, LDAP, PERSON, RAW, judged

by_row = pytest.mark.parametrize(
    "row", [pytest.param(row, id=f"{row.kind}-{row.code}-{n}") for n, row in enumerate(EXCLUSIONS)]
)


@by_row
def test_section_2_an_object_like_the_example_is_left_out(row):
    left_out = judged(DOMAIN, row.kind, RAW[row.kind] | row.example)

    assert (left_out.code, left_out.message) == (row.code, f"It {row.when}.")


@by_row
def test_the_example_differs_from_an_ordinary_object_only_in_what_excludes_it(row):
    assert isinstance(judged(DOMAIN, row.kind, RAW[row.kind]), Arrived)


@pytest.mark.parametrize(
    "told",
    [
        {"sAMAccountName": ["AAD_1f2e"]},
        {"sAMAccountName": ["SUPPORT_388945a0"]},
        {"sAMAccountName": ["CAS_{0a1b}"]},
        {"mailNickname": ["CAS_{0a1b}"]},
        {"msExchRecipientTypeDetails": ["536870912"]},
        {"userAccountControl": ["4096"]},
        {"userAccountControl": ["2080"]},
    ],
)
def test_section_2_a_person_is_left_out_by_the_other_halves_of_a_row_too(told):
    assert not isinstance(judged(DOMAIN, "user", PERSON | told), Arrived)


@pytest.mark.parametrize(
    "told",
    [
        {"isCriticalSystemObject": ["FALSE"]},
        {"sAMAccountName": ["CAS_anna"]},
        {"msExchRecipientTypeDetails": ["1"]},
        {"msExchRecipientTypeDetails": ["2147483648"]},
        {"objectClass": ["top", "person", "organizationalPerson", "inetOrgPerson", "user"]},
        {"userAccountControl": ["514"]},
    ],
)
def test_section_2_who_only_looks_like_one_arrives(told):
    assert isinstance(judged(DOMAIN, "user", PERSON | told), Arrived)


@pytest.mark.parametrize(("members", "arrives"), [(249_999, True), (250_000, False)])
def test_section_2_a_group_of_a_quarter_million_is_left_out(members, arrives):
    assert (too_large(members) is None) is arrives


def test_who_is_not_in_the_chosen_group_is_left_out():
    assert judged(DOMAIN, "user", PERSON, in_group=False).code == "outside-group"


@pytest.mark.parametrize(
    ("container", "arrives"), [("ou=people,dc=contoso,dc=com", True), ("OU=Sales,DC=contoso,DC=com", False)]
)
def test_who_is_in_none_of_the_containers_is_left_out(container, arrives):
    settings = msgspec.structs.replace(DOMAIN, containers=(container,))

    assert isinstance(judged(settings, "user", PERSON), Arrived) is arrives


def test_containers_count_for_ldap_too():
    settings = msgspec.structs.replace(LDAP, containers=("ou=staff,dc=fjord,dc=example",))

    assert judged(settings, "user", INETORGPERSON).code == "outside-containers"


@pytest.mark.parametrize(
    ("operator", "value", "told", "arrives"),
    [
        ("equals", "NoSync", ["nosync"], False),
        ("equals", "NoSync", ["other"], True),
        ("equals", "NoSync", [], True),
        ("equals", "NoSync", ["other", "NoSync"], False),
        ("not-equals", "Sync", ["sync"], True),
        ("not-equals", "Sync", ["other"], False),
        ("not-equals", "Sync", [], False),
        ("starts-with", "No", ["nosync"], False),
        ("starts-with", "No", ["sync no"], True),
        ("present", "", ["x"], False),
        ("present", "", [], True),
        ("absent", "", ["x"], True),
        ("absent", "", [], False),
    ],
)
def test_a_filter_leaves_out_whom_it_fits(operator, value, told, arrives):
    one = AttributeFilter(attribute="extensionattribute15", operator=operator, value=value)
    settings = msgspec.structs.replace(DOMAIN, filters=(one,))

    assert isinstance(judged(settings, "user", PERSON | {"extensionAttribute15": told}), Arrived) is arrives


def test_a_filter_is_of_people_unless_it_says_otherwise():
    of_people = AttributeFilter(attribute="department", operator="absent")
    of_both = AttributeFilter(attribute="department", operator="absent", kinds=("user", "group"))

    assert isinstance(judged(msgspec.structs.replace(DOMAIN, filters=(of_people,)), "group", GROUP), Arrived)
    assert judged(msgspec.structs.replace(DOMAIN, filters=(of_both,)), "group", GROUP).code == "filtered"


def test_who_is_filtered_is_told_by_which_filter():
    one = AttributeFilter(attribute="department", operator="not-equals", value="Sales")

    left_out = judged(msgspec.structs.replace(DOMAIN, filters=(one,)), "user", PERSON)

    assert left_out.message == 'It is left out by a filter: department is not "Sales".'
