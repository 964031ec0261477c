"""CSV files looked through before they are told: who is called what, who is in which group, what cannot be read.

Reads everything once and holds names, anchors and memberships, not rows. A file without a usable row is refused.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from stat import S_ISREG
from time import time_ns
from typing import Final, Literal, TypeAlias

from provisor.connectors.csv_files import BadRow, CsvFile
from provisor.engine.ports import Malformed, Unreachable
from provisor.engine.source_files import (
    CalledInFiles,
    EdgeRefused,
    FileColumns,
    RefusedHeader,
    member_of,
    read_columns,
    read_member_columns,
    read_record,
    seen_of_refused,
)
from provisor.engine.sources import RecordUnreadable
from provisor.rules.source_settings import CsvSettings

ObjectFile: TypeAlias = Literal["user", "group"]
FileStamp: TypeAlias = tuple[int, int, int]  # bytes, nanoseconds of the last change, number of the file
SETTLED_NANOSECONDS: Final = 2_000_000_000  # the coarsest clock of a file system that is in use (FAT)
OBJECT_FILES: Final[tuple[ObjectFile, ...]] = ("user", "group")


@dataclass(slots=True)
class LookedThrough:
    """What is known of the files before the first row is told. `refused` has the numbers of rows that are not told.

    `settled`: nothing had been written for a while, so that the next write makes the files look different.
    """

    stamps: Mapping[str, FileStamp]
    settled: bool
    columns: dict[ObjectFile, FileColumns] = field(default_factory=dict)
    called: CalledInFiles = field(default_factory=CalledInFiles)
    members: dict[str, dict[str, None]] | None = None
    rows: int = 0
    refused: dict[ObjectFile, set[int]] = field(default_factory=lambda: {"user": set(), "group": set()})
    unreadable: list[RecordUnreadable] = field(default_factory=list)

    @property
    def unclear(self) -> RecordUnreadable | None:
        """The first row that may be about anybody."""
        return next((one for one in self.unreadable if one.anchor is None), None)


def paths_of(settings: CsvSettings) -> dict[str, Path]:
    """The files by what is in them: user, group, member."""
    named = {"user": settings.users, "group": settings.groups, "member": settings.members}
    return {kind: Path(path) for kind, path in named.items() if path}


def stamps_of(settings: CsvSettings) -> dict[str, FileStamp]:
    """How the files look from outside; another stamp is another content."""
    stamps = {}
    for path in paths_of(settings).values():
        try:
            found = path.stat()
        except OSError as error:
            raise Unreachable(f"{path} cannot be read: {error.strerror}.", sent=False) from error
        if not S_ISREG(found.st_mode):
            raise Malformed(f"{path} is no ordinary file, which could be read twice.")
        stamps[str(path)] = (found.st_size, found.st_mtime_ns, found.st_ino)
    return stamps


def columns_of(settings: CsvSettings, kind: ObjectFile, file: CsvFile) -> FileColumns:
    """What the columns of a file of people or groups mean."""
    wanted = settings.user_anchor if kind == "user" else settings.group_anchor
    found = read_columns(kind, file.name, file.header, wanted)
    if isinstance(found, RefusedHeader):
        raise Malformed(found.sentence)
    return found


def member_columns_of(file: CsvFile) -> tuple[int, int]:
    """Where a row of memberships has the group and the member."""
    found = read_member_columns(file.name, file.header)
    if isinstance(found, RefusedHeader):
        raise Malformed(found.sentence)
    return found


def look_through(settings: CsvSettings) -> LookedThrough:
    """Read all files once. Raises a ConnectorError when one of them cannot be read whole, or has nothing in it."""
    paths = paths_of(settings)
    stamps, at = stamps_of(settings), time_ns()
    settled = all(abs(at - changed) > SETTLED_NANOSECONDS for _, changed, _ in stamps.values())
    looked = LookedThrough(stamps, settled)
    for kind in OBJECT_FILES:
        if kind in paths:
            with CsvFile(paths[kind]) as file:
                _look_at_objects(looked, settings, kind, file)
    groups = looked.columns.get("group")
    if "member" in paths and groups is not None:
        with CsvFile(paths["member"]) as file:
            _look_at_members(looked, groups, file)
    hold_still(settings, looked)
    return looked


def hold_still(settings: CsvSettings, looked: LookedThrough) -> None:
    """Raise Unreachable when a file is not as it was when it was looked through."""
    for path, stamp in stamps_of(settings).items():
        if looked.stamps.get(path) != stamp:
            raise Unreachable(f"{path} changed while it was read.", sent=False)


def _look_at_objects(looked: LookedThrough, settings: CsvSettings, kind: ObjectFile, file: CsvFile) -> None:
    columns = looked.columns[kind] = columns_of(settings, kind, file)
    usable = 0
    for page in file.pages():
        for bad in page.bad:
            _refuse(looked, columns, kind, file, bad)
        for number, cells in page.rows:
            row = read_record(columns, number, cells)
            if isinstance(row, str):
                _refuse(looked, columns, kind, file, BadRow(number, row, cells))
            elif (earlier := looked.called.enter(kind, row)) is not None:
                looked.refused[kind].add(number)
                looked.unreadable.append(_unreadable(file, number, earlier, row.anchor))
            else:
                usable += 1
    _need_rows(file, usable)
    looked.rows += usable


def _look_at_members(looked: LookedThrough, groups: FileColumns, file: CsvFile) -> None:
    group_at, member_at = member_columns_of(file)
    looked.members = {}
    usable = 0
    for page in file.pages():
        looked.unreadable += [_unreadable(file, bad.number, bad.reason, None) for bad in page.bad]
        for number, cells in page.rows:
            found = member_of(looked.called, groups, cells[group_at], cells[member_at])
            if isinstance(found, EdgeRefused):
                looked.unreadable.append(_unreadable(file, number, found.reason, found.anchor))
                continue
            group, member = found
            looked.members.setdefault(group, {})[member] = None
            usable += 1
    _need_rows(file, usable)


def _refuse(looked: LookedThrough, columns: FileColumns, kind: ObjectFile, file: CsvFile, bad: BadRow) -> None:
    looked.refused[kind].add(bad.number)
    seen = None if bad.cells is None else seen_of_refused(columns, bad.cells)
    if seen is not None:
        looked.called.enter_refused(kind, *seen)
    looked.unreadable.append(_unreadable(file, bad.number, bad.reason, None if seen is None else seen[0]))


def _unreadable(file: CsvFile, number: int, reason: str, anchor: str | None) -> RecordUnreadable:
    return RecordUnreadable(where=f"{file.name}, row {number}", reason=reason, anchor=anchor)


def _need_rows(file: CsvFile, usable: int) -> None:
    if not usable:
        raise Malformed(f"{file.name} has no usable row below its header. It is taken as written in part.")
