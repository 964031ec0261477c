"""Users and groups that connected sources feed: where they came from is told, and what is said there is not offered."""

import pytest

from provisor.rules.source_settings import CONNECTED_KINDS, KIND_NAMES
from support.mastered import FedObjects
from support.portal_people import HOSTILE, ME


@pytest.fixture
def fed(database, tenant, now):
    return FedObjects(database, tenant, now)


@pytest.fixture
def anna(company, fed, now):
    """Of whom Active Directory says name and department."""
    user = company.user("anna", department="Sales")
    fed.connect("Head office", ended_at=now)
    given = {"userPrincipalName": "anna@contoso.example", "department": "Sales", "otherMails": ["a@x.example"]}
    fed.feed("Head office", company.read(user), given)
    return user


@pytest.fixture
def staff(company, fed, anna):
    group = company.group("Staff", [anna])
    fed.feed("Head office", company.admin.typed_groups.read(ME, group), {"displayName": "Staff"})
    return group


def test_its_page_tells_the_source_the_anchor_and_what_it_says(boss, anna):
    page = boss.get(f"/users/{anna}")

    assert "Head office Active Directory, precedence 100; last read" in page.text
    assert f"anchor-of-{anna}" in page.text
    assert "User principal name, Department, Other emails, Manager" in page.text
    assert "changed there alone" in page.text


@pytest.mark.parametrize("kind", CONNECTED_KINDS)
def test_every_kind_of_source_is_called_by_its_name(boss, company, fed, kind):
    user = company.user("anna")
    fed.connect(HOSTILE, kind)
    fed.feed(HOSTILE, company.read(user), {})

    page = boss.get(f"/users/{user}")

    assert f"{KIND_NAMES[kind]}, precedence 100" in page.text
    assert HOSTILE not in page.html


def test_a_source_that_has_it_no_more_is_told_as_a_former_one(boss, company, fed):
    user = company.user("anna")
    fed.connect("Head office")
    fed.feed("Head office", company.read(user), {"department": "Sales"}, presence="gone")

    page = boss.get(f"/users/{user}")

    assert "Former source Head office" in page.text
    assert "not there since" in page.text
    assert f"/users/{user}/delete" in page.document.links


def test_the_properties_say_from_which_source_each_is(boss, anna):
    page = boss.get(f"/users/{anna}/properties")

    assert "Department department from Head office Sales" in page.text
    assert "Display name displayName Anna" in page.text


def test_what_a_source_says_stands_in_the_form_and_cannot_be_typed(boss, anna):
    address = f"/users/{anna}/edit"

    page = boss.get(address)

    disabled = {a["name"]: a for tag, a in page.document.tags if "disabled" in a}
    assert set(disabled) == {"userPrincipalName", "department", "otherMails"}
    assert disabled["department"]["value"] == "Sales"
    assert all(a["aria-describedby"] == f"{name}-hint" for name, a in disabled.items())
    assert page.text.count("From Head office.") == 3
    assert "jobTitle" in page.document.forms[address]


def test_the_rest_of_it_is_saved(boss, company, anna):
    address = f"/users/{anna}/edit"

    answer = boss.submit(boss.get(address), address, jobTitle="Nurse")

    assert answer.status == 303
    assert company.read(anna).attributes["jobTitle"] == "Nurse"


def test_what_a_source_says_is_refused_beside_its_field_when_it_is_sent_all_the_same(boss, company, anna):
    address = f"/users/{anna}/edit"

    page = boss.submit(boss.get(address), address, department="Research")

    assert page.status == 400
    assert [a["id"] for _, a in page.document.tags if "aria-invalid" in a] == ["department"]
    assert "it comes from the source Head office" in page.text
    assert company.read(anna).attributes["department"] == "Sales"


def test_what_is_said_elsewhere_is_not_offered_as_a_button(boss, company, fed, anna):
    page = boss.get(f"/users/{anna}")
    assert f"/users/{anna}/disable" in page.document.forms
    assert f"/users/{anna}/delete" not in page.document.links
    assert f"/users/{anna}/manager" not in page.document.links

    fed.connect("HR", "csv")
    fed.feed("HR", company.read(anna), {"accountEnabled": True})
    assert f"/users/{anna}/disable" not in boss.get(f"/users/{anna}").document.forms


def test_deleting_it_by_address_is_refused_with_the_source(boss, company, anna):
    page = boss.submit(boss.get(f"/users/{anna}/delete"), f"/users/{anna}/delete")

    assert page.status == 400
    assert "said by the source Head office" in page.text
    assert company.read(anna).alive


def test_members_of_its_group_are_looked_at_alone(boss, staff, anna):
    page = boss.get(f"/groups/{staff}/members")

    assert "Who is in this group is said by Head office" in page.text
    assert f"/groups/{staff}/members/add" not in page.document.links
    assert anna in page.html


def test_who_comes_from_a_source_is_listed_with_its_name(boss, database, company, fed):
    user = company.admin.users.create(
        ME, {"userPrincipalName": "a@x", "displayName": "Anna", "onPremisesSyncEnabled": "true"}
    ).object.id
    key = fed.connect("Head office")
    with database.transaction() as connection:
        connection.execute("UPDATE object SET source = ? WHERE id = ?", (key, user))

    [row] = [row for row in boss.get("/users").document.rows if "Anna" in row]

    assert row.endswith("Head office")
