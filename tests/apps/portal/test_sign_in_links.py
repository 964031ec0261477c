"""Links that sign somebody in: once, within 15 minutes, and by nothing but a press of the button."""

import pytest

from provisor.admin.actor import LOCAL_OPERATOR
from provisor.web.sessions import form_token


@pytest.fixture
def link(admin, make_account):
    make_account()
    return admin.accounts.sign_in_link(LOCAL_OPERATOR, "ana@contoso.com").address()


def test_the_button_behind_a_link_signs_its_holder_in(stranger, link):
    page = stranger.get(link)

    assert "as ana@contoso.com" in page.text
    assert "ana@contoso.com Application Administrator" in stranger.follow(stranger.submit(page, link)).text


def test_a_link_is_good_once(make_browser, link):
    first, second = make_browser(), make_browser()
    page, late = first.get(link), second.get(link)
    first.submit(page, link)

    answer = second.submit(late, link)

    assert answer.status == 404
    assert "This link is over" in answer.text
    assert second.get("/").status == 303


def test_looking_at_a_link_does_not_use_it_up(make_browser, link):
    assert [make_browser().get(link).status for _ in range(3)] == [200] * 3


def test_a_link_is_good_for_a_quarter_of_an_hour(stranger, clock, link):
    page = stranger.get(link)
    clock.pass_minutes(15)

    assert stranger.get(link).status == 404
    assert stranger.submit(page, link).status == 404


def test_a_newer_link_ends_the_former_one(admin, stranger, link):
    newer = admin.accounts.sign_in_link(LOCAL_OPERATOR, "ana@contoso.com").address()

    assert [stranger.get(each).status for each in (link, newer)] == [404, 200]


def test_a_disabled_account_is_not_signed_in(admin, stranger, link):
    page = stranger.get(link)
    admin.accounts.set(LOCAL_OPERATOR, "ana@contoso.com", enabled=False)

    assert stranger.submit(page, link).status == 404


def test_guesses_are_refused_and_slowed_down(stranger, link):
    page = stranger.get(link)
    guessed = f"{link[:-1]}{'0' if link[-1] != '0' else '1'}"
    (secret,) = stranger.cookies.values()
    token = {"form_token": form_token(secret, guessed)}

    answers = [stranger.request("POST", guessed, token).status for _ in range(35)]

    assert answers[:30] == [404] * 30
    assert set(answers[31:]) == {429}
    assert stranger.submit(page, link).status == 429


def test_a_link_that_signs_in_sets_no_password_and_the_other_way_round(admin, stranger, link):
    code = link.rpartition("/")[2]
    assert stranger.get(f"/set-up/{code}").status == 404

    setup = admin.accounts.setup_link(LOCAL_OPERATOR, "ana@contoso.com").address()
    assert stranger.get(f"/sign-in/link/{setup.rpartition('/')[2]}").status == 404
    assert stranger.get(setup).status == 200


def test_a_form_without_its_token_signs_nobody_in(stranger, link):
    stranger.get(link)

    assert stranger.request("POST", link, {}).status == 403


def test_the_database_holds_a_hash_and_no_log_the_code(database, stranger, link, caplog):
    code = link.rpartition("/")[2]
    stranger.submit(stranger.get(link), link)

    assert code not in caplog.text
    assert code.encode() not in database.path.read_bytes()


def test_the_audit_log_tells_who_came_in_and_from_where(stranger, link, events):
    stranger.submit(stranger.get(link), link)

    assert [one.activity for one in events()[:2]] == ["Sign in by link", "Make sign-in link"]
