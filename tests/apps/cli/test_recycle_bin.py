"""What is told of those who are in the recycle bin, and of those who come out of it again."""

import json
from datetime import UTC, datetime, timedelta

import pytest

PEOPLE = "userPrincipalName,displayName\nanna@x.example,Anna\n"
GROUPS = "displayName\nSales\n"
OF_FILES = [("user", "anna@x.example"), ("group", "Sales")]


@pytest.fixture
def files(tmp_path, provisor):
    (tmp_path / "users.csv").write_text(PEOPLE, encoding="utf-8")
    (tmp_path / "groups.csv").write_text(GROUPS, encoding="utf-8")
    found = ["--users", tmp_path / "users.csv", "--groups", tmp_path / "groups.csv", "--source", "hr"]
    assert provisor("import", "csv", *found).code == 0
    return found


@pytest.mark.parametrize(("noun", "name"), OF_FILES)
def test_deleting_what_came_from_a_file_says_that_the_next_import_restores_it(provisor, files, noun, name):
    answered = provisor(noun, "delete", name)

    assert f"the files of the source hr: the next import of one that still has {name} restores it" in answered.out


@pytest.mark.parametrize("noun", ["user", "group"])
def test_deleting_what_was_made_by_hand_says_nothing_of_imports(provisor, noun):
    provisor(noun, "create", "userPrincipalName=bo@x" if noun == "user" else "displayName=bo@x")

    assert len(provisor(noun, "delete", "bo@x").out.splitlines()) == 1


@pytest.mark.parametrize("noun", ["user", "group"])
def test_the_help_of_delete_says_that_an_import_restores(provisor, noun):
    assert "import restores it too" in " ".join(provisor(noun, "delete", "--help").out.split())


@pytest.mark.parametrize("more", [[], ["--dry-run"]], ids=["run", "dry-run"])
@pytest.mark.parametrize(("noun", "name"), OF_FILES)
def test_an_import_tells_whom_it_restores(provisor, files, noun, name, more):
    provisor(noun, "delete", name)

    answered = provisor("import", "csv", *files, *more)

    assert f"Restored {noun}s.csv, row 2: {name}, deleted on {datetime.now(UTC):%Y-}" in answered.out


def test_an_import_tells_other_programs_whom_it_restores(provisor, files):
    provisor("user", "delete", "anna@x.example")

    told = json.loads(provisor("import", "csv", *files, "--json").out)

    assert (told["users"]["restored"], told["users"]["updated"]) == (1, 0)
    assert [note["row"] for note in told["restored"]] == [2]


@pytest.mark.parametrize(("noun", "name"), OF_FILES)
def test_one_in_the_recycle_bin_is_shown_with_how_long_it_can_be_restored(provisor, files, noun, name):
    provisor(noun, "delete", name)

    shown = provisor(noun, "show", name, "--deleted").out

    day = datetime.now(UTC) + timedelta(days=30)
    assert f"in the recycle bin; can be restored until {day:%Y-%m-%d}" in shown


@pytest.mark.parametrize("verb", ["show", "set", "delete"])
@pytest.mark.parametrize(("noun", "name"), OF_FILES)
def test_whom_nobody_finds_because_it_is_in_the_recycle_bin_is_told_so(provisor, files, noun, name, verb):
    provisor(noun, "delete", name)

    answered = provisor(
        noun, verb, name, *(["description=x" if noun == "group" else "city=x"] if verb == "set" else [])
    )

    day = datetime.now(UTC) + timedelta(days=30)
    assert answered.code == 1
    assert f"{name} was deleted and is in the recycle bin until {day:%Y-%m-%d}: " in answered.err
    assert f"provisor {noun} restore" in answered.err


def test_one_in_the_recycle_bin_is_found_by_its_id_too(provisor, files):
    key = json.loads(provisor("user", "show", "anna@x.example", "--json").out)["id"]
    provisor("user", "delete", key)

    assert "is in the recycle bin until" in provisor("user", "show", key).err
