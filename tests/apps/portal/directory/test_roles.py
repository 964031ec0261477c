"""Each page of users, groups and import, for every role: shown, or refused as the table of roles says."""

import pytest

from provisor.admin.actor import DIRECTORY_PURGE, DIRECTORY_READ, DIRECTORY_WRITE
from provisor.admin.actor import LOCAL_OPERATOR as ME
from provisor.admin.roles import ROLES
from provisor.web.sessions import form_token

READ = [
    *("/users", "/users/deleted", "/users/{user}", "/users/{user}/properties", "/users/{user}/groups"),
    *("/users/{user}/reports", "/users/{user}/applications", "/users/{gone}"),
    *("/groups", "/groups/deleted", "/groups/{group}", "/groups/{group}/properties", "/groups/{group}/groups"),
    *("/groups/{group}/members", "/groups/{group}/applications"),
]
WRITE = [
    *("/users/new", "/users/{user}/edit", "/users/{user}/delete", "/users/{user}/manager"),
    *("/groups/new", "/groups/{group}/edit", "/groups/{group}/delete", "/groups/{group}/members/add", "/import"),
]
PURGE = ["/users/{gone}/purge"]
POSTS = [
    *("/users/new", "/users/{user}/edit", "/users/{user}/disable", "/users/{user}/enable", "/users/{user}/delete"),
    *("/users/{gone}/restore", "/users/{user}/manager", "/groups/new", "/groups/{group}/edit"),
    *("/groups/{group}/delete", "/groups/{group}/members", "/groups/{group}/members/add"),
]


@pytest.fixture
def places(company):
    user, gone = company.user("anna"), company.user("gone")
    company.admin.users.delete(ME, gone)
    company.job()
    return {"user": user, "gone": gone, "group": company.group("Staff", [user])}


@pytest.mark.parametrize("role", ROLES)
def test_each_page_is_shown_to_whom_the_table_of_roles_lets(sign_in, places, role):
    browser = sign_in(role)
    for permission, pages in ((DIRECTORY_READ, READ), (DIRECTORY_WRITE, WRITE), (DIRECTORY_PURGE, PURGE)):
        expected = 200 if permission in ROLES[role].permissions else 403
        for page in pages:
            assert (page, browser.get(page.format(**places)).status) == (page, expected)


@pytest.mark.parametrize("role", [role for role in ROLES if DIRECTORY_WRITE not in ROLES[role].permissions])
def test_nothing_is_changed_by_whom_the_table_of_roles_does_not_let(sign_in, places, company, role):
    browser = sign_in(role)
    before = company.read(places["user"])

    for post in [*POSTS, "/users/{gone}/purge"]:
        address = post.format(**places)
        token = form_token(browser.cookies["__Host-provisor-portal"], address)
        fields = {
            "form_token": token,
            "userPrincipalName": "x@contoso.example",
            "member": places["user"],
            "remove": "yes",
        }
        assert (post, browser.request("POST", address, fields).status) == (post, 403)

    assert company.read(places["user"]) == before


@pytest.mark.parametrize("role", ["Security Reader", "Application Administrator"])
def test_who_may_only_read_is_shown_no_button_that_writes(sign_in, places, role):
    browser = sign_in(role)

    for page in READ:
        document = browser.get(page.format(**places)).document
        assert [
            form
            for form in document.forms
            if form.startswith(("/users/", "/groups/", "/import"))
            and not form.startswith(tuple(path.format(**places) for path in READ))
        ] == []
        assert not {"/users/new", "/groups/new", "/import"} & set(document.links)


def test_a_form_without_its_token_changes_nothing(boss, places, company):
    answer = boss.request("POST", f"/users/{places['user']}/disable", {})

    assert answer.status == 403
    assert company.read(places["user"]).enabled


def test_a_stranger_is_led_to_sign_in(stranger, places):
    assert {stranger.get(page.format(**places)).status for page in [*READ, *WRITE, *PURGE]} == {303}


@pytest.mark.parametrize("page", ["/users/none", "/groups/none", "/groups/{user}", "/users/{group}", "/import/none"])
def test_what_is_not_there_is_said_so(boss, places, page):
    assert boss.get(page.format(**places)).status == 404
