"""The report of a period in the portal: its numbers, wrong periods, its rows as files."""

import csv

import pytest

from provisor.admin.actor import LOCAL_OPERATOR
from provisor.admin.service_principals import ApplicationKey
from support.synchronized import APP

REPORT = "/report"


def test_it_counts_what_happened_and_why_somebody_was_not_provisioned(ana, service, provisioned):
    page = ana.get(REPORT)

    assert page.status == 200
    assert "2 Created" in page.text
    assert "1 Failed" in page.text
    assert "no Bo" in page.text
    assert "data-chart" in page.html


def test_of_a_job_that_did_nothing_it_says_so(ana, service):
    assert "Nothing happened" in ana.get(REPORT).text


def test_a_deleted_application_is_reported_by_the_id_of_its_job(ana, service, provisioned):
    job = service.admin.jobs.all(LOCAL_OPERATOR)[0].job.id
    service.admin.service_principals.delete(LOCAL_OPERATOR, ApplicationKey("named", APP))

    assert "There is nothing to report yet" in ana.get(REPORT).text
    assert "2 Created" in ana.get(f"{REPORT}?application={job}").text


@pytest.mark.parametrize(
    ("query", "status", "told"),
    [
        ("from=yesterday", 400, "no day"),
        ("from=2026-02-01&to=2026-01-01", 400, "has no day"),
        ("application=nothing", 400, "There is no job or application"),
        ("from=2001-01-01&to=2001-01-31", 200, "Nothing happened"),
        ("from=0001-01-01&to=9999-12-31", 200, "2 Created"),
    ],
)
def test_periods_are_read_or_told_to_be_wrong(ana, provisioned, query, status, told):
    page = ana.get(f"{REPORT}?{query}")

    assert page.status == status
    assert told in page.text


@pytest.mark.parametrize(("kind", "number"), [("days", 1), ("causes", 1), ("people", 3)])
def test_its_rows_are_downloaded(ana, service, provisioned, kind, number):
    answer = ana.get(f"{REPORT}/download/{kind}?application={service.application.id}")

    assert len(list(csv.DictReader(answer.html.splitlines()))) == number


@pytest.mark.parametrize(
    ("address", "status"),
    [("download/nothing", 404), ("download/days?application=nothing", 404), ("download/days?from=x", 400)],
)
def test_downloads_that_there_are_not_are_refused(ana, service, provisioned, address, status):
    assert ana.get(f"{REPORT}/{address}").status == status
