"""What holds for every page of the portal, whatever pages there are: whose form is taken, who is led where, headers."""

import re
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest

from provisor.portal.site import LIVE, RULES
from provisor.web.rendering import HEADERS
from provisor.web.sessions import form_token

COOKIE = "__Host-provisor-portal"
ONES_OWN = "Global Administrator"  # who may do whatever a form does
GETS = sorted({rule.path for rule in RULES if rule.method == "GET"})
POSTS = sorted({rule.path for rule in RULES if rule.method == "POST"})
SIGNED_IN = sorted({rule.path for rule in RULES if rule.method == "GET" and rule.access != "anyone"})
FORMS_OF_SIGNED_IN = sorted({rule.path for rule in RULES if rule.method == "POST" and rule.access != "anyone"})


def filled(path):
    """An address of a rule; what it names is nowhere."""
    return re.sub(r"{\w+}", "00000000-0000-7000-8000-000000000000", path)


@pytest.fixture
def gloria(make_account, make_browser):
    """A browser of a Global Administrator."""
    make_account("gloria@contoso.com", roles=[ONES_OWN])
    browser = make_browser()
    browser.sign_in("gloria@contoso.com")
    return browser


@pytest.fixture
def everything(database):
    """Every row of the database as text, but for the newest time that the service has seen."""

    def read():
        reader = database.reader()
        names = [name for (name,) in reader.all("SELECT name FROM sqlite_master WHERE type = 'table'", ())]
        rows = {name: sorted(map(repr, reader.all(f'SELECT * FROM "{name}"', ()))) for name in names}
        return rows | {"setting": [row for row in rows["setting"] if "'clock'" not in row]}

    return read


def guarded(answer):
    return {name.lower(): value for name, value in HEADERS.items()}.items() <= answer.headers.items()


def test_there_is_one_rule_for_a_method_and_an_address():
    rules = [(rule.method, re.sub(r"{\w+}", "{}", rule.path)) for rule in RULES]
    rules += [("GET", re.sub(r"{\w+}", "{}", rule.path)) for rule in LIVE]

    assert sorted(rules) == sorted(set(rules))


def test_only_ways_in_are_open_to_anyone():
    opened = {rule.path for rule in (*RULES, *LIVE) if rule.access == "anyone"}

    assert opened <= {
        "/sign-in",
        "/sign-in/openid-connect",
        "/sign-in/openid-connect/callback",
        "/set-up/{code}",
        "/sign-in/link/{code}",
    }


def forged(address, secret, strange):
    """Fields and headers of forms that are not from a page of ours."""
    right = form_token(secret, address)
    return [
        ({}, {}),
        ({"form_token": ""}, {}),
        ({"form_token": "0" * 64}, {}),
        ({"form_token": form_token(secret, "/sign-out" if address != "/sign-out" else "/sign-in")}, {}),
        ({"form_token": form_token(strange, address)}, {}),
        ({"form_token": right}, {"origin": "https://evil.example"}),
        ({"form_token": right}, {"sec_fetch_site": "cross-site"}),
        ({"form_token": right}, {"sec_fetch_site": "same-site"}),
    ]


def test_a_form_that_is_not_from_a_page_of_ours_does_nothing(gloria, stranger, everything):
    stranger.get("/sign-in")
    before = everything()
    for address in map(filled, POSTS):
        for fields, headers in forged(address, gloria.cookies[COOKIE], stranger.cookies[COOKIE]):
            answer = gloria.request("POST", address, fields, **headers)

            assert (answer.status, guarded(answer)) == (403, True), (address, fields, headers)
        assert everything() == before, address


def test_a_form_in_the_address_is_no_form(gloria, everything):
    before = everything()
    for address in map(filled, POSTS):
        query = urlencode({"form_token": form_token(gloria.cookies[COOKIE], address)})

        answer = gloria.request("POST", f"{address}?{query}")

        assert answer.status == 403, address
        assert everything() == before, address


def test_a_strangers_own_form_leads_to_the_way_in_and_does_nothing(stranger, everything):
    stranger.get("/sign-in")
    before = everything()
    for address in map(filled, FORMS_OF_SIGNED_IN):
        answer = stranger.request("POST", address, {"form_token": form_token(stranger.cookies[COOKIE], address)})

        assert (answer.status, answer.location) == (303, "/sign-in"), address
        assert guarded(answer), address
        assert everything() == before, address


def test_a_stranger_is_led_to_the_way_in_and_from_there_to_where_they_wanted(make_account, make_browser):
    make_account()
    for path in SIGNED_IN:
        stranger, wanted = make_browser(), f"{filled(path)}?search=a%26b&page=%C3%BC"

        answer = stranger.get(wanted)
        page = stranger.follow(answer)
        signed_in = stranger.submit(page, "/sign-in", name="ana@contoso.com", password="correct horse battery")

        assert answer.status == 303, path
        assert guarded(answer), path
        parts, asked = urlsplit(signed_in.location), urlsplit(wanted)
        assert (parts.path, parse_qs(parts.query)) == (asked.path, parse_qs(asked.query))


@pytest.mark.parametrize("who", ["nobody", "another site"])
def test_a_page_that_moves_moves_for_nobody_else(gloria, stranger, who):
    browser, headers = (stranger, {}) if who == "nobody" else (gloria, {"sec_fetch_site": "cross-site"})
    for path in sorted({rule.path for rule in LIVE}):
        answer = browser.get(filled(path), **headers)

        assert (answer.status, answer.html) == (204, ""), path
        assert guarded(answer), path


@pytest.mark.parametrize("who", ["gloria", "stranger"])
def test_every_answer_of_every_page_carries_the_headers(request, who):
    for path in GETS:
        answer = request.getfixturevalue(who).get(filled(path))

        assert answer.status in (200, 303, 400, 403, 404, 409), path
        assert guarded(answer), path
        assert answer.headers["cache-control"] == "no-store", path
        assert answer.headers["strict-transport-security"], path


def test_a_look_at_a_page_changes_nothing(gloria, everything):
    gloria.get("/")
    before = everything()
    for path in GETS:
        if path.startswith("/sign-in/"):
            continue  # what leads back from another's page counts what was wrong with it

        gloria.get(filled(path))

        assert everything() == before, path


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE", "OPTIONS", "TRACE"])
@pytest.mark.parametrize("path", ["/", "/account", "/sign-in"])
def test_no_page_takes_another_method(gloria, path, method):
    answer = gloria.request(method, path)

    assert answer.status == 405
    assert guarded(answer)


def test_a_cookie_of_somebody_elses_is_theirs_alone(gloria, ana):
    assert "gloria@contoso.com" not in ana.get("/account").html
    ana.cookies = {COOKIE: gloria.cookies[COOKIE][::-1]}

    assert ana.get("/account").location == "/sign-in?to=/account"


@pytest.mark.parametrize("planted", ["chosen-by-an-attacker", ""])
def test_no_session_begins_under_a_cookie_that_was_there_before(make_account, stranger, planted):
    make_account()
    stranger.cookies = {COOKIE: planted} if planted else {}
    page = stranger.get("/sign-in")
    before = dict(stranger.cookies)

    stranger.submit(page, "/sign-in", name="ana@contoso.com", password="correct horse battery")

    assert stranger.get("/account").status == 200
    assert stranger.cookies[COOKIE] != before.get(COOKIE)
    stranger.cookies = before
    assert stranger.get("/account").status == 303


WITH_FILES = sorted(rule.path for rule in RULES if rule.files)


@pytest.mark.parametrize("path", WITH_FILES)
def test_no_file_is_read_of_whoever_may_not_send_one(make_account, make_browser, pages, path):
    make_account("reader@contoso.com", roles=["Security Reader"])
    browser = make_browser()
    browser.sign_in("reader@contoso.com")
    reads = []

    async def receive():
        reads.append(1)
        return {"type": "http.request", "body": b"x", "more_body": len(reads) < 9}

    cookie = "; ".join(f"{name}={value}" for name, value in browser.cookies.items())
    given = {"cookie": cookie, "content-type": "multipart/form-data; boundary=b", "content-length": "9"}
    out = pages.receive("POST", filled(path), given, receive)

    assert out[0]["status"] in (403, 404)
    assert reads == []
