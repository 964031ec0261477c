"""From a seed to a script: who works where, what changes, and what strikes when.

Lies that no client can detect are left out, each with its reason in EXCLUDED. Order: the script, changes,
strikes, what is left out.
"""

from dataclasses import replace
from random import Random

from provisor.testing.crash import weather
from provisor.testing.crash.changing import DEPARTMENTS, RULES
from provisor.testing.crash.script import Round, Script, ScriptedChange, StartingPoint, Strike

EXCLUDED = (
    "At a target that takes a name twice, a filter lies only where an open create is looked for again: a single look"
    " decides whether somebody is created who was never linked, and no client can tell a lie to every look.",
    "In one run a target either denies ids or finds nobody: an account that is denied by its id and by its name, every"
    " time it is asked for, cannot be told from one that is gone.",
    "Where a create is answered with a wrong id, or accounts get other ids, no filter lies in any run: such an account"
    " is denied by its id for good, and its name is all that leads to it.",
    "Nobody restarts with the reset scope Escrows alone: what failed is then not tried again until it changes, which is"
    " what it is for; only what could not be taken away still is.",
)

_RESETS = ("", "Watermark", "Watermark, Escrows", "ConnectorDataStore", "Full", "None", "QuarantineState")
_OF_THE_JOB = (
    *(ScriptedChange("restart", "", words) for words in _RESETS),
    *(ScriptedChange(verb) for verb in ("abort", "pause", "start")),
    *(ScriptedChange("driven", "", how) for how in ("on", "off")),
)
_ABOUT_PEOPLE = ("disable", "disable", "enable", "rename", "rename_back", "take_name", "swap", "title", "call", "move")
_LEAVERS = ("nothing", "delete", "delete-after 1", "delete-after 1", "delete-after 2")
_COMING_AND_GOING = ("delete", "restore", "purge", "assign", "unassign")


def script_of(seed: int) -> Script:
    """The script of a seed: always the same."""
    chance = Random(f"script {seed}")  # noqa: S311 - a test's choice, no secret
    storm = chance.random() < 0.4  # a few people with many events
    place = StartingPoint(
        seed=seed,
        people=chance.choice((3, 4, 6) if storm else (6, 12, 20, 40)),
        groups=chance.randrange(3 if storm else 5),
        strangers=chance.choice((0, 0, 4, 9)),
        template=chance.choice(("ciscoUmbrella", "scim")),
        behaviour=chance.choice(("provisor", "provisor", "entra")),
        scope=chance.choice(("assigned", "assigned", "all")),
        unique=chance.random() < 0.6,
        longest_page=chance.choice((3, 7, 500)),
        page=chance.choice((1, 3, 10, 500)),
    )
    rounds = tuple(_round(chance, place, number, storm=storm) for number in range(chance.randint(2, 7)))
    rounds = _with_on_demand(place, rounds)
    nested = Random(f"nested {seed}")  # noqa: S311 - as below
    if place.behaviour == "provisor" and place.groups > 1 and nested.random() < 0.5:
        place = replace(place, nested=True)
        rounds = tuple(replace(one, changes=(*one.changes, *of_nesting(nested, place))) for one in rounds)
    left_out = (weather.NOT_FOUND,) if chance.random() < 0.5 else weather.WRONG_IDS
    rounds = tuple(replace(one, strikes=_without(one.strikes, left_out)) for one in rounds)
    hand = Random(f"hand {seed}")  # noqa: S311 - as above; of its own, so that the rest of a seed stays what it was
    rounds = tuple(_in_hand(hand, one) for one in rounds)
    return with_leavers(Script(place=place, rounds=rounds))


def with_leavers(script: Script) -> Script:
    """In a share of the better jobs something else is done with leavers, and now and then something else again."""
    chance = Random(f"leavers {script.place.seed}")  # noqa: S311 - as above
    if script.place.behaviour == "entra" or chance.random() < 0.6:
        return script
    rounds = [
        replace(one, changes=(*one.changes, ScriptedChange("leavers", "", chance.choice((*_LEAVERS, "disable")))))
        if chance.random() < 0.15
        else replace(one, hours=max(one.hours, 24))
        if chance.random() < 0.3
        else one
        for one in script.rounds
    ]
    return Script(place=replace(script.place, leavers=chance.choice(_LEAVERS)), rounds=tuple(rounds))


def _in_hand(chance: Random, one: Round) -> Round:
    """What an administrator does to the job as a whole, and the process that serves it."""
    strikes = list(one.strikes)
    if chance.random() < 0.3:
        method = chance.choice(("", "GET", "POST", "PATCH", "PATCH", "DELETE"))
        word, after = chance.choice((*weather.HANGING, weather.STOP)), chance.random() < 0.5
        strike = Strike(nth=chance.choice((1, 1, 2, 3, 5, 9)), word=word, method=method, after=after)
        strikes.insert(chance.randint(0, len(strikes)), strike)
    if chance.random() < 0.25:
        verbs = chance.sample(_OF_THE_JOB, chance.randint(1, 2))
        strikes.insert(chance.randint(0, len(strikes)), Strike(nth=chance.randint(1, 12), changes=tuple(verbs)))
    return replace(one, strikes=tuple(strikes), served=not one.plan and chance.random() < 0.35)


def _round(chance: Random, place: StartingPoint, number: int, *, storm: bool) -> Round:
    calm = number == 0 and chance.random() < 0.4
    changes = tuple(some_change(chance, place) for _ in range(chance.randint(3, 14) if storm else chance.randrange(9)))
    strikes: tuple[Strike, ...] = ()
    for _ in range(0 if calm else chance.randint(1, 5) if storm else 1):
        strikes += _strikes(chance, place)
    if number == 0 and chance.random() < 0.3:  # most is listed in the first run
        strikes += (Strike(nth=1, word=chance.choice(weather.PAGING)),)
    plan = chance.random() < 0.1
    hours = Random(f"{place.seed} hours {number}").choice((0, 0, 0, 6, 12, 24))  # noqa: S311 - as above
    return Round(changes=changes, strikes=_possible(strikes), plan=plan, hours=hours)


def _with_on_demand(place: StartingPoint, rounds: tuple[Round, ...]) -> tuple[Round, ...]:
    """Now and then somebody is provisioned on demand between two runs; what is left of the earlier one stays."""
    chance = Random(f"on demand {place.seed}")  # noqa: S311 - as above
    more: list[Round] = []
    for one in rounds:
        more.append(one)
        while chance.random() < 0.3:
            some = tuple(dict.fromkeys(person_of(chance, place) for _ in range(chance.randint(1, 3))))
            group = (f"g{chance.randrange(place.groups)}",) if place.groups and chance.random() < 0.5 else ()
            strikes = _possible(_strikes(chance, place)) if chance.random() < 0.6 else ()
            more.append(Round(strikes=strikes, on_demand=(*group, *some) if group else some[:1]))
    return tuple(more)


# Changes


def person_of(chance: Random, place: StartingPoint) -> str:
    """Somebody who is there at the beginning."""
    # A few people meet most events: it is events in sequence that go wrong.
    return f"p{min(int(chance.expovariate(0.3)), place.people - 1):02}"


def some_change(chance: Random, place: StartingPoint) -> ScriptedChange:
    """A change of the directory, or now and then of the job."""
    kind = chance.random()
    person, other = person_of(chance, place), person_of(chance, place)
    if kind < 0.45:
        verb = chance.choice(_ABOUT_PEOPLE)
        value = {
            "rename": f"n{chance.randrange(4)}@x",
            "take_name": other,
            "swap": other,
            "title": chance.choice(("Clerk", "Smith", "Boss")),
            "call": chance.choice(("Anna", "Bo")),
            "move": chance.choice(DEPARTMENTS),
        }
        return ScriptedChange(verb, person, value.get(verb, ""))
    if kind < 0.65:
        return ScriptedChange(chance.choice(_COMING_AND_GOING), person)
    if kind < 0.7:
        return ScriptedChange("hire", f"p{chance.randrange(70, 76)}", chance.choice(("", f"{person}@x")))
    if kind < 0.78:
        return ScriptedChange("manager", person, chance.choice((other, other, "")))
    if kind < 0.94 and place.groups:
        return _of_group(chance, place, person)
    job = (
        ScriptedChange("scope", "", chance.choice(("assigned", "all"))),
        ScriptedChange("save", "", chance.choice(RULES)),
        ScriptedChange("restart", "", chance.choice(_RESETS)),
        ScriptedChange("pause"),
        ScriptedChange("retry"),
        ScriptedChange("quarantine"),
    )
    return chance.choice(job)


def _of_group(chance: Random, place: StartingPoint, person: str) -> ScriptedChange:
    group = f"g{chance.randrange(place.groups)}"
    verb = chance.choice(("join", "join", "leave", "leave", "rename", "rename_back", "call", *_COMING_AND_GOING))
    if verb in ("join", "leave"):
        return ScriptedChange(verb, group, person)
    return ScriptedChange(verb, group, {"rename": f"New {group}", "call": "Words"}.get(verb, ""))


def of_nesting(chance: Random, place: StartingPoint) -> tuple[ScriptedChange, ...]:
    """Groups come into groups and leave them, in circles too; now and then the job reads them in another way."""
    changes: list[ScriptedChange] = []
    for _ in range(chance.randrange(4)):
        one, other = (f"g{number}" for number in chance.choices(range(place.groups), k=2))
        policy = ScriptedChange("nested", "", chance.choice(("direct", "flatten")))
        way = ScriptedChange(chance.choice(("join", "join", "leave")), one, other)
        changes.append(policy if chance.random() < 0.15 else way)
    return tuple(changes)


# Strikes


def _strikes(chance: Random, place: StartingPoint) -> tuple[Strike, ...]:
    """Some strikes, some followed soon by another: the look-up after one fault meets the next."""
    strikes: list[Strike] = []
    for _ in range(chance.choice((0, 1, 2, 3, 5, 8))):
        strikes.append(_strike(chance, place))
        if strikes[-1].word not in weather.PAGING and chance.random() < 0.35:
            soon = replace(_strike(chance, place), nth=chance.choice((1, 1, 2)), then=True)
            strikes.append(soon if soon.word in weather.REFUSALS else replace(soon, method=chance.choice(("", "GET"))))
    return tuple(strikes)


def _strike(chance: Random, place: StartingPoint) -> Strike:
    method = chance.choice(("", "", "GET", "POST", "PATCH", "PATCH", "PATCH", "DELETE"))
    nth = chance.choice((1, 1, 1, 2, 2, 3, 5, 9) if method else (1, 2, 2, 3, 3, 4, 5, 7, 10, 20))
    kind = chance.choice(("", "", "user", "group") if place.groups else ("", "user"))
    changes = tuple(some_change(chance, place) for _ in range(chance.randint(1, 3)))
    word = chance.choice(("", "answer", "answer", "before", "after", "lie", "refusal", "paging", "wrong-id"))
    after, lasting = chance.random() < 0.6, chance.random() < 0.15
    if word == "answer":
        word = chance.choice(weather.ANSWERS)
    elif word == "before":
        word, after = chance.choice(weather.BEFORE), False
    elif word == "after":
        word, after, method = chance.choice(weather.AFTER), True, method if method != "GET" else "POST"
        method = "POST" if word == "no-id" else method or "PATCH"
    elif word == "wrong-id":
        word = chance.choice(weather.WRONG_IDS)
        after = word != weather.RE_KEYED
        method = "POST" if after else chance.choice(("", "PATCH", "PATCH", "DELETE"))
    elif word == "lie":
        word, after = chance.choice((weather.NOT_THERE, weather.NOT_THERE, weather.NOT_FOUND, weather.NOT_WHOLE)), False
        lasting = lasting and word == weather.NOT_THERE
    elif word == "refusal":
        word, after, method = chance.choice(weather.REFUSALS), False, chance.choice(("POST", "PATCH", "PATCH"))
        if word.startswith("member"):
            kind, nth = "group", chance.choice((1, 1, 2))
    elif word == "paging":
        return Strike(nth=1, word=chance.choice(weather.PAGING), kind=kind)
    elif chance.random() < 0.1:
        word = weather.STOP
    else:
        return Strike(nth=nth, method=method, kind=kind, after=after, changes=changes)
    changes = changes if chance.random() < 0.3 else ()
    return Strike(nth=nth, word=word, method=method, kind=kind, after=after, lasting=lasting, changes=changes)


# What is left out


def _possible(strikes: tuple[Strike, ...]) -> tuple[Strike, ...]:
    """Without the lies that together leave nothing to rely on (EXCLUDED)."""
    if any(one.word == weather.NOT_THERE for one in strikes):
        return _without(strikes, (weather.NOT_FOUND,))
    return strikes


def _without(strikes: tuple[Strike, ...], words: tuple[str, ...]) -> tuple[Strike, ...]:
    return tuple(one for one in strikes if one.word not in words)
