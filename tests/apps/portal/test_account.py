"""The page of the own account: roles, where one is signed in, the password."""

import pytest

from support.own_scripts import foreign_parts

HOME = "/account"
WAY_IN = "/sign-in?to=/account"
PASSWORD, ANOTHER = "correct horse battery", "staple correct horse"
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
EDGE = "Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0 Safari/537.36 Edg/140.0"


def ends(page):
    return [action for action in page.document.forms if action.endswith("/end")]


def change(browser, old=PASSWORD, password=ANOTHER, again=None):
    page = browser.get(HOME)
    fields = {"old": old, "password": password, "again": password if again is None else again}
    return browser.submit(page, "/account/password", **fields)


@pytest.mark.parametrize(
    ("agent", "name"),
    [
        (FIREFOX, "Firefox on Linux"),
        (EDGE, "Edge on Windows"),
        ("curl/8.0", "A browser"),
        ("<script>alert(1)</script>", "A browser"),
        ("", "A browser"),
    ],
)
def test_where_one_is_signed_in_is_called_as_people_call_it(make_account, stranger, agent, name):
    make_account()
    page = stranger.get("/sign-in")
    fields = page.document.forms["/sign-in"] | {"name": "ana@contoso.com", "password": PASSWORD}
    stranger.request("POST", "/sign-in", fields, user_agent=agent)

    shown = stranger.get(HOME)

    assert f"{name} This browser 192.0.2.7" in shown.document.rows[1]
    assert foreign_parts(shown) == []


def test_another_session_is_ended_from_here(ana, make_browser):
    other = make_browser()
    other.sign_in()
    page = ana.get(HOME)
    [form] = ends(page)

    answer = ana.submit(page, form)

    assert "Signed out there." in ana.follow(answer).text
    assert other.get(HOME).location == WAY_IN
    assert ana.get(HOME).status == 200


def test_all_others_are_ended_at_once(ana, make_browser):
    others = [make_browser() for _ in range(3)]
    for other in others:
        other.sign_in()

    ana.submit(ana.get(HOME), "/account/sessions/end-others")

    assert [other.get(HOME).location for other in others] == [WAY_IN] * 3
    assert ends(ana.get(HOME)) == []


def test_nobody_ends_the_session_of_somebody_else(ana, make_account, make_browser):
    make_account("bo@contoso.com", roles=["Global Administrator"])
    bo = make_browser()
    bo.sign_in("bo@contoso.com")
    other = make_browser()
    other.sign_in()
    [form] = ends(ana.get(HOME))
    from provisor.web.sessions import form_token

    bo.request("POST", form, {"form_token": form_token(bo.cookies["__Host-provisor-portal"], form)})

    assert other.get(HOME).status == 200
    assert "ana@contoso.com" not in bo.get(HOME).html


def test_another_password_ends_every_other_session_and_renews_this_one(ana, make_browser):
    other = make_browser()
    other.sign_in()
    before = dict(ana.cookies)

    answer = change(ana)

    assert "The password was changed." in ana.follow(answer).text
    assert ana.cookies != before
    assert other.get(HOME).location == WAY_IN
    assert other.sign_in().status == 403
    assert other.sign_in(password=ANOTHER).status == 303


@pytest.mark.parametrize(
    ("fields", "field", "words"),
    [
        ({"old": "wrong"}, "old", "not the present password"),
        ({"password": "short"}, "password", "12 characters or more"),
        ({"password": "x" * 1001}, "password", "at most 1,000"),
        ({"again": "something else"}, "again", "differ"),
    ],
)
def test_what_is_wrong_with_a_new_password_stands_beside_its_field(ana, fields, field, words):
    page = change(ana, **fields)

    [wrong] = [a for tag, a in page.document.tags if tag == "input" and "aria-invalid" in a]
    assert page.status == 400
    assert wrong["id"] == field
    assert f"{field}-wrong" in wrong["aria-describedby"].split()
    assert words in page.text
    assert ANOTHER not in page.html
    assert ana.get(HOME).status == 200


def test_guessing_the_present_password_at_an_open_browser_is_slowed_down(ana):
    statuses = [change(ana, old=f"guess {number}").status for number in range(6)]

    assert statuses == [400] * 5 + [429]
    assert change(ana).status == 429


def test_signing_out_and_ending_sessions_is_in_the_audit_log(ana, make_browser, events):
    make_browser().sign_in()
    ana.submit(ana.get("/account"), "/account/sessions/end-others")
    ana.submit(ana.get("/account"), "/sign-out")

    out, ended = events()[:2]
    assert (out.activity, out.author.name) == ("Sign out", "ana@contoso.com")
    assert (ended.activity, ended.detail) == ("End sessions", {"ended": 1})
    assert all(one.author.correlation for one in events() if one.author.kind == "user")
    assert out.author.correlation != ended.author.correlation
