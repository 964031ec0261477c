"""Signing in at another's page: out to the provider, back with its word, and in with the roles that it gives."""

import pytest

from provisor.admin.actor import LOCAL_OPERATOR

HOME, ACCOUNT = "/", "/account"
WAY_IN = "/sign-in?to=/account"
START = "/sign-in/openid-connect"


def test_the_page_offers_the_provider_where_one_is_set(stranger, provider):
    page = stranger.get("/sign-in")

    assert "Sign in with Contoso" in page.text
    assert START in page.document.links


def test_without_a_provider_the_page_offers_none(stranger):
    page = stranger.get("/sign-in")

    assert START not in page.document.links
    assert stranger.get(START).status == 403


def test_somebody_comes_back_signed_in_with_the_roles_of_their_groups(stranger, provider, events):
    stranger.get("/sign-in")

    answer = stranger.sign_in_at(provider)

    assert answer.location == HOME
    page = stranger.get(ACCOUNT)
    assert "ana@contoso.example Application Administrator" in page.text
    assert "at Contoso" in page.text
    assert "/account/password" not in page.document.forms
    assert (events()[0].activity, events()[0].result) == ("Sign in", "success")


def test_a_browser_that_had_no_cookie_can_begin_too(stranger, provider):
    assert stranger.sign_in_at(provider).location == HOME


def test_roles_are_brought_up_to_date_with_every_sign_in(make_browser, provider):
    make_browser().sign_in_at(provider)
    provider.who["groups"] = ["auditors"]
    again = make_browser()

    assert "Reports Reader" in again.follow(again.sign_in_at(provider)).text


def test_who_has_no_role_any_more_has_none_where_they_are_still_signed_in(make_browser, provider, events):
    still = make_browser()
    still.sign_in_at(provider)
    provider.who["groups"] = ["everybody"]

    assert make_browser().sign_in_at(provider).status == 403

    assert "Application Administrator" not in still.get(HOME).text
    assert {"old": ["Application Administrator"], "new": []} in [one.detail.get("roles") for one in events()]


def test_the_cookie_is_another_one_after_signing_in(stranger, provider):
    stranger.get("/sign-in")
    before = dict(stranger.cookies)

    stranger.sign_in_at(provider)

    assert stranger.cookies != before


def test_the_same_answer_is_good_once(stranger, provider):
    back = provider.visited(stranger.get(START).location).removeprefix("https://provisor.example.com")

    assert stranger.get(back).location == HOME
    again = stranger.get(back)
    assert again.status == 403
    assert "openid-state" in again.text


def test_the_answer_of_an_attacker_does_not_sign_a_victim_in(make_browser, provider):
    attacker, victim = make_browser(), make_browser()
    back = provider.visited(attacker.get(START).location).removeprefix("https://provisor.example.com")
    victim.get("/sign-in")

    assert victim.get(back).status == 403
    assert victim.get(ACCOUNT).location == WAY_IN


@pytest.mark.parametrize(
    "lie", ["wrong nonce", "expired", "alg none", "a foreign key", "another's issuer in the answer"]
)
def test_a_lie_is_refused_on_a_page_and_kept_in_the_audit_log(stranger, provider, events, lie):
    provider.lie = lie

    page = stranger.sign_in_at(provider)

    assert page.status == 403
    assert "You are not signed in" in page.text
    assert stranger.get(ACCOUNT).location == WAY_IN
    event = events()[0]
    assert (event.activity, event.result, event.author.address) == ("Sign in", "failure", "192.0.2.7")
    assert event.detail["code"] in page.text
    assert event.detail["reason"] in page.text


def test_who_has_no_role_is_told_what_the_provider_said(stranger, provider):
    provider.who["groups"] = ["everybody"]

    page = stranger.sign_in_at(provider)

    assert page.status == 403
    assert "ana@contoso.example has no role here: the provider's claim groups says everybody." in page.text


def test_nobody_takes_over_an_account_by_its_name(make_account, stranger, provider, events):
    make_account("ana@contoso.example", roles=["Global Administrator"])

    page = stranger.sign_in_at(provider)

    assert page.status == 403
    assert "name-taken" in page.text
    assert (events()[0].result, events()[0].detail["code"]) == ("failure", "name-taken")


def test_a_disabled_account_is_out_at_once_and_stays_out(admin, stranger, provider):
    stranger.sign_in_at(provider)

    admin.accounts.set(LOCAL_OPERATOR, "ana@contoso.example", enabled=False)

    assert stranger.get(ACCOUNT).location == WAY_IN
    assert "account-disabled" in stranger.sign_in_at(provider).text


def test_at_another_address_than_the_one_that_is_set_nothing_begins(pages, stranger, provider):
    pages.host = "localhost:8021"

    page = stranger.get(START)

    assert page.status == 400
    assert "Open https://provisor.example.com and sign in there." in page.text


@pytest.mark.parametrize(
    "query", ["", "?code=x", "?code=x&state=y", "?state=1-aaaaaaaaaaaaaaaa." + "0" * 64, "?error=x"]
)
def test_an_answer_that_nobody_asked_for_is_refused_without_asking_anybody(stranger, provider, query):
    stranger.get("/sign-in")
    provider.asked.clear()

    assert stranger.get(f"{START}/callback{query}").status == 403
    assert provider.asked == []


def test_an_address_that_keeps_bringing_nonsense_is_slowed_down(stranger, provider, events):
    statuses = [stranger.get(f"{START}/callback?state=x").status for _ in range(40)]

    assert statuses[:30] == [403] * 30
    assert statuses[-1] == 429
    assert len([event for event in events() if event.result == "failure"]) < 35


def test_a_provider_that_does_not_answer_is_said_so(admin, pages, make_account, stranger, provider):
    make_account()
    back = provider.visited(stranger.get(START).location).removeprefix("https://provisor.example.com")
    provider.lie = "tokens elsewhere"

    assert stranger.get(back).status == 403
    assert stranger.sign_in().status == 303


def test_a_provider_that_says_nothing_holds_up_no_other_page(pages, provider):
    provider.lie = "silence"

    answered = pages.race([START, START, START, "/sign-in"], first=lambda path: provider.released.set())

    assert answered[0] == "/sign-in"
