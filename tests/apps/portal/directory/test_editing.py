"""New users and groups, and changes: typed values, refusals beside their fields, somebody else's change in between."""

import pytest

from provisor.admin.service_principals import ApplicationKey
from support.portal_people import HOSTILE, ME


def wrong_fields(page):
    return [a["id"] for tag, a in page.document.tags if tag in ("input", "textarea", "select") and "aria-invalid" in a]


def edited(browser, address, **fields):
    page = browser.get(address)
    form = page.document.forms[address]
    for tag, attributes in page.document.tags:
        if tag == "textarea":
            form.setdefault(attributes["name"], text_of(page, attributes["name"]))
    return browser.request("POST", address, form | fields)


def text_of(page, name):
    """What stands in a text area: the parser of the browser keeps fields of one line only."""
    from html import unescape

    return unescape(page.html.partition(f'<textarea id="{name}"')[2].partition(">\n")[2].partition("</textarea>")[0])


def test_somebody_new_has_what_was_typed(boss, company):
    answer = edited(
        boss,
        "/users/new",
        userPrincipalName="anna@contoso.example",
        displayName="Anna",
        accountEnabled="false",
        businessPhones="1\r\n2\r\n",
        streetAddress="A 1\r\nB",
        showInAddressList="true",
    )

    made = company.read("anna@contoso.example")
    assert answer.location == f"/users/{made.id}"
    assert made.attributes == {
        "userPrincipalName": "anna@contoso.example",
        "displayName": "Anna",
        "accountEnabled": False,
        "businessPhones": ["1", "2"],
        "streetAddress": "A 1\nB",
        "showInAddressList": True,
    }
    assert "The user anna@contoso.example was created." in boss.follow(answer).text


def test_a_new_group_has_what_was_typed(boss, company):
    answer = edited(boss, "/groups/new", displayName="Staff", description="All")

    assert company.admin.groups.show(ME, "Staff").object.attributes["description"] == "All"
    assert answer.status == 303


@pytest.mark.parametrize(
    ("fields", "field", "words"),
    [
        ({"userPrincipalName": ""}, "userPrincipalName", "not blank"),
        ({"userPrincipalName": "BO@contoso.example"}, "userPrincipalName", "already taken"),
        ({"userPrincipalName": "a\u200bb@contoso.example"}, "userPrincipalName", "userPrincipalName"),
        ({"jobTitle": "x" * 1025}, "jobTitle", "1,024 are the most"),
        ({"showInAddressList": "perhaps"}, "showInAddressList", "true or false"),
        ({"businessPhones": "\n".join("1" * 251)}, "businessPhones", "250 are the most"),
    ],
)
def test_what_is_refused_stands_beside_its_field_and_all_is_kept(boss, company, fields, field, words):
    company.user("bo")
    given = {"userPrincipalName": "anna@contoso.example", "displayName": "Anna", "city": HOSTILE} | fields

    page = edited(boss, "/users/new", **given)

    assert page.status == 400
    assert wrong_fields(page) == [field]
    assert words in page.text
    assert "<script>alert" not in page.html
    assert page.document.forms["/users/new"]["city"] == HOSTILE
    assert [item.name for item in company.admin.users.page(ME)] == ["bo@contoso.example"]


def test_an_extension_takes_values_of_its_type_alone(boss, company):
    application, _ = company.job()
    key = ApplicationKey("service principal", application)
    made = company.admin.extension_properties.register(
        ME, key, attribute="badge", data_type="Integer", targets=["User"]
    )
    address = f"/users/{company.user('anna')}/edit"
    name = made.extension.name

    page = edited(boss, address, **{name: "seven"})
    assert (page.status, wrong_fields(page)) == (400, [name])
    edited(boss, address, **{name: "7"})

    assert company.read("anna@contoso.example").attributes[name] == 7


def test_a_change_is_saved_and_empty_text_clears(boss, company):
    user = company.user("anna", jobTitle="Nurse", city="Oslo", otherMails=["a@x.example", "b@x.example"])

    answer = edited(boss, f"/users/{user}/edit", jobTitle="Chief", city="")

    attributes = company.read(user).attributes
    assert answer.status == 303
    assert (attributes["jobTitle"], attributes.get("city")) == ("Chief", None)
    assert attributes["otherMails"] == ["a@x.example", "b@x.example"]


@pytest.mark.parametrize("value", ["two\nlines", "two\r\nlines", "\n first line empty", " blanks ", "\t"])
def test_a_form_that_is_saved_as_it_is_changes_nothing(boss, company, value):
    user = company.user("anna", jobTitle=value, streetAddress=value)
    before = company.read(user)

    answer = edited(boss, f"/users/{user}/edit")

    assert "Nothing was changed." in boss.follow(answer).text
    assert company.read(user) == before


def test_somebody_elses_change_is_told_and_not_written_over(boss, company):
    user = company.user("anna", jobTitle="Nurse")
    address = f"/users/{user}/edit"
    form = boss.get(address).document.forms[address]
    company.admin.typed_users.update(ME, user, {"jobTitle": "Doctor"})

    page = boss.request("POST", address, form | {"jobTitle": "Chief"})

    assert page.status == 409
    assert "Somebody changed this meanwhile." in page.text
    assert "Stored now: Doctor" in page.text
    assert page.document.forms[address]["jobTitle"] == "Chief"
    assert company.read(user).attributes["jobTitle"] == "Doctor"


def test_saving_again_after_that_keeps_ones_own(boss, company):
    user = company.user("anna", jobTitle="Nurse")
    address = f"/users/{user}/edit"
    form = boss.get(address).document.forms[address]
    company.admin.typed_users.update(ME, user, {"jobTitle": "Doctor"})
    page = boss.request("POST", address, form | {"jobTitle": "Chief"})

    boss.request("POST", address, page.document.forms[address])

    assert company.read(user).attributes["jobTitle"] == "Chief"


def test_what_active_directory_masters_cannot_be_typed(boss, company, tmp_path):
    company.take(tmp_path, "userPrincipalName,displayName,onPremisesSyncEnabled\nbo@contoso.example,Bo,true\n")
    [bo] = company.admin.users.page(ME)

    page = boss.get(f"/users/{bo.id}/edit")

    fields = page.document.forms[f"/users/{bo.id}/edit"]
    assert "What Active Directory says of this user cannot be changed here" in page.text
    assert "displayName" not in fields
    assert "usageLocation" in fields


def test_a_group_keeps_its_members_when_it_is_edited(boss, company):
    user = company.user("anna")
    group = company.group("Staff", [user])

    edited(boss, f"/groups/{group}/edit", displayName="All staff")

    assert [item.id for item in company.admin.members.page(ME, "All staff")] == [user]
