"""`job report` as a person, a spreadsheet and another program meet it."""

import csv
import io
import json
from datetime import UTC, datetime

import pytest

from provisor.database import open_database
from provisor.engine.log_event import Facts, encode, refused
from provisor.rules.failure import Failure, Retry
from provisor.storage import jobs, log, tenants
from provisor.storage.log import LogRow
from provisor.storage.times import to_microseconds

APP = "Cisco Umbrella User Management"
CONFLICT = Failure(code="EntryConflict", message="userName is taken.", hint="Rename it.", retry=Retry.LATER)
EVENTS = [
    (27, "create", "success", None, "anna", "user"),
    (27, "create", "failure", CONFLICT, "bo", "user"),
    (28, "create", "failure", CONFLICT, "carl", "user"),
    (28, "disable", "success", None, "=cmd", "user"),
    (28, "delete", "success", None, "Staff", "group"),
    (29, "create", "success", None, "dora", "user"),
]


@pytest.fixture
def reported(provisor, tmp_path):
    """A job with some days behind it; runs `job report` of it."""
    provisor("app", "add", APP)
    provisor("job", "create", APP)
    database = open_database(f"sqlite:///{tmp_path / 'data' / 'provisor.sqlite'}")
    tenant = tenants.only(database.reader())
    job = jobs.all_jobs(database.reader(), tenant)[0].number
    with database.transaction() as connection:
        for number, (day, action, status, failure, name, kind) in enumerate(EVENTS):
            facts = Facts(kind=kind, refused=None if failure is None else refused(failure, "export"))
            log.append(
                connection,
                [
                    LogRow(
                        f"id-{number}",
                        tenant,
                        job,
                        "c",
                        to_microseconds(datetime(2026, 10, day, 23, 59, tzinfo=UTC)),
                        action,
                        status,
                        failure and failure.code,
                        f"s{number}",
                        name,
                        None,
                        encode(facts).decode(),
                        kind,
                    )
                ],
            )
    database.close()
    return lambda *arguments: provisor("job", "report", APP, "--from", "2026-10-27", "--to", "2026-10-28", *arguments)


def table(text):
    return list(csv.DictReader(io.StringIO(text)))


def test_by_day_it_tells_how_many_of_what_on_the_days_asked_for(reported):
    rows = table(reported("--csv").out)

    told = [(row["day"], row["kind"], row["created"], row["disabled"], row["deleted"], row["failed"]) for row in rows]
    assert told == [
        ("2026-10-27", "user", "1", "0", "0", "1"),
        ("2026-10-28", "group", "0", "0", "1", "0"),
        ("2026-10-28", "user", "0", "1", "0", "1"),
    ]


def test_by_cause_it_tells_why_with_the_names_of_the_newest(reported):
    (row,) = table(reported("--by", "cause", "--csv").out)

    assert row == {
        "outcome": "failure",
        "code": "EntryConflict",
        "number": "2",
        "reason": "userName is taken.",
        "names": "carl, bo",
    }


def test_by_person_it_tells_everybody_by_name(reported):
    rows = table(reported("--by", "person", "--csv").out)
    listed = json.loads(reported("--by", "person", "--json").out)

    assert [row["name"] for row in rows] == ["anna", "bo", "carl", "'=cmd", "Staff"]
    assert [(row["name"], row["kind"], row["code"]) for row in listed][1:3] == [
        ("bo", "user", "EntryConflict"),
        ("carl", "user", "EntryConflict"),
    ]


def test_json_tells_days_causes_and_all_together(reported):
    made = json.loads(reported("--json").out)

    assert (made["application"], made["from"], made["to"]) == (APP, "2026-10-27", "2026-10-28")
    assert (made["total"]["created"], made["total"]["failed"], made["causes"][0]["number"]) == (1, 2, 2)


@pytest.mark.parametrize("by", ["day", "cause", "person"])
def test_a_person_can_read_it(reported, by):
    done = reported("--by", by)

    assert done.code == 0
    assert {"day": "2026-10-28", "cause": "EntryConflict: carl, bo", "person": "anna"}[by] in done.out


@pytest.mark.parametrize("arguments", [("--csv", "--json"), ("--from", "soon"), ("--to", "2026-13-01")], ids=" ".join)
def test_what_cannot_be_meant_is_wrong_usage(reported, arguments):
    assert reported(*arguments).code == 2


def test_the_end_of_time_is_a_day_like_others(reported):
    assert reported("--from", "0001-01-01", "--to", "9999-12-31", "--by", "cause").code == 0


def test_the_report_of_a_deleted_job_is_there(provisor, reported):
    provisor("job", "delete", APP, "--yes")

    made = json.loads(reported("--json").out)

    assert (made["application"], made["total"]["created"]) == (APP, 1)


def test_a_status_tells_statistics_to_date(provisor, reported):
    told = json.loads(provisor("job", "status", APP, "--json").out)["statistics"]

    assert (told["done"]["user"]["created"], told["done"]["group"]["deleted"]) == (2, 1)
    assert (told["users"], told["lastCompleted"]) == (0, None)


def test_a_report_without_a_day_is_refused(reported):
    answered = reported("--from", "2026-10-29", "--to", "2026-10-27")

    assert answered.code == 1
    assert "from 2026-10-29 to 2026-10-27 has no day" in answered.err


@pytest.mark.parametrize("by", ["day", "cause"])
def test_a_report_of_days_on_which_nothing_happened_says_so(reported, by):
    assert reported("--from", "2026-11-01", "--to", "2026-11-02", "--by", by).out.endswith("Nothing happened.\n")
