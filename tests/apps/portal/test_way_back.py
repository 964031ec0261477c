"""Where somebody goes on after signing in: to a page of ours that they wanted, and nowhere else."""

from urllib.parse import quote

import pytest

from provisor.portal.signing_in import local

OURS = ["/", "/account", "/users?search=a%26b&page=2", "/applications/x/provisioning/y/mappings/users#row", "/a//b"]
ELSEWHERE = [
    "",
    "account",
    "http://evil.example",
    "https://evil.example/",
    "https:evil.example",
    "//evil.example",
    "///evil.example",
    "////evil.example",
    "/\\evil.example",
    "\\/evil.example",
    "\\\\evil.example",
    "/users\\..\\..",
    "javascript:alert(1)",
    "data:text/html,x",
    " //evil.example",
    "/\t/evil.example",
    "\t//evil.example",
    "/\n/evil.example",
    "/\r\nLocation: https://evil.example",
    "/\x00",
    "/\x7f",
    "/\u2028/evil.example",
    "/\u202eusers",
    "／／evil.example",
    "/ünal",
    "/" + "a" * 2_000,
    ".evil.example",
    "@evil.example",
    "?to=//evil.example",
]


@pytest.mark.parametrize("address", OURS)
def test_a_page_of_ours_is_gone_on_at(make_account, stranger, address):
    make_account()
    page = stranger.get(f"/sign-in?to={quote(address, safe='')}")

    answer = stranger.submit(page, "/sign-in", name="ana@contoso.com", password="correct horse battery")

    assert answer.location == address


@pytest.mark.parametrize("address", ELSEWHERE, ids=[ascii(one)[:40] for one in ELSEWHERE])
def test_an_address_that_leads_elsewhere_is_not(ana, address):
    assert local(address) == "/"
    assert ana.get(f"/sign-in?to={quote(address, safe='')}").location == "/"


@pytest.mark.parametrize(
    "address", ["/%2f%2fevil.example", "/%2f/evil.example", "/%5cevil.example", "/.//evil.example"]
)
def test_what_is_quoted_stays_quoted_and_here(ana, address):
    location = ana.get(f"/sign-in?to={quote(address, safe='')}").location

    assert location == address
    assert not location.startswith(("//", "/\\"))


@pytest.mark.parametrize("address", ELSEWHERE[5:12])
def test_what_the_form_says_is_not_believed_either(make_account, stranger, address):
    make_account()
    page = stranger.get("/sign-in")

    answer = stranger.submit(page, "/sign-in", name="ana@contoso.com", password="correct horse battery", to=address)

    assert answer.location == "/"


def test_a_wrong_password_does_not_lose_the_way(make_account, stranger):
    make_account()
    page = stranger.get("/sign-in?to=/users")
    wrong = stranger.submit(page, "/sign-in", name="ana@contoso.com", password="wrong")

    answer = stranger.submit(wrong, "/sign-in", name="ana@contoso.com", password="correct horse battery")

    assert answer.location == "/users"
