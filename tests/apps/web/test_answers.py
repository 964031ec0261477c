"""What a page answers with: a sentence said once, downloads, files that browsers keep, charts as numbers."""

import json

import pytest

from provisor.web.charts import Chart, Series
from provisor.web.flashes import Flashes
from provisor.web.rendering import POLICY
from support.browser import Browser

COOKIE = "__Host-tried"


@pytest.fixture
def finish(post, token):
    return lambda: post("/short", f"form_token={token('/short')}".encode(), "application/x-www-form-urlencoded")


# What a finished form says


def test_what_was_done_is_said_on_the_next_page_and_not_again(ana, finish):
    finish()

    assert "It was taken." in ana.get("/").text
    assert "It was taken." not in ana.get("/").text


def test_what_was_done_is_said_to_nobody_else(ana, stranger, pages, finish):
    finish()

    assert "It was taken." not in stranger.get("/").text
    assert "It was taken." not in Browser(pages, {COOKIE: "another"}).get("/").text
    assert "It was taken." in ana.get("/").text


def test_what_was_done_follows_a_browser_to_its_new_cookie():
    flashes = Flashes()
    flashes.keep("new", "Done.")

    assert flashes.take("old") is None
    assert flashes.take("new") == "Done."
    assert flashes.take("new") is None


def test_browsers_that_never_come_back_give_way_to_those_that_did_something_last():
    flashes = Flashes()
    for number in range(1_000):
        flashes.keep(f"browser {number}", "Done.")
    flashes.keep("browser 0", "Done again.")
    flashes.keep("one more", "Done.")

    assert flashes.take("browser 0") == "Done again."
    assert flashes.take("browser 1") is None
    assert flashes.take("browser 2") == "Done."


# Downloads


def test_a_download_is_a_file_with_its_name_and_the_headers_of_every_answer(site, ana):
    site.parts = lambda: (part.encode() for part in ("a\n", "ü\n"))

    answer = ana.get("/file")

    assert answer.html == "a\nü\n"
    assert answer.headers["content-disposition"] == "attachment; filename*=UTF-8''a%20%E2%80%9Clist%E2%80%9D.csv"
    assert answer.headers["content-security-policy"] == POLICY
    assert answer.headers["cache-control"] == "no-store"


def test_a_download_of_nothing_is_an_empty_file(site, ana):
    site.parts = lambda: iter(())

    assert (ana.get("/file").status, ana.get("/file").html) == (200, "")


@pytest.mark.parametrize(("error", "status"), [("expected", 418), ("unexpected", 500)])
def test_what_cannot_begin_is_a_page_and_not_half_a_file(site, ana, error, status):
    def parts():
        raise site.refused("There is nothing to export.") if error == "expected" else KeyError("insides")
        yield b""

    site.parts = parts

    answer = ana.get("/file")

    assert answer.status == status
    assert "content-disposition" not in answer.headers
    assert answer.headers["content-type"].startswith("text/html")
    assert "insides" not in answer.html


def test_a_download_is_not_made_for_whoever_may_not_have_it(site, stranger):
    site.parts = lambda: pytest.fail("it was made")

    assert stranger.get("/file").location == "/sign-in"


# Files of pages


def test_every_file_that_a_page_names_is_kept_under_its_content_and_guarded(ana):
    addresses = [
        attributes.get("href") or attributes.get("src")
        for tag, attributes in ana.get("/").document.tags
        if tag in ("link", "script")
    ]

    assert len(addresses) == 6
    for address in addresses:
        file = ana.get(address)
        assert file.status == 200
        assert "immutable" in file.headers["cache-control"]
        assert file.headers["content-security-policy"] == POLICY


@pytest.mark.parametrize("version", ["", "?v=", "?v=000000000000"])
def test_a_file_of_another_release_is_not_kept(ana, version):
    assert ana.get(f"/static/provisor.css{version}").headers["cache-control"] == "no-cache"


@pytest.mark.parametrize("name", ["nothing.css", "../rendering.py", "..%2frendering.py", "%00", "provisor.css/"])
def test_no_other_file_is_given(ana, name):
    assert ana.get(f"/static/{name}").status == 404


# Where a request comes from


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 303),
        ({"origin": "https://provisor.example.com"}, 303),
        ({"origin": "http://provisor.example.com"}, 303),
        ({"origin": "null"}, 303),
        ({"sec_fetch_site": "same-origin"}, 303),
        ({"sec_fetch_site": "none"}, 303),
        ({"origin": "https://evil.example"}, 403),
        ({"origin": "https://provisor.example.com.evil.example"}, 403),
        ({"origin": "https://provisor.example.com:444"}, 403),
        ({"origin": "provisor.example.com"}, 403),
        ({"sec_fetch_site": "cross-site"}, 403),
        ({"sec_fetch_site": "same-site"}, 403),
        ({"sec_fetch_site": "cross-site", "origin": "null"}, 403),
    ],
    ids=str,
)
def test_a_form_comes_from_a_page_of_ours(site, post, token, headers, status):
    body = f"form_token={token('/short')}".encode()

    assert post("/short", body, "application/x-www-form-urlencoded", **headers).status == status
    assert len(site.skin.sent) == (status == 303)


@pytest.mark.parametrize("host", ["evil/x", "evil/x?", "a b", "evil#", "[", ""])
def test_a_host_that_is_none_changes_nothing_of_an_address(pages, site, ana, host):
    pages.host = host
    ana.cookies |= {"tried": "of-ana"}

    assert ana.get("/nothing/there").status == 404
    assert site.skin.arrivals[-1].path == "/nothing/there"


# Charts


def test_a_chart_is_told_in_numbers_too_the_newest_first():
    one, two = Series(label="Created", tone="one", values=[1, 2]), Series(label="<b>", tone="two", values=[3, 4.5])
    chart = Chart(times=[1_000_000, 2_500_000], series=[one, two], unit=" s")

    assert [(row.at, list(row.values)) for row in chart.rows] == [(2_500_000, [2, 4.5]), (1_000_000, [1, 3])]
    told = json.loads(chart.data)
    assert told["times"] == [1.0, 2.5]
    assert [series["values"] for series in told["series"]] == [[1, 2], [3, 4.5]]
    assert (told["unit"], told["kind"]) == (" s", "bars")


def test_a_chart_of_nothing_has_no_rows():
    assert Chart(times=[], series=[]).rows == []
