import pytest

from provisor.scim.nearest import did_you_mean, nearest

WORDS = ["department", "displayName", "mobilePhone", "Sales", "Salem"]


@pytest.mark.parametrize(
    ("name", "found"),
    [("departmnt", "department"), ("DISPLAYNAME", "displayName"), ("phoneMobile", "mobilePhone"), ("Sales", "Sales")],
)
def test_the_most_alike_is_found_whatever_the_case(name, found):
    assert nearest(name, WORDS) == found


def test_of_two_equally_alike_the_first_by_name_is_meant():
    assert nearest("Sale", ["Sales", "Salem"]) == "Salem"


@pytest.mark.parametrize("name", ["", "xyz"])
def test_nothing_alike_is_nothing(name):
    assert nearest(name, WORDS) is None
    assert did_you_mean(name, WORDS) == ""


def test_nobody_is_nearest_among_none():
    assert nearest("x", [], at_least=0) is None
