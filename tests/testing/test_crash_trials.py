"""The harness under fire: it passes, and it is red when an old fault comes back."""

import asyncio
from dataclasses import replace

import pytest

from provisor.engine.unknown import NotThere
from provisor.runner.executing import executor
from provisor.runner.planning import looking, page, reading
from provisor.runner.recording import recorder
from provisor.storage import jobs
from provisor.testing.crash import trial
from provisor.testing.crash.__main__ import main, tell, what_is_wrong
from provisor.testing.crash.chance import script_of
from provisor.testing.crash.leaping import run_leaping
from provisor.testing.crash.script import Round, Script, ScriptedChange, StartingPoint, Strike
from provisor.testing.crash.shrinking import shrink
from provisor.testing.crash.trial import attempt

PLACE = StartingPoint(seed=20, people=4, groups=0, scope="all")
SEEDS_A_TEST = 5
CREATED_AND_LEFT = Script(
    place=PLACE,
    rounds=(
        Round(
            strikes=(
                Strike(nth=1, word="502", method="POST", after=True),
                Strike(nth=1, word="500", method="GET", then=True),
            )
        ),
        Round(
            changes=(
                ScriptedChange("disable", "p00"),
                ScriptedChange("disable", "p01"),
                ScriptedChange("disable", "p02"),
            )
        ),
    ),
)
DENIED = Script(
    place=PLACE,
    rounds=(
        Round(),
        Round(
            changes=(ScriptedChange("rename", "p03", "n1@x"),),
            strikes=(Strike(nth=1, word="not-there", method="PATCH", lasting=True),),
        ),
    ),
)
TAKEN_BACK = Script(
    place=replace(PLACE, people=6, page=1),
    rounds=(
        Round(),
        Round(
            changes=tuple(ScriptedChange("disable", f"p0{number}") for number in range(6)),
            strikes=(
                Strike(
                    nth=1, method="PATCH", changes=(ScriptedChange("enable", "p04"), ScriptedChange("enable", "p05"))
                ),
            ),
        ),
    ),
)


def wrong_ids(word):
    """Accounts get ids that lead to nobody, and their people leave."""
    leaving = (ScriptedChange("disable", "p00"), ScriptedChange("unassign", "p01"), ScriptedChange("purge", "p02"))
    if word == "re-keyed":
        return Script(
            place=PLACE, rounds=(Round(), Round(changes=leaving, strikes=(Strike(nth=1, word=word, method="PATCH"),)))
        )
    strikes = tuple(Strike(nth=nth, word=word, method="POST", after=True) for nth in (1, 2, 3, 4))
    return Script(place=PLACE, rounds=(Round(strikes=strikes), Round(changes=leaving)))


@pytest.mark.slow
@pytest.mark.test_rows(5)
@pytest.mark.parametrize("first", range(1, 50, SEEDS_A_TEST))
def test_after_peace_the_target_equals_the_directory(first, tmp_path):
    for seed in range(first, first + SEEDS_A_TEST):
        problems = what_is_wrong(script_of(seed))

        assert not problems, tell(seed, problems, smaller=True)


@pytest.mark.parametrize("script", [CREATED_AND_LEFT, DENIED, TAKEN_BACK], ids=["open-create", "denied", "taken-back"])
def test_what_is_red_below_is_right_as_it_is(script, tmp_path):
    assert attempt(script, tmp_path) == []


def test_an_open_create_that_is_forgotten_is_seen(monkeypatch, tmp_path):
    monkeypatch.setattr(recorder.unknown, "note", lambda connection, job, rows: None)

    assert "active and nobody's" in " ".join(attempt(CREATED_AND_LEFT, tmp_path))


def test_absence_concluded_from_a_denied_id_is_seen(monkeypatch, tmp_path):
    async def nobody(*arguments):
        return NotThere()

    monkeypatch.setattr(reading, "look_for_linked", nobody)

    assert "active and nobody's" in " ".join(attempt(DENIED, tmp_path))


@pytest.mark.parametrize("word", ["nobodys-id", "other-case", "re-keyed"])
def test_a_wrong_id_taken_for_an_account_that_is_gone_is_seen(word, monkeypatch, tmp_path):
    script = wrong_ids(word)
    assert attempt(script, tmp_path) == []

    monkeypatch.setattr(looking, "proofs", lambda *held, maps_external_id: [])

    assert "active and nobody's" in " ".join(attempt(script, tmp_path))


ABORTED = Script(
    place=PLACE, rounds=(Round(strikes=(Strike(nth=2, word="aborted", method="POST"),)), Round(served=True))
)


def test_an_abort_that_is_not_heeded_is_seen(monkeypatch, tmp_path):
    assert attempt(ABORTED, tmp_path) == []

    monkeypatch.setattr(jobs, "aborts", lambda connection, job: 0)

    assert "although it was aborted" in " ".join(attempt(ABORTED, tmp_path))


@pytest.mark.parametrize(
    "is_there",
    [
        *(lambda one, word=word: any(strike.word == word for strike in one.strikes) for word in ("aborted", "hangs")),
        lambda one: one.served,
        lambda one: any(change.verb in ("restart", "abort") for strike in one.strikes for change in strike.changes),
    ],
    ids=["aborted", "hangs", "served", "asked in the middle of a run"],
)
def test_seeds_hold_what_an_administrator_does_to_a_job(is_there):
    rounds = [one for seed in range(25) for one in script_of(seed).rounds]

    assert sum(map(is_there, rounds)) >= 3


@pytest.mark.slow
def test_a_cycle_that_does_not_end_is_seen(monkeypatch, tmp_path):
    monkeypatch.setattr(page.PagePlan, "settle_others", lambda self, objects: self.settled.clear())
    monkeypatch.setattr(executor, "ROUNDS", 10**9)
    monkeypatch.setattr(executor, "PLANNED_ANEW", 10**9)
    monkeypatch.setattr(trial, "LONGEST_RUN_SECONDS", 3.0)

    assert "does not end" in " ".join(attempt(TAKEN_BACK, tmp_path))


def test_a_script_prints_as_what_makes_it_again():
    for seed in range(50):
        script = script_of(seed)

        assert eval(str(script), {**vars(trial), "Strike": Strike, "Round": Round}) == script


def test_a_script_is_made_as_small_as_it_still_fails():
    def fails(script):
        return any(change.verb == "purge" for one in script.rounds for change in one.changes)

    seed = next(seed for seed in range(100) if fails(script_of(seed)))

    small = shrink(script_of(seed), fails)

    assert [(len(one.changes), one.strikes) for one in small.rounds] == [(1, ())]
    assert small.place.people == 1


def test_time_leaps_to_whoever_sleeps():
    async def sleep():
        began = asyncio.get_running_loop().time()
        await asyncio.sleep(3600)
        return asyncio.get_running_loop().time() - began

    assert run_leaping(sleep()) == pytest.approx(3600)


def test_the_command_tries_seeds_and_says_how_many(capsys):
    assert main(["--seed", "3", "--runs", "2"]) == 0

    assert capsys.readouterr().out.startswith("2 seeds from 3: 0 failed")
