"""What holds for every page: headers, no script of its own, landmarks; and that SCIM clients meet none of it."""

import sys

import pytest

from provisor.web.rendering import POLICY
from support.own_scripts import foreign_parts

PAGES = ["/", "/sign-in", "/users-and-groups/users", "/users-and-groups/groups", "/warnings", "/api-keys", "/requests"]
OTHERS = [
    "/nothing",
    "/requests/1",
    "/api-keys/tokens/x/revoke",
    "/static/nothing",
    "/static/provisor.css",
    "/sign-out",
]


@pytest.mark.parametrize("path", [*PAGES, *OTHERS])
@pytest.mark.parametrize("who", ["admin", "stranger"])
def test_every_answer_carries_the_headers_of_a_careful_site(request, who, path):
    answer = request.getfixturevalue(who).get(path)

    assert answer.status in (200, 303, 404, 405)
    assert answer.headers["content-security-policy"] == POLICY
    assert "'unsafe" not in POLICY
    assert POLICY.startswith("default-src 'none'")
    assert answer.headers["x-frame-options"] == "DENY"
    assert answer.headers["x-content-type-options"] == "nosniff"
    if not path.startswith("/static/provisor"):
        assert answer.headers["cache-control"] == "no-store"


@pytest.mark.parametrize("path", [path for path in [*PAGES, *OTHERS] if "static" not in path])
def test_a_page_holds_no_script_and_no_style_but_files_of_ours(admin, path):
    page = admin.get(path)

    assert page.status == 303 or foreign_parts(page) == []


@pytest.mark.parametrize("path", PAGES[2:])
def test_every_page_can_be_found_ones_way_in_without_eyes(admin, path):
    document = admin.get(path).document
    tags = [tag for tag, _ in document.tags]
    labelled = {attributes["for"] for tag, attributes in document.tags if tag == "label" and "for" in attributes}
    ids = [attributes["id"] for _, attributes in document.tags if "id" in attributes]

    assert document.tags[0] == ("html", {"lang": "en"})
    assert tags.count("main") == tags.count("h1") == tags.count("header") == 1
    assert len(ids) == len(set(ids))
    assert next(href for href in document.links) == "#main"
    assert [a for _, a in document.tags if a.get("aria-current") == "page"]
    for tag, attributes in document.tags:
        if tag in ("input", "select", "textarea") and attributes.get("type") not in ("hidden", "checkbox"):
            assert attributes["id"] in labelled
        if tag == "th":
            assert attributes["scope"] in ("col", "row")
        if tag == "nav":
            assert attributes["aria-label"]
        for name in ("aria-labelledby", "aria-describedby"):
            assert set(attributes.get(name, "").split()) <= set(ids)


def test_a_page_that_does_not_take_a_method_says_so(admin):
    assert admin.request("POST", "/requests", {}).status == 405
    assert admin.request("PUT", "/api-keys").status == 405


def test_the_style_sheet_may_be_kept_and_has_another_address_when_it_changes(stranger):
    page = stranger.get("/sign-in")
    addresses = [a["href"] for tag, a in page.document.tags if tag == "link" and a["rel"] == "stylesheet"]

    assert addresses
    for address in addresses:
        sheet = stranger.get(address)
        assert "?v=" in address
        assert sheet.headers["content-type"].startswith("text/css")
        assert "immutable" in sheet.headers["cache-control"]


def test_a_head_request_is_answered_like_a_get(stranger):
    assert stranger.request("HEAD", "/sign-in").status == 200


def test_over_tls_the_cookie_is_for_tls_only(umbrella, stranger, monkeypatch):
    answered = umbrella.answer

    async def secure(*arguments):
        inner = umbrella.target

        async def with_scheme(scope, receive, send):
            await inner({**scope, "scheme": "https"}, receive, send)

        monkeypatch.setattr(umbrella, "target", with_scheme)
        try:
            return await answered(*arguments)
        finally:
            monkeypatch.setattr(umbrella, "target", inner)

    monkeypatch.setattr(umbrella, "answer", secure)
    page = stranger.get("/sign-in")

    assert "Secure" in page.headers["set-cookie"]
    assert page.headers["set-cookie"].startswith("__Host-provisor=")
    assert page.headers["strict-transport-security"]


def test_an_error_in_a_page_is_told_without_its_insides(admin, monkeypatch, caplog):
    from provisor.provider.dashboard import lists

    def broken(*_):
        raise ValueError("insides")

    monkeypatch.setattr(lists, "list_identities", broken)
    answer = admin.get("/users-and-groups/users")

    assert answer.status == 500
    assert "insides" not in answer.html
    assert "insides" in caplog.text


def test_a_client_that_presents_credentials_is_answered_as_a_scim_client(umbrella):
    answer = umbrella.client.request("GET", "/Users", base="")

    assert answer.status == 404
    assert answer.json["schemas"] == ["urn:ietf:params:scim:api:messages:2.0:Error"]


def test_the_pages_leave_no_trace_in_the_request_log(umbrella, admin):
    admin.get("/users-and-groups/users")

    assert umbrella.log() == []


def test_what_is_said_to_be_done_is_never_text_out_of_the_address(admin):
    assert "Pay 100" not in admin.get("/requests?done=Pay%20100").html


def test_serving_scim_imports_nothing_of_the_pages(serve):
    import subprocess

    listed = subprocess.run(
        [sys.executable, "-c", "import sys, provisor.provider.serving.server; print(*sys.modules)"],
        capture_output=True,
        text=True,
        check=True,
    ).stdout.split()

    assert "provisor.provider.dashboard.lazy" in listed
    assert not {"starlette", "jinja2", "argon2", "provisor.provider.dashboard.site"} & set(listed)
