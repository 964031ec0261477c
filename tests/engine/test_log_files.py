"""The three CSV files of the log's download: columns, the change id that joins them, and cells no spreadsheet runs."""

import pytest

from provisor.engine.log_event import EventFrame, Facts, Systems, Written, refused
from provisor.engine.log_files import CSV_TABLES, harmless
from provisor.rules.failure import Failure, Retry

SYSTEMS = Systems(
    tenant="t", job="j", cycle="c", application="a", application_name="Umbrella", user_urn="u:User", group_urn="u:Group"
)


def rows(facts, status="success", name="anna"):
    written = Written("id-1", "2026-11-28T08:00:00+00:00", "update", status, "s1", name, "t1")
    document = EventFrame(SYSTEMS).document(written, facts)
    return {
        table.name: [dict(zip(table.columns, row, strict=True)) for row in table.rows(document)] for table in CSV_TABLES
    }


def test_section_17_3_the_three_files_are_joined_by_the_change_id():
    made = rows(Facts(kind="user", modified=[("displayName", "A", "B"), ("title", None, "C")]))

    assert {name: {row["changeId"] for row in found} for name, found in made.items()} == {
        "ProvisioningLogs": {"id-1"},
        "ProvisioningLogs_ProvisioningSteps": {"id-1"},
        "ProvisioningLogs_ModifiedProperties": {"id-1"},
    }
    assert [
        (row["displayName"], row["oldValue"], row["newValue"]) for row in made["ProvisioningLogs_ModifiedProperties"]
    ] == [
        ("displayName", "A", "B"),
        ("title", "", "C"),
    ]


def test_a_failure_says_in_its_row_what_it_was_and_what_to_do():
    failure = Failure(code="EntryConflict", message="Taken.", hint="Rename it.", retry=Retry.LATER)

    (row,) = rows(Facts(kind="user", refused=refused(failure, "export")), "failure")["ProvisioningLogs"]

    assert (row["status"], row["errorCode"], row["reason"]) == ("failure", "EntryConflict", "Taken.")
    assert row["recommendedAction"].startswith("Rename it.")
    assert (row["sourceIdentity.displayName"], row["targetSystem.displayName"]) == ("anna", "Umbrella")


@pytest.mark.parametrize("sign", ["=", "+", "-", "@", "\t", "\r"])
def test_a_cell_that_a_spreadsheet_would_run_is_made_harmless(sign):
    made = rows(Facts(kind="user", modified=[("title", sign + "1+1", "plain")]), name=sign + "cmd")

    assert made["ProvisioningLogs"][0]["sourceIdentity.displayName"] == f"'{sign}cmd"
    assert made["ProvisioningLogs_ModifiedProperties"][0]["oldValue"] == f"'{sign}1+1"


@pytest.mark.parametrize("cell", ["", "anna", "1=1", "'=1", " =1"])
def test_any_other_cell_stays_as_it_is(cell):
    assert harmless(cell) == cell
