"""Disable, delete, restore, delete permanently; members and managers."""

import pytest

from support.portal_people import ME


def test_somebody_is_disabled_and_enabled(boss, company):
    user = company.user("anna")

    page = boss.follow(boss.submit(boss.get(f"/users/{user}"), f"/users/{user}/disable"))
    assert "Anna was disabled." in page.text
    assert not company.read(user).enabled
    boss.submit(page, f"/users/{user}/enable")

    assert company.read(user).enabled


def test_deleting_asks_first_and_says_what_becomes_of_accounts(boss, company):
    company.job()
    user = company.user("anna")

    page = boss.get(f"/users/{user}/delete")

    assert "can be restored for 30 days" in page.text
    assert "no application that you may see has an account linked" in page.text
    assert company.read(user).alive


@pytest.mark.parametrize("room", ["users", "groups"])
def test_what_is_deleted_can_be_restored(boss, company, room):
    made = company.user("anna") if room == "users" else company.group("Staff")
    base = f"/{room}/{made}"

    answer = boss.submit(boss.get(f"{base}/delete"), f"{base}/delete")
    bin_page = boss.follow(answer)
    assert "was deleted, and can be restored for 30 days." in bin_page.text
    answer = boss.submit(bin_page, f"{base}/restore")

    assert answer.location == base
    assert "was restored." in boss.follow(answer).text


def test_somebody_deleted_is_still_shown(boss, company):
    user = company.user("anna", jobTitle="Nurse")
    company.admin.users.delete(ME, user)

    page = boss.get(f"/users/{user}")

    assert "It can be restored until" in page.text
    assert f"/users/{user}/restore" in page.document.forms
    assert f"/users/{user}/edit" not in page.document.links


def test_a_name_that_was_taken_meanwhile_is_told(boss, company):
    user = company.user("anna")
    company.admin.users.delete(ME, user)
    company.user("anna")

    answer = boss.submit(boss.get("/users/deleted"), f"/users/{user}/restore")

    assert answer.status == 400
    assert "cannot be restored" in answer.text


def test_an_import_that_brings_somebody_back_is_told(boss, company, tmp_path):
    company.take(tmp_path, "userPrincipalName\nbo@contoso.example\n", source="hr")
    [bo] = company.admin.users.page(ME)

    answer = boss.submit(boss.get(f"/users/{bo.id}/delete"), f"/users/{bo.id}/delete")

    assert "The next import of hr restores it" in boss.follow(answer).text


@pytest.mark.parametrize("room", ["users", "groups"])
def test_deleting_permanently_asks_first(boss, company, room):
    made = company.user("anna") if room == "users" else company.group("Staff")
    (company.admin.users if room == "users" else company.admin.groups).delete(ME, made)
    base = f"/{room}/{made}"

    page = boss.get(f"{base}/purge")
    assert "This cannot be undone." in page.text
    answer = boss.submit(page, f"{base}/purge")

    assert "was deleted permanently." in boss.follow(answer).text
    assert boss.get(base).status == 404


def test_who_is_not_deleted_is_not_deleted_permanently(boss, company):
    assert boss.get(f"/users/{company.user('anna')}/purge").status == 404


# Members


def members(company, group):
    return {item.id for item in company.admin.members_by_id.page(ME, group)}


def add(browser, group, chosen, search=""):
    address = f"/groups/{group}/members/add"
    page = browser.get(f"{address}?search={search}")
    fields = [("form_token", page.document.forms[address]["form_token"]), *(("member", one) for one in chosen)]
    return browser.request("POST", address, fields)


def test_many_are_added_at_once(boss, company):
    people = [company.user(f"u{number}") for number in range(3)]
    group = company.group("Staff")

    answer = add(boss, group, [*people, people[0]])

    assert "3 members were added." in boss.follow(answer).text
    assert members(company, group) == set(people)


def test_who_is_in_the_group_already_is_not_offered(boss, company):
    anna, bo = company.user("anna"), company.user("bo")
    group = company.group("Staff", [anna])

    page = boss.get(f"/groups/{group}/members/add")

    assert bo in page.html
    assert anna not in page.html


def test_who_cannot_be_added_is_told_and_the_others_are_in(boss, company):
    anna, bo = company.user("anna"), company.user("bo")
    group = company.group("Staff", [anna])

    page = boss.follow(add(boss, group, [anna, bo]))

    assert "1 member was added. anna@contoso.example is a member of the group Staff already." in page.text
    assert members(company, group) == {anna, bo}


@pytest.mark.parametrize("chosen", [[], ["none"], ["self"]])
def test_adding_nobody_says_so(boss, company, chosen):
    company.user("anna")
    group = company.group("Staff")

    page = add(boss, group, [group if one == "self" else one for one in chosen])

    assert page.status == 400
    assert "Nobody was" in page.text or "Nobody was added" in page.text
    assert members(company, group) == set()


def test_members_are_removed(boss, company):
    anna, bo = company.user("anna"), company.user("bo")
    group = company.group("Staff", [anna, bo])
    address = f"/groups/{group}/members"
    page = boss.get(address)

    fields = {"form_token": page.document.forms[address]["form_token"], "member": anna}
    answer = boss.request("POST", address, fields)

    assert "1 member was removed." in boss.follow(answer).text
    assert members(company, group) == {bo}


def test_a_group_can_be_in_a_group(boss, company):
    outer, inner = company.group("Outer"), company.group("Inner")
    page = boss.get(f"/groups/{outer}/members/add?kind=group")
    assert inner in page.html
    assert f'value="{outer}"' not in page.html

    company.user("anna")
    add(boss, outer, [inner])

    assert f"/groups/{inner}" in boss.get(f"/groups/{outer}/members?kind=group").document.links


def test_a_large_group_is_paged_and_searched(boss, company):
    people = [company.user(f"u{number:03}") for number in range(70)]
    group = company.group("Staff", people)

    first = boss.get(f"/groups/{group}/members")
    [later] = [attributes for tag, attributes in first.document.tags if tag == "a" and attributes.get("rel") == "next"]

    assert "70 users in this group directly" in first.text
    assert [len(page.document.rows) for page in (first, boss.get(later["href"]))] == [51, 21]
    assert len(boss.get(f"/groups/{group}/members?search=u06").document.rows) == 11


def test_members_of_a_synchronised_group_are_not_changed_here(boss, company, admin, tmp_path):
    from provisor.admin.imports import CsvImport

    file = tmp_path / "groups.csv"
    file.write_text("displayName,onPremisesSyncEnabled\nStaff,true\n", "utf-8")
    admin.imports.csv(ME, CsvImport(groups=file))
    group = admin.groups.show(ME, "Staff").object.id

    page = boss.get(f"/groups/{group}/members")

    assert "Who is in this group is said by Active Directory" in page.text
    assert f"/groups/{group}/members/add" not in page.document.links


# Managers


def choose(browser, user, **fields):
    address = f"/users/{user}/manager"
    page = browser.get(address)
    return browser.request("POST", address, {"form_token": page.document.forms[address]["form_token"], **fields})


def test_a_manager_is_found_set_and_removed(boss, company):
    chief, anna = company.user("chief"), company.user("anna")
    assert chief in boss.get(f"/users/{anna}/manager?search=chi").html

    assert "was set" in boss.follow(choose(boss, anna, manager=chief)).text
    assert company.read(anna).manager == chief
    assert "was removed" in boss.follow(choose(boss, anna, remove="yes")).text

    assert company.read(anna).manager is None


@pytest.mark.parametrize(
    ("chosen", "words"), [("", "Nobody was chosen"), ("self", "own manager"), ("x", "There is no")]
)
def test_a_manager_who_cannot_be_is_told(boss, company, chosen, words):
    anna = company.user("anna")
    company.user("bo")

    page = choose(boss, anna, **({"manager": anna if chosen == "self" else chosen} if chosen else {}))

    assert page.status == 400
    assert words in page.text
