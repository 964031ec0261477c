"""A source of identities in memory, as the port asks: full and incremental reads, pages, cursors that get lost.

It can be told to lie and to fail, as real ones do. For tests of this product, and of others that use it.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from provisor.engine.ports import Unreachable
from provisor.engine.sources import (
    CursorLost,
    MembersTold,
    RawValue,
    RecordGone,
    RecordKind,
    RecordTold,
    RecordUnreadable,
    SourceAttribute,
    SourceCheck,
    SourcePage,
    SourceTold,
)


@dataclass(slots=True)
class MemoryRecord:
    """One object of the source, as it is now."""

    kind: RecordKind
    reference: str
    values: dict[str, RawValue]
    members: set[str] = field(default_factory=set)
    gone: bool = False
    change: int = 0


@dataclass(slots=True)
class SourceFaults:
    """What goes wrong with the next reads: each is taken once, but what is `down` while it is true.

    Pages are counted from 0 in a read. Only a full read skips one: of a delta no client could tell.
    """

    down: bool = False
    down_for_looks: bool = False
    breaks_before_page: int | None = None
    repeats_page: int | None = None
    skips_page: int | None = None
    empty: bool = False
    half: bool = False
    loses_cursor: bool = False


class MemorySource:
    """Where identities come from, in memory."""

    def __init__(self, *, page_size: int = 3) -> None:
        self.records: dict[str, MemoryRecord] = {}
        self.faults = SourceFaults()
        self.reads = 0
        self.always_full = False  # every read tells of everything, whatever its cursor
        self.unreadable: list[RecordUnreadable] = []  # told with the first page of the next full read
        self._page_size = page_size
        self._change = 0

    def put(
        self, kind: RecordKind, anchor: str, values: Mapping[str, RawValue], *, reference: str | None = None
    ) -> None:
        """Add somebody, or change some values; one who was gone is there again. None takes a value away."""
        before = self.records.get(anchor)
        merged = {**(before.values if before else {}), **values}
        kept: dict[str, RawValue] = {name: value for name, value in merged.items() if value is not None}
        members = before.members if before else set()
        self.records[anchor] = MemoryRecord(kind, reference or anchor, kept, members, change=self._next())

    def remove(self, anchor: str) -> None:
        """Delete somebody."""
        self.records[anchor].gone = True
        self.records[anchor].change = self._next()

    def set_members(self, group: str, references: Sequence[str]) -> None:
        """These are the members of a group now."""
        self.records[group].members = set(references)
        self.records[group].change = self._next()

    def _next(self) -> int:
        self._change += 1
        return self._change

    def check(self) -> Iterator[SourceCheck]:
        """Try what reading takes."""
        yield SourceCheck(what="connection", well=not self.faults.down, sentence="It is in memory.")

    def attributes(self) -> Sequence[SourceAttribute]:
        """What its records have besides."""
        names = sorted({name for record in self.records.values() for name in record.values})
        return [
            SourceAttribute(name=name, type="String", multi_valued=False, kinds=("user", "group")) for name in names
        ]

    def read(self, cursor: str | None) -> Iterator[SourcePage]:
        """Everything, or what goes on or has changed since a cursor."""
        self._answers()
        self.reads += 1
        if self.faults.loses_cursor and cursor is not None:
            self.faults.loses_cursor = False
            raise CursorLost("It has forgotten that cursor.")
        first: dict[str, object] = {"full": True, "since": 0, "high": self._change, "at": ""}
        place = first if cursor is None else _place(cursor)
        if place["high"] is None and self.always_full:
            place = first
        elif place["high"] is None:
            place = {"full": False, "since": place["since"], "high": self._change, "at": ""}
        yield from self._pages(place)

    def _pages(self, place: dict[str, object]) -> Iterator[SourcePage]:
        full, since, high = bool(place["full"]), int(str(place["since"])), int(str(place["high"]))
        told = [
            (anchor, record)
            for anchor, record in sorted(self.records.items())
            if anchor > str(place["at"]) and (record.change > since or full) and not (full and record.gone)
        ]
        if full and self.faults.empty:
            told, self.faults.empty = [], False
        if full and self.faults.half:
            told, self.faults.half = told[: len(told) // 2], False
        pages = [told[start : start + self._page_size] for start in range(0, len(told), self._page_size)] or [[]]
        for number, page in enumerate(pages):
            self._answers()
            if self.faults.breaks_before_page == number:
                self.faults.breaks_before_page = None
                raise Unreachable("The connection was lost in the middle.", timed_out=True)
            if full and self.faults.skips_page == number and number < len(pages) - 1:
                self.faults.skips_page = None
                continue
            last = number == len(pages) - 1
            at = page[-1][0] if page else ""
            after = {"full": False, "since": high, "high": None, "at": ""} if last else {**place, "at": at}
            torn, self.unreadable = (self.unreadable, []) if full else ([], self.unreadable)
            one = SourcePage(
                told=[*torn, *(_told(anchor, record) for anchor, record in page)],
                cursor=json.dumps(after), last=last, full=full,
                expected=len(self.records) if full else None,
            )  # fmt: skip
            if self.faults.repeats_page == number:
                self.faults.repeats_page = None
                yield SourcePage(told=one.told, cursor=json.dumps(place), last=False, full=full)
            yield one

    def look(self, anchors: Sequence[str]) -> Iterator[RecordTold | RecordGone]:
        """Ask after some."""
        self._answers()
        if self.faults.down_for_looks:
            raise Unreachable("It does not answer any more.", timed_out=True)
        for anchor in anchors:
            if anchor in self.records and not self.records[anchor].gone:
                record = self.records[anchor]
                yield RecordTold(
                    kind=record.kind, anchor=anchor, reference=record.reference, values=dict(record.values)
                )

    def moved(self, cursor: str) -> bool | None:
        """Whether anything changed since a read ended."""
        self._answers()
        return int(json.loads(cursor)["since"]) < self._change

    def close(self) -> None:
        """Nothing is open."""

    def _answers(self) -> None:
        if self.faults.down:
            raise Unreachable("It is down.", sent=False)


def _place(cursor: str) -> dict[str, object]:
    try:
        found: dict[str, object] = json.loads(cursor)
    except ValueError:
        raise CursorLost("It knows no such cursor.") from None
    return found


def _told(anchor: str, record: MemoryRecord) -> SourceTold:
    if record.gone:
        return RecordGone(anchor=anchor)
    members = MembersTold(added=tuple(sorted(record.members)), whole=True) if record.kind == "group" else None
    return RecordTold(
        kind=record.kind, anchor=anchor, reference=record.reference, values=dict(record.values), members=members
    )
