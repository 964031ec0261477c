"""`provisor serve` killed at chosen points, with an administrator at work beside it: it passes."""

import pytest

from provisor.testing.crash.__main__ import tell
from provisor.testing.crash.script import Round, Script, ScriptedChange, StartingPoint, Strike
from provisor.testing.crash.service_chance import service_script_of
from provisor.testing.crash.service_trial import attempt_service
from provisor.testing.crash.serving import fork_server
from provisor.testing.crash.verbs import VERBS

SEEDS_A_TEST = 2
# They leave before the service is killed: one that began again would take up what was sent before it heard of a change.
LEAVE = tuple(ScriptedChange("disable", f"p0{number}") for number in range(4))
CREATED_AND_LEFT = Script(
    place=StartingPoint(seed=20, people=4, groups=0, scope="all"),
    rounds=(
        Round(
            changes=(ScriptedChange("start"),),
            strikes=(Strike(nth=2, word="killed", method="POST", after=True, changes=LEAVE),),
            served=True,
            lasts_ms=5_000,
        ),
        Round(changes=(ScriptedChange("import", "3"),), served=True, lasts_ms=1_000),
    ),
)


@pytest.fixture(scope="module")
def processes():
    return fork_server()


@pytest.mark.test_rows(2)
@pytest.mark.slow
@pytest.mark.parametrize("first", range(1, 13, SEEDS_A_TEST))
def test_after_kills_of_the_service_the_target_equals_the_directory(first, processes):
    for seed in range(first, first + SEEDS_A_TEST):
        script = service_script_of(seed)

        problems = attempt_service(script, processes)

        assert not problems, tell(seed, problems, smaller=False, script=script)


@pytest.mark.slow
def test_a_service_that_forgets_what_a_killed_one_had_sent_is_seen(processes):
    assert attempt_service(CREATED_AND_LEFT, processes) == []

    problems = attempt_service(CREATED_AND_LEFT, processes, broken_by="support.forgetful")

    assert "active and nobody's" in " ".join(problems)


def test_a_script_of_processes_prints_as_what_makes_it_again():
    names = {one.__name__: one for one in (Script, StartingPoint, Round, ScriptedChange, Strike)}
    for seed in range(30):
        script = service_script_of(seed)

        assert eval(str(script), names) == script
        assert "attempt_service" in script.program()


def test_seeds_hold_every_verb_and_most_rounds_end_in_a_kill():
    rounds = [one for seed in range(200) for one in service_script_of(seed).rounds]
    changes = [change for one in rounds for change in one.changes]
    changes += [change for one in rounds for strike in one.strikes for change in strike.changes]

    assert {change.verb for change in changes} >= set(VERBS)
    assert sum(one.ends_well for one in rounds) * 4 < len(rounds)
