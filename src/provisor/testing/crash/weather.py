"""A target under fire: its requests go through faults, and the directory changes meanwhile.

Order: the words of faults, the target, what strikes, what stays.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from itertools import pairwise
from typing import TypeVar

from provisor.engine.ports import (
    Answer,
    Checked,
    ConnectorError,
    Exchange,
    Found,
    Malformed,
    Page,
    Rejected,
    Throttled,
    Unauthorized,
    Unreachable,
)
from provisor.engine.record import Kind
from provisor.scim.patch.operations import Operation
from provisor.scim.schemas.schema import ResourceType
from provisor.scim.values import Resource
from provisor.testing.crash.script import ScriptedChange, Strike
from provisor.testing.faults import Killed
from provisor.testing.memory_target import MemoryTarget

T = TypeVar("T")

STATUSES = ("400", "403", "404", "408", "409", "412", "413", "422", "499", "500", "501", "502", "504", "507", "520")
# In place of an answer, before or after the request had its effect.
ANSWERS = ("killed", "lost", "timed-out", "503", "bug", "500", "502", "504", "507", "520", "408", "499")
BEFORE = ("unsent", "429", "401", "400", "403", "409", "412", "413", "422", "501")  # what had no effect says so
AFTER = ("unreadable", "no-id")  # a 2xx nobody can read; a 201 without an id
# What is refused from then on: a value, by the name of its attribute; an object; a member.
REFUSALS = ("value-400", "value-409", "value-403", "object-403", "object-400", "member-400", "member-404", "member-409")
# A replica that is behind.
NOT_THERE = "not-there"  # 404 for an id
NOT_FOUND = "not-found"  # a filter finds nobody
NOT_WHOLE = "not-whole"  # a filter finds nobody and admits that something could not be read
PAGING = ("page-total", "capped-total", "text-total", "no-total", "first-page-only", "zero-based", "overlapping")
# An id that leads to nobody: a create is answered with it, or the account has another one from then on.
NOBODYS_ID, OTHER_CASE, RE_KEYED = WRONG_IDS = ("nobodys-id", "other-case", "re-keyed")
STOP = "stop"  # the process is asked to end
# Nothing ever answers, and the cycle is aborted, or the process asked to end.
ABORTED, HANGS = HANGING = ("aborted", "hangs")
HANGS_SECONDS = 3_600.0  # by then a time-out of the client's would have come


class Endless(BaseException):
    """The run made more requests than any right one could."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WeatherRequest:
    """One request: what it is about, and the values it carries by the names of their attributes."""

    method: str
    kind: Kind
    subject: str
    values: tuple[str, ...] = ()
    members: tuple[str, ...] = ()

    @property
    def exchange(self) -> Exchange:
        """As a connector would show it."""
        return Exchange(method=self.method, url=f"memory:{self.kind}/{self.subject}")


@dataclass(slots=True)
class _Coming:
    """A strike that is to come, or lasts."""

    strike: Strike
    left: int
    follows: "_Coming | None" = None
    struck: bool = False
    over: bool = False


@dataclass(slots=True, kw_only=True)
class Weather:
    """The port `Target` before `held`. `happen` carries changes out, `watch` is called for every write."""

    held: MemoryTarget
    now: Callable[[], datetime]
    happen: Callable[[Sequence[ScriptedChange]], None]
    watch: Callable[[WeatherRequest], None]
    may_lie: Callable[[Kind, str, str], bool]
    mislead: Callable[[str, str], None]  # told of an id that leads to nobody, and of the right one
    stop: asyncio.Event | None = None
    limit: int = 0
    requests: int = 0
    unheeded: int = 0  # aborts that nobody minded
    hits: int = 0  # strikes, refusals, and changes that came in between
    _coming: list[_Coming] = field(default_factory=list)
    _refused: list[tuple[str, str, Kind]] = field(default_factory=list)
    _missing: set[str] = field(default_factory=set)
    _wrong: set[str] = field(default_factory=set)  # ids that lead to nobody, of all rounds
    _paging: dict[Kind, str] = field(default_factory=dict)

    def begin(self, strikes: Sequence[Strike], limit: int) -> None:
        """A new run, with these strikes in it; what lasted is over."""
        self.requests, self.hits, self.limit, self.unheeded = 0, 0, limit, 0
        self._coming = [_Coming(strike, strike.nth) for strike in strikes]
        for before, one in pairwise(self._coming):
            one.follows = before if one.strike.then else None
        self._refused, self._missing, self._paging = [], set(), {}

    # The port

    @property
    def caller(self) -> str:
        """As the target's."""
        return self.held.caller

    def use(self, types: Mapping[Kind, ResourceType]) -> None:
        """In any weather."""
        self.held.use(types)

    async def discover(self) -> Answer | None:
        """In any weather."""
        return await self.held.discover()

    async def schemas(self, start_index: int = 1) -> Page | None:
        """In any weather."""
        return await self.held.schemas(start_index)

    async def find(self, kind: Kind, path: str, value: str) -> Found:
        """Faults of finding: nobody, or nobody for sure."""
        asked = WeatherRequest(method="GET", kind=kind, subject=f"{path}={value}")

        async def ask() -> Found:
            return await self.held.find(kind, path, value)

        found, words = await self._through(asked, ask)
        if NOT_WHOLE in words:
            return replace(found, resources=[], complete=False, doubt="holds what cannot be read")
        if NOT_FOUND in words and self.may_lie(kind, path, value):
            return replace(found, resources=[])
        return found

    async def page(self, kind: Kind, start_index: int, count: int) -> Page:
        """Faults of paging."""
        asked = WeatherRequest(method="GET", kind=kind, subject=f"page {start_index}")
        fault = self._paging.get(kind, "")

        async def ask() -> Page:
            start = {"first-page-only": 1, "zero-based": start_index + 1, "overlapping": max(start_index - 1, 1)}
            return await self.held.page(kind, start.get(fault, start_index), count)

        for strike in self._due(asked, PAGING):
            self._paging[kind] = strike.word
        fault = self._paging.get(kind, "")
        page, _ = await self._through(asked, ask)
        return _told(page, fault, start_index)

    async def read(self, kind: Kind, target_id: str) -> Answer | None:
        """A replica that is behind knows no such id."""
        asked = WeatherRequest(method="GET", kind=kind, subject=target_id)

        async def ask() -> Answer | None:
            return await self.held.read(kind, target_id)

        answer, words = await self._through(asked, ask)
        return None if NOT_THERE in words or target_id in self._missing else answer

    async def check(self, kind: Kind, target_id: str, path: str, value: str) -> Checked:
        """A replica that is behind does not know of it."""
        asked = WeatherRequest(method="GET", kind=kind, subject=target_id)

        async def ask() -> Checked:
            return await self.held.check(kind, target_id, path, value)

        checked, words = await self._through(asked, ask)
        return replace(checked, there=False) if NOT_THERE in words or target_id in self._missing else checked

    async def create(self, kind: Kind, document: Resource) -> Answer:
        """Create."""
        asked = WeatherRequest(method="POST", kind=kind, subject=_name(kind, document), values=tuple(document))

        async def ask() -> Answer:
            return await self.held.create(kind, document)

        answer, words = await self._through(asked, ask)
        assert answer.resource is not None  # noqa: S101 - the target answers with what it made
        right = str(answer.resource["id"])
        for word in words & {NOBODYS_ID, OTHER_CASE}:
            wrong = right.upper() if word == OTHER_CASE else f"nobody-{right}"
            self._misled(wrong, right)
            answer = replace(answer, resource={**answer.resource, "id": wrong})
        return answer

    async def patch(self, kind: Kind, target_id: str, operations: Sequence[Operation]) -> Answer:
        """Change."""
        values = tuple(one.path or "" for one in operations)
        asked = WeatherRequest(method="PATCH", kind=kind, subject=target_id, values=values)

        async def ask() -> Answer:
            return await self.held.patch(kind, target_id, operations)

        return (await self._through(asked, ask))[0]

    async def patch_members(self, target_id: str, add: Sequence[str], remove: Sequence[str]) -> Answer:
        """Change members."""
        asked = WeatherRequest(method="PATCH", kind="group", subject=target_id, members=(*add, *remove))

        async def ask() -> Answer:
            return await self.held.patch_members(target_id, add, remove)

        return (await self._through(asked, ask))[0]

    async def delete(self, kind: Kind, target_id: str) -> Answer:
        """Delete."""
        asked = WeatherRequest(method="DELETE", kind=kind, subject=target_id)

        async def ask() -> Answer:
            return await self.held.delete(kind, target_id)

        return (await self._through(asked, ask))[0]

    async def close(self) -> None:
        """Nothing to release."""

    # What strikes

    async def _through(self, asked: WeatherRequest, ask: Callable[[], Awaitable[T]]) -> tuple[T, frozenset[str]]:
        """One request in this weather: the answer, and the words of what is to be made of it."""
        self.requests += 1
        if self.requests > self.limit:
            raise Endless(f"{self.requests} requests in one run")
        due = self._due(asked)
        for strike in due:
            if not strike.after:
                self._strike(strike, asked)
                await self._hang(strike, asked)
        self._refuse(asked)
        if not self._wrong.isdisjoint((asked.subject, *asked.members)):
            self.hits += 1
        if asked.method != "GET":
            self.watch(asked)
        answer = await ask()
        for strike in due:
            if strike.after:
                self._strike(strike, asked)
                await self._hang(strike, asked)
        return answer, frozenset(strike.word for strike in due)

    async def _hang(self, strike: Strike, asked: WeatherRequest) -> None:
        if strike.word in HANGING:
            await asyncio.sleep(HANGS_SECONDS)
            self.unheeded += strike.word == ABORTED
            raise self._error("timed-out", asked)

    def _due(self, asked: WeatherRequest, words: Sequence[str] = ()) -> list[Strike]:
        """Count this request and say what strikes it; faults of paging are counted by pages."""
        due: list[_Coming] = []
        for one in self._coming:
            strike = one.strike
            applies = strike.method in ("", asked.method) and strike.kind in ("", asked.kind) and not one.over
            applies = applies and (bool(asked.members) or not strike.word.startswith("member"))
            waits = one.follows is not None and not one.follows.struck
            if not applies or waits or (strike.word in PAGING) != bool(words):
                continue
            one.left -= 1
            if one.left <= 0:
                due.append(one)
        for one in due:  # only now, so that what follows it is counted from the next request on
            one.struck = True
            self.hits += 1 + len(one.strike.changes)
            one.over = not one.strike.lasting or one.strike.word in REFUSALS or one.strike.word == NOT_THERE
        return [one.strike for one in due]

    def _strike(self, strike: Strike, asked: WeatherRequest) -> None:
        self.happen(strike.changes)
        word = strike.word
        if word in REFUSALS:
            about = asked.values if word.startswith("value") else asked.members
            about = (asked.subject,) if word.startswith("object") else about
            if about and not (word.startswith("value") and asked.method == "GET"):
                self._refused.append((word, about[strike.nth % len(about)], asked.kind))
        elif word == NOT_THERE:
            if strike.lasting:
                self._missing.add(asked.subject)
            if asked.method in ("PATCH", "DELETE"):
                raise _rejected(404, asked, "There is no such resource.")
        elif word == RE_KEYED and asked.subject in self.held.resources(asked.kind):
            self._misled(asked.subject, self.held.rekey(asked.kind, asked.subject))
        elif word == ABORTED:
            self.happen((ScriptedChange("abort"),))
        elif word in (STOP, HANGS) and self.stop is not None:
            self.stop.set()
        elif word and word not in (NOT_FOUND, NOT_WHOLE, STOP, *HANGING, *WRONG_IDS) and word not in PAGING:
            raise self._error(word, asked)

    def _misled(self, wrong: str, right: str) -> None:
        self._wrong.add(wrong)
        self.mislead(wrong, right)

    def _refuse(self, asked: WeatherRequest) -> None:
        """What was refused once is refused again."""
        if asked.method == "GET":
            return
        if asked.subject in self._missing:
            self.hits += 1
            raise _rejected(404, asked, "There is no such resource.")
        for word, about, kind in self._refused:
            what, _, status = word.partition("-")
            held = {"value": asked.values, "member": asked.members, "object": (asked.subject,)}[what]
            if kind == asked.kind and about in held and asked.method != "DELETE":
                self.hits += 1
                raise _rejected(int(status), asked, f"{about} is refused.")

    def _error(self, word: str, asked: WeatherRequest) -> BaseException:
        exchange = asked.exchange
        if word.isdigit() and word not in ("503", "429", "401"):
            return _rejected(int(word), asked, "It was not meant to be.")
        errors: dict[str, Callable[[], BaseException]] = {
            "killed": Killed,
            "lost": lambda: Unreachable("The connection was lost.", exchange=exchange),
            "unsent": lambda: Unreachable("Connection refused.", sent=False, exchange=exchange),
            "timed-out": lambda: Unreachable("No answer in time.", timed_out=True, exchange=exchange),
            "503": lambda: Throttled("Busy.", until=self.now(), status=503, exchange=exchange),
            "429": lambda: Throttled("Too many.", until=self.now(), status=429, exchange=exchange),
            "401": lambda: Unauthorized("Who are you?", exchange=exchange),
            "unreadable": lambda: Malformed("It is no JSON.", status=200, exchange=exchange),
            "no-id": lambda: Malformed("It has no id.", status=201, exchange=exchange),
            "bug": lambda: ValueError("a fault of our own"),
        }
        return errors[word]()


def _rejected(status: int, asked: WeatherRequest, detail: str) -> ConnectorError:
    scim_type = {409: "uniqueness", 400: "invalidValue"}.get(status)
    exchange = replace(asked.exchange, status=status)
    return Rejected(detail, status=status, scim_type=scim_type, detail=detail, exchange=exchange)


def _told(page: Page, fault: str, start_index: int) -> Page:
    """What a server with this fault says about a page."""
    length = len(page.resources)
    total: int | None = page.total
    if fault == "page-total":
        total = length
    elif fault == "capped-total":
        total = min(page.total or 0, 3)
    elif fault in ("text-total", "no-total"):
        total = None
    following = start_index + length
    more = length and (total is None or following <= total)
    return replace(
        page,
        total=total,
        next_index=following if more else None,
        complete=page.complete and fault != "text-total",
    )


def _name(kind: Kind, document: Resource) -> str:
    return str(document.get("userName" if kind == "user" else "displayName", ""))
