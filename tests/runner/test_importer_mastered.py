"""Files about people and groups that a connected source has, too: what it masters stays, the rest is taken."""

import pytest

from provisor.directory.objects import Refusal
from provisor.runner.importing.summary import Counts
from provisor.storage import directory_verbs as verbs
from support.mastered import FedObjects

PEOPLE = [["userPrincipalName", "department", "city"], ["anna@x", "Sales", "Oslo"], ["bo@x", "Sales", "Oslo"]]


@pytest.fixture
def fed(company):
    """Anna, whose department is said by a source."""
    company.take(users=PEOPLE)
    made = FedObjects(company.database, company.tenant, company.now)
    made.connect("AD")
    made.feed("AD", company.user("anna@x"), {"userPrincipalName": "anna@x", "department": "Sales"})
    return made


def notes(summary):
    return [(one.row, one.reason) for one in summary.warnings]


def test_a_row_changes_what_no_source_has_and_says_what_stays(company, fed):
    summary = company.take(users=[PEOPLE[0], ["anna@x", "Research", "Bergen"], PEOPLE[2]])

    assert (company.attribute("anna@x", "department"), company.attribute("anna@x", "city")) == ("Sales", "Bergen")
    assert notes(summary) == [(2, "what the source AD says of department stays; the row is imported without")]
    assert summary.users == Counts(updated=1, unchanged=1)


def test_a_row_that_says_the_same_says_nothing_of_it(company, fed):
    summary = company.take(users=PEOPLE)

    assert notes(summary) == []
    assert summary.users == Counts(unchanged=2)


def test_an_empty_cell_clears_nothing_that_a_source_has(company, fed):
    company.take(users=[PEOPLE[0], ["anna@x", "", ""], PEOPLE[2]])

    assert (company.attribute("anna@x", "department"), company.attribute("anna@x", "city")) == ("Sales", None)


def test_a_name_that_a_source_has_stays_and_is_free_for_nobody(company):
    header = ["objectGUID", "userPrincipalName"]
    rows = [["6f9619ff-8b86-d011-b42d-00c04fc964ff", "anna@x"], ["6f9619ff-8b86-d011-b42d-00c04fc964aa", "bo@x"]]
    company.take(users=[header, *rows])
    made = FedObjects(company.database, company.tenant, company.now)
    made.connect("AD")
    made.feed("AD", company.user("anna@x"), {"userPrincipalName": "anna@x"})

    summary = company.take(users=[header, [rows[0][0], "eve@x"], [rows[1][0], "anna@x"]])

    assert company.user("anna@x").attributes["userPrincipalName"] == "anna@x"
    [refused] = summary.refused
    assert refused.row == 3
    assert refused.reason.endswith(", whom the source AD has")


@pytest.mark.parametrize("cell", ["bo@x", ""])
def test_a_manager_that_a_source_has_stays(company, fed, cell):
    with company.database.transaction() as connection:
        carl = verbs.create(connection, company.tenant, "user", {"userPrincipalName": "carl@x"}, now=company.now)
        verbs.set_manager(connection, company.tenant, company.user("anna@x"), carl.id)

    summary = company.take(users=[["userPrincipalName", "manager"], ["anna@x", cell], ["bo@x", ""]])

    assert company.manager("anna@x") == "carl@x"
    assert notes(summary) == [(2, "what the source AD says of manager stays; the row is imported without")]


def test_who_is_in_no_row_is_not_deleted_while_a_source_has_them(company, fed):
    summary = company.take(users=PEOPLE[:1] + PEOPLE[2:], complete=True)

    assert summary.users.deleted == 0
    assert company.user("anna@x").alive


def test_those_whom_a_source_has_do_not_raise_what_may_be_deleted(company):
    names = [f"u{number}@x" for number in range(70)]
    company.people(*names)
    made = FedObjects(company.database, company.tenant, company.now)
    made.connect("AD")
    for name in names[:60]:
        made.feed("AD", company.user(name), {"userPrincipalName": name})

    summary = company.people(*names[:63], complete=True)

    assert summary.stopped.code == "too-many-deletes"
    assert "7 of 10 users" in summary.stopped.message


def test_a_file_brings_nobody_back_whom_a_source_deleted(company):
    company.take(users=PEOPLE)
    anna = company.user("anna@x")
    made = FedObjects(company.database, company.tenant, company.now)
    made.connect("AD")
    made.feed("AD", anna, {"userPrincipalName": "anna@x"}, presence="gone")
    with company.database.transaction() as connection:
        verbs.delete(connection, company.tenant, anna, now=company.now)

    summary = company.take(users=PEOPLE)

    assert summary.users == Counts(unchanged=1, refused=1)
    [refused] = summary.refused
    assert "was deleted by the source AD" in refused.reason
    assert isinstance(verbs.find(company.database.reader(), company.tenant, "user", "anna@x"), Refusal)


@pytest.fixture
def staff(company):
    """A group whose members a source has: Anna."""
    company.people("anna@x", "bo@x")
    company.take(groups=[["displayName"], ["Staff"]], members=[["group", "member"], ["Staff", "anna@x"]])
    made = FedObjects(company.database, company.tenant, company.now)
    made.connect("AD")
    made.feed("AD", company.group("Staff"), {"displayName": "Staff"})
    return made


def test_nobody_comes_into_a_group_whose_members_a_source_has(company, staff):
    summary = company.take(members=[["group", "member"], ["Staff", "anna@x"], ["Staff", "bo@x"]])

    assert company.members("Staff") == {"anna@x"}
    assert summary.memberships == Counts(unchanged=1, refused=1)
    [refused] = summary.refused
    assert (refused.row, "source AD" in refused.reason) == (3, True)


def test_nobody_leaves_a_group_that_a_source_has(company, staff):
    company.take(groups=[["displayName"], ["Others"]])

    summary = company.take(members=[["group", "member"], ["Others", "bo@x"]], complete=True)

    assert company.members("Staff") == {"anna@x"}
    assert summary.memberships.deleted == 0


def test_files_of_a_connected_source_are_read_by_it_alone(company):
    FedObjects(company.database, company.tenant, company.now).connect("HR", "csv")

    refusal = company.offer(users=PEOPLE, source="HR")

    assert refusal.code == "source-not-csv"
    assert "provisor source run" in refusal.hint
