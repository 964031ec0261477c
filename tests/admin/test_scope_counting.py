"""Counts of who passes scoping filters: exact once complete, bounded in time, and never of two directories at once."""

from itertools import count

import pytest

from provisor.admin.actor import LOCAL_OPERATOR as ME
from provisor.admin.scope_counting import MOST_UNDECIDED, ScopeCounts
from provisor.rules.scoping import Clause, FilterGroup, Scope

NOBODY_OUT = Scope()


@pytest.fixture
def counting(verbs, database, tenant):
    """Counts anew, by a clock that goes on a second each time it is asked."""
    counts, clock = ScopeCounts(), count()

    def counted(scope, in_force=NOBODY_OUT, seconds=1_000_000):
        return counts.count(
            database.reader(), tenant, "user", (scope, in_force), ticking=lambda: next(clock), seconds=seconds
        )

    for number in range(300):
        given = {"department": f"Department {number % 3}"} if number % 10 else {}
        verbs.users.create(ME, {"userPrincipalName": f"p{number:03}@x.example", **given})
    return counted


def scope(attribute, operator, *values):
    return Scope(groups=(FilterGroup(clauses=(Clause(attribute=attribute, operator=operator, values=values),)),))


@pytest.mark.parametrize(
    ("wanted", "inside"),
    [
        (Scope(), 300),
        (scope("department", "EQUALS", "Department 1"), 90),
        (scope("department", "IS NULL"), 30),
        (scope("userPrincipalName", "REGEX MATCH", "p00.@.*"), 10),
        (scope("objectId", "IS NOT NULL"), 300),
    ],
)
def test_everybody_is_counted_once(counting, wanted, inside):
    found = counting(wanted)

    assert (found.inside, found.outside, found.complete) == (inside, 300 - inside, True)


def test_who_comes_and_goes_is_told_against_the_scope_in_force(counting):
    found = counting(scope("department", "EQUALS", "Department 1"), scope("department", "EQUALS", "Department 2"))

    assert (found.comes, found.goes) == (90, 90)
    assert found.coming[0] == "p001@x.example"
    assert found.going[0] == "p002@x.example"


def test_a_count_that_runs_out_of_time_is_gone_on_with(counting):
    wanted = scope("department", "EQUALS", "Department 1")
    steps = [counting(wanted, seconds=50)]
    while not steps[-1].complete:
        steps.append(counting(wanted, seconds=50))

    assert [one.looked_at for one in steps] == [50, 100, 150, 200, 250, 300]
    assert steps[-1].inside == 90


def test_the_time_is_looked_at_after_everybody(counting):
    """A hundred patterns of which none is given up may take seconds a person."""
    assert counting(scope("department", "EQUALS", "Department 1"), seconds=1).looked_at == 1


def test_a_complete_count_is_not_made_again(counting):
    wanted = scope("department", "EQUALS", "Department 1")

    assert counting(wanted) is counting(wanted)


def test_a_change_of_the_directory_begins_anew(counting, verbs):
    wanted = scope("department", "EQUALS", "Department 1")
    counting(wanted)
    verbs.users.create(ME, {"userPrincipalName": "new@x.example", "department": "Department 1"})

    assert counting(wanted).inside == 91


def test_a_pattern_without_end_is_given_up(counting, verbs):
    for number in range(MOST_UNDECIDED + 5):
        verbs.users.create(ME, {"userPrincipalName": f"a{number}@x.example", "displayName": "a" * 100 + f"!y{number}"})
    found = counting(scope("displayName", "REGEX MATCH", "(a|aa)+!x"))

    assert found.given_up
    assert not found.complete
    assert found.undecided == MOST_UNDECIDED
