"""CSV files as a source that is read on a schedule: whole each time, and whoever is not in them any more is gone.

A file that is not there, is empty, has no usable row or changes while it is read fails the read, which would otherwise
empty a company. The files are looked through first (connectors.csv_looking), since rows name each other, and then told
page by page. What their columns mean is engine.source_files' to say.
"""

from collections.abc import Iterator, Sequence
from typing import Final

import msgspec

from provisor.connectors.csv_files import CsvFile
from provisor.connectors.csv_looking import (
    OBJECT_FILES,
    FileStamp,
    LookedThrough,
    ObjectFile,
    columns_of,
    hold_still,
    look_through,
    member_columns_of,
    paths_of,
    stamps_of,
)
from provisor.engine.ports import ConnectorError, Malformed, Unreachable
from provisor.engine.source_files import RowTold, read_record, waited_for
from provisor.engine.sources import (
    CursorLost,
    MembersTold,
    RawValue,
    RecordGone,
    RecordTold,
    SourceAttribute,
    SourceCheck,
    SourcePage,
    SourceTold,
)
from provisor.rules.source_settings import CsvSettings

MANAGER: Final = "manager"


class _FilePlace(msgspec.Struct, frozen=True, array_like=True):
    """Where a read stands: how the files looked, how many pages were told, and whether these were all.

    `settled`: they had been so for a while when the read began.
    """

    stamps: dict[str, FileStamp]
    settled: bool
    pages: int
    over: bool


_decode = msgspec.json.Decoder(_FilePlace).decode


class CsvSource:
    """Where identities come from: files that something else writes. No file is open between two calls."""

    def __init__(self, settings: CsvSettings) -> None:
        self._settings = settings
        self._paths = paths_of(settings)
        self._looked: LookedThrough | None = None

    def check(self) -> Iterator[SourceCheck]:
        """Try what reading takes: each file by its header, then all rows."""
        for kind, path in self._paths.items():
            try:
                with CsvFile(path) as file:
                    self._judge_header(kind, file)
            except ConnectorError as error:
                hint = "Check the path and its permissions." if isinstance(error, Unreachable) else "Correct the file."
                yield SourceCheck(what=path.name, well=False, sentence=error.message, hint=hint)
                return
            yield SourceCheck(what=path.name, well=True, sentence=f"{path} is there, and its columns are understood.")
        try:
            looked = look_through(self._settings)
        except ConnectorError as error:
            yield SourceCheck(what="rows", well=False, sentence=error.message, hint="Write the file anew.")
            return
        bad, unclear = looked.unreadable, looked.unclear
        shown = unclear or (bad[0] if bad else None)
        why = f" {shown.where}: {shown.reason}." if shown is not None else ""
        yield SourceCheck(
            what="rows",
            well=unclear is None,
            sentence=f"{looked.rows:,} people and groups can be read, and {len(bad):,} rows cannot.{why}",
            hint="" if unclear is None else "Correct it: while a row may be about anybody, nobody counts as gone.",
        )

    def attributes(self) -> Sequence[SourceAttribute]:
        """The columns that are no attribute of the directory; all of them become extensions."""
        found: dict[str, SourceAttribute] = {}
        for kind in OBJECT_FILES:
            if kind in self._paths:
                with CsvFile(self._paths[kind]) as file:
                    for one in columns_of(self._settings, kind, file).attributes:
                        kinds = (*found[one.name].kinds, kind) if one.name in found else one.kinds
                        found[one.name] = SourceAttribute(
                            name=one.name, type=one.type, multi_valued=one.multi_valued, kinds=kinds
                        )
        return [found[name] for name in sorted(found)]

    def read(self, cursor: str | None) -> Iterator[SourcePage]:
        """Everything there is; or the rest of it, from a cursor within a read, while the files are the same.

        Files do not say what changed in them: from the end of a read one can go on only while nothing did.
        """
        place = None if cursor is None else _place(cursor)
        if place is not None and (place.stamps != stamps_of(self._settings) or (place.over and not place.settled)):
            raise CursorLost("The files are not those of the last read, and tell no more than what is in them now.")
        if place is not None and place.over:
            yield SourcePage(told=(), cursor=cursor or "", last=True, full=False)
            return
        looked = self._looked = look_through(self._settings)
        if place is not None and place.stamps != looked.stamps:
            raise CursorLost("The files changed since the read began.")
        yield from self._pages(looked, 0 if place is None else place.pages)

    def look(self, anchors: Sequence[str]) -> Iterator[RecordTold | RecordGone]:
        """Tell whoever of these is in the files after all."""
        looked = self._looked
        if looked is None or looked.stamps != stamps_of(self._settings):
            looked = self._looked = look_through(self._settings)
        unclear = looked.unclear
        if unclear is not None:
            raise Malformed(f"{unclear.where} may be about anybody: {unclear.reason}.")
        wanted = looked.called.anchors.intersection(anchors)
        if not wanted:
            return
        for kind in OBJECT_FILES:
            for rows in self._rows(looked, kind):
                yield from (_told(looked, kind, row) for row in rows if row.anchor in wanted)
        hold_still(self._settings, looked)

    def moved(self, cursor: str) -> bool | None:
        """Whether a file is another one, or has changed, since a read ended. Looks at the files from outside only."""
        try:
            place = _place(cursor)
            same = place.stamps == stamps_of(self._settings)
        except ConnectorError:
            return True  # a read tells what is the matter
        # Written and read in one moment, a file may have been written once more in it without looking different.
        return None if same and not place.settled else not same

    def close(self) -> None:
        """Forget what was looked through."""
        self._looked = None

    def _judge_header(self, kind: str, file: CsvFile) -> None:
        if kind == "member":
            member_columns_of(file)
        else:
            columns_of(self._settings, "user" if kind == "user" else "group", file)

    def _pages(self, looked: LookedThrough, told: int) -> Iterator[SourcePage]:
        """The pages after so many, each told when it is known whether another one follows."""
        waiting: list[SourceTold] | None = None
        for number, page in enumerate(self._all(looked)):
            if waiting is not None and number > told:
                yield self._page(looked, waiting, _FilePlace(dict(looked.stamps), looked.settled, number, over=False))
            waiting = page
        yield self._page(looked, waiting or [], _FilePlace(dict(looked.stamps), looked.settled, 0, over=True))

    def _page(self, looked: LookedThrough, told: list[SourceTold], after: _FilePlace) -> SourcePage:
        hold_still(self._settings, looked)
        cursor = msgspec.json.encode(after).decode()
        return SourcePage(told=told, cursor=cursor, last=after.over, full=True, expected=looked.rows)

    def _all(self, looked: LookedThrough) -> Iterator[list[SourceTold]]:
        """Everything, in pages: what could not be read, people, groups with their members."""
        if looked.unreadable:
            yield [*looked.unreadable]
        for kind in OBJECT_FILES:
            for rows in self._rows(looked, kind):
                yield [_told(looked, kind, row, members=kind == "group") for row in rows]

    def _rows(self, looked: LookedThrough, kind: ObjectFile) -> Iterator[list[RowTold]]:
        """The rows of a file that are told."""
        if kind not in self._paths:
            return
        columns, refused = looked.columns[kind], looked.refused[kind]
        with CsvFile(self._paths[kind]) as file:
            for page in file.pages():
                rows = (read_record(columns, number, cells) for number, cells in page.rows if number not in refused)
                yield [row for row in rows if not isinstance(row, str)]


def _told(looked: LookedThrough, kind: ObjectFile, row: RowTold, *, members: bool = False) -> RecordTold:
    values: dict[str, RawValue] = row.values
    if row.manager.strip():
        called = looked.called.reference(looked.columns.get("user"), "user", row.manager)
        values = values | {MANAGER: called or waited_for(row.manager)}
    return RecordTold(
        kind=kind,
        anchor=row.anchor,
        reference=row.anchor,
        values=values,
        members=_members(looked, row.anchor) if members else None,
    )


def _members(looked: LookedThrough, group: str) -> MembersTold | None:
    """The members of a group: all of them, unless a row that cannot be read may have named another."""
    if looked.members is None:
        return None
    return MembersTold(added=tuple(looked.members.get(group, ())), whole=looked.unclear is None)


def _place(cursor: str) -> _FilePlace:
    try:
        return _decode(cursor)
    except msgspec.MsgspecError as error:
        raise CursorLost("This is no place in these files.") from error
