"""A user or group in full: attributes under both names, origin, memberships, and what each application makes of it."""

import pytest

from provisor.admin.service_principals import ApplicationKey
from provisor.directory.attributes import KNOWN
from provisor.portal.directory.labels import SECTIONS
from support.portal_people import ME, UMBRELLA


@pytest.mark.parametrize("kind", ["user", "group"])
def test_every_attribute_has_a_display_name(kind):
    labelled = [name for names in SECTIONS[kind].values() for name in names]

    assert sorted(labelled) == sorted(KNOWN[kind])


def test_attributes_stand_under_their_names_here_and_in_graph(boss, company):
    user = company.user("anna", jobTitle="Nurse", businessPhones=["1", "2"])

    page = boss.get(f"/users/{user}/properties")

    assert "Job title jobTitle Nurse" in page.text
    assert "Business phones businessPhones 1 2" in page.text
    assert "Account enabled accountEnabled Yes" in page.text
    assert "Employee ID" not in page.text
    assert "Employee ID employeeId No value" in boss.get(f"/users/{user}/properties?all=yes").text


def test_an_extension_says_whose_it_is(boss, company):
    application, _ = company.job()
    key = ApplicationKey("service principal", application)
    made = company.admin.extension_properties.register(
        ME, key, attribute="badge", data_type="Integer", targets=["User"]
    )
    user = company.user("anna", **{made.extension.name: 7})

    page = boss.get(f"/users/{user}/properties")

    assert f"badge {made.extension.name} of {UMBRELLA} 7" in page.text


def test_who_came_from_a_file_says_from_which_source_and_by_what(boss, company, tmp_path):
    company.take(tmp_path, "userPrincipalName\nbo@contoso.example\n", source="hr")
    [bo] = company.admin.users.page(ME)

    page = boss.get(f"/users/{bo.id}")

    assert "The import hr" in page.text
    assert "Identified by bo@contoso.example in the column userPrincipalName" in page.text


def test_manager_reports_and_groups_lead_to_one_another(boss, company):
    chief = company.user("chief")
    anna = company.user("anna", manager=chief)
    group = company.group("Staff", [anna])

    assert f"/users/{chief}" in boss.get(f"/users/{anna}").document.links
    assert f"/users/{anna}" in boss.get(f"/users/{chief}/reports").document.links
    assert f"/groups/{group}" in boss.get(f"/users/{anna}/groups").document.links
    assert f"/users/{anna}" in boss.get(f"/groups/{group}/members").document.links


def test_memberships_are_searched(boss, company):
    anna = company.user("anna")
    staff, board = company.group("Staff", [anna]), company.group("Board", [anna])

    links = boss.get(f"/users/{anna}/groups?search=boa").document.links

    assert f"/groups/{board}" in links
    assert f"/groups/{staff}" not in links


def test_empty_places_say_what_comes_there(boss, company):
    anna = company.user("anna")

    assert "In no group" in boss.get(f"/users/{anna}/groups").text
    assert "No direct reports" in boss.get(f"/users/{anna}/reports").text
    assert "No provisioning yet" in boss.get(f"/users/{anna}/applications").text


def test_who_is_not_assigned_is_told_so(boss, company):
    application, job = company.job()
    anna = company.user("anna")

    page = boss.get(f"/users/{anna}/applications")

    assert "Not in scope" in page.text
    assert "Assigned No" in page.text
    assert f"/applications/{application}/provisioning/{job}/on-demand?user={anna}" in page.document.links


def test_who_is_assigned_through_a_group_is_in_scope(boss, company):
    application, _ = company.job()
    anna = company.user("anna")
    company.group("Staff", [anna])
    company.admin.applications.assign(ME, application, groups=["Staff"])

    page = boss.get(f"/users/{anna}/applications")

    assert "In scope: it is assigned to the application." in page.text


def test_a_clause_that_does_not_hold_is_named_with_the_value(boss, company):
    application, job = company.job()
    document = company.admin.schemas.export(ME, job)
    [users] = [
        mapping
        for rule in document["synchronizationRules"]
        for mapping in rule["objectMappings"]
        if mapping["sourceObjectName"] == "User"
    ]
    clause = {"sourceOperandName": "department", "operatorName": "EQUALS", "targetOperand": {"values": ["Sales"]}}
    users["scope"] = {"groups": [{"name": "Sellers", "clauses": [clause]}]}
    company.admin.schemas.save(ME, job, document)
    anna = company.user("anna", department="Board")
    company.admin.applications.assign(ME, application, users=["anna@contoso.example"])

    page = boss.get(f"/users/{anna}/applications")

    assert "Sellers department EQUALS Sales No department is &quot;Board&quot;.".replace("&quot;", '"') in " ".join(
        page.document.rows
    )


def test_asking_why_writes_nothing(boss, company, database):
    company.job()
    anna = company.user("anna")
    before = database.reader().one("SELECT count(*), max(id) FROM audit_event")

    boss.get(f"/users/{anna}/applications")

    assert database.reader().one("SELECT count(*), max(id) FROM audit_event") == before


def test_an_owner_is_told_of_own_applications_alone(company, sign_in):
    person = company.user("olga")
    own, _ = company.job("Mine")
    company.job("Theirs")
    company.admin.applications.add_owner(ME, own, "olga@contoso.example")
    anna = company.user("anna")
    company.admin.applications.assign(ME, "Theirs", users=["anna@contoso.example"])
    browser = sign_in("Application Owner", person="olga@contoso.example")

    for page in (f"/users/{anna}", f"/users/{anna}/applications", f"/users/{person}"):
        text = browser.get(page).text
        assert "Mine" in text
        assert "Theirs" not in text


def test_many_jobs_are_explained_a_page_at_a_time(boss, company):
    for number in range(12):
        company.job(f"App {number:02}")
    anna = company.user("anna")

    first = boss.get(f"/users/{anna}/applications")
    [later] = [attributes for tag, attributes in first.document.tags if tag == "a" and attributes.get("rel") == "next"]

    assert ("App 09" in first.text, "App 10" in first.text) == (True, False)
    assert "App 11" in boss.get(later["href"]).text
