"""Matching: the answer to a query is judged again (spec/provisioning-service.md section 4)."""

from provisor.rules.matching import Ambiguous, Matched, NoMatch, recheck
from provisor.scim.schemas.resource_types import USER_TYPE


def judged(*resources, path="userName", value="ana@example.org"):
    return recheck(resources, path, value, USER_TYPE)


def test_nobody_is_no_match():
    assert judged() == NoMatch()


def test_one_is_matched_whatever_its_case():
    found = {"id": "1", "userName": "Ana@Example.org"}

    assert judged(found) == Matched(found)


def test_a_stranger_in_the_answer_is_dropped():
    found = {"id": "1", "userName": "ana@example.org"}

    assert judged({"id": "2", "userName": "bo@example.org"}, found, {"id": "3"}) == Matched(found)


def test_two_are_ambiguous_and_named():
    assert judged({"id": "1", "userName": "ana@example.org"}, {"id": "2", "userName": "ANA@example.org"}) == Ambiguous(
        ("1", "2")
    )


def test_the_same_resource_twice_is_one():
    found = {"id": "1", "userName": "ana@example.org"}

    assert judged(found, found) == Matched(found)


def test_a_case_exact_attribute_is_compared_exactly():
    assert judged({"id": "1", "externalId": "a7"}, path="externalId", value="A7") == NoMatch()


def test_a_chosen_element_is_compared():
    found = {"id": "1", "emails": [{"type": "home", "value": "x@y"}, {"type": "work", "value": "ANA@example.org"}]}

    assert judged(found, path='emails[type eq "work"].value') == Matched(found)


def test_composed_and_decomposed_letters_match():
    found = {"id": "1", "userName": "rené@example.org"}

    assert judged(found, value="rené@example.org") == Matched(found)
