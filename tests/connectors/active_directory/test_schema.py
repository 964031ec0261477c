"""Which attributes of a forest may be chosen as directory extensions (spec/entra-connect.md section 4)."""

import pytest

from provisor.connectors.active_directory import ActiveDirectory
from provisor.engine.ports import Rejected, Secret
from support.ad_schema import put_schema
from support.ldap_server import PASSWORD


@pytest.fixture
def source(domain, settings):
    domain.range_limit = 1500
    put_schema(domain)
    made = ActiveDirectory(settings, Secret(PASSWORD))
    yield made
    made.close()


@pytest.fixture
def offered(source):
    return {one.name: one for one in source.attributes()}


def test_names_keep_their_case_and_come_in_order(source):
    names = [one.name for one in source.attributes()]

    assert "objectGUID" in names
    assert "objectguid" not in names
    assert names == sorted(names)


@pytest.mark.parametrize(
    ("name", "kept_type"),
    [
        ("division", "String"),
        ("showInAdvancedViewOnly", "Boolean"),
        ("groupType", "Integer"),
        ("thumbnailPhoto", "Binary"),
        ("objectSid", "Binary"),
        ("objectGUID", "Binary"),
    ],
)
def test_section_4_single_values_of_these_types_are_offered(offered, name, kept_type):
    assert (offered[name].type, offered[name].multi_valued) == (kept_type, False)


def test_section_4_text_with_several_values_is_offered(offered):
    assert offered["carLicense"].multi_valued


def test_section_4_numbers_with_several_values_are_not(offered):
    assert "someNumbers" not in offered


@pytest.mark.parametrize("name", ["manager", "member", "showInAddressBook"])
def test_section_4_references_are_not_offered(offered, name):
    assert name not in offered


def test_section_4_what_is_computed_is_not_offered(offered):
    assert "tokenGroups" not in offered


@pytest.mark.parametrize("name", ["badPwdCount", "memberOf", "whenChanged"])
def test_section_4_what_is_not_replicated_is_not_offered(offered, name):
    assert name not in offered


def test_passwords_are_not_offered(offered):
    assert "unicodePwd" not in offered


@pytest.mark.parametrize("name", ["division", "carLicense"])
def test_what_people_alone_have_is_for_people_alone(offered, name):
    assert offered[name].kinds == ("user",)


def test_what_groups_alone_have_is_for_groups_alone(offered):
    assert offered["groupType"].kinds == ("group",)


@pytest.mark.parametrize("name", ["description", "objectSid"])
def test_inherited_and_auxiliary_attributes_are_for_both(offered, name):
    assert offered[name].kinds == ("user", "group")


def test_what_only_other_classes_have_is_not_offered(offered):
    assert "msDS-preferredDataLocation" not in offered


def test_a_schema_that_is_not_there_is_an_error(settings):
    source = ActiveDirectory(settings, Secret(PASSWORD))

    with pytest.raises(Rejected, match="CN=Schema"):
        source.attributes()
    source.close()
