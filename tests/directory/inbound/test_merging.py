"""Several records feed one object: who gives which attribute, and what becomes of one that nobody gives any more."""

from provisor.directory.inbound.merging import flowed_together


def test_the_lower_number_wins():
    assert flowed_together([(2, {"city": "Oslo"}), (1, {"city": "Bergen"})], set()) == {"city": "Bergen"}


def test_what_the_first_does_not_say_the_second_gives():
    assert flowed_together([(1, {"city": None, "tags": []}), (2, {"city": "Oslo"})], set()) == {"city": "Oslo"}


def test_false_is_a_value():
    assert flowed_together([(1, {"accountEnabled": False}), (2, {"accountEnabled": True})], set()) == {
        "accountEnabled": False
    }


def test_what_was_given_and_is_given_by_nobody_is_cleared():
    assert flowed_together([(1, {"city": "Oslo"})], {"city", "state"}) == {"city": "Oslo", "state": None}


def test_who_was_disabled_is_not_enabled_when_nobody_says_so_any_more():
    assert flowed_together([(1, {})], {"accountEnabled", "securityEnabled"}) == {}


def test_a_name_is_not_cleared():
    assert flowed_together([], {"userPrincipalName", "displayName", "city"}) == {"city": None}
