"""Failures and skips are told by their cause: one sentence, a count, some names."""

import pytest

from provisor.engine.causes import CAUSES_KEPT, NAMES_KEPT, Causes, Told

HINT = "Shorten the value."


def causes(*told):
    found = Causes()
    for one in told:
        found.add(one)
    return found.found()


def refused(name, why, verb="create", kind="user", code="UnprocessableEntity"):
    return Told(kind, name, code, f"Umbrella refused to {verb} {name}: {why}", HINT)


def test_one_failure_keeps_its_own_sentence():
    (cause,) = causes(refused("anna@x.example", "title is too long."))

    assert cause.reason == "Umbrella refused to create anna@x.example: title is too long."
    assert (cause.number, cause.names, cause.hint) == (1, ("anna@x.example",), HINT)


SAME = {
    "the same reason": (["title is too long."] * 2, "Umbrella refused to create them: title is too long."),
    "another value in quotes": (
        ['userName "a" is taken.', 'userName "b" is taken.'],
        "Umbrella refused to create them: userName … is taken.",
    ),
    "another number": (
        ["title has 130 characters, 128 are allowed.", "title has 200 characters, 128 are allowed."],
        "Umbrella refused to create them: title has … characters, … are allowed.",
    ),
    "another address": (
        ["a@x.example has no licence.", "b@x.example has no licence."],
        "Umbrella refused to create them: … has no licence.",
    ),
    "another id": (
        ["id 0198d2c4-6a51-7e1c-9a53-6b1f0a2c9d11 is busy.", "id 0198d2c4-6a51-7e1c-9a53-6b1f0a2c9d12 is busy."],
        "Umbrella refused to create them: id … is busy.",
    ),
    "the same value": (
        ['department "Sales" is closed.'] * 2,
        'Umbrella refused to create them: department "Sales" is closed.',
    ),
}


@pytest.mark.parametrize(("reasons", "sentence"), SAME.values(), ids=SAME.keys())
def test_what_differs_only_in_who_and_which_value_is_one_cause(reasons, sentence):
    (cause,) = causes(*(refused(f"p{number}@x.example", why) for number, why in enumerate(reasons)))

    assert (cause.number, cause.reason) == (2, sentence)


def test_one_cause_may_have_hindered_several_verbs():
    (cause,) = causes(refused("a", "title is too long."), refused("b", "title is too long.", "update"))

    assert cause.reason == "Umbrella refused to create or update them: title is too long."


OTHER = {
    "another reason": refused("b", "department is unknown."),
    "another code": refused("b", "title is too long.", code="EntryConflict"),
}


@pytest.mark.parametrize("other", OTHER.values(), ids=OTHER.keys())
def test_what_differs_otherwise_is_another_cause(other):
    assert len(causes(refused("a", "title is too long."), other)) == 2


def test_users_and_groups_are_counted_apart():
    (cause,) = causes(refused("a", "no."), refused("b", "no."), refused("Sales", "no.", kind="group"))

    assert cause.numbers == {"user": 2, "group": 1}


def test_the_most_frequent_cause_comes_first():
    found = causes(refused("a", "rare."), refused("b", "often."), refused("c", "often."))

    assert [cause.number for cause in found] == [2, 1]


def test_a_name_within_a_sentence_is_nobody_in_particular():
    (cause,) = causes(
        *(
            Told("user", name, "MandatoryFieldsMissing", f"{name} has no value for userName.", HINT)
            for name in ("Anna", "Bo")
        )
    )

    assert cause.reason == "… has no value for userName."


def test_groups_whose_members_were_refused_are_one_cause():
    (cause,) = causes(
        *(
            Told(
                "group",
                name,
                "UnprocessableEntity",
                f"Umbrella refused to change the members of {name}, namely {who}: no.",
            )
            for name, who in (("Sales", "a@x.example"), ("Field", "b@x.example and 3 more"))
        )
    )

    assert cause.reason == "Umbrella refused to change the members of them: no."


def test_not_more_names_are_kept_than_are_shown():
    (cause,) = causes(*(refused(f"p{number}", "no.") for number in range(1_000)))

    assert (cause.number, len(cause.names)) == (1_000, NAMES_KEPT)


def test_a_target_that_says_something_else_to_everybody_does_not_fill_the_memory():
    words = (f"{'x' * number} no." for number in range(1, 3 * CAUSES_KEPT))

    found = causes(*(refused("p", why) for why in words))

    assert len(found) <= CAUSES_KEPT + 1
    assert sum(cause.number for cause in found) == 3 * CAUSES_KEPT - 1
