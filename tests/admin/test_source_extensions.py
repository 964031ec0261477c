"""Directory extension attribute sync: available attributes, a search that heeds case, and what choosing them does."""

import pytest

from provisor.admin.actor import LOCAL_OPERATOR as ME
from provisor.admin.errors import AdminError
from provisor.engine.sources import SourceAttribute
from support.sourced import AD, PASSWORD

OFFERED = [
    SourceAttribute(name="badgeNumbers", type="String", multi_valued=True, kinds=("user",)),
    SourceAttribute(name="objectGUID", type="Binary", multi_valued=False, kinds=("user", "group")),
    SourceAttribute(name="roomNumber", type="Integer", multi_valued=False, kinds=("user",)),
]


@pytest.fixture
def extensions(sourced, monkeypatch):
    sourced.offered = OFFERED
    sourced.admin.sources.settings.add(ME, "corp", AD, given_secrets=PASSWORD)
    return sourced.admin.sources.extensions


def registered(sourced):
    return {one.extension.attribute: one.extension for one in sourced.admin.extension_properties.available(ME)}


def test_available_attributes_are_listed_by_name(extensions):
    assert [one.name for one in extensions.available(ME, "corp")] == ["badgeNumbers", "objectGUID", "roomNumber"]


@pytest.mark.parametrize(
    ("search", "found"), [("GUID", ["objectGUID"]), ("objectguid", []), ("Number", ["badgeNumbers", "roomNumber"])]
)
def test_section_4_the_search_heeds_case(extensions, search, found):
    assert [one.name for one in extensions.available(ME, "corp", search=search)] == found


def test_attributes_of_groups_are_listed_alone(extensions):
    assert [one.name for one in extensions.available(ME, "corp", kind="group")] == ["objectGUID"]


def test_section_4_a_chosen_attribute_is_registered_with_its_type(sourced, extensions):
    chosen = extensions.choose(ME, "corp", users=["objectGUID", "badgeNumbers", "roomNumber"])

    found = registered(sourced)
    assert len(chosen.registered) == 3
    assert {name: (one.data_type, one.multi_valued, one.synced, one.targets) for name, one in found.items()} == {
        "objectGUID": ("Binary", False, True, ("User",)),
        "badgeNumbers": ("String", True, True, ("User",)),
        "roomNumber": ("Integer", False, True, ("User",)),
    }


def test_section_4_it_belongs_to_the_tenant_schema_extension_app(sourced, extensions):
    (name,) = extensions.choose(ME, "corp", users=["objectGUID"]).registered

    (shown,) = sourced.admin.extension_properties.available(ME)
    assert shown.application == "Tenant Schema Extension App"
    assert name == f"extension_{shown.extension.app_id.replace('-', '')}_objectGUID"


def test_section_4_users_and_groups_are_chosen_apart(sourced, extensions):
    extensions.choose(ME, "corp", users=["roomNumber"])
    chosen = extensions.choose(ME, "corp", groups=["objectGUID"])

    assert ([one.attribute for one in chosen.users], [one.attribute for one in chosen.groups]) == (
        ["roomNumber"],
        ["objectGUID"],
    )
    assert registered(sourced)["objectGUID"].targets == ("Group",)


def test_an_attribute_of_both_is_registered_once(sourced, extensions):
    extensions.choose(ME, "corp", users=["objectGUID"], groups=["objectGUID"])

    assert registered(sourced)["objectGUID"].targets == ("User", "Group")


def test_section_4_values_come_with_the_next_read_which_is_a_full_one(sourced, extensions):
    sourced.domain.person("anna")
    sourced.admin.sources.runs.run(ME, "corp")

    (name,) = extensions.choose(ME, "corp", users=["objectGUID"]).registered
    run = sourced.admin.sources.runs.run(ME, "corp")

    anna = sourced.admin.users.show(ME, "anna@contoso.example").object
    assert run.kind == "full"
    assert anna.attributes[name] == sourced.domain.person("anna")


def test_section_10_objectguid_comes_with_the_warnings(extensions):
    assert len(extensions.choose(ME, "corp", users=["objectGUID"]).warnings) == 3
    assert extensions.choose(ME, "corp", users=["roomNumber"]).warnings == ()


def test_a_name_in_another_case_is_refused_with_the_right_one(extensions):
    with pytest.raises(AdminError, match="no attribute 'objectguid'") as raised:
        extensions.choose(ME, "corp", users=["objectguid"])

    assert "Did you mean objectGUID?" in raised.value.hint


def test_an_attribute_that_groups_do_not_have_is_refused(extensions):
    with pytest.raises(AdminError, match="No group of the source can have roomNumber"):
        extensions.choose(ME, "corp", groups=["roomNumber"])


def test_one_registered_with_another_type_is_refused(sourced, extensions):
    extensions.choose(ME, "corp", users=["roomNumber"])
    sourced.offered = [SourceAttribute(name="roomNumber", type="String", multi_valued=False, kinds=("user",))]

    with pytest.raises(AdminError) as raised:
        extensions.choose(ME, "corp", users=["roomNumber"])

    assert raised.value.code == "extension-exists"


def test_one_that_a_file_brought_as_text_takes_bytes(sourced, extensions, tmp_path):
    from provisor.runner.importing.import_source import CsvImport

    file = tmp_path / "users.csv"
    file.write_text("userPrincipalName,objectGUID\nbo@x.example,Oywdj1lKd2iGlaSzwtHg8A==\n")
    sourced.admin.imports.csv(ME, CsvImport(users=file))

    extensions.choose(ME, "corp", users=["objectGUID"])

    assert registered(sourced)["objectGUID"].data_type == "String"


def test_a_source_of_files_has_no_attributes_to_choose(sourced, tmp_path):
    file = tmp_path / "users.csv"
    file.write_text("userPrincipalName\n")
    sourced.admin.sources.settings.add(ME, "staff", {"type": "csv", "users": str(file)})

    with pytest.raises(AdminError, match="not chosen"):
        sourced.admin.sources.extensions.choose(ME, "staff", users=["x"])
