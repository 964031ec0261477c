"""Every page of sources as every role: shown to whom sources are shown, with forms for those who may send them."""

import pytest

from apps.portal.operations.test_roles import sound
from provisor.admin.roles import ROLES
from provisor.web.sessions import form_token

READ, WRITE = "source.read", "source.write"
OF_READERS = ("", "/runs", "/records", "/deletions")
OF_WRITERS = (
    *("/connection", "/filtering", "/optional-features", "/directory-extensions", "/schedule", "/preview"),
    *("/deletions/allow", "/deletions/reject", "/delete"),
)
FORMS = (
    *("/connection", "/filtering", "/optional-features", "/directory-extensions", "/schedule", "/preview", "/run"),
    *("/start", "/pause", "/staging", "/deletions/allow", "/deletions/reject", "/delete"),
)


def status(role, permission):
    return 200 if permission in ROLES[role].permissions else 403


@pytest.mark.parametrize("role", [*ROLES])
def test_pages_are_for_who_reads_or_writes_sources(as_role, read_corp, role):
    browser = as_role(role)

    read = {browser.get(read_corp + page).status for page in OF_READERS} | {browser.get("/sources").status}
    written = {browser.get(read_corp + page).status for page in OF_WRITERS}
    written |= {browser.get(page).status for page in ("/sources/new", "/sources/new/ldap")}

    assert read == {status(role, READ)}
    assert written == {status(role, WRITE)}


@pytest.mark.parametrize("role", [*ROLES])
def test_the_menu_names_sources_for_who_sees_them(as_role, role):
    assert ("/sources" in as_role(role).get("/account").document.links) == (READ in ROLES[role].permissions)


def test_who_only_reads_is_shown_no_form(as_role, read_corp):
    browser = as_role("Security Reader")

    for page in OF_READERS:
        shown = browser.get(read_corp + page)
        assert set(shown.document.forms) <= {"/sign-out", f"{read_corp}/records"}, page
        assert f"{read_corp}/connection" not in shown.document.links


@pytest.mark.parametrize("form", FORMS)
def test_a_form_that_was_not_shown_is_refused(as_role, admin, read_corp, form):
    browser = as_role("Security Reader")
    (secret,) = browser.cookies.values()

    answer = browser.request("POST", read_corp + form, {"form_token": form_token(secret, read_corp + form)})

    assert answer.status == 403


def test_a_form_without_its_token_is_refused(ida, read_corp):
    assert ida.request("POST", f"{read_corp}/pause", {}).status == 403


@pytest.mark.parametrize("page", [*OF_READERS, *OF_WRITERS])
def test_every_page_is_sound(ida, read_corp, page):
    sound(ida.get(read_corp + page).document)


@pytest.mark.parametrize("page", [*OF_READERS, *OF_WRITERS])
def test_a_source_that_is_none_is_not_there(ida, page):
    assert ida.get(f"/sources/nowhere{page}").status == 404
