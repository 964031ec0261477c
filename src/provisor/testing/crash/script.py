"""What happens in one trial, as values that print as the Python code that makes them.

Order: changes of the directory, what strikes a request, rounds, the place, the script.
"""

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class ScriptedChange:
    """One change of the directory or of the job. `who` and `other` are keys (p07, g1), names or words; what cannot be
    done, such as enabling somebody who was purged, is left undone."""

    verb: str
    who: str = ""
    other: str = ""

    def __str__(self) -> str:
        given = [f'"{self.verb}"', *(f'"{one}"' for one in (self.who, self.other))]
        while len(given) > 1 and given[-1] == '""':
            given.pop()
        return f"ScriptedChange({', '.join(given)})"


@dataclass(frozen=True, slots=True, kw_only=True)
class Strike:
    """What happens at the `nth` request of a run, among those of `method` and `kind` where given.

    `word` names a fault (weather.FAULTS), or is empty where only `changes` happen. `after`: once the request had its
    effect. `lasting`: to all such requests from then on, or where the fault is about one object or one value, to all
    about that. `then`: counted from when the one before it in its round has struck.
    """

    nth: int
    word: str = ""
    method: str = ""
    kind: str = ""
    after: bool = False
    lasting: bool = False
    then: bool = False
    changes: tuple[ScriptedChange, ...] = ()

    def __str__(self) -> str:
        given = [f"nth={self.nth}"]
        given += [f'{name}="{text}"' for name in ("word", "method", "kind") if (text := getattr(self, name))]
        given += [f"{name}=True" for name in ("after", "lasting", "then") if getattr(self, name)]
        if self.changes:
            given.append(f"changes={_tuple(self.changes)}")
        return f"Strike({', '.join(given)})"


@dataclass(frozen=True, slots=True, kw_only=True)
class Round:
    """Changes, then a run, or a plan, in which things happen. `hours` pass before it.

    `served`: a few runs as `provisor serve` makes them. `on_demand`: of these alone, the first one's members.
    `lasts_ms`: a service in a process of its own, killed then where nothing did so before, or asked to end by
    `ends_well`.
    """

    changes: tuple[ScriptedChange, ...] = ()
    strikes: tuple[Strike, ...] = ()
    plan: bool = False
    hours: int = 0
    on_demand: tuple[str, ...] = ()
    served: bool = False
    lasts_ms: int = 0
    ends_well: bool = False

    def __str__(self) -> str:
        given = [f"{name}={_tuple(some)}" for name in ("changes", "strikes") if (some := getattr(self, name))]
        given += [f"{name}=True" for name in ("plan", "served", "ends_well") if getattr(self, name)]
        given += [f"lasts_ms={self.lasts_ms}"] if self.lasts_ms else []
        given += [f"hours={self.hours}"] if self.hours else []
        given += [f"on_demand={self.on_demand!r}"] if self.on_demand else []
        return f"Round({', '.join(given)})"


@dataclass(frozen=True, slots=True, kw_only=True)
class StartingPoint:
    """The organisation and its target before the first round; `seed` makes everything that is not named."""

    seed: int
    people: int
    groups: int
    strangers: int = 0
    template: Literal["ciscoUmbrella", "scim"] = "ciscoUmbrella"
    behaviour: Literal["provisor", "entra"] = "provisor"
    scope: Literal["assigned", "all"] = "assigned"
    unique: bool = True  # whether the target refuses a name that it has already
    longest_page: int = 500
    nested: bool = False  # whether groups are in groups, flattened to begin with
    page: int = 500  # how many objects the runner plans, sends and records together
    leavers: str = ""  # what the job does with leavers, as changing.leavers_called reads it; empty: as Entra does


@dataclass(frozen=True, slots=True, kw_only=True)
class Script:
    """One whole trial."""

    place: StartingPoint
    rounds: tuple[Round, ...]

    def changes(self) -> tuple[ScriptedChange, ...]:
        """Every change of all rounds, whenever it comes."""
        struck = (strike.changes for one in self.rounds for strike in one.strikes)
        return tuple(change for some in (*(one.changes for one in self.rounds), *struck) for change in some)

    def __str__(self) -> str:
        rounds = "".join(f"        {one},\n" for one in self.rounds)
        return f"Script(\n    place={self.place!r},\n    rounds=(\n{rounds}    ),\n)"

    def program(self) -> str:
        """A program that tries it again."""
        module, attempt = "trial", "attempt"
        if any(one.lasts_ms for one in self.rounds):
            module, attempt = "service_trial", "attempt_service"
        return (
            "from provisor.testing.crash.script import Round, Script, ScriptedChange, StartingPoint, Strike\n"
            f"from provisor.testing.crash.{module} import {attempt}\n\n"
            f"script = {self}\n"
            'if __name__ == "__main__":\n'
            f'    print("\\n".join({attempt}(script)) or "Everything is right.")\n'
        )


def _tuple(some: tuple[object, ...]) -> str:
    return f"({', '.join(map(str, some))},)"
