"""The audit log in the portal: what narrows it, one event, downloads, and who is refused it."""

import csv
import json

import pytest

from provisor.admin.actor import LOCAL_OPERATOR

AUDIT = "/audit-logs"
HOSTILE = "<img src=x onerror=alert(1)>"


@pytest.fixture
def changed(service):
    service.admin.groups.create(LOCAL_OPERATOR, {"displayName": HOSTILE})
    return service


def test_it_tells_who_did_what(ana, changed):
    row = next(row for row in ana.get(AUDIT).document.rows if "Add group" in row)

    assert "local operator" in row
    assert "Success" in row


def test_a_hostile_name_stays_text(ana, changed):
    page = ana.get(f"{AUDIT}?activity=Add%20group")
    event = next(link for link in page.document.links if link and link.startswith(f"{AUDIT}/0"))

    for shown in (page, ana.get(event)):
        assert shown.status == 200
        assert "<img src=x" not in shown.html


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("activity=Add%20group", True),
        ("activity=Add%20user", False),
        ("by=local-operator&activity=Add%20group", True),
        ("by=nobody", False),
        ("result=failure", False),
        ("about=nothing", False),
        ("range=24h", True),
        ("range=custom&until=2001-01-01", False),
    ],
)
def test_it_is_narrowed_by_what_the_address_says(ana, changed, query, found):
    page = ana.get(f"{AUDIT}?{query}")

    assert page.status == 200
    assert any("Add group" in row for row in page.document.rows) is found


@pytest.mark.parametrize(
    ("query", "told"), [("before=nothing", "no event 'nothing'"), ("range=custom&since=x", "no date or time")]
)
def test_what_cannot_be_looked_up_is_told(ana, query, told):
    page = ana.get(f"{AUDIT}?{query}")

    assert page.status == 400
    assert told in page.text


def test_an_event_that_is_not_there_is_not_found(ana):
    assert ana.get(f"{AUDIT}/nothing").status == 404


def test_downloads_hold_what_fits(ana, changed):
    rows = list(csv.DictReader(ana.get(f"{AUDIT}/download/csv?activity=Add%20group").html.splitlines()))
    events = json.loads(ana.get(f"{AUDIT}/download/json?activity=Add%20group").html)

    assert [row["activity"] for row in rows] == ["Add group"]
    assert [event["by"] for event in events] == ["local operator"]


@pytest.mark.parametrize(
    ("role", "status"), [("Reports Reader", 200), ("Security Reader", 200), ("Plan Approver", 403)]
)
@pytest.mark.parametrize("path", [AUDIT, f"{AUDIT}/download/json", f"{AUDIT}/download/csv"])
def test_who_may_not_read_it_is_refused(make_account, make_browser, path, role, status):
    make_account("r@contoso.example", roles=(role,))
    browser = make_browser()
    browser.sign_in("r@contoso.example")

    assert browser.get(path).status == status
