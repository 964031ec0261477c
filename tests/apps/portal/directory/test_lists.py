"""Users and groups as lists: search, filters, pages, empty states, the recycle bin."""

import pytest

from support.portal_people import HOSTILE, ME, RTL


def names(page):
    return [row.split(" ")[0] for row in page.document.rows[1:]]


def test_everybody_is_listed_with_what_they_are_called(boss, company):
    company.user("anna", jobTitle="Nurse", department="Ward 3")

    [row] = boss.get("/users").document.rows[1:]

    assert row == "Anna anna@contoso.example Nurse Ward 3 Enabled local"


@pytest.mark.parametrize(
    "search",
    ["ANN", "anna@contoso", "nurse", "ward", "A-17", "nurse anna", " anna ", "@contoso.example ward nurse"],
)
def test_people_are_found_by_what_they_are_called_and_do(boss, company, search):
    company.user("anna", jobTitle="Nurse", department="Ward 3", employeeId="A-17")
    company.user("bo")

    assert names(boss.get(f"/users?search={search}")) == ["Anna"]


def test_a_search_that_finds_nobody_says_what_is_searched(boss, company):
    company.user("anna")

    assert "Nobody is found" in boss.get("/users?search=zzz").text


def test_a_search_of_too_many_words_is_refused_in_words(boss):
    page = boss.get("/users?search=" + "+".join("a" * 1 for _ in range(90)))

    assert page.status == 400
    assert "The filter is too long" in page.text


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ("enabled=no", ["Bo"]),
        ("enabled=yes", ["Anna", "Cyd"]),
        ("synced=no", ["Anna", "Bo", "Cyd"]),
        ("synced=yes", []),
        ("group=Staff", ["Anna", "Bo"]),
        ("group=Staff&enabled=no", ["Bo"]),
        ("order=displayName", ["Anna", "Bo", "Cyd"]),
        ("order=nonsense&enabled=nonsense", ["Anna", "Bo", "Cyd"]),
        ("after=nonsense", ["Anna", "Bo", "Cyd"]),
    ],
)
def test_filters_narrow_the_list(boss, company, asked, found):
    anna, bo = company.user("anna"), company.user("bo", accountEnabled=False)
    company.user("cyd")
    company.group("Staff", [anna, bo])

    assert names(boss.get(f"/users?{asked}")) == found


def test_a_source_narrows_the_list(boss, company, tmp_path):
    company.user("anna")
    company.take(tmp_path, "userPrincipalName\nbo@contoso.example\n")
    imported = next(one for one in company.admin.imports.sources(ME) if one.kind == "csv")

    assert names(boss.get(f"/users?source={imported.id}")) == ["bo@contoso.example"]


def test_a_group_that_is_not_there_is_said_beside_its_field_and_kept(boss, company):
    page = boss.get("/users?group=Nobodies")

    assert page.status == 400
    assert "There is no group Nobodies." in page.text
    assert 'value="Nobodies"' in page.html


@pytest.mark.parametrize("order", ["userPrincipalName", "displayName"])
def test_pages_lead_forwards_and_back_and_leave_nobody_out(boss, company, order):
    for number in range(120):
        company.user(f"u{number:03}")
    seen, address = [], f"/users?order={order}"

    page = boss.get(address)
    while True:
        seen += names(page)
        later = [attributes for tag, attributes in page.document.tags if tag == "a" and attributes.get("rel") == "next"]
        if not later:
            break
        page = boss.get(later[0]["href"])
    [back] = [attributes for tag, attributes in page.document.tags if tag == "a" and attributes.get("rel") == "prev"]

    assert seen == [f"U{number:03}" for number in range(120)]
    assert names(boss.get(back["href"])) == seen[50:100]


def test_a_page_after_the_last_one_leads_back(boss, company):
    company.user("anna")

    assert "There is nobody further." in boss.get("/users?after=x~zzz").text


@pytest.mark.parametrize("room", ["users", "groups"])
def test_an_empty_directory_says_where_people_come_from(boss, room):
    page = boss.get(f"/{room}")

    assert "There are no" in page.text
    assert "/import" in page.document.links


@pytest.mark.parametrize("name", [HOSTILE, '"><img src=x onerror=alert(1)>', RTL, "x" * 254, "O'Neil & {{ 7*7 }}"])
@pytest.mark.parametrize(
    "page",
    [
        "/users",
        "/users/{user}",
        "/users/{user}/properties",
        "/users/{user}/edit",
        "/users/{user}/delete",
        "/users/{user}/manager",
        "/users/{user}/groups",
        "/groups",
        "/groups/{group}/members",
        "/groups/{group}",
        "/groups/{group}/members/add",
    ],
)
def test_a_stored_name_stays_text_on_every_page(boss, company, name, page):
    user = company.user("eve", displayName=name, jobTitle=name, department=name)
    places = {"user": user, "group": company.group(name, [user])}

    shown = boss.get(page.format(**places))

    assert shown.status == 200
    assert "<script>alert" not in shown.html
    assert "<img" not in shown.html.replace('<img src="/static', "")
    assert name in shown.text or "/add" in page


@pytest.mark.parametrize("search", [HOSTILE, '"><b>'])
def test_what_is_searched_for_stays_text(boss, company, search):
    from urllib.parse import quote

    page = boss.get(f"/users?search={quote(search)}")

    assert search not in page.html


def test_groups_are_found_by_name(boss, company):
    company.group("Staff")
    company.group("Board")

    assert names(boss.get("/groups?search=boa")) == ["Board"]


@pytest.mark.parametrize("room", ["users", "groups"])
def test_an_empty_recycle_bin_says_what_comes_into_it(boss, room):
    assert "The recycle bin is empty" in boss.get(f"/{room}/deleted").text


def test_the_recycle_bin_is_searched_and_paged(boss, company):
    for number in range(60):
        company.admin.users.delete(ME, company.user(f"u{number:03}"))

    first = boss.get("/users/deleted")
    [later] = [attributes for tag, attributes in first.document.tags if tag == "a" and attributes.get("rel") == "next"]

    assert "60 deleted users" in first.text
    assert [len(names(page)) for page in (first, boss.get(later["href"]))] == [50, 10]
    assert names(boss.get("/users/deleted?search=u007")) == ["U007"]
