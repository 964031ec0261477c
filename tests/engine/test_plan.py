"""A plan can be compared and printed; operations have a phase."""

from datetime import UTC, datetime

import pytest

from provisor.engine.behaviour import ENTRA, PROVISOR, behaviour_named
from provisor.engine.guard import Candidate, admit
from provisor.engine.operation import PHASES, phase_of
from provisor.engine.plan import Digest, Plan, operation_digest, render

NOW = datetime(2031, 3, 4, tzinfo=UTC)


def digest(*operations):
    found = Digest()
    for operation in operations:
        found.add(operation_digest(*operation))
    return found.text()


A, B = ("create", "u1", "h1", None), ("update", "u2", "h2", "b2")


def test_the_same_operations_have_the_same_digest_in_any_order():
    assert digest(A, B) == digest(B, A)


@pytest.mark.parametrize(
    "other",
    [(A,), (A, A), (A, B, B), (A, ("update", "u2", "h3", "b2")), (A, ("disable", "u2", "h2", "b2"))],
    ids=["one less", "one twice", "one more", "another hash", "another kind"],
)
def test_other_operations_have_another_digest(other):
    assert digest(*other) != digest(A, B)


def test_a_plan_prints_its_counts():
    plan = Plan(
        cycle="initial",
        application="Umbrella",
        counts={("user", "create"): 1_000, ("group", "create"): 1, ("user", "verdict"): 3},
        verdicts={"NotInScope": 3},
    )

    assert plan.operations == 1_001
    assert list(render(plan)) == [
        "1,001 operations on Umbrella in an initial cycle:",
        "          1 group to create",
        "      1,000 users to create",
        "          3 left alone (NotInScope)",
    ]


@pytest.mark.parametrize(
    ("requests", "seconds", "said"),
    [
        (1_059, None, "It takes at least 1,059 requests."),
        (1, 0.2, "It takes at least 1 request, about 1 s at the rate of the last cycles."),
        (90_000, 3_600.0, "It takes at least 90,000 requests, about 60 minutes at the rate of the last cycles."),
    ],
)
def test_a_plan_says_what_it_costs_in_requests_and_minutes(requests, seconds, said):
    counts = {("user", "update"): requests}
    plan = Plan(cycle="incremental", application="Umbrella", counts=counts, requests=requests, seconds=seconds)

    assert said in list(render(plan))


def test_one_operation_is_not_several():
    plan = Plan(cycle="incremental", application="Umbrella", counts={("user", "update"): 1})

    assert next(render(plan)) == "1 operation on Umbrella in an incremental cycle:"


def test_an_empty_plan_says_so():
    assert list(render(Plan(cycle="incremental", application="Umbrella"))) == [
        "Umbrella holds what the directory says: there is nothing to do."
    ]


def test_a_plan_names_the_groups_that_wait():
    admission = admit(1, 0, [Candidate("1", "A"), Candidate("2", "B")])

    lines = list(render(Plan(cycle="initial", application="Umbrella", capacity=admission)))

    assert lines[-1] == "  Umbrella takes 1 groups; places are given by name; waiting for one: B (CapacityReached)"


@pytest.mark.parametrize(
    ("kind", "object_kind", "phase"),
    [
        ("delete", "group", 1),
        ("create", "user", 2),
        ("link", "user", 2),
        ("update", "user", 2),
        ("create", "group", 3),
        ("members", "group", 4),
        ("reference", "user", 5),
        ("disable", "user", 6),
        ("release", "user", 6),
        ("delete", "user", 6),
    ],
)
def test_an_operation_has_its_phase(kind, object_kind, phase):
    assert phase_of(kind, object_kind) == phase
    assert phase in PHASES


def test_both_behaviours_are_policy_values():
    assert behaviour_named("entra") is ENTRA
    assert behaviour_named("provisor") is PROVISOR
    assert behaviour_named("other") is None
    assert (ENTRA.requests_per_second, ENTRA.requests_at_once) == (25.0, 10)
