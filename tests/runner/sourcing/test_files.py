"""CSV files into the directory on a schedule: who comes, who left, and files that are not whole remove nobody."""

import pytest

from provisor.connectors.csv_source import CsvSource
from provisor.rules.source_settings import CsvSettings
from provisor.runner.sourcing.run_source import SourceOrder, run_source
from provisor.storage import connected_sources

PEOPLE = ("anna", "ben", "cleo")


class Files:
    """The files of a source, and its runs."""

    def __init__(self, mirror, folder):
        self.mirror = mirror
        self.folder = folder
        self.settings = CsvSettings(
            users=str(folder / "users.csv"), groups=str(folder / "groups.csv"), members=str(folder / "members.csv")
        )
        self.write(
            "users", "userPrincipalName,accountEnabled,manager\n" + "".join(f"{one}@x.com,,\n" for one in PEOPLE)
        )
        self.write("groups", "displayName\nSales\n")
        self.write("members", "group,member\n" + "".join(f"Sales,{one}@x.com\n" for one in PEOPLE))
        with mirror.database.transaction() as connection:
            self.source = connected_sources.add(
                connection, mirror.tenant, "files", self.settings, precedence=100, interval_seconds=60,
                staging=False, deletion_threshold=500, now=mirror.now(),
            ).id  # fmt: skip

    def write(self, name, text):
        """Write a file anew, as another one."""
        (self.folder / f"{name}.new").write_text(text)
        (self.folder / f"{name}.new").replace(self.folder / f"{name}.csv")

    def run(self):
        """One run of the source."""
        order = SourceOrder(source=self.source)
        mirror = self.mirror
        return run_source(mirror.database, mirror.tenant, order, CsvSource(self.settings), now=mirror.now)


@pytest.fixture
def files(mirror, tmp_path):
    """Files that were taken over once."""
    files = Files(mirror, tmp_path)
    assert files.run().state == "succeeded"
    return files


def test_people_groups_and_members_come(files, mirror):
    assert mirror.alive().keys() == set(PEOPLE)
    assert mirror.members("Sales") == set(PEOPLE)


def test_a_run_over_the_same_files_changes_nothing(files, mirror):
    before = mirror.everything()

    files.run()

    assert mirror.everything() == before


def test_who_is_in_no_row_any_more_leaves(files, mirror):
    files.write("users", "userPrincipalName,manager\nanna@x.com,ben@x.com\nben@x.com,\n")

    files.run()

    assert (mirror.deleted(), mirror.manager("anna")) == ({"cleo"}, "ben")


def test_who_is_in_no_row_of_a_group_any_more_leaves_it(files, mirror):
    files.write("members", "group,member\nSales,ANNA@x.com\n")

    files.run()

    assert mirror.members("Sales") == {"anna"}


def test_who_is_disabled_in_the_file_is_disabled(files, mirror):
    files.write("users", "userPrincipalName,accountEnabled\nanna@x.com,false\nben@x.com,\ncleo@x.com,\n")

    files.run()

    assert not mirror.alive()["anna"].enabled


@pytest.mark.parametrize("name", ["users", "groups", "members"])
@pytest.mark.parametrize(
    "text", ["", "userPrincipalName\n", "displayName\n", "group,member\n", "nonsense", "a,b\n1,2\n"]
)
def test_a_file_that_is_empty_or_another_one_changes_nothing(files, mirror, name, text):
    before = mirror.everything()
    files.write(name, text)

    run = files.run()

    assert (run.state, mirror.everything()) == ("failed", before)


def test_a_file_that_vanished_changes_nothing(files, mirror, tmp_path):
    before = mirror.everything()
    (tmp_path / "users.csv").unlink()

    assert (files.run().state, mirror.everything()) == ("failed", before)


@pytest.mark.parametrize("torn", ['"ben@x.com\n', "ben@x.com\n", "ben@x.com,,,,\n"])
def test_while_a_row_may_be_about_anybody_nobody_leaves(files, mirror, torn):
    files.write("users", f"userPrincipalName,accountEnabled,manager\nanna@x.com,,\n{torn}")

    files.run()

    assert mirror.alive().keys() == set(PEOPLE)
    assert mirror.members("Sales") == set(PEOPLE)


def test_a_row_that_is_refused_keeps_whom_it_is_about(files, mirror):
    files.write("users", "userPrincipalName,accountEnabled\nanna@x.com,maybe\nben@x.com,\n")

    files.run()

    assert (mirror.alive().keys(), mirror.members("Sales")) == ({"anna", "ben"}, {"anna", "ben"})
