"""CSV files: a preview that writes nothing, the import, its report, and files that are nobody else's and do not stay."""

import csv
import io
import threading

import pytest

from provisor.portal.directory import uploads
from provisor.portal.directory.uploads import MOST_AT_ONCE, uploads_of
from provisor.storage import feed
from provisor.web.sessions import form_token
from support.portal_people import HOSTILE, ME, upload

PEOPLE = "userPrincipalName,displayName,department\nanna@contoso.example,Anna,Sales\nbo@contoso.example,Bo,\n"
WRONG = "userPrincipalName,displayName\n,Nobody\nanna@contoso.example,Anna\n"


@pytest.fixture(autouse=True)
def _patient(monkeypatch):
    """A busy machine may take longer than a reader is kept waiting."""
    monkeypatch.setattr(uploads, "WAITED_SECONDS", 60.0)


@pytest.fixture
def preview(boss):
    """Uploads files; the page of the preview."""

    def previewed(files=None, **fields):
        answer = upload(boss, "/import", {"source": "csv", **fields}, files or {"users": PEOPLE})
        assert answer.status == 303, answer.text
        return boss.follow(answer)

    return previewed


def action(page, what):
    [found] = [action for action in page.document.forms if action.endswith(what)]
    return found


def users(company):
    return [item.name for item in company.admin.users.page(ME)]


def folders(admin):
    return list(uploads_of(admin).folder.iterdir())


def test_a_preview_says_what_would_change_and_writes_nothing(preview, company, database, tenant):
    before = feed.current_change(database.reader(), tenant)

    page = preview()

    assert "Users 2 0 0 0 0 0" in page.document.rows
    assert "anna@contoso.example User 2" in page.document.rows
    assert users(company) == []
    assert feed.current_change(database.reader(), tenant) == before
    assert company.admin.imports.sources(ME) == []


def test_what_was_looked_over_is_imported(boss, preview, company):
    page = preview()

    report = boss.follow(boss.submit(page, action(page, "/import")))

    assert "What happened Kind Created" in report.text
    assert "Users 2 0 0 0 0 0" in report.document.rows
    assert users(company) == ["anna@contoso.example", "bo@contoso.example"]


def test_the_files_are_gone_after_the_import(boss, preview, admin):
    page = preview()
    assert len(folders(admin)) == 1

    boss.submit(page, action(page, "/import"))

    assert folders(admin) == []


def test_the_files_are_gone_when_they_are_discarded(boss, preview, admin, company):
    page = preview()

    answer = boss.follow(boss.submit(page, action(page, "/discard")))

    assert "nothing was imported" in answer.text
    assert folders(admin) == []
    assert users(company) == []


def test_the_files_are_gone_after_an_hour(monkeypatch, boss, preview, admin):
    gone = threading.Event()
    monkeypatch.setattr(uploads, "KEPT_SECONDS", 0.2)
    forget = uploads.Uploads.forget
    monkeypatch.setattr(uploads.Uploads, "forget", lambda self, name: (forget(self, name), gone.set()))

    page = preview()
    assert gone.wait(30)

    assert folders(admin) == []
    assert boss.get(page.path).status == 404


def test_the_files_can_be_read_by_the_owner_of_the_process_alone(preview, admin):
    preview()

    [folder] = folders(admin)
    assert (folder.stat().st_mode & 0o777, folder.parent.stat().st_mode & 0o777) == (0o700, 0o700)


def test_an_upload_is_another_browsers_not_even_by_its_address(preview, boss, sign_in, make_browser):
    page = preview()
    other = make_browser()
    other.sign_in("global-administrator@contoso.example")

    for path in ("", "/refused.csv"):
        assert other.get(page.path + path).status == 404
    for path in ("/import", "/preview", "/discard"):
        address = page.path + path
        token = form_token(other.cookies["__Host-provisor-portal"], address)
        assert other.request("POST", address, {"form_token": token}).status == 404
    assert boss.get(page.path).status == 200


def test_refused_rows_are_told_and_the_others_come_in(boss, preview, company):
    page = preview({"users": WRONG})

    assert "users.csv 2 userPrincipalName is empty" in " ".join(page.document.rows)
    boss.submit(page, action(page, "/import"))
    assert users(company) == ["anna@contoso.example"]


def test_refused_rows_are_a_file_for_a_spreadsheet(boss, preview):
    page = preview({"users": 'userPrincipalName\n"=cmd()\t"\n'})

    answer = boss.get(f"{page.path}/refused.csv")

    rows = list(csv.reader(io.StringIO(answer.html.lstrip("\ufeff"))))
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert rows[0] == ["file", "row", "reason"]
    assert rows[1][:2] == ["users.csv", "2"]


def test_an_updated_user_is_named_with_what_changes(boss, preview):
    page = preview()
    boss.submit(page, action(page, "/import"))

    page = preview({"users": PEOPLE.replace("Sales", "Board")})

    assert "anna@contoso.example User 2 department" in page.document.rows


def test_who_would_be_deleted_is_named(boss, preview, company):
    page = preview()
    boss.submit(page, action(page, "/import"))

    page = preview({"users": PEOPLE.partition("bo@")[0]}, complete="yes")

    assert "bo@contoso.example User" in page.document.rows
    assert users(company) == ["anna@contoso.example", "bo@contoso.example"]


def test_too_many_deletions_are_refused_and_may_be_allowed(boss, preview, company):
    many = PEOPLE + "".join(f"u{number}@contoso.example,U,\n" for number in range(20))
    page = preview({"users": many})
    boss.submit(page, action(page, "/import"))

    page = preview({"users": PEOPLE}, complete="yes")
    assert "20 of 22 users" in page.text
    assert "--allow" not in page.text
    page = boss.follow(boss.submit(page, action(page, "/preview"), allow_deletes="20"))
    boss.submit(page, action(page, "/import"))

    assert users(company) == ["anna@contoso.example", "bo@contoso.example"]


def test_groups_and_members_come_with_them(boss, preview, company):
    page = preview(
        {"users": PEOPLE, "groups": "displayName\nStaff\n", "members": "group,member\nStaff,anna@contoso.example\n"}
    )
    boss.submit(page, action(page, "/import"))

    assert [item.name for item in company.admin.members.page(ME, "Staff")] == ["anna@contoso.example"]


def test_an_import_that_is_sent_twice_is_done_once(boss, preview, events):
    page = preview()
    boss.submit(page, action(page, "/import"))
    boss.submit(page, action(page, "/import"))

    assert [one.activity for one in events()].count("Import CSV files") == 1


@pytest.mark.parametrize(
    ("fields", "files", "words"),
    [
        ({}, {}, "No file was chosen"),
        ({"allow_deletes": "many"}, {"users": PEOPLE}, "Write a whole number"),
        ({"allow_deletes": "5"}, {"users": PEOPLE}, "Nothing is deleted unless the files are complete"),
        ({"members_of": "Staff"}, {"users": PEOPLE}, "This is about a file of members"),
    ],
)
def test_what_cannot_be_is_said_and_what_was_typed_is_kept(boss, fields, files, words):
    page = upload(boss, "/import", {"source": "hr", **fields}, files)

    assert page.status == 400
    assert words in page.text
    assert 'value="hr"' in page.html
    assert all(f'value="{value}"' in page.html for value in fields.values())


@pytest.mark.parametrize(
    ("files", "words"),
    [
        ({"users": ""}, "is empty"),
        ({"users": "displayName,description\nStaff,x\n"}, "looks like groups"),
        ({"groups": PEOPLE}, "looks like people"),
        ({"users": "nothing\nx\n"}, "userPrincipalName"),
    ],
)
def test_a_file_that_cannot_be_read_is_said_without_the_command_line(preview, files, words):
    page = preview(files)

    assert "Not imported" in page.text
    assert words in page.text
    assert "provisor " not in page.document.text.replace("Provisor", "")


def test_what_files_are_called_and_hold_stays_text(preview):
    page = preview({"users": f"userPrincipalName,displayName\n{HOSTILE},x\n,{HOSTILE}\n"}, source=HOSTILE)

    assert "<script>alert" not in page.html
    assert "<b>" not in page.html


def test_only_so_many_files_wait(boss, preview):
    for _ in range(MOST_AT_ONCE):
        preview()

    page = upload(boss, "/import", {}, {"users": PEOPLE})

    assert page.status == 400
    assert "Too many files wait" in page.text


def test_while_rows_are_read_the_page_moves_and_goes_on_without_scripts(monkeypatch, boss, admin, preview):
    began, go_on = threading.Event(), threading.Event()
    really = type(admin.imports).csv

    def slow(self, actor, order, *, report=None):
        began.set()
        go_on.wait(30)
        return really(self, actor, order, report=report)

    monkeypatch.setattr(type(admin.imports), "csv", slow)
    monkeypatch.setattr(uploads, "WAITED_SECONDS", 0.5)
    page = preview()

    assert began.is_set()
    assert 'data-live="' in page.html
    assert '<noscript><meta http-equiv="refresh" content="2"></noscript>' in page.html
    assert boss.get("/users").status == 200
    go_on.set()
    [kept] = uploads_of(admin).kept.values()
    kept.work.join(30)
    assert "What would happen" in boss.get(page.path).text


@pytest.mark.parametrize("role", ["Security Reader", "Application Administrator", "Plan Approver"])
def test_who_may_not_write_uploads_nothing(sign_in, admin, role):
    browser = sign_in(role)
    token = form_token(browser.cookies["__Host-provisor-portal"], "/import")

    assert browser.get("/import").status == 403
    assert browser.request("POST", "/import", {"form_token": token}).status == 403
