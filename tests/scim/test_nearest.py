"""The nearest right word for a misspelt one."""

import pytest

from provisor.scim.nearest import did_you_mean, nearest

WORDS = ["department", "displayName", "mobilePhone", "Sales", "Salem"]


@pytest.mark.parametrize(
    ("name", "found"),
    [("departmnt", "department"), ("DISPLAYNAME", "displayName"), ("mobilFone", "mobilePhone"), ("Sales", "Sales")],
)
def test_the_most_alike_is_found_whatever_the_case(name, found):
    assert nearest(name, WORDS) == found


@pytest.mark.parametrize(("name", "found"), [("dep", "department"), ("MOB", "mobilePhone"), ("salem", "Salem")])
def test_the_only_one_that_begins_so_is_found_however_short_the_name(name, found):
    assert nearest(name, WORDS) == found


def test_of_several_that_begin_so_only_one_that_is_alike_is_meant():
    assert nearest("anna", ["anna.ek@contoso.example", "anna.bo@contoso.example"]) is None


@pytest.mark.parametrize("name", ["Sailing", "phone", "departures of flights", "Dallas"])
def test_what_is_half_alike_is_not_offered(name):
    assert nearest(name, WORDS) is None


def test_of_two_equally_alike_the_first_by_name_is_meant():
    assert nearest("Sale", ["Sales", "Salem"]) == "Salem"


@pytest.mark.parametrize("name", ["", "xyz"])
def test_nothing_alike_is_nothing(name):
    assert nearest(name, WORDS) is None
    assert did_you_mean(name, WORDS) == ""


def test_nobody_is_nearest_among_none():
    assert nearest("x", [], at_least=0) is None
