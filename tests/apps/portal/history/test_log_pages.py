"""The provisioning log in the portal: who may read it, what narrows it, one event, downloads."""

import csv
import io
import json
import zipfile

import pytest

from provisor.admin.actor import LOCAL_OPERATOR
from provisor.admin.logs import CSV_TABLES
from provisor.web.bodies import laid_out

LOG = "/provisioning-logs"
HOSTILE = '<script>alert("1")</script>'
TABS = ["steps", "troubleshooting", "modified", "summary"]


@pytest.fixture
def reader(service, make_browser):
    """Signs somebody in who has this role."""

    def sign_in(role):
        owner = None
        if role == "Application Owner":
            owner = service.person("owner@contoso.example")
        service.admin.accounts.add(
            LOCAL_OPERATOR, f"{role}@contoso.example", (role,), password="correct horse battery", person=owner
        )
        browser = make_browser()
        assert browser.sign_in(f"{role}@contoso.example").status == 303
        return browser

    return sign_in


@pytest.fixture
def download(pages, ana):
    """The bytes of a file."""

    def get(address):
        path, _, query = address.partition("?")
        cookie = "; ".join(f"{name}={value}" for name, value in ana.cookies.items())
        return pages.send("GET", path, query, {"cookie": cookie}, b"")

    return get


def test_it_lists_what_was_done_and_why_somebody_was_refused(ana, provisioned):
    page = ana.get(LOG)

    assert page.status == 200
    row = next(row for row in page.document.rows if "bo@" in row)
    assert "Create" in row
    assert "Failure" in row
    assert "no Bo" in row
    assert "Success" in next(row for row in page.document.rows if "ada@" in row)


def test_without_events_it_says_when_the_first_will_come(ana):
    assert "Nothing was provisioned yet" in ana.get(LOG).text


def test_a_hostile_name_stays_text(ana, provisioned):
    event = provisioned[f"{HOSTILE}@contoso.example"]
    for address in (LOG, f"{LOG}?live=1", *(f"{LOG}/{event}?tab={tab}" for tab in TABS)):
        page = ana.get(address)
        assert page.status == 200
        assert "<script>alert" not in page.html
        assert HOSTILE in page.text


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("identity=ada@contoso.example", {"ada"}),
        ("status=failure", {"bo"}),
        ("action=update", set()),
        ("range=24h", {"ada", "bo"}),
        ("range=custom&since=2001-01-01&until=2002-01-01", set()),
        ("range=custom&since=2001-01-01", {"ada", "bo"}),
        ("since=2001-01-01&until=2002-01-01", {"ada", "bo"}),
        ("code=EntryConflict", set()),
        ("application=Cisco%20Umbrella%20User%20Management", {"ada", "bo"}),
        ("target=nothing", set()),
        ("change=nothing", set()),
        ("cycle=nothing", set()),
        ("status=invented&action=invented&range=invented", {"ada", "bo"}),
    ],
)
def test_it_is_narrowed_by_what_the_address_says(ana, provisioned, query, names):
    page = ana.get(f"{LOG}?{query}")

    assert page.status == 200
    assert {name for name in ("ada", "bo") if f"{name}@contoso" in " ".join(page.document.rows)} == names


@pytest.mark.parametrize(
    ("query", "told", "kept"),
    [
        ("range=custom&since=yesterday", "no date or time", "yesterday"),
        ("range=custom&since=2026-02-01&until=2026-01-01", "not after the beginning", "2026-01-01"),
        ("job=nothing", "There is no job or application 'nothing'", "nothing"),
        ("before=nothing", "no event 'nothing'", ""),
    ],
)
def test_what_cannot_be_looked_up_is_told_and_kept(ana, provisioned, query, told, kept):
    page = ana.get(f"{LOG}?{query}")

    assert page.status == 400
    assert told in page.text
    assert f'value="{kept}"' in page.html


def test_pages_follow_one_another_without_loss(ana, service, provisioned):
    for number in range(60):
        service.person(f"p{number:02}@contoso.example")
    service.later(minutes=5)
    service.admin.cycles.run(LOCAL_OPERATOR, "Cisco Umbrella User Management")

    first = ana.get(LOG)
    older = next(link for link in first.document.links if link and "before=" in link)
    second = ana.get(older)

    rows = [row.split()[2] for page in (first, second) for row in page.document.rows[1:]]
    assert len(first.document.rows) == 51
    assert {f"p{number:02}@contoso.example" for number in range(60)} <= set(rows)
    assert "‹ Newer" in second.text


def test_a_failure_opens_at_its_reason_with_what_was_sent_and_answered(ana, provisioned):
    page = ana.get(f"{LOG}/{provisioned['bo@contoso.example']}")

    assert "no Bo" in page.text
    assert "POST https://app.example/Users" in page.text
    assert '"detail": "no Bo"' in page.text


@pytest.mark.parametrize("body", ["[" * 5_000, "[" * 5_000 + "]" * 5_000, "1" * 5_000, "no JSON"])
def test_a_body_that_cannot_be_laid_out_is_shown_as_it_came(body):
    assert laid_out(body) == body


def test_a_success_opens_at_its_steps(ana, provisioned):
    page = ana.get(f"{LOG}/{provisioned['ada@contoso.example']}")

    for step in ("Import", "Scoping", "Processing", "Export"):
        assert step in page.text


def test_members_are_called_by_their_names(ana, service, provisioned):
    service.group("Staff", ["ada@contoso.example"])
    service.later(minutes=5)
    service.admin.cycles.run(LOCAL_OPERATOR, "Cisco Umbrella User Management")
    events = service.admin.logs.page(LOCAL_OPERATOR, identity="Staff", action="update")

    page = ana.get(f"{LOG}/{events[0].id}?tab=modified")

    assert "ada@contoso.example" in page.text


@pytest.mark.parametrize("address", [f"{LOG}/nothing", f"{LOG}/nothing/download", f"{LOG}/download/xml"])
def test_what_is_not_there_is_not_found(ana, provisioned, address):
    assert ana.get(address).status == 404


def test_the_archive_holds_the_three_files(download, provisioned):
    answer = download(f"{LOG}/download/csv?status=failure")

    with zipfile.ZipFile(io.BytesIO(answer.body)) as archive:
        assert archive.namelist() == [f"{table.name}.csv" for table in CSV_TABLES]
        rows = list(csv.reader(archive.read("ProvisioningLogs.csv").decode().splitlines()))
    assert len(rows) == 2
    assert "bo@contoso.example" in rows[1]


def test_the_json_is_one_array_of_what_fits(download, provisioned):
    events = json.loads(download(f"{LOG}/download/json").body)

    assert {event["sourceIdentity"]["displayName"] for event in events} == set(provisioned)
    assert json.loads(download(f"{LOG}/download/json?code=nothing").body) == []


def test_a_download_that_cannot_begin_is_an_error_page(download, provisioned):
    answer = download(f"{LOG}/download/json?job=nothing")

    assert answer.status == 404
    assert "content-disposition" not in answer.headers


def test_one_event_is_downloaded_whole(download, provisioned):
    event = json.loads(download(f"{LOG}/{provisioned['bo@contoso.example']}/download").body)

    assert event["exchange"]["status"] == 400


@pytest.mark.parametrize(
    ("role", "status"),
    [
        ("Global Administrator", 200),
        ("Application Administrator", 200),
        ("Cloud Application Administrator", 200),
        ("Reports Reader", 200),
        ("Security Reader", 200),
        ("Plan Approver", 200),
        ("Application Owner", 200),
    ],
)
def test_every_role_reads_the_log_of_what_it_may(reader, provisioned, role, status):
    browser = reader(role)

    page = browser.get(LOG)

    assert page.status == status
    seen = any("ada@" in row for row in page.document.rows)
    assert seen is (role != "Application Owner")  # who owns nothing sees nothing
    event = browser.get(f"{LOG}/{provisioned['ada@contoso.example']}")
    assert event.status == (404 if role == "Application Owner" else 200)
