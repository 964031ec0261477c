"""One trial: an organisation, a target under fire, rounds, and then one run in peace; what is wrong afterwards.

Order: the attempt, the trial, its runs, strangers.
"""

import asyncio
import tempfile
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from copy import deepcopy
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from random import Random
from traceback import extract_tb
from typing import Any

from provisor.database import Connection, Writer, open_database
from provisor.engine.record import Kind
from provisor.gallery import template
from provisor.runner.asking.probe import ask_for_nobody
from provisor.runner.assembling import Order
from provisor.runner.cycle import run_cycle, run_due
from provisor.runner.executing import execute_members, executor, news
from provisor.runner.on_demand import Wish, provision_on_demand
from provisor.runner.planning import capacity, plan_members, planner, recovery
from provisor.runner.plans import make_plan
from provisor.runner.recording.summary import CycleSummary, NotRunnable
from provisor.runner.run import CycleStopped, StopRequested
from provisor.runner.session import JobSession
from provisor.scim.values import Resource
from provisor.storage import cycles
from provisor.storage.authors import SERVICE
from provisor.storage.links import owners
from provisor.testing.crash import judging
from provisor.testing.crash.changing import Changing, first_name
from provisor.testing.crash.leaping import run_leaping
from provisor.testing.crash.script import Round, Script, ScriptedChange, StartingPoint
from provisor.testing.crash.weather import Endless, Weather, WeatherRequest
from provisor.testing.faults import Killed
from provisor.testing.memory_target import MemoryTarget

MEMORY = Path("/dev/shm")  # noqa: S108 - a database of a trial needs no disk, where there is memory for files
LONGEST_RUN_SECONDS = 60.0
A_DAY = 24  # hours, within which all who failed are due
REQUESTS_AN_OBJECT = 50  # beyond this a run is stopped: it would never end
# What a run may take, in requests and in events of the log: so many to begin with, for each object (looked up, created
# or changed, its members, its references), for each request full of members, and for whatever strikes.
SERVED_RUNS = 3
TO_BEGIN, AN_OBJECT, A_HIT = 20, 3, 8
_KINDS: tuple[Kind, ...] = ("user", "group")


def attempt(script: Script, folder: Path | None = None) -> list[str]:
    """Carry a script out and say what is wrong then; nothing when everything is right."""
    parent = folder or (MEMORY if MEMORY.is_dir() else None)
    with tempfile.TemporaryDirectory(dir=parent) as made, _pages_of(script.place.page):
        return Trial(script, Path(made) / "service.sqlite").run()


@dataclass(slots=True)
class Trial:
    """One script on its way. `problems` is what was found wrong."""

    script: Script
    file: Path
    problems: list[str] = field(default_factory=list)
    changing: Changing = field(init=False)
    target: MemoryTarget = field(init=False)
    weather: Weather = field(init=False)
    strangers: dict[str, Resource] = field(default_factory=dict)  # as they were at the beginning
    linked_once: set[str] = field(default_factory=set)
    forgotten: set[str] = field(default_factory=set)  # whose links a restart dropped, not linked since
    forgotten_once: set[str] = field(default_factory=set)  # linked since or not
    left_to: dict[str, str] = field(default_factory=dict)  # of those whose they were, while they have no other account
    forgotten_edges: set[tuple[str, str]] = field(default_factory=set)  # likewise, by the ids at the target
    wrong_ids: dict[str, str] = field(default_factory=dict)  # that lead to nobody, with the id that the account has
    _plan_to_apply: int | None = None

    def run(self) -> list[str]:
        """Every round, then an undisturbed run."""
        database = open_database(f"sqlite:///{self.file}")
        try:
            self._begin(database)
            for number, one in enumerate(self.script.rounds, 1):
                self._round(number, one)
                if self.problems:
                    return self.problems
            self._peace()
        finally:
            database.close()
        return self.problems

    def _begin(self, database: Any) -> None:
        place = self.script.place
        found = template(place.template)
        assert found is not None  # noqa: S101 - a script names one of the gallery
        self.changing = Changing(database, place)
        self.changing.forgetting = self._forgetting
        self.target = MemoryTarget(
            found.user_type, found.group_type, unique=place.unique, longest_page=place.longest_page
        )
        self.weather = Weather(
            held=self.target,
            now=self.changing.now,
            happen=self._happen,
            watch=self._watch,
            may_lie=self._may_lie,
            mislead=self._mislead,
        )
        add_strangers(place, self.target)
        self.strangers = {
            target_id: deepcopy(one) for kind in _KINDS for target_id, one in self.target.resources(kind).items()
        }

    # Rounds

    def _happen(self, changes: Sequence[ScriptedChange]) -> None:
        for change in changes:
            self.changing.do(change)

    def _round(self, number: int, one: Round) -> None:
        self.changing.hours += one.hours
        self._happen(one.changes)
        self.weather.begin(one.strikes, self._limit())
        events = self._events()
        try:
            if one.on_demand:
                self._cycle(partial(self._on_demand, one.on_demand))
            elif one.plan:
                self._cycle(self._plan)
            elif one.served:
                self._cycle(self._serve)
            else:
                self._cycle(self._run)
        except (Killed, CycleStopped):
            pass
        except ValueError as error:
            if str(error) != "a fault of our own" or not _about_nobody(error):
                raise  # it is the failure of one object
        except Endless as error:
            self.problems.append(f"Round {number} does not end: {error}.")
        if self.weather.unheeded and not one.plan:  # an abort is none of a plan's business
            self.problems.append(f"Round {number} went on although it was aborted.")
        self._judge_turns(number, events, runs=SERVED_RUNS if one.served else 1)
        self._note_links()

    def _peace(self) -> None:
        """One run without faults, once all who failed are due, makes everything right; the next has nothing to do.

        A run that continues an interrupted one looks at what that one was to look at; later changes are for the next.
        """
        self.weather.begin((), self._limit())
        try:
            if self._plan_to_apply or cycles.interrupted(self.changing.database.reader(), self.changing.job):
                self._cycle(self._run)
                self.weather.begin((), self._limit())
            self.changing.hours += A_DAY
            summary = self._cycle(self._run)
            if self.script.place.behaviour == "entra" and summary.counts.get("user.fail"):
                # A name given up in this run is free for the next, which the faithful behaviour makes by its cadence.
                self.weather.begin((), self._limit())
                self.changing.hours += A_DAY
                summary = self._cycle(self._run)
            self._note_links()
            self.problems += judging.after_peace(self, summary)
            if self.problems:
                return
            self.weather.begin((), self._limit())
            self.problems += judging.after_nothing(self, self._cycle(self._run))
        except Endless as error:
            self.problems.append(f"The run in peace does not end: {error}.")

    def _judge_turns(self, number: int, events: int, *, runs: int) -> None:
        """A run takes no more turns than what there is and what struck account for."""
        reader = self.changing.database.reader()
        edges = len(reader.all("SELECT 1 FROM member")) * (self.script.place.groups if self.script.place.nested else 1)
        bound = TO_BEGIN + AN_OBJECT * self.objects() + edges // min(self.script.place.page, 100)
        bound = bound * runs + A_HIT * self.weather.hits
        for what, turns in (("requests", self.weather.requests), ("events", self._events() - events)):
            if turns > bound:
                self.problems.append(f"Round {number} took {turns} {what}, and {bound} should suffice.")

    def _events(self) -> int:
        row = self.changing.database.reader().one("SELECT count(*) FROM log_event")
        return int(row[0]) if row else 0

    def objects(self) -> int:
        """How many people, groups and strangers there are."""
        return len(self.changing.ids) + len(self.strangers)

    def _limit(self) -> int:
        return REQUESTS_AN_OBJECT * (self.objects() + 1)

    def _cycle(self, make: Callable[[], Any]) -> Any:
        return run_leaping(_timed(make()))

    async def _run(self) -> CycleSummary:
        self.weather.stop = asyncio.Event()
        plan, self._plan_to_apply = self._plan_to_apply, None
        return await run_cycle(self._order(self.weather.stop), allow_deletes=1_000_000, plan=plan)

    async def _serve(self) -> None:
        """Some runs of one session, until there is nothing to do or something stops it."""
        self.weather.stop = stop = asyncio.Event()
        writer = Writer(self.changing.database)
        session = JobSession(writer)
        try:
            for _ in range(SERVED_RUNS):
                summary = await run_due(self._order(stop), session, allow_deletes=1_000_000)
                if summary is None or summary.error is not None or stop.is_set():
                    break
        finally:
            await session.close()
            await writer.close()

    async def _plan(self) -> None:
        """The run after it is held to it, whatever has changed by then."""
        self.weather.stop = asyncio.Event()
        try:
            self._plan_to_apply = await make_plan(self._order(self.weather.stop), by=SERVICE)
        except StopRequested:
            self._plan_to_apply = None

    async def _on_demand(self, keys: Sequence[str]) -> None:
        """Of those who are there."""
        first, *members = [self.changing.ids[key] for key in keys if key in self.changing.ids] or [""]
        if first:
            wish = Wish(object=first, members=members, by="the harness")
            with suppress(NotRunnable):  # nothing is left of them, not even a tombstone
                await provision_on_demand(self._order(asyncio.Event()), wish, wait_seconds=0)

    def _order(self, stop: asyncio.Event) -> Order:
        changing = self.changing
        return Order(
            database=changing.database,
            job=changing.job_id,
            connect=lambda job: self.weather,
            now=changing.now,
            random_bytes=Random(self.script.place.seed).randbytes,  # noqa: S311 - a test's choice
            stop=stop,
        )

    # What is remembered on the way

    def _note_links(self) -> None:
        rows = self.changing.database.reader().all(
            "SELECT target_id, object FROM link WHERE job = ?", (self.changing.job,)
        )
        linked, owners_now = {self.right_id(row[0]) for row in rows}, {row[1] for row in rows}
        self.linked_once |= linked
        self.forgotten -= linked
        self.left_to = {one: owner for one, owner in self.left_to.items() if owner not in owners_now}

    def _forgetting(self, connection: Connection) -> None:
        job = self.changing.job
        rows = connection.all("SELECT target_id, object, state FROM link WHERE job = ?", (job,))
        self.forgotten |= {self.right_id(row[0]) for row in rows}
        self.left_to |= {self.right_id(target): owner for target, owner, state in rows if state == "linked"}
        self.linked_once |= self.forgotten
        self.forgotten_once |= self.forgotten
        rows = connection.all(
            """SELECT g.target_id, m.target_id FROM member_link e JOIN link g ON g.job = e.job AND g.object = e.group_id
            JOIN link m ON m.job = e.job AND m.object = e.member_id WHERE e.job = ?""",
            (job,),
        )
        self.forgotten_edges |= {(self.right_id(row[0]), self.right_id(row[1])) for row in rows}

    def _watch(self, asked: WeatherRequest) -> None:
        """A stranger is written to only by whoever it is linked to. No leaver is deleted before a day is over."""
        if asked.method == "DELETE":
            self.problems += judging.too_early(self, asked.subject)
        if asked.subject not in self.strangers or asked.subject in self.linked_once:
            return
        reader = self.changing.database.reader()
        if not owners(reader, self.changing.job, asked.kind, [asked.subject]):
            self.problems.append(f"{asked.method} to the stranger {asked.subject}, who is linked to nobody.")

    def right_id(self, target_id: str) -> str:
        """The id that the account has now."""
        while target_id in self.wrong_ids:
            target_id = self.wrong_ids[target_id]
        return target_id

    def _mislead(self, wrong: str, right: str) -> None:
        """An id leads to nobody: what is remembered is remembered of the account."""
        self.wrong_ids[wrong] = right
        for some in (self.linked_once, self.forgotten, self.forgotten_once):
            if wrong in some:
                some.add(right)
        if wrong in self.strangers:
            self.strangers[right] = {**self.strangers.pop(wrong), "id": right}
        edges = {(self.right_id(group), self.right_id(member)) for group, member in self.forgotten_edges}
        self.forgotten_edges |= edges

    def _may_lie(self, kind: Kind, path: str, value: str) -> bool:
        """Whether a filter may find nobody: at a target that takes a name twice only where it is looked for again.

        There a single look decides whether an account is created, and no client can tell a lie to every look.
        """
        if self.script.place.unique:
            return True
        rows = self.changing.database.reader().all(
            "SELECT sent FROM unknown_create WHERE job = ? AND kind = ?", (self.changing.job, kind)
        )
        return any(f'"{value}"' in row[0] for row in rows)


async def _timed(work: Any) -> Any:
    """Stop a run that does not end by real time, whatever the loop's time does."""
    loop, task = asyncio.get_running_loop(), asyncio.ensure_future(work)
    late = threading.Event()

    def stop() -> None:
        late.set()
        loop.call_soon_threadsafe(task.cancel)

    timer = threading.Timer(LONGEST_RUN_SECONDS, stop)
    timer.start()
    try:
        return await task
    except asyncio.CancelledError:
        if late.is_set():
            raise Endless(f"it took more than {LONGEST_RUN_SECONDS:.0f} seconds") from None
        raise
    finally:
        timer.cancel()


def add_strangers(place: StartingPoint, target: MemoryTarget) -> None:
    """Accounts that were there before: every other one has the name of one of our people."""
    chance = Random(f"{place.seed} strangers")  # noqa: S311 - a test's choice
    for number in range(place.strangers):
        ours = number % 2 == 0 and number < place.people
        name = first_name(f"p{number:02}") if ours else f"stranger{number}@x"
        target.put("user", {"userName": name, "displayName": "Stranger", "active": chance.random() < 0.7})
    if place.strangers > 2:
        target.put("group", {"displayName": first_name("g0")})
        target.put("group", {"displayName": "Strangers"})


def _about_nobody(error: BaseException) -> bool:
    """Whether it was raised by asking for nobody, at the beginning of a run or of the cycle that follows one, or how
    many groups there are: it is no object's, and the run fails as a whole.
    """
    asking = (ask_for_nobody.__name__, capacity.admit_groups.__name__)
    return any(frame.name in asking for frame in extract_tb(error.__traceback__))


@contextmanager
def _pages_of(size: int) -> Iterator[None]:
    """Let the runner work in pages of this size, which a small organisation would not fill."""
    named = [(module, "PAGE") for module in (executor, planner, recovery, capacity)]
    more = [(executor, "SENT_BOUND"), (plan_members, "GROUPS_A_PAGE"), (plan_members, "PEOPLE_A_PAGE")]
    more.append((execute_members, "EDGES_A_PAGE"))
    kept = [(module, name, getattr(module, name)) for module, name in (*named, *more)]
    kept.append((news, "LOOKED_EVERY_SECONDS", news.LOOKED_EVERY_SECONDS))
    for module, name, value in kept:
        setattr(module, name, min(value, 2 * size if name == "SENT_BOUND" else size))
    news.LOOKED_EVERY_SECONDS = 0.0
    try:
        yield
    finally:
        for module, name, value in kept:
            setattr(module, name, value)
