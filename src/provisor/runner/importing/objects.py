"""Pages of users or groups into the directory: told apart, compared, written.

A row whose name somebody else has waits until the file is read, because a later row may free the name.
"""

from dataclasses import replace
from typing import Final

from provisor.connectors.csv_files import BadRow, CsvFile, RowPage
from provisor.database import Connection
from provisor.database.identifiers import new_id
from provisor.directory.change import alive_moved, edited, is_enabled, merged
from provisor.directory.objects import NAMING, DirectoryKind, DirectoryObject
from provisor.directory.printable import refused_name
from provisor.directory.rows import SourceRow, anchor_key, read_row
from provisor.directory.uniqueness import Claim, Holder, settle, taken
from provisor.runner.importing.history import ChangeNumber, ImportRun
from provisor.runner.importing.mastered_rows import left_to_rows, whose_source
from provisor.scim.naming import spelled, without_unseen
from provisor.scim.values import fold
from provisor.storage import objects
from provisor.storage.import_notes import Note
from provisor.storage.times import to_microseconds

MOST_WAITING: Final = 10_000  # rows that wait for a name; one page's worth of look-ups, and more is not a few mistakes


class ObjectImport:
    """One file of users or groups."""

    def __init__(self, run: ImportRun, kind: DirectoryKind, file: CsvFile) -> None:
        self._run = run
        self._kind: DirectoryKind = kind
        self._file = file
        self._columns = run.columns[kind]
        self._counts = run.counts(kind)
        self._named_by_anchor = self._columns.anchor == NAMING[kind]
        self._waiting: list[SourceRow] = []

    def write_page(self, connection: Connection, page: RowPage) -> None:
        """Write one page; call in a transaction of its own."""
        for bad in page.bad:
            self._refuse(bad.number, bad.reason)
            self._protect(connection, bad)
        rows: list[SourceRow] = []
        for number, cells in page.rows:
            row = read_row(self._columns, number, cells)
            if isinstance(row, str):
                self._refuse(number, row)
                self._protect(connection, BadRow(number, row, cells))
            else:
                rows.append(row)
        self._store(connection, self._firsts(connection, rows), last=False)

    @property
    def names_waited_for(self) -> list[str]:
        """The folded names that rows want and somebody else has."""
        return [row.folded_name for row in self._waiting if row.folded_name is not None]

    def write_deferred(self, connection: Connection) -> None:
        """Write the rows that waited for a name, now that every other row is in."""
        waiting, self._waiting = self._waiting, []
        self._store(connection, waiting, last=True)

    def _firsts(self, connection: Connection, rows: list[SourceRow]) -> list[SourceRow]:
        """The rows whose anchor and name no earlier row has; the others are refused, naming that row."""
        notes, kind = self._run.notes, self._kind
        anchors = notes.earlier_rows(connection, kind, Note.ANCHOR, [row.anchor for row in rows])
        named = [] if self._named_by_anchor else [row.folded_name for row in rows if row.folded_name is not None]
        names = notes.earlier_rows(connection, kind, Note.NAME, named)
        fresh_anchors: dict[str, int] = {}
        fresh_names: dict[str, int] = {}
        firsts = []
        for row in rows:
            anchor, name = row.anchor, None if self._named_by_anchor else row.folded_name
            same_anchor = anchors.get(anchor) or fresh_anchors.get(anchor)
            same_name = None if name is None else names.get(name) or fresh_names.get(name)
            if same_anchor is not None or same_name is not None:
                what = self._columns.anchor if same_anchor is not None else NAMING[kind]
                self._refuse(row.number, f"its {what} is that of row {same_anchor or same_name} already{_in(row)}")
                continue
            fresh_anchors[anchor] = row.number
            if name is not None:
                fresh_names[name] = row.number
            firsts.append(row)
        notes.remember(connection, kind, Note.ANCHOR, fresh_anchors.items())
        notes.remember(connection, kind, Note.NAME, fresh_names.items())
        return firsts

    def _store(self, connection: Connection, rows: list[SourceRow], *, last: bool) -> None:
        run, kind = self._run, self._kind
        found = objects.by_anchors(connection, run.tenant, run.source.id, kind, [row.anchor for row in rows])
        rows = left_to_rows(connection, run, self._counts, self._file.name, rows, found)
        rows = self._called_as_people_see(connection, rows, found)
        rows = self._free_to_take_their_names(connection, rows, found, last=last)
        number = ChangeNumber(connection, run.tenant)
        created: list[DirectoryObject] = []
        updated: list[tuple[DirectoryObject, bool]] = []
        restored = 0
        managers: list[tuple[int, str, str, str, str | None]] = []
        for row in rows:
            before = found.get(row.anchor)
            if before is None:
                after = self._new(row, number)
                created.append(after)
                run.example("created", kind, self._file.name, row.number, after.name)
            else:
                after = _merged(before, row)
                if after is not before:
                    after = replace(after, change=number.get())
                    updated.append((after, alive_moved(before, after)))
                    if before.alive:
                        changed = _changed(before, after)
                        run.example("updated", kind, self._file.name, row.number, after.name, changed)
                if not before.alive:
                    run.restore(self._counts, self._file.name, row.number, before)
                    restored += 1
            if row.manager:
                anchor = None if self._named_by_anchor else anchor_key(kind, self._columns.anchor, row.manager)
                managers.append((row.number, after.id, row.manager, fold(row.manager), anchor))
        objects.insert(connection, run.tenant, created)
        objects.update(connection, run.tenant, updated)
        run.notes.remember_managers(connection, managers)
        self._counts.created += len(created)
        self._counts.updated += len(updated) - restored
        self._counts.unchanged += len(rows) - len(created) - len(updated)

    def _called_as_people_see(
        self, connection: Connection, rows: list[SourceRow], found: dict[str, DirectoryObject]
    ) -> list[SourceRow]:
        """The rows without those with an invalid new name; a stored name from before that rule may stay."""
        seen = []
        for row in rows:
            before = found.get(row.anchor)
            new = row.name is not None and (before is None or before.name != row.name)
            refusal = refused_name(row.name or "", f"a {NAMING[self._kind]}") if new else None
            if refusal is None:
                seen.append(row)
                continue
            self._refuse(row.number, refusal.message.rstrip("."))
            meant = [(fold(without_unseen(row.name or "")), row.number)]
            self._run.notes.remember(connection, self._kind, Note.REFUSED_NAME, meant)
        return seen

    def _free_to_take_their_names(
        self, connection: Connection, rows: list[SourceRow], found: dict[str, DirectoryObject], *, last: bool
    ) -> list[SourceRow]:
        names = [row.folded_name for row in rows if row.folded_name is not None]
        # Groups of different sources may share a displayName, as they may in Entra.
        within = None if self._kind == "user" else self._run.source.id
        holders = {
            folded: Holder(object_id, name)
            for folded, object_id, name, _ in objects.name_holders(
                connection, self._run.tenant, self._kind, names, source=within
            )
        }
        claims = []
        for row in rows:
            item = found.get(row.anchor)
            if row.folded_name is not None:
                claims.append(Claim(row=row.number, object=item.id if item else None, wanted=row.folded_name))
        failed = settle(claims, holders) if holders else {}
        free = []
        for row in rows:
            holder = failed.get(row.number)
            if row.name is None and row.anchor not in found:
                self._refuse(row.number, f"it is about a new {self._kind}, and there is no column {NAMING[self._kind]}")
            elif holder is None:
                free.append(row)
            elif last or len(self._waiting) >= MOST_WAITING:
                refusal = taken(self._kind, row.name or "", holder.name, holder.object)
                of_source = whose_source(connection, holder.object)
                self._refuse(row.number, refusal.message.rstrip(".") + of_source if of_source else refusal.message)
                meant = [(row.folded_name or "", row.number)]
                self._run.notes.remember(connection, self._kind, Note.NAME_OF_ANOTHER, meant)
            else:
                self._waiting.append(row)
        return free

    def _new(self, row: SourceRow, number: ChangeNumber) -> DirectoryObject:
        attributes = merged({}, row.given, self._kind)
        return DirectoryObject(
            id=new_id(),
            source=self._run.source.id,
            kind=self._kind,
            anchor=row.anchor,
            name=row.name or "",
            attributes=attributes,
            enabled=is_enabled(self._kind, attributes),
            created_at=to_microseconds(self._run.now),
            change=number.get(),
        )

    def _refuse(self, row: int, reason: str) -> None:
        self._run.refuse(self._counts, self._file.name, row, reason)

    def _protect(self, connection: Connection, bad: BadRow) -> None:
        """The object of a refused row counts as present, as far as its cells show which it is."""
        if bad.cells is None:
            self._run.lose(self._file.name, bad.number, bad.reason)
            return
        anchor, name = bad.cells, bad.cells  # shifted cells: any of them may be the key
        if len(bad.cells) == len(self._file.header):
            name_at = self._columns.name_at
            anchor = [bad.cells[self._columns.anchor_at]]
            name = [bad.cells[name_at]] if name_at is not None else []
        keys = {anchor_key(self._kind, self._columns.anchor, cell) for cell in anchor if cell.strip()} - {None}
        names = {fold(cell) for cell in name if cell.strip()}
        if any(_BROKEN in key for key in (keys | names) if key):
            self._run.lose(self._file.name, bad.number, bad.reason)
        notes, kind = self._run.notes, self._kind
        notes.remember(connection, kind, Note.REFUSED_ANCHOR, ((key, bad.number) for key in keys if key))
        notes.remember(connection, kind, Note.REFUSED_NAME, ((key, bad.number) for key in names))


_BROKEN = "\N{REPLACEMENT CHARACTER}"  # an undecodable byte in a key: the row may be about anyone


def _merged(before: DirectoryObject, row: SourceRow) -> DirectoryObject:
    """The object with what the row says: alive again if it was deleted, without manager if that cell is empty."""
    after = edited(before, row.given)
    if after.deleted_at is not None:
        after = replace(after, deleted_at=None)
    if row.manager == "" and after.manager is not None:
        after = replace(after, manager=None)
    return after


def _changed(before: DirectoryObject, after: DirectoryObject) -> list[str]:
    """The names of the attributes that differ."""
    names = sorted({*before.attributes, *after.attributes})
    changed = [name for name in names if before.attributes.get(name) != after.attributes.get(name)]
    return [*changed, *(["manager"] if before.manager != after.manager else [])]


def _in(row: SourceRow) -> str:
    return f" ({spelled(row.name)})" if row.name else ""
