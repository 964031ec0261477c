"""One-time links: the first administrator, and a password for an account that has none."""

import pytest

from provisor.admin.actor import LOCAL_OPERATOR

PASSWORD = "correct horse battery"


@pytest.fixture
def first(admin):
    return admin.setup.first_setup().address()


def use(browser, path, **fields):
    page = browser.get(path)
    return browser.submit(page, path, **({"password": PASSWORD, "again": PASSWORD} | fields))


def test_the_first_link_makes_a_global_administrator_and_signs_them_in(stranger, first):
    assert "first administrator of Provisor, with the role Global Administrator" in stranger.get(first).text

    answer = use(stranger, first, name="ana@contoso.com")

    assert "ana@contoso.com Global Administrator" in stranger.follow(answer).text


def test_a_link_is_good_once(make_browser, first):
    use(make_browser(), first, name="ana@contoso.com")
    page = make_browser().get(first)

    assert page.status == 404
    assert "This link is over" in page.text


def test_looking_at_a_link_does_not_use_it_up(make_browser, first):
    assert [make_browser().get(first).status for _ in range(3)] == [200] * 3


def test_a_link_for_an_account_asks_for_a_password_alone(admin, stranger, make_browser):
    admin.accounts.add(LOCAL_OPERATOR, "bo@contoso.com", ["Reports Reader"])
    path = admin.accounts.setup_link(LOCAL_OPERATOR, "bo@contoso.com").address()

    answer = use(stranger, path, name="Global Administrator")

    assert "bo@contoso.com Reports Reader" in stranger.follow(answer).text
    assert make_browser().sign_in("bo@contoso.com").status == 303


@pytest.mark.parametrize(
    ("fields", "field", "words"),
    [
        ({"password": "short", "again": "short"}, "password", "12 characters or more"),
        ({"again": "something else"}, "again", "differ"),
        ({"name": ""}, "name", "blank"),
        ({"name": "\u202eana"}, "name", ""),
    ],
)
def test_what_is_wrong_stands_beside_its_field_and_the_link_is_good_still(stranger, first, fields, field, words):
    page = use(stranger, first, **({"name": "ana@contoso.com"} | fields))

    [wrong] = [a["id"] for tag, a in page.document.tags if tag == "input" and "aria-invalid" in a]
    assert (page.status, wrong) == (400, field)
    assert words in page.text
    assert PASSWORD not in page.html
    assert use(stranger, first, name="ana@contoso.com").status == 303


@pytest.mark.parametrize("code", ["guessed", "provisor_setup_" + "0" * 64, "%00", "a" * 500])
def test_a_guessed_link_opens_nothing(stranger, first, code):
    assert stranger.get(f"/set-up/{code}").status == 404


def test_a_link_ends_after_a_day(stranger, first, clock):
    clock.pass_minutes(24 * 60 + 1)

    assert stranger.get(first).status == 404


def test_a_session_that_was_open_ends_when_a_link_is_used(admin, ana):
    before = dict(ana.cookies)
    path = admin.accounts.setup_link(LOCAL_OPERATOR, "ana@contoso.com").address()

    use(ana, path)

    ana.cookies = before
    assert ana.get("/account").location == "/sign-in?to=/account"
