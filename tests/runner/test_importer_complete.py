"""A complete import: who is not in the files is deleted, within limits."""

import pytest

from provisor.directory.objects import Refusal
from provisor.runner.importing.import_source import CsvImport, import_csv
from provisor.runner.importing.summary import Counts
from provisor.storage import directory_verbs as verbs


def upns(count, start=0):
    return [f"user{number}@fjord.example" for number in range(start, count)]


def test_who_is_in_no_row_is_deleted_softly(company):
    company.people(*upns(10))

    summary = company.people(*upns(9), complete=True)

    assert summary.users == Counts(unchanged=9, deleted=1)
    assert verbs.find(company.database.reader(), company.tenant, "user", "user9@fjord.example", deleted=True).deleted_at


def test_without_complete_nobody_is_deleted(company):
    company.people(*upns(10))

    assert company.people(*upns(1)).users == Counts(unchanged=1)
    assert company.count() == 10


def test_only_objects_of_the_source_are_deleted(company):
    company.people("hand@fjord.example", source="other")
    company.people(*upns(3))

    company.people(*upns(2), complete=True)

    assert company.count() == 3


def test_only_kinds_whose_file_is_given_are_deleted(company):
    company.take(groups=[["displayName"], ["Sales"]])

    company.people(*upns(1), complete=True)

    assert company.count("group") == 1


def test_a_second_complete_import_changes_nothing(company):
    company.people(*upns(10))
    company.people(*upns(9), complete=True)
    change = company.change

    assert company.people(*upns(9), complete=True).users == Counts(unchanged=9)
    assert company.change == change


@pytest.mark.parametrize(
    ("before", "after", "deleted"),
    [(10, 5, 5), (10, 4, 0), (60, 54, 6), (59, 53, 0), (100, 90, 10), (100, 89, 0)],
    ids=["five", "six-of-few", "six-is-10-percent", "six-is-more", "10-percent", "11-percent"],
)
def test_more_than_10_percent_and_more_than_5_stop_it(company, before, after, deleted):
    company.people(*upns(before))

    summary = company.people(*upns(after), complete=True)

    assert summary.users.deleted == deleted
    assert company.count() == before - deleted
    assert (summary.stopped is None) == (deleted > 0)


def test_new_people_do_not_widen_the_bound(company):
    company.people(*upns(20))

    summary = company.people(*upns(14), *upns(200, start=100), complete=True)

    assert summary.stopped.code == "too-many-deletes"


@pytest.mark.parametrize(("allowed", "deleted"), [(9, 0), (10, 10), (11, 10)])
def test_so_many_may_be_allowed(company, allowed, deleted):
    company.people(*upns(20))

    assert company.people(*upns(10), complete=True, allow_deletes=allowed).users.deleted == deleted


def test_the_refusal_says_how_many_and_what_to_do(company):
    company.people(*upns(20))

    stopped = company.people(*upns(10), complete=True).stopped

    assert "10 of 20 users" in stopped.message
    assert "--allow-deletes 10" in stopped.hint


@pytest.mark.parametrize(
    "row",
    [["user0@fjord.example", "maybe"], ["user0@fjord.example"], ["x", "user0@fjord.example", "true"]],
    ids=["no-boolean", "too-few-cells", "cells-out-of-place"],
)
def test_whom_a_refused_row_names_counts_as_present(company, row):
    company.people(*upns(3))

    summary = company.take(
        users=[["userPrincipalName", "accountEnabled"], row, ["user1@fjord.example", "true"]], complete=True
    )

    assert summary.users == Counts(unchanged=1, deleted=1, refused=1)
    assert company.user("user0@fjord.example").alive


@pytest.mark.parametrize("line", [b"us\xffer0@fjord.example", b'"user0@fjord.example'], ids=["bytes", "quote"])
def test_a_row_that_may_be_about_anyone_stops_deleting(company, line):
    company.people(*upns(3))
    path = company.folder / "broken.csv"
    path.write_bytes(b"userPrincipalName\n" + line + b"\nuser1@fjord.example\n")

    order = CsvImport(users=path, complete=True)
    summary = import_csv(company.database, company.tenant, order, now=company.now)

    assert not isinstance(summary, Refusal)
    assert summary.stopped.code == "file-not-clean"
    assert summary.users == Counts(unchanged=1, refused=1)
    assert company.count() == 3


SALES = {"users": [["userPrincipalName"], ["a@x"], ["b@x"]], "groups": [["displayName"], ["Sales"]]}
NAMED = ["group", "member"]


def test_memberships_in_no_row_end(company):
    company.take(**SALES, members=[NAMED, ["Sales", "a@x"], ["Sales", "b@x"]])

    summary = company.take(**SALES, members=[NAMED, ["Sales", "a@x"]], complete=True)

    assert summary.memberships == Counts(unchanged=1, deleted=1)
    assert company.members("Sales") == {"a@x"}


def test_memberships_of_other_sources_groups_stay(company):
    company.take(**SALES, members=[NAMED, ["Sales", "a@x"]], source="other")

    company.take(groups=[["displayName"], ["Board"]], members=[NAMED], complete=True)

    assert company.members("Sales") == {"a@x"}


def test_a_membership_refused_for_its_cells_counts_as_present(company):
    company.take(**SALES, members=[NAMED, ["Sales", "a@x"], ["Sales", "b@x"]])

    company.take(**SALES, members=[NAMED, ["Sales", "a@x", ""]], complete=True)

    assert company.members("Sales") == {"a@x", "b@x"}


def test_who_leaves_keeps_memberships_for_a_restore(company):
    company.take(**SALES, members=[NAMED, ["Sales", "a@x"], ["Sales", "b@x"]])
    company.take(
        users=[["userPrincipalName"], ["a@x"]],
        groups=SALES["groups"],
        members=[NAMED, ["Sales", "a@x"]],
        complete=True,
    )

    company.people("b@x")

    assert company.members("Sales") == {"a@x", "b@x"}


GUID = "11111111-2222-3333-4444-55555555555{}".format
WITH_GUIDS = ["objectGUID", "userPrincipalName", "manager"]


class TestRehired:
    """Someone who left comes back under a new GUID and the old userPrincipalName."""

    @staticmethod
    def files(*rows):
        return {
            "users": [WITH_GUIDS, *rows, [GUID(9), "bo@x", "anna@x"]],
            "groups": SALES["groups"],
            "members": [NAMED, ["Sales", "anna@x"]],
        }

    def test_is_a_new_person_in_the_import_that_deletes_the_old_one(self, company):
        company.take(**self.files([GUID(1), "anna@x", ""]))
        before = company.user("anna@x").id

        summary = company.take(**self.files([GUID(2), "Anna@x", ""]), complete=True)

        assert summary.refused == []
        assert (summary.users.created, summary.users.deleted) == (1, 1)
        assert company.user("anna@x").id != before

    def test_has_the_memberships_and_the_reports_that_the_files_say(self, company):
        company.take(**self.files([GUID(1), "anna@x", ""]))

        company.take(**self.files([GUID(2), "Anna@x", ""]), complete=True)

        assert company.members("Sales") == {"Anna@x"}
        assert company.manager("bo@x") == "Anna@x"

    def test_changes_nothing_when_imported_again(self, company):
        company.take(**self.files([GUID(1), "anna@x", ""]))
        company.take(**self.files([GUID(2), "anna@x", ""]), complete=True)
        change = company.change

        summary = company.take(**self.files([GUID(2), "anna@x", ""]), complete=True)

        assert summary.users == Counts(unchanged=2)
        assert company.change == change

    def test_may_have_a_name_by_a_chain_of_renames(self, company):
        company.take(**self.files([GUID(1), "anna@x", ""], [GUID(2), "cy@x", ""]))

        summary = company.take(**self.files([GUID(3), "cy@x", ""], [GUID(2), "anna@x", ""]), complete=True)

        assert summary.refused == []
        assert (summary.users.created, summary.users.updated, summary.users.deleted) == (1, 2, 1)

    def test_waits_without_complete(self, company):
        company.take(**self.files([GUID(1), "anna@x", ""]))

        summary = company.take(**self.files([GUID(2), "anna@x", ""]))

        assert [(note.file, note.row) for note in summary.refused] == [("users.csv", 2), ("members.csv", 2)]

    def test_waits_while_the_files_may_delete_nobody(self, company):
        company.take(**self.files([GUID(1), "anna@x", ""]))
        files = {name: company.written(name, table) for name, table in self.files([GUID(2), "anna@x", ""]).items()}
        files["members"].write_text('group,member\nSales,"anna@x\n')

        summary = import_csv(company.database, company.tenant, CsvImport(**files, complete=True), now=company.now)

        assert summary.stopped.code == "file-not-clean"
        assert summary.users.deleted == 0

    def test_waits_while_too_many_would_go(self, company):
        leaving = [[GUID(number), f"p{number}@x", ""] for number in range(2, 8)]
        company.take(**self.files([GUID(1), "anna@x", ""], *leaving))

        summary = company.take(**self.files([GUID("a"), "anna@x", ""]), complete=True)

        assert summary.stopped.code == "too-many-deletes"
        assert summary.users.deleted == 0


NOTHING_USABLE = {
    "header-only": b"",
    "blank-lines": b"\n\r\n\n",
    "cut-in-a-row": b"user0@fjord.ex",
    "only-refused-rows": b"nobody,nothing,too-many\n,\n",
}
# file: how many of its kind there are, its header, and how many may go with --allow-deletes
EMPTIED = {
    "users": (3, b"userPrincipalName,displayName\n", "user"),
    "groups": (1, b"displayName,description\n", "group"),
    "members": (2, b"group,member\n", "membership"),
}


@pytest.fixture
def small(company):
    company.take(
        users=[["userPrincipalName"], *([f"user{number}@fjord.example"] for number in range(3))],
        groups=[["displayName"], ["Sales"]],
        members=[NAMED, ["Sales", "user0@fjord.example"], ["Sales", "user1@fjord.example"]],
    )
    return company


def offered(company, file, content, **order):
    path = company.folder / f"{file}.csv"
    path.write_bytes(content)
    return import_csv(company.database, company.tenant, CsvImport(**{file: path}, **order), now=company.now)


@pytest.mark.parametrize("rows", NOTHING_USABLE.values(), ids=NOTHING_USABLE.keys())
@pytest.mark.parametrize("file", EMPTIED)
def test_a_file_without_a_usable_row_empties_nothing(small, file, rows):
    before = (small.count("user"), small.count("group"), small.members("Sales"))

    summary = offered(small, file, EMPTIED[file][1] + rows, complete=True)

    assert summary.stopped.code in ("file-empty", "file-not-clean")
    assert (small.count("user"), small.count("group"), small.members("Sales")) == before
    assert summary.users.deleted == summary.groups.deleted == summary.memberships.deleted == 0


@pytest.mark.parametrize("file", EMPTIED)
def test_what_may_go_for_good_is_said_and_may_be_allowed(small, file):
    number, header, _ = EMPTIED[file]
    stopped = offered(small, file, header, complete=True).stopped

    summary = offered(small, file, header, complete=True, allow_deletes=number)

    assert f"--allow-deletes {number}." in stopped.hint
    assert summary.stopped is None
    assert summary.users.deleted + summary.groups.deleted + summary.memberships.deleted == number


@pytest.mark.parametrize("file", EMPTIED)
def test_a_file_without_a_row_for_a_source_without_anything_is_no_fault(company, file):
    assert offered(company, file, EMPTIED[file][1], complete=True).stopped is None


def test_an_empty_file_of_memberships_keeps_people_too(small):
    people = [["userPrincipalName"], ["user0@fjord.example"], ["user1@fjord.example"]]

    summary = small.take(users=people, members=[NAMED], complete=True)

    assert summary.stopped.code == "file-empty"
    assert small.count() == 3
    assert small.members("Sales") == {"user0@fjord.example", "user1@fjord.example"}


def test_a_row_cut_off_at_the_end_of_a_file_stops_deleting(small):
    summary = offered(small, "users", b"userPrincipalName,displayName\nuser1@fjord.example,B\nuser0@fj", complete=True)

    assert summary.stopped.code == "file-not-clean"
    assert "ends in the middle of the row" in summary.stopped.message
    assert small.count() == 3


def test_a_last_row_without_a_line_break_is_a_row(small):
    summary = offered(small, "users", b"userPrincipalName,displayName\nuser0@fjord.example,A", complete=True)

    assert summary.users == Counts(updated=1, deleted=2)


@pytest.mark.parametrize(("kept", "removed"), [(18, 2), (17, 0)], ids=["a-tenth", "more"])
def test_more_than_a_tenth_of_the_memberships_stop_it(company, kept, removed):
    everybody = [f"user{number}@fjord.example" for number in range(20)]
    tables = {"users": [["userPrincipalName"], *([name] for name in everybody)], "groups": [["displayName"], *(
        [f"group{number}"] for number in range(3))]}  # fmt: skip
    edges = [[f"group{number}", name] for number in range(3) for name in everybody]
    company.take(**tables, members=[NAMED, *edges])

    summary = company.take(**tables, members=[NAMED, *edges[: kept * 3]], complete=True)

    assert (summary.stopped is None) == (removed > 0)
    assert summary.memberships.deleted == removed * 3


def test_memberships_of_those_who_leave_do_not_count(company):
    everybody = [f"user{number}@fjord.example" for number in range(20)]
    tables = {"users": [["userPrincipalName"], *([name] for name in everybody)], "groups": [["displayName"], ["All"]]}
    company.take(**tables, members=[NAMED, *(["All", name] for name in everybody)])
    stay = everybody[:12]

    summary = company.take(
        users=[["userPrincipalName"], *([name] for name in stay)],
        groups=[["displayName"], ["All"]],
        members=[NAMED, *(["All", name] for name in stay)],
        complete=True,
        allow_deletes=8,
    )

    assert summary.stopped is None
    assert (summary.users.deleted, summary.memberships.deleted) == (8, 0)


@pytest.mark.parametrize("name", ["user0\u200b@fjord.example", "user0@fjord.example ", "\ufeffuser0@fjord.example"])
def test_who_is_named_with_something_unseen_counts_as_present(company, name):
    company.people(*upns(3))

    summary = company.people(name, *upns(3, start=1), complete=True)

    assert (summary.users.refused, summary.users.deleted) == (1, 0)
    assert company.user("user0@fjord.example").alive


@pytest.mark.parametrize(
    ("group", "member"), [("Sales", "user0@fjord.example\u200b"), ("Sal\u00ades", "user0@fjord.example")]
)
def test_a_membership_that_is_named_with_something_unseen_does_not_end(company, group, member):
    company.take(
        users=[["userPrincipalName"], ["user0@fjord.example"], ["user1@fjord.example"]],
        groups=[["displayName"], ["Sales"]],
        members=[["group", "member"], ["Sales", "user0@fjord.example"], ["Sales", "user1@fjord.example"]],
    )

    company.take(members=[["group", "member"], [group, member], ["Sales", "user1@fjord.example"]], complete=True)

    assert company.members("Sales") == {"user0@fjord.example", "user1@fjord.example"}


def test_who_had_a_name_of_before_the_rule_can_still_be_disabled(company):
    guid = "8f1d2c3b-4a59-6877-8695-a4b3c2d1e0f0"
    company.take(users=[["userPrincipalName", "objectGUID"], ["user~@fjord.example", guid]])
    with company.database.transaction() as connection:
        for column in ("name", "folded_name", "attributes"):
            connection.execute(f"UPDATE object SET {column} = replace({column}, '~', ?)", ("\u200b",))
    name = "user\u200b@fjord.example"

    summary = company.take(users=[["userPrincipalName", "objectGUID", "accountEnabled"], [name, guid, "false"]])

    assert summary.refused == []
    assert not company.user(name).enabled
