"""The note of step 2: when objectGUID is needed, and how far it is here."""

import pytest

from provisor.admin.actor import LOCAL_OPERATOR as ME
from provisor.admin.imports import CsvImport
from provisor.admin.roles import ROLES
from provisor.portal.home.object_guid import TARGET

APP = "Cisco Umbrella User Management"
PAGE = "/first-steps/object-guid"


@pytest.fixture
def brought(admin, tmp_path):
    users = tmp_path / "users.csv"
    users.write_text(
        "userPrincipalName,objectGUID\n"
        "zoe@x.example,8f1d2c3b-4a59-6877-8695-a4b3c2d1e0f0\nyan@x.example,9f1d2c3b-4a59-6877-8695-a4b3c2d1e0f0\n"
    )
    admin.imports.csv(ME, CsvImport(users=users))


def test_it_says_when_it_is_needed_and_what_comes_before_and_after(root):
    text = root.get(PAGE).text

    assert "4.10 MR5 or earlier" in text
    assert "4.10 MR6 or higher" in text
    assert "Turn the on-premises Umbrella AD Connector off first." in text
    assert "Policies on groups are pointed anew afterwards." in text
    assert "The directory does not have the attribute yet." in text


def test_it_counts_who_has_a_value(root, admin, directory, brought):
    admin.users.delete(ME, "yan@x.example")

    assert "1 of 5 people have a value." in root.get(PAGE).text


def test_it_tells_whether_the_mapping_is_there(root, admin, application, brought):
    page = root.get(PAGE)
    assert "There is no such mapping yet." in page.text
    assert f"{application.page}/mappings/users" in page.document.links

    admin.schemas.map(ME, APP, "user", source="objectGUID", target=TARGET)

    assert "Mapped from [extension_" in root.get(PAGE).text


@pytest.mark.parametrize("role", [role for role in ROLES if role != "Application Owner"])
def test_everybody_may_read_it_and_sees_what_the_role_shows(browser_of, admin, application, brought, role):
    page = browser_of(role).get(PAGE)

    assert page.status == 200
    assert ("people have a value" in page.text) == ("directory.read" in ROLES[role].permissions)
    assert ("such mapping yet" in page.text) == ("job.read" in ROLES[role].permissions)
    assert ("/import" in page.document.links) == ("directory.write" in ROLES[role].permissions)
