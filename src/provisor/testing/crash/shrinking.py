"""Makes a failing script small: drops rounds, changes, strikes and people one by one while it still fails."""

from collections.abc import Callable, Iterator
from dataclasses import replace

from provisor.testing.crash.script import Round, Script, Strike

MOST_TRIALS = 400


def shrink(script: Script, fails: Callable[[Script], bool]) -> Script:
    """The smallest script found that still fails."""
    trials = 0
    smaller = True
    while smaller and trials < MOST_TRIALS:
        smaller = False
        for candidate in _smaller(script):
            trials += 1
            if fails(candidate):
                script, smaller = candidate, True
                break
            if trials >= MOST_TRIALS:
                break
    return script


def _smaller(script: Script) -> Iterator[Script]:
    rounds = script.rounds
    for number in reversed(range(len(rounds))):
        yield replace(script, rounds=(*rounds[:number], *rounds[number + 1 :]))
    for number, one in enumerate(rounds):
        for less in _less(one):
            yield replace(script, rounds=(*rounds[:number], less, *rounds[number + 1 :]))
    place = script.place
    for people in sorted({1, 2, 4, place.people // 2, place.people - 1}):
        if 0 < people < place.people:
            yield replace(script, place=replace(place, people=people))
    simpler = [replace(place, groups=number) for number in (0, 1) if number < place.groups]
    simpler += [replace(place, strangers=0), replace(place, page=500), replace(place, longest_page=500)]
    yield from (replace(script, place=one) for one in simpler if one != place)


def _less(one: Round) -> Iterator[Round]:
    if one.plan:
        yield replace(one, plan=False)
    if one.on_demand:
        yield replace(one, on_demand=())
    if len(one.on_demand) > 1:
        yield replace(one, on_demand=one.on_demand[:-1])
    if one.served:
        yield replace(one, served=False)
    if len(one.changes) > 2:
        yield replace(one, changes=())
    for number in range(len(one.changes)):
        yield replace(one, changes=(*one.changes[:number], *one.changes[number + 1 :]))
    for number, strike in enumerate(one.strikes):
        yield replace(one, strikes=(*one.strikes[:number], *one.strikes[number + 1 :]))
        for less in _less_of(strike):
            yield replace(one, strikes=(*one.strikes[:number], less, *one.strikes[number + 1 :]))


def _less_of(strike: Strike) -> Iterator[Strike]:
    for number in range(len(strike.changes)):
        if strike.word or len(strike.changes) > 1:
            yield replace(strike, changes=(*strike.changes[:number], *strike.changes[number + 1 :]))
    if strike.lasting:
        yield replace(strike, lasting=False)
    if strike.then:
        yield replace(strike, then=False)
