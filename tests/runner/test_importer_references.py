"""Managers and members in import files, in whatever order they come."""

import pytest

from provisor.runner.importing.summary import Counts
from provisor.storage import directory_verbs as verbs
from provisor.storage import members

ANNA, BO, CIA = "anna@fjord.example", "bo@fjord.example", "cia@fjord.example"
GUID = "8f1d2c3b-4a59-6877-8695-a4b3c2d1e0f0"
HEADER = ["userPrincipalName", "manager"]
NAMED = ["group", "member"]


def reasons(summary):
    return [(note.file, note.row, note.reason) for note in summary.refused]


def test_a_manager_may_stand_below_those_he_manages(company):
    company.take(users=[HEADER, [ANNA, BO], [BO, ""]])

    assert company.manager(ANNA) == BO


def test_managers_may_form_a_circle(company):
    company.take(users=[HEADER, [ANNA, BO], [BO, CIA], [CIA, ANNA]])

    assert [company.manager(upn) for upn in (ANNA, BO, CIA)] == [BO, CIA, ANNA]


def test_a_manager_is_found_in_another_case(company):
    company.take(users=[HEADER, [ANNA, BO.upper()], [BO, ""]])

    assert company.manager(ANNA) == BO


@pytest.mark.parametrize("spelling", [GUID, "{" + GUID.upper() + "}", "Oywdj1lKd2iGlaSzwtHg8A=="])
def test_a_manager_is_found_by_anchor(company, spelling):
    company.take(users=[["userPrincipalName", "manager", "objectGUID"], [ANNA, spelling, "f" * 32], [BO, "", GUID]])

    assert company.manager(ANNA) == BO


def test_a_manager_nobody_knows_is_reported_and_the_row_imported(company):
    summary = company.take(users=[HEADER, [ANNA, "ghost@fjord.example"]])

    assert summary.users == Counts(created=1)
    assert [(note.file, note.row) for note in summary.warnings] == [("users.csv", 2)]
    assert "ghost@fjord.example" in summary.warnings[0].reason


def test_a_manager_who_comes_later_heals_it(company):
    company.take(users=[HEADER, [ANNA, BO]])

    summary = company.take(users=[HEADER, [ANNA, BO], [BO, ""]])

    assert company.manager(ANNA) == BO
    assert summary.users == Counts(created=1, updated=1)
    assert summary.warnings == []


def test_importing_managers_again_changes_nothing(company):
    table = [HEADER, [ANNA, BO], [BO, ANNA]]
    company.take(users=table)
    change = company.change

    assert company.take(users=table).users == Counts(unchanged=2)
    assert company.change == change


def test_an_empty_cell_takes_the_manager_away(company):
    company.take(users=[HEADER, [ANNA, BO], [BO, ""]])

    assert company.take(users=[HEADER, [ANNA, ""]]).users == Counts(updated=1)
    assert company.manager(ANNA) is None


def test_without_the_column_the_manager_stays(company):
    company.take(users=[HEADER, [ANNA, BO], [BO, ""]])

    company.people(ANNA)

    assert company.manager(ANNA) == BO


def test_members_are_found_exactly_or_in_another_case(company):
    company.take(
        users=[["userPrincipalName"], [ANNA], [BO]],
        groups=[["displayName"], ["Sales"]],
        members=[NAMED, ["Sales", ANNA], ["SALES", BO.upper()]],
    )

    assert company.members("Sales") == {ANNA, BO}


@pytest.mark.parametrize(
    ("row", "words"),
    [
        (["Sales", "ghost@fjord.example"], "no user and no group ghost@fjord.example"),
        (["Ghosts", ANNA], "no group Ghosts"),
        (["", ANNA], "group is empty"),
        (["Sales", " "], "member is empty"),
        (["Sales"], "1 cells"),
    ],
    ids=["no-user", "no-group", "empty-group", "blank-member", "cells"],
)
def test_a_membership_that_cannot_be_is_refused_and_the_others_are_not(company, row, words):
    summary = company.take(
        users=[["userPrincipalName"], [ANNA]],
        groups=[["displayName"], ["Sales"]],
        members=[NAMED, row, ["Sales", ANNA]],
    )

    assert [(file, number) for file, number, _ in reasons(summary)] == [("members.csv", 2)]
    assert words in summary.refused[0].reason
    assert company.members("Sales") == {ANNA}


def test_a_membership_given_twice_is_refused_naming_the_first_row(company):
    summary = company.take(
        users=[["userPrincipalName"], [ANNA]],
        groups=[["displayName"], ["Sales"]],
        members=[NAMED, ["Sales", ANNA], ["sales", ANNA.upper()]],
    )

    assert summary.memberships == Counts(created=1, refused=1)
    assert "row 2" in summary.refused[0].reason


def test_a_group_name_means_the_group_of_the_own_source_first(company):
    company.take(groups=[["displayName"], ["Sales"]], source="other")

    summary = company.take(
        users=[["userPrincipalName"], [ANNA]], groups=[["displayName"], ["Sales"]], members=[NAMED, ["Sales", ANNA]]
    )

    assert summary.refused == []


def test_a_group_name_of_two_other_sources_is_refused(company):
    for source in ("first", "second"):
        company.take(groups=[["displayName"], ["Sales"]], source=source)

    summary = company.take(users=[["userPrincipalName"], [ANNA]], members=[NAMED, ["Sales", ANNA]])

    assert "2 groups are called Sales" in summary.refused[0].reason


def test_a_removed_membership_comes_back_with_its_row(company):
    tables = {
        "users": [["userPrincipalName"], [ANNA]],
        "groups": [["displayName"], ["Sales"]],
        "members": [NAMED, ["Sales", ANNA]],
    }
    company.take(**tables)
    company.take(**(tables | {"members": [NAMED]}), complete=True, allow_deletes=1)

    assert company.members("Sales") == set()
    assert company.take(**tables).memberships == Counts(created=1)


def test_a_deleted_person_is_no_member_to_be_found(company):
    company.people(ANNA)
    with company.database.transaction() as connection:
        verbs.delete(connection, company.tenant, company.user(ANNA), now=company.now)

    summary = company.take(groups=[["displayName"], ["Sales"]], members=[NAMED, ["Sales", ANNA]])

    assert summary.memberships == Counts(refused=1)


# A name in a refused row of the same import means that row, not whoever has the name


def of_another_source(company):
    """The row is about somebody new."""
    company.take(users=[["userPrincipalName", "objectGUID"], [ANNA, "a" * 32]], source="other")


def of_the_own_source(company):
    """The row is about somebody new; whose name it is stands in no row."""
    company.take(users=[["userPrincipalName", "objectGUID"], [ANNA, "a" * 32]])


def of_another_than_the_renamed(company):
    """The row is about somebody who is there under another name."""
    of_another_source(company)
    company.take(users=[["userPrincipalName", "objectGUID"], ["former@fjord.example", GUID]])


by_holder = pytest.mark.parametrize(
    "held", [of_another_source, of_the_own_source, of_another_than_the_renamed], ids=lambda held: held.__name__
)
REFUSED_ANNA = [["userPrincipalName", "objectGUID", "manager"], [ANNA, GUID, ""], [BO, "b" * 32, ANNA.upper()]]


@by_holder
@pytest.mark.parametrize("spelling", [ANNA, ANNA.upper()])
def test_the_membership_of_a_refused_person_goes_to_nobody_else(company, held, spelling):
    held(company)

    summary = company.take(
        users=REFUSED_ANNA, groups=[["displayName"], ["Sales"]], members=[NAMED, ["Sales", spelling], ["Sales", BO]]
    )

    assert [(file, row) for file, row, _ in reasons(summary)] == [("users.csv", 2), ("members.csv", 2)]
    assert f"the user {spelling} means row 2 of the users file, which was refused" in summary.refused[1].reason
    assert company.members("Sales") == {BO}


@by_holder
def test_a_refused_person_is_nobodys_manager_under_the_name_of_another(company, held):
    held(company)

    summary = company.take(users=REFUSED_ANNA)

    assert company.manager(BO) is None
    assert [(note.file, note.row) for note in summary.warnings] == [("users.csv", 3)]
    assert f"the manager {ANNA.upper()} means row 2 of the users file, which was refused" in summary.warnings[0].reason


def test_a_refused_person_is_still_a_manager_by_anchor(company):
    of_another_than_the_renamed(company)

    company.take(users=[REFUSED_ANNA[0], [ANNA, GUID, ""], [BO, "b" * 32, GUID]])

    assert company.manager(BO) == "former@fjord.example"


def test_a_membership_of_a_refused_group_goes_to_no_other(company):
    company.take(groups=[["id", "displayName"], ["1", "Sales"]])

    summary = company.take(
        users=[["userPrincipalName"], [ANNA]],
        groups=[["id", "displayName"], ["2", "Sales"]],
        members=[NAMED, ["Sales", ANNA]],
    )

    assert [(file, row) for file, row, _ in reasons(summary)] == [("groups.csv", 2), ("members.csv", 2)]
    assert company.members("Sales") == set()


def test_a_complete_import_ends_no_membership_that_a_refused_person_may_have(company):
    of_another_than_the_renamed(company)
    known = {"groups": [["displayName"], ["Sales"]]}
    company.take(**known, members=[NAMED, ["Sales", "former@fjord.example"]])

    company.take(users=REFUSED_ANNA, **known, members=[NAMED, ["Sales", ANNA]], complete=True, allow_deletes=9)

    assert company.members("Sales") == {"former@fjord.example"}


UNREADABLE = [["userPrincipalName", "accountEnabled", "manager"], [ANNA, "perhaps", ""], [BO, "true", ANNA]]
IN_SALES = {"groups": [["displayName"], ["Sales"]], "members": [NAMED, ["Sales", ANNA], ["Sales", BO]]}


def test_whose_row_cannot_be_read_is_not_somebody_of_another_source(company):
    of_another_source(company)

    company.take(users=UNREADABLE, **IN_SALES)

    assert company.members("Sales") == {BO}
    assert company.manager(BO) is None


def test_whose_row_cannot_be_read_is_who_came_by_an_earlier_one(company):
    company.people(ANNA)

    company.take(users=UNREADABLE, **IN_SALES)

    assert company.members("Sales") == {ANNA, BO}
    assert company.manager(BO) == ANNA


# Groups in groups

IN_ALL = [NAMED, ["All", "Sales"], ["Sales", ANNA]]
TWO_GROUPS = {"users": [["userPrincipalName"], [ANNA]], "groups": [["displayName"], ["All"], ["Sales"]]}


@pytest.mark.parametrize("spelling", ["Sales", "SALES"])
def test_a_group_is_a_member_by_its_name(company, spelling):
    summary = company.take(**TWO_GROUPS, members=[NAMED, ["All", spelling]])

    assert summary.memberships == Counts(created=1)
    assert company.members("All") == {"Sales"}


@pytest.mark.parametrize("group", ["All", "g-1"])
def test_groups_are_named_by_what_identifies_them_too(company, group):
    summary = company.take(
        groups=[["id", "displayName"], ["g-1", "All"], ["g-2", "Sales"]], members=[NAMED, [group, "g-2"]]
    )

    assert summary.memberships == Counts(created=1)
    assert company.members("All") == {"Sales"}


def test_the_same_groups_in_groups_again_change_nothing(company):
    company.take(**TWO_GROUPS, members=IN_ALL)
    before = company.change

    assert company.take(**TWO_GROUPS, members=IN_ALL).memberships == Counts(unchanged=2)
    assert company.change == before


def test_a_name_that_a_user_and_a_group_have_is_refused_naming_both(company):
    summary = company.take(
        users=[["userPrincipalName"], ["sales"]],
        groups=[["displayName"], ["All"], ["Sales"]],
        members=[NAMED, ["All", "Sales"]],
    )

    ((_, row, reason),) = reasons(summary)
    assert row == 2
    user, group = company.user("sales").id, company.group("Sales").id
    assert reason == f"Sales is a user ({user}) and a group ({group}); it cannot be told which is meant"
    assert company.members("All") == set()


def test_a_circle_of_groups_is_taken_and_a_group_in_itself_refused(company):
    summary = company.take(**TWO_GROUPS, members=[NAMED, ["All", "Sales"], ["Sales", "All"], ["Sales", "Sales"]])

    assert reasons(summary) == [("members.csv", 4, "the group Sales cannot be in itself")]
    assert company.members("All") == {"Sales"}
    assert company.members("Sales") == {"All"}


def test_a_member_that_is_a_refused_group_means_no_other_of_that_name(company):
    company.take(groups=[["id", "displayName"], ["1", "Sales"]])

    summary = company.take(
        groups=[["id", "displayName"], ["2", "Sales"], ["3", "All"]], members=[NAMED, ["All", "Sales"]]
    )

    assert reasons(summary)[1] == (
        "members.csv", 2, "the group Sales means row 2 of the groups file, which was refused, and no other of that name"
    )  # fmt: skip


def test_a_complete_import_ends_a_group_in_a_group_that_is_in_no_row(company):
    company.take(**TWO_GROUPS, members=IN_ALL)

    summary = company.take(**TWO_GROUPS, members=[NAMED, ["Sales", ANNA]], complete=True, allow_deletes=1)

    assert summary.memberships == Counts(unchanged=1, deleted=1)
    assert company.members("All") == set()


def test_a_dry_run_counts_groups_in_groups_and_keeps_none(company):
    company.take(**TWO_GROUPS)

    assert company.take(members=IN_ALL, dry_run=True).memberships == Counts(created=2)
    assert company.members("All") == set()


def test_a_group_that_comes_back_is_in_its_groups_again(company):
    company.take(**TWO_GROUPS, members=IN_ALL)
    with company.database.transaction() as connection:
        verbs.delete(connection, company.tenant, company.group("Sales"), now=company.now)
    assert company.members("All") == set()

    company.take(**TWO_GROUPS, members=IN_ALL)

    assert company.members("All") == {"Sales"}
    assert company.members("Sales") == {ANNA}


def test_a_group_deleted_for_good_is_in_no_group(company):
    company.take(**TWO_GROUPS, members=IN_ALL)
    with company.database.transaction() as connection:
        verbs.purge(connection, company.tenant, company.group("Sales"), now=company.now)

    assert company.members("All") == set()
    assert members.count(company.database.reader(), company.tenant) == 0


@pytest.mark.parametrize(
    ("column", "value", "sign"),
    [
        ("membershipRule", 'user.city -eq "Bergen"', "it has a membershipRule"),
        ("groupTypes", "Unified,DynamicMembership", "its groupTypes have DynamicMembership"),
        ("membershipType", "Dynamic", "its membershipType is Dynamic"),
    ],
)
def test_section_5_3_a_dynamic_group_is_refused_by_name_and_counts_as_present(company, column, value, sign):
    company.take(**TWO_GROUPS)

    summary = company.take(
        groups=[["displayName", column], ["All", ""], ["Sales", value]], complete=True, allow_deletes=9
    )

    ((_, row, reason),) = reasons(summary)
    assert row == 3
    assert reason.startswith(f"the group Sales is dynamic: {sign}, and rules of membership are not evaluated here.")
    assert summary.groups == Counts(unchanged=1, refused=1)
