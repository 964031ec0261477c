"""How many of a directory pass scoping filters, and who would come and go against those in force, while somebody types.

Everybody is judged, a page at a time, for as long as the asker has time; the next who asks goes on from there. So no
page waits for 100,000 people, and a number that is not of everybody says so. A change of the directory begins anew.
Order: the answer, one count, all that are under way.
"""

from collections import OrderedDict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from threading import Lock
from typing import Final, TypeAlias

from provisor.database import Connection
from provisor.directory.attributes import KNOWN
from provisor.directory.objects import DirectoryObject
from provisor.engine.desired import provisioning_view
from provisor.engine.record import Record
from provisor.rules.mapping import ObjectKind
from provisor.rules.scoping import Scope, Verdict
from provisor.rules.sources import EXTENSION
from provisor.storage import feed, objects

NAMED: Final = 5  # of those who would come, and of those who would go
MOST_UNDECIDED: Final = 20  # each took a pattern's whole time; more of them tell nothing new
_KEPT: Final = 32
_PAGE: Final = 200
_MOST_SHARED: Final = 1_000  # combinations of values
_COMPUTED: Final = frozenset({"accountEnabled", "userPrincipalName"})  # filters see them otherwise than they are kept
Ticking: TypeAlias = Callable[[], float]


@dataclass(frozen=True, slots=True, kw_only=True)
class ScopeCount:
    """Of `all`, `looked_at` were judged so far: `inside` pass, `undecided` ran out of a pattern's time.

    `comes` and `goes` differ from the filters in force; some of them are named. Disabled people count as anybody else.
    """

    all: int
    looked_at: int = 0
    inside: int = 0
    undecided: int = 0
    comes: int = 0
    goes: int = 0
    coming: tuple[str, ...] = ()
    going: tuple[str, ...] = ()
    given_up: bool = False

    @property
    def outside(self) -> int:
        """Those who were judged and do not pass."""
        return self.looked_at - self.inside - self.undecided

    @property
    def complete(self) -> bool:
        """Whether everybody was judged."""
        return self.looked_at >= self.all and not self.given_up


_CountKey: TypeAlias = tuple[str, ObjectKind, Scope, Scope, int]


@dataclass(slots=True)
class _UnderWay:
    """One count: where it has got to."""

    answer: ScopeCount
    after: str = ""
    over: bool = False
    lock: Lock = field(default_factory=Lock)


@dataclass(frozen=True, slots=True)
class ScopeCounts:
    """Counts of this process, those asked for last."""

    _known: "OrderedDict[_CountKey, _UnderWay]" = field(default_factory=OrderedDict)
    _lock: Lock = field(default_factory=Lock)

    def count(
        self,
        connection: Connection,
        tenant: str,
        kind: ObjectKind,
        scopes: tuple[Scope, Scope],
        *,
        ticking: Ticking,
        seconds: float,
    ) -> ScopeCount:
        """How many pass the first of these, against the second; at most for so long, by a clock that is given."""
        until = ticking() + seconds
        key = (tenant, kind, *scopes, feed.current_change(connection, tenant))
        with self._lock:
            found = self._known.get(key)
            if found is None:
                found = self._known[key] = _UnderWay(ScopeCount(all=objects.count(connection, tenant, kind)))
            self._known.move_to_end(key)
            while len(self._known) > _KEPT:
                self._known.popitem(last=False)
        if not found.lock.acquire(blocking=False):
            return found.answer  # another window asks the same: it goes on for both
        try:
            if not found.over:
                _go_on(found, connection, key, ticking, until)
        finally:
            found.lock.release()
        return found.answer


def _go_on(found: _UnderWay, connection: Connection, key: _CountKey, ticking: Ticking, until: float) -> None:
    tenant, kind, wanted, in_force, _ = key
    tally = _Tally(kind, (wanted, in_force), found.answer)
    for item in _everybody(connection, tenant, kind, found.after):
        tally.judge(item)
        found.after = item.id
        # After each: a hundred patterns that are slow, and not so slow that they are given up, take seconds a person.
        if tally.undecided >= MOST_UNDECIDED or ticking() >= until:
            break
    else:
        found.over = True
    given_up = tally.undecided >= MOST_UNDECIDED
    found.over = found.over or given_up
    # Whoever came or went while it was counted has another change number; the numbers of one count fit together.
    whole = tally.looked_at if found.over and not given_up else max(found.answer.all, tally.looked_at)
    found.answer = tally.answer(whole, given_up=given_up)


def _everybody(connection: Connection, tenant: str, kind: ObjectKind, after: str) -> Iterator[DirectoryObject]:
    while page := objects.page(connection, tenant, kind, after=after, limit=_PAGE):
        yield from page
        after = page[-1].id


class _Tally:
    def __init__(self, kind: ObjectKind, scopes: tuple[Scope, Scope], so_far: ScopeCount) -> None:
        self._wanted, self._in_force = scopes
        self._reads = tuple(self._wanted.reads | self._in_force.reads)
        self._as_kept = all(name.startswith(EXTENSION) or name in KNOWN[kind] for name in self._reads)
        self._as_kept = self._as_kept and not _COMPUTED.intersection(self._reads)
        self._judged: dict[tuple[object, ...], tuple[Verdict, Verdict]] = {}
        self.looked_at, self._inside, self.undecided = so_far.looked_at, so_far.inside, so_far.undecided
        self._comes, self._goes = so_far.comes, so_far.goes
        self._coming, self._going = list(so_far.coming), list(so_far.going)

    def judge(self, item: DirectoryObject) -> None:
        """Count one in."""
        verdict, before = self._verdicts(item)
        self.looked_at += 1
        if verdict.failure is not None:
            self.undecided += 1
            return
        self._inside += verdict.passes
        if verdict.passes and not before.passes:
            self._comes += 1
            self._coming += [item.name] * (len(self._coming) < NAMED)
        elif before.passes and not verdict.passes:
            self._goes += 1
            self._going += [item.name] * (len(self._going) < NAMED)

    def _verdicts(self, item: DirectoryObject) -> tuple[Verdict, Verdict]:
        """By both scopes. Many people share the few values that filters look at: those are judged once."""
        values = tuple(item.attributes.get(name) for name in self._reads) if self._as_kept else ()
        if not self._as_kept or any(isinstance(value, list) for value in values):
            return self._judge(item)
        found = self._judged.get(values)
        if found is None:
            found = self._judge(item)
            if len(self._judged) < _MOST_SHARED:
                self._judged[values] = found
        return found

    def _judge(self, item: DirectoryObject) -> tuple[Verdict, Verdict]:
        view = view_of(item)
        return self._wanted.judge(view), self._in_force.judge(view)

    def answer(self, everybody: int, *, given_up: bool) -> ScopeCount:
        """All of it."""
        return ScopeCount(
            all=everybody,
            looked_at=self.looked_at,
            inside=self._inside,
            undecided=self.undecided,
            comes=self._comes,
            goes=self._goes,
            coming=tuple(self._coming),
            going=tuple(self._going),
            given_up=given_up,
        )


def view_of(item: DirectoryObject) -> dict[str, object]:
    """A person or group as filters see them."""
    record = Record(
        id=item.id,
        kind=item.kind,
        name=item.name,
        attributes=item.attributes,
        manager=item.manager,
        enabled=item.enabled or item.kind == "group",
    )
    return {**provisioning_view(record)}
