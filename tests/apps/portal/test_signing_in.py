"""Signing in and out of the portal with a password: who gets in, for how long, how guessing is slowed down."""

import pytest

from provisor.admin.actor import LOCAL_OPERATOR
from provisor.portal.lazy import portal
from provisor.web.sessions import form_token
from support.browser import Browser, Pages

HOME, ACCOUNT = "/", "/account"
WAY_IN = "/sign-in?to=/account"
COOKIE = "__Host-provisor-portal"
NAME, PASSWORD = "ana@contoso.com", "correct horse battery"


@pytest.mark.parametrize(("path", "way"), [("/", "/sign-in"), (ACCOUNT, WAY_IN)])
def test_a_stranger_is_asked_to_sign_in(stranger, path, way):
    assert stranger.get(path).location == way


def test_an_account_gets_in(make_account, stranger):
    make_account()

    answer = stranger.sign_in()

    assert answer.location == HOME
    assert "ana@contoso.com Application Administrator" in stranger.follow(answer).text


@pytest.mark.parametrize(
    ("name", "password"),
    [(NAME, "wrong"), ("nobody@contoso.com", PASSWORD), ("", ""), ("\x00", "'; --"), ("a" * 300, "b" * 2000)],
)
def test_a_wrong_name_and_a_wrong_password_are_refused_alike(make_account, stranger, name, password):
    make_account()

    answer = stranger.sign_in(name, password)

    assert answer.status == 403
    assert "Name or password is wrong." in answer.text
    assert stranger.get(ACCOUNT).location == WAY_IN


def test_over_tls_the_cookie_is_for_tls_for_this_host_and_for_no_script(make_account, stranger):
    make_account()

    cookie = stranger.sign_in().headers["set-cookie"]

    assert cookie.startswith(f"{COOKIE}=")
    words = {word.strip().lower() for word in cookie.split(";")[1:]}
    assert words == {"secure", "httponly", "samesite=lax", "path=/"}


def test_without_tls_the_cookie_says_so(pages, make_account, stranger):
    make_account()
    pages.scheme = "http"

    cookie = stranger.sign_in().headers["set-cookie"]

    assert cookie.startswith("provisor-portal=")
    assert "secure" not in cookie.lower()


def test_a_cookie_that_was_planted_before_signing_in_opens_nothing(make_account, stranger):
    make_account()
    stranger.cookies = {COOKIE: "planted-by-somebody-else"}

    assert stranger.sign_in().status == 303

    assert stranger.cookies[COOKIE] != "planted-by-somebody-else"
    stranger.cookies = {COOKIE: "planted-by-somebody-else"}
    assert stranger.get(ACCOUNT).location == WAY_IN


def test_signing_in_again_ends_the_session_before(ana):
    before = dict(ana.cookies)
    fields = {"form_token": form_token(before[COOKIE], "/sign-in"), "name": NAME, "password": PASSWORD}

    assert ana.request("POST", "/sign-in", fields).location == HOME

    assert ana.get(ACCOUNT).status == 200
    ana.cookies = before
    assert ana.get(ACCOUNT).location == WAY_IN


def test_no_cookie_and_no_password_is_stored(database, ana):
    rows = [database.reader().all(f"SELECT * FROM {name}") for name in ("browser_session", "account", "audit_event")]

    assert ana.cookies[COOKIE] not in repr(rows)
    assert PASSWORD not in repr(rows)


def test_signing_out_ends_the_session_in_the_store_too(ana):
    kept = dict(ana.cookies)

    assert ana.submit(ana.get(ACCOUNT), "/sign-out").location == "/sign-in"

    assert ana.cookies == {}
    ana.cookies = kept
    assert ana.get(ACCOUNT).location == WAY_IN


def test_an_idle_session_ends(ana, clock):
    clock.pass_minutes(31)

    assert ana.get(ACCOUNT).location == WAY_IN


def test_a_page_does_not_wait_for_whoever_writes(ana, clock, database):
    clock.pass_minutes(20)

    with database.transaction():
        assert ana.get(ACCOUNT).status == 200

    clock.pass_minutes(9)
    assert ana.get(ACCOUNT).status == 200  # and this visit is remembered
    clock.pass_minutes(29)
    assert ana.get(ACCOUNT).status == 200


def test_even_a_session_in_use_ends_after_twelve_hours(ana, clock):
    statuses = []
    for _ in range(12 * 3):
        clock.pass_minutes(20)
        statuses.append(ana.get(ACCOUNT).status)

    assert statuses == [200] * 35 + [303]


@pytest.mark.parametrize(
    "end",
    [
        lambda admin: admin.accounts.set(LOCAL_OPERATOR, NAME, enabled=False),
        lambda admin: admin.accounts.delete(LOCAL_OPERATOR, NAME),
        lambda admin: admin.accounts.set_password(LOCAL_OPERATOR, NAME, "another long password"),
    ],
    ids=["disabled", "deleted", "another password"],
)
def test_a_session_ends_at_once_with_what_it_began_with(admin, ana, end):
    end(admin)

    assert ana.get(ACCOUNT).location == WAY_IN
    assert ana.sign_in().status == 403


def test_an_account_that_was_enabled_again_does_not_get_its_old_sessions_back(admin, ana):
    admin.accounts.set(LOCAL_OPERATOR, NAME, enabled=False)
    admin.accounts.set(LOCAL_OPERATOR, NAME, enabled=True)

    assert ana.get(ACCOUNT).location == WAY_IN


def test_other_roles_hold_with_the_next_page(admin, ana):
    admin.accounts.set(LOCAL_OPERATOR, NAME, roles=["Reports Reader"])

    assert "ana@contoso.com Reports Reader" in ana.get(ACCOUNT).text


def test_guessing_is_slowed_down_and_the_right_password_waits_too(make_account, stranger, clock):
    make_account()
    assert [stranger.sign_in(password="wrong").status for _ in range(6)] == [403] * 5 + [429]

    answer = stranger.sign_in()

    assert answer.status == 429
    assert 0 < int(answer.headers["retry-after"]) <= 30
    clock.pass_minutes(1)
    assert stranger.sign_in().status == 303


def test_an_address_that_tries_many_names_is_slowed_down(stranger):
    statuses = [stranger.sign_in(f"user{number}", "wrong").status for number in range(32)]

    assert statuses[:30] == [403] * 30
    assert 429 in statuses[30:]


def test_the_audit_log_has_who_got_in_and_who_did_not_and_from_where(make_account, stranger, events):
    make_account()

    stranger.sign_in(password="wrong")
    stranger.sign_in()

    [good, bad] = [event for event in events() if event.activity == "Sign in"]
    assert (good.result, good.author.name, good.author.address) == ("success", NAME, "192.0.2.7")
    assert (bad.result, bad.author.address) == ("failure", "192.0.2.7")


@pytest.mark.parametrize(
    ("trusted", "cookie", "address"), [(True, COOKIE, "203.0.113.9"), (False, COOKIE[7:], "192.0.2.7")]
)
def test_a_proxy_is_believed_where_it_is_trusted(admin, make_account, events, trusted, cookie, address):
    make_account()
    pages = Pages(portal(admin, trust_proxy=trusted), scheme="http")
    said = {"x-forwarded-proto": "https", "x-forwarded-for": "198.51.100.1, 203.0.113.9"}
    browser = Browser(pages)
    page = browser.get("/sign-in", **said)

    browser.request("POST", "/sign-in", page.document.forms["/sign-in"] | {"name": NAME, "password": PASSWORD}, **said)

    assert list(browser.cookies) == [cookie]
    assert events()[0].author.address == address
    pages.close()


@pytest.mark.parametrize("path", ["/sign-in", "/sign-out", "/account/password", "/account/sessions/end-others"])
def test_a_form_without_its_token_is_refused(ana, path):
    assert ana.request("POST", path, {"name": NAME, "password": PASSWORD}).status == 403


def test_a_forms_token_is_good_for_that_form_and_that_browser_only(ana, stranger):
    other = ana.get(ACCOUNT).document.forms["/sign-out"]["form_token"]
    strangers = stranger.get("/sign-in").document.forms["/sign-in"]["form_token"]

    assert ana.request("POST", "/account/sessions/end-others", {"form_token": other}).status == 403
    assert ana.request("POST", "/sign-in", {"form_token": strangers}).status == 403


@pytest.mark.parametrize("site", ["cross-site", "same-site"])
def test_a_form_of_another_site_is_refused_even_with_its_token(ana, site):
    fields = ana.get(ACCOUNT).document.forms["/sign-out"]

    assert ana.request("POST", "/sign-out", fields, sec_fetch_site=site).status == 403
    assert ana.request("POST", "/sign-out", fields, sec_fetch_site="same-origin").status == 303
