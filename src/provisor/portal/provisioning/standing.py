"""How a job stands, in the words of its overview: one word, a sentence, how far its cycle is, what waits for a person.

Values; nothing here depends on who looks. Order: the word, the progress, what waits.
"""

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final, Literal

from provisor.admin.jobs import JobShown
from provisor.admin.status import PHASES, JobStatus
from provisor.engine.health import is_disabled
from provisor.engine.progress import Progress
from provisor.portal.provisioning.words import about

BadgeTone = Literal["good", "warn", "bad", "plain"]
_STEPS: Final = tuple(PHASES.values())
_WRITING: Final = PHASES["execute"]
_SHORTEST_SECONDS: Final = 3.0  # of what was watched, to say how fast it goes
_WATCHED: Final = 60  # looks


@dataclass(frozen=True, slots=True, kw_only=True)
class JobStanding:
    """How a job is: a word with its colour, and what that means for what comes next."""

    word: str
    tone: BadgeTone
    sentence: str


def standing(shown: JobShown, status: JobStatus) -> JobStanding:
    """The one that matters most."""
    found = _in_trouble(shown, status)
    if found is None and status.running is not None:
        return _running(shown, status)
    return found or _at_rest(shown, status)


def wants_approval(status: JobStatus) -> bool:
    """Whether the last cycle sent nothing as a person has to approve first what it would have sent."""
    error = None if status.last is None else status.last.cycle.error
    return error is not None and error.get("code") == "approval-needed"


def is_switched_off(shown: JobShown, status: JobStatus) -> bool:
    """Whether the job does not start by itself any more as its quarantine has lasted too long."""
    found = status.quarantine
    if found is None or shown.job.schedule_state != "Disabled":
        return False
    return is_disabled(datetime.fromtimestamp(found.series_began / 1e6, UTC), status.observed)


def _in_trouble(shown: JobShown, status: JobStatus) -> JobStanding | None:
    job = shown.job
    if is_switched_off(shown, status):
        sentence = "It was in quarantine for four weeks and does not run any more. Mend the cause, then start it again."
        return JobStanding(word="Switched off", tone="bad", sentence=sentence)
    if status.quarantine is not None:
        now = "A cycle runs and tries it. " if status.running is not None else ""
        paused = "" if job.schedule_state == "Active" else "Provisioning is off, too: no cycle starts by itself."
        sentence = f"{now}{paused or 'Cycles are tried less and less often until one goes through.'}"
        return JobStanding(word="Quarantine", tone="bad", sentence=sentence)
    if job.status_code == "NotConfigured" and status.running is None:
        sentence = "It has no admin credentials yet. Nothing is sent before they are saved and provisioning is on."
        return JobStanding(word="Not configured", tone="plain", sentence=sentence)
    return None


def _running(shown: JobShown, status: JobStatus) -> JobStanding:
    kind = "" if status.running is None else status.running.kind
    if shown.job.schedule_state == "Paused":
        sentence = f"The {kind} cycle goes on to its end; after it none starts by itself."
        return JobStanding(word="Stopping", tone="warn", sentence=sentence)
    return JobStanding(word="Running", tone="good", sentence=f"The {kind} cycle is {status.runs.phase}.")


def _at_rest(shown: JobShown, status: JobStatus) -> JobStanding:
    schedule, runs = shown.job.schedule_state, status.runs
    begun = " Its cycle was cut short, and goes on where it stopped." if runs.cut_short else ""
    if schedule == "Paused":
        sentence = f"No cycle starts by itself. Start provisioning, and it goes on where it stopped.{begun}"
        return JobStanding(word="Paused", tone="warn", sentence=sentence)
    if schedule == "Disabled":
        sentence = "Provisioning Status is Off. Switched on, the initial cycle of all users and groups in scope begins."
        return JobStanding(word="Not started", tone="plain", sentence=sentence)
    if not runs.served:
        sentence = "No service runs the jobs of this database at the moment. Cycles begin when one does."
        return JobStanding(word="Waiting", tone="warn", sentence=sentence)
    if wants_approval(status):
        sentence = (
            "The last cycle sent nothing: it needs an approval. Approve its plan, and a cycle does what it holds."
        )
        return JobStanding(word="Waits for approval", tone="warn", sentence=sentence)
    if runs.next_start is not None and runs.next_start <= status.observed:
        return JobStanding(word="Due", tone="good", sentence=f"A cycle begins in a moment.{begun}")
    return JobStanding(word="Idle", tone="good", sentence=f"All is done for now; cycles begin by themselves.{begun}")


# How far


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """Objects of one kind: how many are through, of how many."""

    units: str
    done: int
    of: int


@dataclass(frozen=True, slots=True, kw_only=True)
class HowFar:
    """How far a cycle is. While it plans, how much there will be to do is not known: `of` is 0 then."""

    kind: str
    phase: str
    step: int
    steps: int
    stages: tuple[Stage, ...]
    done: int
    of: int
    left: str

    @property
    def percent(self) -> int:
        """Rounded down: what is complete is complete."""
        return 100 * self.done // self.of if self.of else 0


@dataclass(slots=True)
class WatchedPace:
    """How fast a cycle goes, by what was seen of it since somebody watches."""

    seen: deque[tuple[float, int]] = field(default_factory=lambda: deque(maxlen=_WATCHED))
    cycle: str = ""

    def seconds_left(self, cycle: str, at: float, done: int, of: int) -> float | None:
        """At this pace; None while that says nothing."""
        if cycle != self.cycle or (self.seen and done < self.seen[-1][1]):
            self.cycle = cycle
            self.seen.clear()
        self.seen.append((at, done))
        (first_at, first), seconds = self.seen[0], at - self.seen[0][0]
        if seconds < _SHORTEST_SECONDS or done <= first:
            return None
        return (of - done) * (at - first_at) / (done - first)


def how_far(status: JobStatus, pace: WatchedPace) -> HowFar | None:
    """Of the cycle that runs, or was cut short; None when there is none."""
    runs = status.runs
    if status.running is None and not runs.cut_short:
        return None
    cycle, phase = status.running, runs.phase
    stages = tuple(Stage(units=units, done=done, of=of) for units, done, of in status.progress)
    writing = phase == _WRITING
    done, of = sum(stage.done for stage in stages), sum(stage.of for stage in stages)
    left = ""
    if cycle is not None and writing and of:
        seconds = pace.seconds_left(cycle.id, status.observed.timestamp(), done, of) or _since_it_began(status)
        left = "" if seconds is None else f"{about(seconds)} left"
    return HowFar(
        kind="" if cycle is None else cycle.kind,
        phase=phase,
        step=_STEPS.index(phase) + 1 if phase in _STEPS else 0,
        steps=len(_STEPS),
        stages=stages,
        done=done,
        of=of if writing else 0,
        left=left,
    )


def _since_it_began(status: JobStatus) -> float | None:
    """The same by the whole run, of a cycle that was not cut short meanwhile: what was done before does not count."""
    began, cycle = status.runs.last_began, status.running
    if began is None or cycle is None or abs(began.timestamp() - cycle.began_at / 1e6) > 1:
        return None
    total = {units: of for units, _, of in status.progress}
    done = {units: through for units, through, _ in status.progress}
    return Progress(phase="", began_at=began, at=status.observed, total=total, completed=done).seconds_left


# What waits for a person


@dataclass(frozen=True, slots=True, kw_only=True)
class Waits:
    """Something that goes on once a person has decided, and the page where they do."""

    text: str
    address: str
    link: str


def held_amounts(amounts: Mapping[str, int]) -> list[str]:
    """`3 users`, `1 group`: what of it there is."""
    return [f"{number:,} {kind if number != 1 else kind[:-1]}" for kind, number in amounts.items() if number]
