"""An import of CSV files: who is created, changed, left alone or refused."""

import sqlite3

import pytest

from provisor.directory.objects import Refusal
from provisor.runner.importing.import_source import CsvImport, import_csv
from provisor.runner.importing.summary import Counts
from provisor.storage import directory_verbs as verbs
from support.company import Company

GUID = "8f1d2c3b-4a59-6877-8695-a4b3c2d1e0f0"
ANNA, BO = "anna@fjord.example", "bo@fjord.example"


def reasons(summary):
    return [(note.file, note.row) for note in summary.refused]


def test_users_groups_and_memberships_come_in(company):
    summary = company.take(
        users=[["userPrincipalName", "displayName"], [ANNA, "Anna"], [BO, "Bo"]],
        groups=[["displayName", "description"], ["Sales", "They sell"]],
        members=[["group", "member"], ["Sales", ANNA]],
    )

    assert summary.users == Counts(created=2)
    assert summary.groups == summary.memberships == Counts(created=1)
    assert company.attribute(ANNA, "displayName") == "Anna"
    assert company.members("Sales") == {ANNA}


def test_an_unchanged_row_gives_out_no_change_number(company):
    company.people(ANNA, BO)
    change = company.change

    summary = company.people(ANNA, BO)

    assert summary.users == Counts(unchanged=2)
    assert company.change == change


def test_only_the_changed_object_gets_a_new_change_number(company):
    company.take(users=[["userPrincipalName", "city"], [ANNA, "Oslo"], [BO, "Oslo"]])
    before = company.user(BO).change

    summary = company.take(users=[["userPrincipalName", "city"], [ANNA, "Bergen"], [BO, "Oslo"]])

    assert summary.users == Counts(updated=1, unchanged=1)
    assert (company.user(ANNA).change, company.user(BO).change) == (company.change, before)


def test_an_empty_cell_clears_and_an_absent_column_leaves_alone(company):
    company.take(users=[["userPrincipalName", "city", "state"], [ANNA, "Oslo", "Oslo"]])

    company.take(users=[["userPrincipalName", "city"], [ANNA, ""]])

    assert company.attribute(ANNA, "city") is None
    assert company.attribute(ANNA, "state") == "Oslo"


@pytest.mark.parametrize(
    "text",
    ["=1+1", "@SUM(A1)", "-2", "Null", "0", "  edges  ", "O'Brien \\ \"Q\"", "+ & % #", "\u202eمحمد", "e\u0301",
     "é", "👩‍👩‍👧", "王小明", "x" * 200, "two\nlines", "\ufeffmark", "a\u2028b"],
)  # fmt: skip
def test_text_comes_through_literally(company, text):
    company.take(users=[["userPrincipalName", "displayName"], [ANNA, text]])

    assert company.attribute(ANNA, "displayName") == text


def test_a_boolean_column_is_read_in_any_case(company):
    company.take(users=[["userPrincipalName", "accountEnabled"], [ANNA, "FALSE"], [BO, "True"]])

    assert (company.user(ANNA).enabled, company.user(BO).enabled) == (False, True)


def test_every_bad_row_is_reported_and_none_stops_the_others(company):
    summary = company.take(
        users=[
            ["userPrincipalName", "accountEnabled"],
            ["  ", ""],
            [ANNA, "maybe"],
            [BO],
            [BO, "true"],
            ["x@y", "", ""],
        ]
    )

    assert reasons(summary) == [("users.csv", 2), ("users.csv", 3), ("users.csv", 4), ("users.csv", 6)]
    assert summary.users == Counts(created=1, refused=4)
    assert company.count() == 1


def test_the_second_of_two_names_that_differ_in_case_is_refused_naming_the_first(company):
    summary = company.people(ANNA, ANNA.upper())

    assert reasons(summary) == [("users.csv", 3)]
    assert "row 2" in summary.refused[0].reason
    assert company.user(ANNA).name == ANNA


def test_a_second_row_is_found_in_a_later_page_too(company):
    summary = company.people(ANNA, *(f"user{number}@fjord.example" for number in range(1_500)), ANNA)

    assert reasons(summary) == [("users.csv", 1_503)]
    assert "row 2" in summary.refused[0].reason


def test_the_second_of_two_spellings_of_one_object_guid_is_refused(company):
    summary = company.take(users=[["userPrincipalName", "objectGUID"], [ANNA, GUID], [BO, "{" + GUID.upper() + "}"]])

    assert reasons(summary) == [("users.csv", 3)]
    assert "objectGUID" in summary.refused[0].reason


def test_the_second_of_two_equal_names_under_different_guids_is_refused(company):
    summary = company.take(
        users=[["userPrincipalName", "objectGUID"], [ANNA, GUID], [ANNA.upper(), GUID.replace("8f", "9f")]]
    )

    assert reasons(summary) == [("users.csv", 3)]


def test_an_object_guid_becomes_an_extension_in_base64(company):
    summary = company.take(users=[["userPrincipalName", "objectGUID"], [ANNA, GUID]])

    assert summary.extensions == [company.full_name("objectGUID")]
    assert summary.warnings == []
    assert company.attribute(ANNA, company.full_name("objectGUID")) == "Oywdj1lKd2iGlaSzwtHg8A=="


def test_a_rename_under_one_object_guid_is_an_update(company):
    company.take(users=[["userPrincipalName", "objectGUID"], [ANNA, GUID]])

    summary = company.take(users=[["userPrincipalName", "objectGUID"], ["anna.berg@fjord.example", GUID]])

    assert summary.users == Counts(updated=1)
    assert company.user("anna.berg@fjord.example").name == "anna.berg@fjord.example"


def test_two_people_may_swap_their_names(company):
    other = GUID.replace("8f", "9f")
    header = ["userPrincipalName", "objectGUID"]
    company.take(users=[header, [ANNA, GUID], [BO, other]])

    summary = company.take(users=[header, [BO, GUID], [ANNA, other]])

    assert summary.users == Counts(updated=2)


def test_a_name_is_free_when_its_holder_gives_it_up_pages_later(company):
    header = ["userPrincipalName", "objectGUID"]
    others = [[f"user{number}@fjord.example", f"{number:032x}"] for number in range(1_200)]
    company.take(users=[header, [ANNA, GUID]])

    summary = company.take(users=[header, [ANNA, "f" * 32], *others, ["anna.old@fjord.example", GUID]])

    assert summary.refused == []
    assert company.user(ANNA).anchor != company.user("anna.old@fjord.example").anchor


def test_a_name_that_somebody_of_another_source_has_is_refused(company):
    company.people(ANNA, source="first")

    summary = company.people(ANNA, source="second")

    assert reasons(summary) == [("users.csv", 2)]
    assert "already taken" in summary.refused[0].reason


def test_a_change_of_case_is_an_update(company):
    company.people(ANNA)

    assert company.people("Anna@fjord.example").users == Counts(updated=1)
    assert company.user(ANNA).name == "Anna@fjord.example"


def test_an_unknown_column_is_registered_with_a_warning_naming_the_nearest_attribute(company):
    table = [["userPrincipalName", "Departement"], [ANNA, "Research"]]

    summary = company.take(users=table)

    assert summary.extensions == [company.full_name("Departement")]
    assert "The nearest known attribute is department." in summary.warnings[0].reason
    assert company.attribute(ANNA, company.full_name("Departement")) == "Research"
    assert company.take(users=table).warnings == []


def test_an_extension_under_its_full_name_is_known(company):
    company.take(users=[["userPrincipalName", "badge"], [ANNA, "1"]])

    summary = company.take(users=[["userPrincipalName", company.full_name("badge")], [ANNA, "2"]])

    assert summary.extensions == []
    assert company.attribute(ANNA, company.full_name("badge")) == "2"


def test_the_anchor_is_fixed_by_the_first_import(company):
    company.take(users=[["userPrincipalName", "objectGUID"], [ANNA, GUID]])

    refusal = company.offer(users=[["userPrincipalName"], [ANNA]])

    assert isinstance(refusal, Refusal)
    assert refusal.code == "column-missing"
    assert "objectGUID" in refusal.message


def test_an_anchor_may_be_chosen(company):
    company.take(users=[["userPrincipalName", "employeeId"], [ANNA, "7"]], user_anchor="employeeId")

    summary = company.take(users=[["userPrincipalName", "employeeId"], [BO, "7"]])

    assert summary.users == Counts(updated=1)


def test_rows_without_a_name_column_update_those_who_are_there(company):
    company.take(users=[["userPrincipalName", "employeeId"], [ANNA, "7"]], user_anchor="employeeId")

    summary = company.take(users=[["employeeId", "city"], ["7", "Oslo"], ["8", "Oslo"]])

    assert summary.users == Counts(updated=1, refused=1)
    assert company.attribute(ANNA, "city") == "Oslo"


def test_a_deleted_user_whose_row_comes_again_is_restored(company):
    company.people(ANNA)
    with company.database.transaction() as connection:
        verbs.delete(connection, company.tenant, company.user(ANNA), now=company.now)

    assert company.people(ANNA).users == Counts(restored=1)
    assert company.user(ANNA).alive


def test_a_purged_user_whose_row_comes_again_is_somebody_new(company):
    company.people(ANNA)
    before = company.user(ANNA)
    with company.database.transaction() as connection:
        verbs.purge(connection, company.tenant, before, now=company.now)

    assert company.people(ANNA).users == Counts(created=1)
    assert company.user(ANNA).id != before.id


def test_groups_with_an_id_column_may_be_renamed(company):
    company.take(groups=[["id", "displayName"], ["7", "Sales"]])

    summary = company.take(groups=[["id", "displayName"], ["7", "Selling"]])

    assert summary.groups == Counts(updated=1)
    assert company.count("group") == 1


def test_a_file_that_is_not_there_is_refused_before_anything_is_written(company, tmp_path):
    company.take(users=[["userPrincipalName"], [ANNA]])
    order = CsvImport(users=tmp_path / "users.csv", groups=tmp_path / "absent.csv", source="other")

    refusal = import_csv(company.database, company.tenant, order, now=company.now)

    assert isinstance(refusal, Refusal)
    assert "absent.csv" in refusal.message
    assert company.database.reader().one("SELECT count(*) FROM source") == (1,)


def test_a_page_is_written_whole_or_not_at_all(company):
    company.people("first@fjord.example")
    with company.database.transaction() as connection:
        connection.execute(
            """CREATE TRIGGER full_disk BEFORE INSERT ON object WHEN NEW.name = 'user1500@fjord.example'
            BEGIN SELECT RAISE(ABORT, 'database or disk is full'); END"""
        )

    not_looked_over = Company(company.database, company.tenant, company.now, company.folder)
    with pytest.raises(sqlite3.Error, match="full"):
        not_looked_over.people(*(f"user{number}@fjord.example" for number in range(2_000)))

    assert company.count() == 1_001


def test_progress_is_told_after_every_page(company, tmp_path):
    (tmp_path / "u.csv").write_text("userPrincipalName\n" + "".join(f"u{number}@x\n" for number in range(2_500)))
    told = []

    import_csv(
        company.database, company.tenant, CsvImport(users=tmp_path / "u.csv"), now=company.now, report=told.append
    )

    assert [progress.rows for progress in told] == [1_000, 2_000, 2_500]
    assert told[-1].read_bytes == told[-1].size_bytes


def test_a_source_needs_a_name(company):
    assert company.offer([["userPrincipalName"], ["a@x"]], source=" ").code == "name-blank"


def test_a_file_that_is_not_there_is_looked_for_not_corrected(company):
    refusal = import_csv(
        company.database, company.tenant, CsvImport(users=company.folder / "absent.csv"), now=company.now
    )

    assert "cannot be read" in refusal.message
    assert "Correct" not in refusal.hint
