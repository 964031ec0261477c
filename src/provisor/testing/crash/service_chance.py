"""From a seed to a script for a service in a process of its own: rounds that end in a kill, with changes meanwhile.

Order: the script, rounds, changes, strikes.
"""

from dataclasses import replace
from random import Random
from typing import Final

from provisor.testing.crash.chance import of_nesting, person_of, some_change, with_leavers
from provisor.testing.crash.changing import RULES
from provisor.testing.crash.script import Round, Script, ScriptedChange, StartingPoint, Strike
from provisor.testing.crash.verbs import ABOUT_SOMEBODY, VERBS
from provisor.testing.crash.wire import GONE, KILLED, LOST, REFUSED, UNREADABLE

LONGEST_MS: Final = (300, 600, 900, 1400)
_RESETS: Final = ("", "Watermark", "ConnectorDataStore", "Full", "None", "QuarantineState", "ForceDeletes")
# Of the job by storage's own verbs, because what a restart forgets must be known to the judge.
_OF_THE_JOB: Final = (("scope", ("assigned", "all")), ("save", RULES), ("restart", _RESETS))
_CHAINS: Final = (  # what means something only together
    ("plan", "approve"),
    ("plan", "apply"),
    ("plan", "", "apply"),
    ("plan", "approve", "discard"),
    ("ask-above 0", "", "plan", "approve"),
    ("pause", "", "start"),
    ("abort", "start"),
    ("quarantine", "", "on-demand", "start"),
    ("prevent 0", "", "", "allow"),
    ("prevent 1", "", "", "reject", "", "allow"),
    ("limit 10%", "", "", "allow"),
    ("limit 1", "", "plan", "reject", "apply"),
)


def service_script_of(seed: int) -> Script:
    """The script of a seed: always the same."""
    chance = Random(f"service {seed}")  # noqa: S311 - a test's choice, no secret
    place = StartingPoint(
        seed=seed,
        people=chance.choice((6, 10, 14)),
        groups=chance.randint(1, 4),
        strangers=chance.choice((0, 4)),
        template=chance.choice(("ciscoUmbrella", "scim")),
        behaviour=chance.choice(("provisor", "provisor", "provisor", "entra")),
        scope=chance.choice(("assigned", "assigned", "all")),
        unique=chance.random() < 0.7,
        longest_page=chance.choice((3, 7, 500)),
    )
    rounds = tuple(_round(chance, place, number) for number in range(chance.randint(2, 4)))
    nested = Random(f"nested service {seed}")  # noqa: S311 - as above; of its own, so that the rest stays what it was
    if place.behaviour == "provisor" and place.groups > 1 and nested.random() < 0.5:
        place = replace(place, nested=True)
        rounds = tuple(replace(one, changes=(*one.changes, *of_nesting(nested, place))) for one in rounds)
    return with_leavers(Script(place=place, rounds=rounds))


def _round(chance: Random, place: StartingPoint, number: int) -> Round:
    changes = [_change(chance, place) for _ in range(chance.randint(2, 12))]
    if number == 0 or chance.random() < 0.85:
        changes.insert(0, ScriptedChange("start"))
    if chance.random() < 0.4:
        changes += [_link(chance, place, words) for words in chance.choice(_CHAINS)]
    if chance.random() < 0.5:
        changes.append(ScriptedChange("start"))
    strikes = tuple(_strike(chance, place) for _ in range(chance.randint(0, 6)))
    if chance.random() < 0.75:
        method = chance.choice(("", "", "POST", "POST", "PATCH") if number == 0 else ("", "", "POST", "PATCH", "PATCH"))
        nth = chance.choice((1, 1, 2, 3, 5) if method else (2, 3, 4, 6, 8, 11, 15))
        strikes += (Strike(nth=nth, word=KILLED, method=method, after=chance.random() < 0.7),)
    return Round(
        changes=tuple(changes),
        strikes=strikes,
        served=True,
        lasts_ms=chance.choice(LONGEST_MS) + chance.randrange(100),
        ends_well=chance.random() < 0.12,
    )


def _link(chance: Random, place: StartingPoint, words: str) -> ScriptedChange:
    verb, _, other = words.partition(" ")
    if not verb:
        return some_change(chance, place)
    return ScriptedChange(verb, person_of(chance, place) if verb in ABOUT_SOMEBODY else "", other)


def _change(chance: Random, place: StartingPoint) -> ScriptedChange:
    kind = chance.random()
    if kind < 0.55:
        return some_change(chance, place)
    if kind < 0.65:
        verb, words = chance.choice(_OF_THE_JOB)
        return ScriptedChange(verb, "", chance.choice(words))
    verb = chance.choice(sorted(VERBS))
    who = person_of(chance, place) if verb in ABOUT_SOMEBODY else ""
    if verb == "on-demand" and place.groups and chance.random() < 0.3:
        who = f"g{chance.randrange(place.groups)}"
    who = str(chance.randrange(1, 50)) if verb == "import" else who
    return ScriptedChange(verb, who, chance.choice(VERBS[verb].words))


def _strike(chance: Random, place: StartingPoint) -> Strike:
    word = chance.choice((*REFUSED, *LOST, *LOST, *UNREADABLE, GONE, "", ""))
    method = chance.choice(("", "", "GET", "POST", "PATCH", "PATCH", "DELETE"))
    method = chance.choice(("PATCH", "DELETE")) if word == GONE else method
    nth = chance.choice((1, 1, 1, 2, 3) if method else (1, 2, 2, 3, 4, 5, 7, 10))
    after = word not in (*REFUSED, GONE) and chance.random() < 0.7
    after = after or (word in ("500", "502", "503", "504") and chance.random() < 0.5)
    changes = tuple(_change(chance, place) for _ in range(chance.randint(1, 2)))
    changes = changes if not word or chance.random() < 0.2 else ()
    lasting = word in ("late", "503", "500", "html", "429") and chance.random() < 0.2
    return Strike(nth=nth, word=word, method=method, after=after, lasting=lasting, changes=changes)
