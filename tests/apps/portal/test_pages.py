"""What holds for every page of the portal: headers, no script of its own, landmarks, no insides in an error."""

import sys

import pytest

from provisor.admin import browsers
from provisor.web.rendering import POLICY
from support.own_scripts import foreign_parts

PAGES = ["/", "/sign-in", "/account", "/set-up/guessed", "/sign-in/openid-connect/callback"]
OTHERS = ["/nothing", "/sign-out", "/static/nothing", "/static/provisor.css", "/static/icon.svg", "/account/password"]


@pytest.mark.parametrize("path", [*PAGES, *OTHERS])
@pytest.mark.parametrize("who", ["ana", "stranger"])
def test_every_answer_carries_the_headers_of_a_careful_site(request, who, path):
    answer = request.getfixturevalue(who).get(path)

    assert answer.status in (200, 303, 403, 404, 405)
    assert answer.headers["content-security-policy"] == POLICY
    assert answer.headers["x-frame-options"] == "DENY"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["referrer-policy"] == "no-referrer"
    if "static" not in path:
        assert answer.headers["cache-control"] == "no-store"
        assert answer.headers["strict-transport-security"]


@pytest.mark.parametrize("path", [path for path in [*PAGES, *OTHERS] if "static" not in path])
def test_a_page_holds_no_script_and_no_style_but_files_of_ours(ana, path):
    page = ana.get(path)

    assert page.status == 303 or foreign_parts(page) == []


@pytest.mark.parametrize(("who", "path"), [("ana", "/account"), ("stranger", "/sign-in")])
def test_every_page_can_be_found_ones_way_in_without_eyes(request, who, path):
    document = request.getfixturevalue(who).get(path).document
    tags = [tag for tag, _ in document.tags]
    labelled = {attributes["for"] for tag, attributes in document.tags if tag == "label"}
    ids = [attributes["id"] for _, attributes in document.tags if "id" in attributes]

    assert document.tags[0] == ("html", {"lang": "en"})
    assert tags.count("main") == tags.count("h1") == tags.count("header") == 1
    assert len(ids) == len(set(ids))
    for tag, attributes in document.tags:
        if tag == "input" and attributes.get("type") != "hidden" and "hidden" not in attributes:
            assert attributes["id"] in labelled
        for name in ("aria-labelledby", "aria-describedby"):
            assert set(attributes.get(name, "").split()) <= set(ids)


def test_a_name_with_markup_in_it_stays_text(make_account, make_browser):
    name = "<i>bo</i>&amp;"
    make_account(name)
    browser = make_browser()

    page = browser.follow(browser.sign_in(name))

    assert "<i>" not in page.html
    assert name in page.text


def test_an_error_is_told_without_its_insides_and_without_the_path(ana, monkeypatch, caplog):
    def broken(*_):
        raise ValueError("insides")

    monkeypatch.setattr(browsers.Browsers, "link", broken)
    answer = ana.get("/set-up/provisor_setup_secret")

    assert answer.status == 500
    assert "insides" not in answer.html
    assert "insides" in caplog.text
    assert "provisor_setup_secret" not in caplog.text


def test_a_database_that_cannot_be_used_is_told_and_tried_again(database, ana):
    with database.transaction() as connection:
        connection.execute("DROP TABLE browser_session")

    answer = ana.get("/account")

    assert answer.status == 503
    assert answer.headers["content-security-policy"] == POLICY


def test_a_service_that_nobody_opens_a_page_of_imports_nothing_of_them():
    import subprocess

    listed = subprocess.run(
        [sys.executable, "-c", "import sys, provisor.portal.lazy; print(*sys.modules)"],
        capture_output=True,
        text=True,
        check=True,
    ).stdout.split()

    assert "provisor.portal.lazy" in listed
    assert not {"jinja2", "argon2", "authlib", "provisor.portal.site"} & set(listed)
