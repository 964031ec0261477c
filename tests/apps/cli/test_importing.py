"""`provisor import csv`: its report, its exit codes, its dry run."""

import json

import pytest

HEADER = "userPrincipalName,displayName\n"


@pytest.fixture
def users(tmp_path):
    path = tmp_path / "users.csv"
    path.write_text(HEADER + "anna@x.example,Anna\n")
    return path


def test_refused_rows_end_with_3_and_the_others_are_imported(users, provisor):
    users.write_text(HEADER + ",nobody\nanna@x.example,Anna\n")

    answered = provisor("import", "csv", "--users", users)

    assert answered.code == 3
    assert provisor("user", "show", "anna@x.example").code == 0


def test_a_clean_file_ends_with_0(users, provisor):
    assert provisor("import", "csv", "--users", users).code == 0


def test_what_was_not_deleted_ends_with_1_although_rows_were_refused(users, provisor):
    provisor("import", "csv", "--users", users)
    users.write_text(HEADER + ",nobody\n")

    assert provisor("import", "csv", "--users", users, "--complete").code == 1


def test_a_dry_run_prints_the_same_report_and_writes_nothing(users, provisor):
    rehearsed = provisor("import", "csv", "--users", users, "--dry-run")
    listed = provisor("user", "list").out
    meant = provisor("import", "csv", "--users", users)

    assert rehearsed.out == f"{meant.out}Nothing was written: this was a dry run.\n"
    assert "There are none" in listed


def test_a_dry_run_of_refused_rows_ends_with_3(users, provisor):
    users.write_text(HEADER + ",nobody\n")

    assert provisor("import", "csv", "--users", users, "--dry-run").code == 3


def test_a_dry_run_says_so_in_json(users, provisor):
    assert json.loads(provisor("import", "csv", "--users", users, "--dry-run", "--json").out)["dry_run"] is True


def test_people_given_as_groups_are_refused(users, provisor):
    answered = provisor("import", "csv", "--groups", users)

    assert answered.code == 1
    assert "looks like people" in answered.err
    assert "There are none" in provisor("group", "list").out


def test_a_group_without_a_file_of_its_members_is_wrong_usage(users, provisor):
    assert provisor("import", "csv", "--users", users, "--members-of", "Sales").code == 2


@pytest.mark.parametrize(("name", "attribute"), [("mobile", "mobilePhone"), ("sn", "surname"), ("l", "city")])
def test_an_attribute_is_set_under_any_of_its_names(users, provisor, name, attribute):
    provisor("import", "csv", "--users", users)

    changed = json.loads(provisor("user", "set", "anna@x.example", f"{name}=here", "--json").out)

    assert changed[attribute] == "here"


def test_an_attribute_set_under_two_names_is_refused(users, provisor):
    provisor("import", "csv", "--users", users)

    answered = provisor("user", "set", "anna@x.example", "mobile=1", "mobilePhone=2")

    assert answered.code == 1
    assert "mobilePhone was given twice" in answered.err
